import { getInstanceOutput } from "@pulumi/aws/ec2/getInstance";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { RedashDatabase } from "./components/RedashDatabase";
import { RedashEcsCluster } from "./components/RedashEcsCluster";
import { RedashEncryptionKey } from "./components/RedashEncryptionKey";
import { RedashIngress } from "./components/RedashIngress";
import { RedashMigration } from "./components/RedashMigration";
import { RedashNetwork } from "./components/RedashNetwork";
import { RedashQueue } from "./components/RedashQueue";
import { RedashSecrets } from "./components/RedashSecrets";
import { RedashSourceClone } from "./components/RedashSourceClone";
import { SERVER_PORT } from "./redash/processes";
import { loadSettings } from "./settings";
import { refuseIllegalPhaseChange } from "./settings/phaseChange";

/** The program: settings → components → outputs. docs/architecture.md draws it. */
export = async () => {
  const settings = loadSettings();
  await refuseIllegalPhaseChange(settings);
  const { meaning, region: regionName, secretRecoveryWindowDays, logRetentionDays } = settings;
  const { accountId } = getCallerIdentityOutput();

  const { keyArn } = new RedashEncryptionKey("redash", {
    deletionWindowDays: settings.protectData ? 30 : 7,
    protect: settings.protectData,
    regionName,
    accountId,
  });

  const livingSource = settings.livingSource && {
    ...settings.livingSource,
    address: getInstanceOutput(settings.livingSource).privateIp,
  };
  const network = new RedashNetwork("redash", {
    existing: settings.existingVpc,
    cidr: settings.vpcCidr,
    availabilityZoneCount: settings.availabilityZones,
    natGateways: settings.natGateways,
    interfaceEndpoints: settings.interfaceEndpoints,
    flowLogRetentionDays: settings.flowLogRetentionDays,
    ingress: settings.ingress,
    source: livingSource && {
      securityGroupId: livingSource.securityGroupId,
      port: settings.sourcePort,
      address: livingSource.address,
      databasePort: settings.sourceDatabasePort,
    },
    move: settings.migration && { replicationInstance: settings.migration.dms !== undefined },
    serverPort: SERVER_PORT,
    keyArn,
    regionName,
  });

  const database = new RedashDatabase("redash", {
    version: settings.databaseVersion,
    instanceClass: settings.databaseInstanceClass,
    storageGib: settings.databaseStorageGib,
    maxStorageGib: settings.databaseMaxStorageGib,
    multiAz: settings.databaseMultiAz,
    backupRetentionDays: settings.databaseBackupRetentionDays,
    backupWindow: settings.databaseBackupWindow,
    maintenanceWindow: settings.databaseMaintenanceWindow,
    replication: settings.replication,
    applicationRole: settings.applicationRole,
    protect: settings.protectData,
    deletionProtection: settings.protectData,
    finalSnapshot: settings.protectData,
    subnetIds: network.isolatedSubnetIds,
    securityGroupId: network.securityGroupIds.database,
    keyArn,
    logRetentionDays,
    secretRecoveryWindowDays,
  });

  const queue = new RedashQueue("redash", {
    version: settings.queueVersion,
    nodeType: settings.queueNodeType,
    nodes: settings.queueNodes,
    snapshotRetentionDays: settings.queueSnapshotRetentionDays,
    snapshotWindow: settings.queueSnapshotWindow,
    maintenanceWindow: settings.queueMaintenanceWindow,
    protect: settings.protectData,
    subnetIds: network.isolatedSubnetIds,
    securityGroupId: network.securityGroupIds.queue,
    keyArn,
    logRetentionDays,
    secretRecoveryWindowDays,
  });

  const secrets = new RedashSecrets("redash", {
    imported: settings.importedSecrets,
    administrator: settings.administrator && {},
    environment: settings.secretEnvironment,
    protect: settings.protectData,
    keyArn,
    secretRecoveryWindowDays,
  });

  const clone =
    settings.clonedSource &&
    network.securityGroupIds.endpoints &&
    new RedashSourceClone("redash-source", {
      ...settings.clonedSource,
      instanceType: settings.sourceInstanceType,
      port: settings.sourcePort,
      vpcId: network.vpcId,
      vpcCidr: network.vpcCidr,
      subnetIds: network.privateSubnetIds,
      loadBalancerSecurityGroupId: network.securityGroupIds.loadBalancer,
      databaseSecurityGroupId: network.securityGroupIds.database,
      replicationInstanceSecurityGroupId: network.securityGroupIds.replicationInstance,
      databasePort: settings.sourceDatabasePort,
      endpointsSecurityGroupId: network.securityGroupIds.endpoints,
      keyArn,
    });
  const sourceHost = clone ?? livingSource;

  const ingress = new RedashIngress("redash", {
    host: settings.host,
    certificateArn: settings.certificateArn,
    hostedZoneId: settings.hostedZoneId,
    scheme: settings.ingressScheme,
    tlsPolicy: settings.tlsPolicy,
    httpRedirect: settings.httpRedirect,
    idleTimeoutSeconds: settings.ingressIdleTimeoutSeconds,
    accessLogRetentionDays: settings.accessLogRetentionDays,
    existingListener: settings.existingListener,
    deletionProtection: settings.protectData,
    protect: settings.protectData,
    vpcId: network.vpcId,
    subnetIds: network.publicSubnetIds,
    securityGroupId: network.securityGroupIds.loadBalancer,
    source: sourceHost && { instanceId: sourceHost.instanceId, port: settings.sourcePort },
    trafficTo: meaning.trafficTo,
    serverPort: SERVER_PORT,
    accountId,
  });

  const cluster = new RedashEcsCluster("redash", {
    image: settings.image,
    architecture: settings.architecture,
    server: {
      cpu: settings.serverCpu,
      memoryMib: settings.serverMemoryMib,
      count: settings.serverCount,
      webWorkers: settings.serverWebWorkers,
    },
    scheduler: {
      cpu: settings.schedulerCpu,
      memoryMib: settings.schedulerMemoryMib,
      count: meaning.schedulerTasks,
    },
    workers: settings.workers,
    workerCapacityWeights: settings.workerCapacityWeights,
    environment: settings.processEnvironment,
    secrets: {
      REDASH_DATABASE_URL: database.urlSecretArn,
      REDASH_REDIS_URL: queue.urlSecretArn,
      REDASH_COOKIE_SECRET: secrets.cookieSecret.valueFrom,
      REDASH_SECRET_KEY: secrets.secretKey.valueFrom,
      ...settings.secretEnvironment,
    },
    secretVersionIds: [
      database.urlSecretVersionId,
      queue.urlSecretVersionId,
      secrets.versionId,
      ...secrets.environmentVersionIds,
    ],
    secretKeyArns: settings.secretKeyArns,
    bootstrap: settings.administrator &&
      secrets.administratorPassword && {
        ...settings.administrator,
        passwordValueFrom: secrets.administratorPassword.valueFrom,
      },
    taskPolicyArns: settings.taskPolicyArns,
    executeCommand: settings.executeCommand,
    subnetIds: network.privateSubnetIds,
    securityGroupId: network.securityGroupIds.tasks,
    targetGroupArn: ingress.ready,
    logRetentionDays,
    keyArn,
    regionName,
    accountId,
  });

  const migration =
    settings.migration &&
    sourceHost &&
    ingress.sourceTargetGroupArn &&
    new RedashMigration("redash", {
      ...settings.migration,
      mode: settings.mode,
      url: settings.url,
      source: {
        instanceId: sourceHost.instanceId,
        address: sourceHost.address,
        securityGroupId: sourceHost.securityGroupId,
        port: settings.sourceDatabasePort,
        databaseName: settings.sourceDatabaseName,
        sslMode: settings.sourceDatabaseSslMode,
        applicationRole: settings.sourceApplicationRole,
        projectDirectory: settings.sourceProjectDirectory,
        services: settings.sourceServices,
        targetGroupArn: ingress.sourceTargetGroupArn,
      },
      target: {
        identifier: database.identifier,
        address: database.address,
        securityGroupId: network.securityGroupIds.database,
        port: database.port,
        databaseName: database.databaseName,
        applicationRole: database.applicationRole,
        urlSecretArn: database.urlSecretArn,
        username: database.username,
        password: database.password,
        storageGib: settings.databaseStorageGib,
      },
      queue: {
        urlSecretArn: queue.urlSecretArn,
        replicationGroupId: queue.replicationGroupId,
        securityGroupId: network.securityGroupIds.queue,
      },
      secretKeySecretArn: secrets.secretKey.arn,
      secretKeyArns: settings.secretKeyArns,
      cluster: {
        name: cluster.clusterName,
        services: {
          server: cluster.serverServiceName,
          scheduler: cluster.schedulerServiceName,
          workers: cluster.workerServiceNames,
        },
        wantedTasks: settings.migration.wantedTasks,
        targetGroupArn: ingress.ecsTargetGroupArn,
      },
      loadBalancer: {
        securityGroupId: network.securityGroupIds.loadBalancer,
        scheme: settings.ingressScheme,
        natAddresses: network.natAddresses,
        listenerArn: ingress.listenerArn,
        listenerRuleArn: ingress.listenerRuleArn,
      },
      vpcId: network.vpcId,
      subnetIds: network.privateSubnetIds,
      endpointsSecurityGroupId: network.securityGroupIds.endpoints,
      dms: settings.migration.dms &&
        network.securityGroupIds.replicationInstance && {
          ...settings.migration.dms,
          subnetIds: network.privateSubnetIds,
          securityGroupId: network.securityGroupIds.replicationInstance,
        },
      alarmTopicArns: settings.alarmTopicArns,
      keyArn,
      logRetentionDays,
      secretRecoveryWindowDays,
      regionName,
      accountId,
    });

  return {
    mode: settings.mode,
    phase: settings.phase,
    region: regionName,
    url: settings.url,
    keyArn,
    vpcId: network.vpcId,
    privateSubnetIds: network.privateSubnetIds,
    tasksSecurityGroupId: network.securityGroupIds.tasks,
    databaseIdentifier: database.identifier,
    databaseAddress: database.address,
    databaseSecurityGroupId: network.securityGroupIds.database,
    databaseParameterGroupName: database.parameterGroupName,
    databaseUrlSecretArn: database.urlSecretArn,
    queueReplicationGroupId: queue.replicationGroupId,
    queueAddress: queue.primaryEndpointAddress,
    queueUrlSecretArn: queue.urlSecretArn,
    cookieSecretArn: secrets.cookieSecret.arn,
    secretKeyArn: secrets.secretKey.arn,
    ...(secrets.administratorPassword && {
      administratorPasswordSecretArn: secrets.administratorPassword.arn,
    }),
    listenerArn: ingress.listenerArn,
    ...(ingress.listenerRuleArn && { listenerRuleArn: ingress.listenerRuleArn }),
    ...(ingress.loadBalancerDnsName && { loadBalancerDnsName: ingress.loadBalancerDnsName }),
    ecsTargetGroupArn: ingress.ecsTargetGroupArn,
    ...(ingress.sourceTargetGroupArn && { sourceTargetGroupArn: ingress.sourceTargetGroupArn }),
    ...(sourceHost && {
      sourceInstanceId: sourceHost.instanceId,
      sourceAddress: sourceHost.address,
    }),
    ...(clone && { sourceSecurityGroupId: clone.securityGroupId }),
    ...(migration && {
      move: {
        region: regionName,
        functionName: migration.move.functionName,
        journalBucket: migration.move.journalBucket,
        transport: settings.transport,
      },
      journalBucket: migration.move.journalBucket,
      sourceDocumentName: migration.move.documentName,
      transport: settings.transport,
      sourceDatabaseName: settings.sourceDatabaseName,
      sourceDatabaseSecretArn: migration.sourceSecretArn,
      targetDatabaseSecretArn: migration.targetSecretArn,
    }),
    ...(migration?.dms && {
      replicationTaskArn: migration.dms.taskArn,
      replicationInstanceArn: migration.dms.instanceArn,
      replicationSourceEndpointArn: migration.dms.sourceEndpointArn,
      replicationTargetEndpointArn: migration.dms.targetEndpointArn,
      replicationSourceSecretArn: migration.dms.sourceSecretArn,
    }),
    clusterName: cluster.clusterName,
    serverServiceName: cluster.serverServiceName,
    schedulerServiceName: cluster.schedulerServiceName,
    workerServiceNames: cluster.workerServiceNames,
    serverTaskDefinitionArn: cluster.serverTaskDefinitionArn,
    schedulerTaskDefinitionArn: cluster.schedulerTaskDefinitionArn,
  };
};
