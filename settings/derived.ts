import { commonEnvironment } from "../redash/environment";
import { PHASE_TABLE } from "../redash/phase";
import { APPLICATION_ROLE } from "../redash/postgres";
import { KEYS, type KeyName, type Values } from "./keys";

/** What follows from several keys together, so that the program needs no logic of its own. */
export function derived(values: Values) {
  const meaning = PHASE_TABLE[values.phase];
  const {
    vpcId,
    existingListenerArn,
    existingListenerRulePriority: rulePriority,
    existingLoadBalancerSecurityGroupId,
    sourceInstanceId,
    sourceImageId,
    sourceSecretsArn,
    administratorEmail,
  } = values;
  return {
    /** What the phase means. */
    meaning,
    /** Where people reach Redash. */
    url: `https://${values.host}`,
    /** The VPC to live in, if it exists already. */
    existingVpc: vpcId === undefined ? undefined : existingVpc(vpcId, values),
    /** Who may reach the server. */
    ingress:
      existingLoadBalancerSecurityGroupId === undefined
        ? { cidrs: values.ingressCidrs, httpRedirect: values.httpRedirect }
        : { existingLoadBalancerSecurityGroupId },
    /** The listener to put a rule on, if there is one already. */
    existingListener:
      existingListenerArn === undefined || rulePriority === undefined
        ? undefined
        : { arn: existingListenerArn, rulePriority },
    /** The living host behind the load balancer, in the phases that have one. */
    livingSource:
      meaning.source && sourceInstanceId !== undefined
        ? { instanceId: sourceInstanceId, securityGroupId: values.sourceSecurityGroupId }
        : undefined,
    /** The image to start a source from, in the phases that have one. */
    clonedSource:
      meaning.source && sourceImageId !== undefined ? { imageId: sourceImageId } : undefined,
    /** The source's own secrets, in the phases that import them. */
    importedSecrets:
      meaning.secrets === "imported" && sourceSecretsArn !== undefined
        ? { secretArn: sourceSecretsArn }
        : undefined,
    /** The first administrator, in the phase that makes one. */
    administrator:
      meaning.secrets === "generated" && administratorEmail !== undefined
        ? { email: administratorEmail, name: values.administratorName }
        : undefined,
    /** Role of Redash's processes, in the phases in which it is not RDS's master user. */
    applicationRole: meaning.databaseRole === "application" ? APPLICATION_ROLE : undefined,
    /** The database's replication parameters, in the phases that need them. */
    replication: meaning.replication ? { plugin: values.replicationPlugin } : undefined,
    /** What moves the data, in the phases that have a source. */
    migration:
      meaning.source && values.probeDataSourceId !== undefined
        ? {
            forward: meaning.trafficTo === "source",
            dms: dms(values),
            probeDataSourceId: values.probeDataSourceId,
            limits: {
              writeOutageBudgetMs: unlessDefault(values, "moveWriteOutageBudgetMs"),
              drainDeadlineMs: unlessDefault(values, "moveDrainDeadlineMs"),
            },
            wantedTasks: wantedTasks(values),
          }
        : undefined,
    /** Plain variables of every process. */
    processEnvironment: { ...commonEnvironment(values), ...values.environment },
  };
}

const existingVpc = (vpcId: string, values: Values) => ({
  vpcId,
  publicSubnetIds: values.publicSubnetIds ?? [],
  privateSubnetIds: values.privateSubnetIds ?? [],
  isolatedSubnetIds: values.isolatedSubnetIds ?? [],
});

/** What is not worth a byte of the function's environment is left out. */
const unlessDefault = <K extends KeyName>(values: Values, name: K): Values[K] | undefined =>
  values[name] === KEYS[name].default ? undefined : values[name];

/** Tasks of each service once users have been turned over. */
const wantedTasks = (values: Values) => ({
  server: values.serverCount,
  scheduler: PHASE_TABLE.switched.schedulerTasks,
  workers: Object.fromEntries(values.workers.map(({ name, count }) => [name, count])),
});

/** The replication task and its instance, if the transport has one. */
const dms = (values: Values) =>
  values.transport === "dms" && values.dmsLargestLobBytes !== undefined
    ? {
        instanceClass: values.dmsInstanceClass,
        storageGib: values.dmsStorageGib,
        multiAz: values.dmsMultiAz,
        maintenanceWindow: values.databaseMaintenanceWindow,
        createRoles: values.dmsCreateRoles,
        largestLobBytes: values.dmsLargestLobBytes,
        targetCaPem: values.dmsTargetCaPem,
      }
    : undefined;
