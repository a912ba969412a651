import * as pulumi from "@pulumi/pulumi";

/** Names of the services of ECS, as the cluster gave them. */
export interface ServiceNames {
  readonly server: pulumi.Input<string>;
  readonly scheduler: pulumi.Input<string>;
  /** Kind of worker → service. */
  readonly workers: pulumi.Output<Record<string, string>>;
}

/** Tasks of the same services once users have been turned over. */
export interface WantedTasks {
  readonly server: number;
  readonly scheduler: number;
  readonly workers: Readonly<Record<string, number>>;
}

/** A world on AWS, as the cutover reads it: names and ARNs, never a secret. */
export interface MoveWorldArgs {
  readonly regionName: string;
  readonly stack: string;
  readonly mode: "rehearsal" | "production";
  /** Where people knock. */
  readonly url: string;
  readonly secretKeySecretArn: pulumi.Input<string>;
  readonly probeDataSourceId: number;
  /** Limits of the move that differ from its own (cutover/moveLimits.ts), by their names there. */
  readonly limits: object;
  readonly source: {
    readonly instanceId: pulumi.Input<string>;
    readonly database: MoveDatabase & {
      /** @default require */
      readonly sslMode?: "none" | undefined;
    };
    /** @default found on the host */
    readonly projectDirectory?: string | undefined;
    /** @default found on the host */
    readonly services?: object | undefined;
    readonly documentName: pulumi.Input<string>;
    readonly targetGroupArn: pulumi.Input<string>;
  };
  readonly target: {
    readonly database: MoveDatabase & {
      readonly urlSecretArn: pulumi.Input<string>;
      readonly identifier: pulumi.Input<string>;
    };
    readonly queueUrlSecretArn: pulumi.Input<string>;
    readonly replicationGroupId: pulumi.Input<string>;
    readonly cluster: pulumi.Input<string>;
    readonly services: ServiceNames;
    readonly wantedTasks: WantedTasks;
    readonly targetGroupArn: pulumi.Input<string>;
  };
  readonly listenerArn: pulumi.Input<string>;
  /** @default none: the listener's default action leads to Redash */
  readonly listenerRuleArn?: pulumi.Input<string> | undefined;
  readonly journalBucket: pulumi.Input<string>;
  /** @default none: PostgreSQL's own replication */
  readonly task?: MoveTask | undefined;
}

export interface MoveDatabase {
  readonly host: pulumi.Input<string>;
  readonly port: number;
  readonly database: string;
  /** Role of Redash's processes. */
  readonly applicationRole: string;
  /** Credentials of the role that moves data. */
  readonly secretArn: pulumi.Input<string>;
}

export interface MoveTask {
  readonly arn: pulumi.Input<string>;
  readonly sourceRole: string;
  readonly sourceEndpointArn: pulumi.Input<string>;
  readonly targetEndpointArn: pulumi.Input<string>;
  readonly instanceArn: pulumi.Input<string>;
  /** Role by which DMS writes its assessment into the journal's bucket. */
  readonly assessmentRoleArn: pulumi.Input<string>;
}

/** The description as the function reads it (cutover/adapters/aws/description.ts judges it; a test does too). */
export function moveWorld(args: MoveWorldArgs): pulumi.Output<string> {
  const { target } = args;
  const { server, scheduler, workers } = target.services;
  return pulumi.jsonStringify({
    kind: "aws",
    region: args.regionName,
    limits: args.limits,
    stack: args.stack,
    mode: args.mode,
    url: args.url,
    secretKeySecretArn: args.secretKeySecretArn,
    probeDataSourceId: args.probeDataSourceId,
    source: args.source,
    target: {
      ...target,
      services: {
        servers: [server],
        scheduler: [scheduler],
        workers: workers.apply((names) => Object.values(names)),
      },
      wantedTasks: wantedTasks(target.services, target.wantedTasks),
    },
    traffic: { listenerArn: args.listenerArn, listenerRuleArn: args.listenerRuleArn },
    journalBucket: args.journalBucket,
    task: args.task,
  });
}

/** Tasks by the name of the service, as ECS is asked for them. */
const wantedTasks = (
  names: ServiceNames,
  wanted: WantedTasks,
): pulumi.Output<Record<string, number>> =>
  pulumi
    .all([names.server, names.scheduler, names.workers])
    .apply(([server, scheduler, workers]) => ({
      [server]: wanted.server,
      [scheduler]: wanted.scheduler,
      ...Object.fromEntries(
        Object.entries(workers).map(([kind, name]) => [name, wanted.workers[kind] ?? 0]),
      ),
    }));
