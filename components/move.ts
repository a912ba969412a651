import * as pulumi from "@pulumi/pulumi";
import { assessmentRole } from "./assessmentRole";
import { moveFirewall, type MoveFirewallArgs } from "./moveFirewall";
import { moveFunction } from "./moveFunction";
import { moveJournal } from "./moveJournal";
import { type MoveArns, moveRole } from "./moveRole";
import { type MoveTask, moveWorld, type ServiceNames, type WantedTasks } from "./moveWorld";
import { sourceDocument } from "./sourceDocument";

export interface MoveArgs {
  /** A rehearsal's move demands that the source can reach nothing but its VPC. */
  readonly mode: "rehearsal" | "production";
  /** Where people reach Redash. */
  readonly url: string;
  /** A data source of Redash on which the move has `SELECT 1` executed. */
  readonly probeDataSourceId: number;
  /** Limits of the move that differ from its own, milliseconds. @default the move's own (cutover/moveLimits.ts) */
  readonly limits: {
    /** Longest write outage of a switch before it undoes itself. */
    readonly writeOutageBudgetMs?: number | undefined;
    /** How long jobs may take to end before they are cut. */
    readonly drainDeadlineMs?: number | undefined;
  };
  /** The host to move away from. */
  readonly source: {
    readonly instanceId: pulumi.Input<string>;
    /** Private address of the host. */
    readonly address: pulumi.Input<string>;
    /** @default none: its owner lets the move in to its database */
    readonly securityGroupId?: pulumi.Input<string> | undefined;
    /** Port of PostgreSQL on that address. */
    readonly port: number;
    readonly databaseName: string;
    /** Encryption of every way to it, that of AWS DMS too; the guard refuses DMS `none` unless an exception says why. */
    readonly sslMode: "none" | "require";
    /** Role of Redash's processes, which the cutover makes read-only. */
    readonly applicationRole: string;
    /** Folder of docker-compose.yml. @default found on the host */
    readonly projectDirectory?: string | undefined;
    /** Compose services by their part. @default found on the host */
    readonly services?: object | undefined;
    readonly targetGroupArn: pulumi.Input<string>;
  };
  /** The managed database. */
  readonly target: {
    readonly identifier: pulumi.Input<string>;
    readonly address: pulumi.Input<string>;
    readonly securityGroupId: pulumi.Input<string>;
    readonly port: number;
    readonly databaseName: string;
    /** Role of Redash's processes; the move makes it, with the password in the secret with their URL. */
    readonly applicationRole: string;
    readonly urlSecretArn: pulumi.Input<string>;
  };
  readonly queue: {
    readonly urlSecretArn: pulumi.Input<string>;
    readonly replicationGroupId: pulumi.Input<string>;
    readonly securityGroupId: pulumi.Input<string>;
  };
  /** Secret with REDASH_SECRET_KEY. */
  readonly secretKeySecretArn: pulumi.Input<string>;
  /** Keys of secrets that were made outside of the stack, if they have keys of their own. */
  readonly secretKeyArns: readonly string[];
  /** Redash on ECS. */
  readonly cluster: {
    readonly name: pulumi.Input<string>;
    readonly services: ServiceNames;
    readonly wantedTasks: WantedTasks;
    readonly targetGroupArn: pulumi.Input<string>;
  };
  readonly loadBalancer: MoveFirewallArgs["loadBalancer"] & {
    readonly listenerArn: pulumi.Input<string>;
    /** @default none: the listener's default action leads to Redash */
    readonly listenerRuleArn?: pulumi.Input<string> | undefined;
  };
  readonly vpcId: pulumi.Input<string>;
  /** Subnets in at least two zones, with a way to AWS's services, for the function. */
  readonly subnetIds: pulumi.Input<string[]>;
  /** @default none: AWS's services are reached by NAT */
  readonly endpointsSecurityGroupId?: pulumi.Input<string> | undefined;
  /** Key of secrets, journal, function and logs. */
  readonly keyArn: pulumi.Input<string>;
  readonly logRetentionDays: number;
  readonly regionName: string;
  readonly accountId: pulumi.Input<string>;
}

/** Credentials of the roles that move data, and what copies rows. */
export interface MoveAccess {
  readonly sourceSecretArn: pulumi.Input<string>;
  readonly targetSecretArn: pulumi.Input<string>;
  /** @default none: PostgreSQL's own replication */
  readonly task?: Omit<MoveTask, "assessmentRoleArn"> | undefined;
}

/** What a command line needs to know of a move. */
export interface Move {
  readonly functionName: pulumi.Output<string>;
  /** Bucket of journal, lock and phase. */
  readonly journalBucket: pulumi.Output<string>;
  /** Document of Systems Manager that runs the move's script on the source's host. */
  readonly documentName: pulumi.Output<string>;
}

/** Where the acts of a move run, and where they write down what they did. */
export function move(
  name: string,
  args: MoveArgs,
  access: MoveAccess,
  parent: pulumi.Resource,
): Move {
  const journal = moveJournal(`${name}-journal`, args.keyArn, parent);
  const documentName = sourceDocument(`${name}-source`, parent);
  const task = access.task && {
    ...access.task,
    assessmentRoleArn: assessmentRole(
      `${name}-assessment`,
      { ...args, bucketArn: journal.arn },
      parent,
    ),
  };
  const role = moveRole(
    `${name}-function`,
    {
      ...args,
      arns: arns(args, access, { journalArn: journal.arn, documentName }),
      assessmentRoleArn: task?.assessmentRoleArn,
    },
    parent,
  );
  const { securityGroupId, address, port } = args.source;
  const databasePort = { databasePort: port };
  const functionName = moveFunction(
    `${name}-function`,
    {
      ...args,
      role,
      securityGroupId: moveFirewall(
        `${name}-function`,
        {
          ...args,
          source:
            securityGroupId === undefined
              ? { ...databasePort, address }
              : { ...databasePort, securityGroupId },
          databaseSecurityGroupId: args.target.securityGroupId,
          queueSecurityGroupId: args.queue.securityGroupId,
        },
        role.permissions,
        parent,
      ),
      world: world(args, { ...access, task }, { journalBucket: journal.name, documentName }),
    },
    parent,
  );
  return { functionName, journalBucket: journal.name, documentName };
}

function arns(
  args: MoveArgs,
  access: MoveAccess,
  made: { journalArn: pulumi.Output<string>; documentName: pulumi.Output<string> },
): MoveArns {
  const { regionName, accountId, cluster, loadBalancer, source, target, queue } = args;
  const arn = (service: string, resource: pulumi.Input<string>) =>
    pulumi.interpolate`arn:aws:${service}:${regionName}:${accountId}:${resource}`;
  const { server, scheduler, workers } = cluster.services;
  const ofService = (service: pulumi.Input<string>) =>
    arn("ecs", pulumi.interpolate`service/${cluster.name}/${service}`);
  const { listenerArn, listenerRuleArn } = loadBalancer;
  return {
    services: [
      ofService(server),
      ofService(scheduler),
      ...Object.keys(cluster.wantedTasks.workers).map((kind) =>
        ofService(workers.apply((names) => names[kind] ?? "")),
      ),
    ],
    tasks: [arn("ecs", pulumi.interpolate`task/${cluster.name}/*`)],
    cluster: [arn("ecs", pulumi.interpolate`cluster/${cluster.name}`)],
    // Of somebody else's listener the rule alone is ours.
    listener: listenerRuleArn === undefined ? [listenerArn] : [],
    listenerRule: listenerRuleArn === undefined ? [] : [listenerRuleArn],
    sourceCommands: [
      arn("ssm", pulumi.interpolate`document/${made.documentName}`),
      arn("ec2", pulumi.interpolate`instance/${source.instanceId}`),
    ],
    journal: [made.journalArn],
    journalObjects: [pulumi.interpolate`${made.journalArn}/*`],
    secrets: [
      access.sourceSecretArn,
      access.targetSecretArn,
      target.urlSecretArn,
      queue.urlSecretArn,
      args.secretKeySecretArn,
    ],
    database: [arn("rds", pulumi.interpolate`db:${target.identifier}`)],
    queue: [
      arn("elasticache", pulumi.interpolate`replicationgroup:${queue.replicationGroupId}`),
      // ElastiCache names the nodes: the group's name, and a number.
      arn("elasticache", pulumi.interpolate`cluster:${queue.replicationGroupId}-*`),
    ],
    replicationTask: access.task === undefined ? [] : [access.task.arn],
  };
}

const world = (
  args: MoveArgs,
  access: MoveAccess & { readonly task: MoveTask | undefined },
  made: { journalBucket: pulumi.Output<string>; documentName: pulumi.Output<string> },
): pulumi.Output<string> =>
  moveWorld({
    regionName: args.regionName,
    stack: pulumi.getStack(),
    mode: args.mode,
    url: args.url,
    secretKeySecretArn: args.secretKeySecretArn,
    probeDataSourceId: args.probeDataSourceId,
    limits: args.limits,
    source: {
      instanceId: args.source.instanceId,
      database: {
        host: args.source.address,
        port: args.source.port,
        database: args.source.databaseName,
        applicationRole: args.source.applicationRole,
        // What the cutover takes by itself is not worth a byte of the function's environment.
        sslMode: args.source.sslMode === "none" ? "none" : undefined,
        secretArn: access.sourceSecretArn,
      },
      projectDirectory: args.source.projectDirectory,
      services: args.source.services,
      documentName: made.documentName,
      targetGroupArn: args.source.targetGroupArn,
    },
    target: {
      database: {
        host: args.target.address,
        port: args.target.port,
        database: args.target.databaseName,
        applicationRole: args.target.applicationRole,
        secretArn: access.targetSecretArn,
        urlSecretArn: args.target.urlSecretArn,
        identifier: args.target.identifier,
      },
      queueUrlSecretArn: args.queue.urlSecretArn,
      replicationGroupId: args.queue.replicationGroupId,
      cluster: args.cluster.name,
      services: args.cluster.services,
      wantedTasks: args.cluster.wantedTasks,
      targetGroupArn: args.cluster.targetGroupArn,
    },
    listenerArn: args.loadBalancer.listenerArn,
    listenerRuleArn: args.loadBalancer.listenerRuleArn,
    journalBucket: made.journalBucket,
    task: access.task,
  });
