import * as pulumi from "@pulumi/pulumi";
import { type Connection, connectionSecret } from "./connectionSecret";
import { type DmsInstanceArgs, type DmsTask, dmsTask } from "./dmsTask";
import { migrationAlarms } from "./migrationAlarms";
import { move, type Move, type MoveArgs } from "./move";
import { password } from "./secret";

export interface RedashMigrationArgs extends MoveArgs {
  /**
   * Whether rows come from the source now. After the switch they go back to it by PostgreSQL's own replication, and a
   * task of AWS DMS stands still.
   */
  readonly forward: boolean;
  readonly target: MoveArgs["target"] & {
    /** RDS's master user: the only one that may apply rows without firing triggers. */
    readonly username: string;
    readonly password: pulumi.Input<string>;
    /** Allocated storage, GiB. */
    readonly storageGib: number;
  };
  /**
   * The first copy and its changes by AWS DMS.
   *
   * @default none: PostgreSQL's logical replication, for which the database has the parameters and the firewall the rules
   */
  readonly dms?: DmsArgs | undefined;
  /** SNS topics that hear of alarms. */
  readonly alarmTopicArns: readonly string[];
  /** Also of endpoints and the replication instance, which a change replaces. */
  readonly keyArn: pulumi.Input<string>;
  readonly secretRecoveryWindowDays: number;
}

/** AWS DMS as a move uses it. */
export type DmsArgs = DmsInstanceArgs & {
  /**
   * Certificates of RDS's authorities, PEM: with them DMS checks who the managed database is.
   *
   * @default none: encrypted only
   */
  readonly targetCaPem?: string | undefined;
};

/** A replication task with the credentials by which it reads the source. */
export type MigrationTask = DmsTask & { readonly sourceSecretArn: pulumi.Output<string> };

/** The role that moves data on the source; not Redash's, which the cutover makes read-only. */
const MOVER = "redash_mover";
/** The role by which DMS reads the source: the cutover locks it out, so nobody may share it. */
const TASK_ROLE = "redash_dms";

/**
 * What a move needs for as long as it lasts: the function that carries out its acts with role, journal and document for
 * the source's host, credentials of both databases, with transport `dms` a replication task, and alarms. It is there in
 * the phases `replicating` and `switched` only.
 */
export class RedashMigration extends pulumi.ComponentResource {
  /** Secret with username, password, host and port of the role that moves data on the source; the move makes the role. */
  readonly sourceSecretArn: pulumi.Output<string>;
  /** The same of the managed database's master user. */
  readonly targetSecretArn: pulumi.Output<string>;
  /** Only with transport `dms`. */
  readonly dms: MigrationTask | undefined;
  readonly move: Move;

  constructor(name: string, args: RedashMigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redash:index:RedashMigration", name, {}, opts);
    const { source, target } = args;
    const stored = (suffix: string, description: string, connection: Connection) =>
      connectionSecret(
        `${name}-migration-${suffix}`,
        { ...args, description: `Redash migration: ${description}`, connection },
        this,
      ).arn;
    const onSource = (suffix: string, username: string): Connection => ({
      host: source.address,
      port: source.port,
      username,
      password: password(`${name}-migration-${suffix}`, 48, { parent: this, protect: false }),
    });

    this.sourceSecretArn = stored(
      "source",
      "role that moves data, on the source",
      onSource("source", MOVER),
    );
    this.targetSecretArn = stored("target", "master user of the managed database", {
      host: target.address,
      port: target.port,
      username: target.username,
      password: target.password,
    });
    this.dms =
      args.dms &&
      this.task(
        name,
        args,
        args.dms,
        stored("dms-source", "role of AWS DMS, on the source", onSource("dms-source", TASK_ROLE)),
      );
    this.move = move(
      `${name}-migration`,
      args,
      {
        sourceSecretArn: this.sourceSecretArn,
        targetSecretArn: this.targetSecretArn,
        task: this.dms && {
          arn: this.dms.taskArn,
          sourceRole: TASK_ROLE,
          sourceEndpointArn: this.dms.sourceEndpointArn,
          targetEndpointArn: this.dms.targetEndpointArn,
          instanceArn: this.dms.instanceArn,
        },
      },
      this,
    );
    migrationAlarms(
      `${name}-migration`,
      {
        database: target,
        functionName: this.move.functionName,
        ...(args.dms &&
          this.dms && {
            dms: { task: this.dms, storageGib: args.dms.storageGib, running: args.forward },
          }),
        topicArns: args.alarmTopicArns,
      },
      this,
    );
    this.registerOutputs({
      sourceSecretArn: this.sourceSecretArn,
      targetSecretArn: this.targetSecretArn,
      ...(this.dms && { dms: this.dms }),
      move: this.move,
    });
  }

  private task(
    name: string,
    args: RedashMigrationArgs,
    { targetCaPem, ...instance }: DmsArgs,
    sourceSecretArn: pulumi.Output<string>,
  ): MigrationTask {
    const { source, target } = args;
    const made = dmsTask(
      `${name}-dms`,
      {
        ...instance,
        source: {
          secretArn: sourceSecretArn,
          databaseName: source.databaseName,
          sslMode: source.sslMode,
        },
        target: {
          secretArn: this.targetSecretArn,
          databaseName: target.databaseName,
          caPem: targetCaPem,
        },
        keyArn: args.keyArn,
        logRetentionDays: args.logRetentionDays,
        regionName: args.regionName,
        accountId: args.accountId,
      },
      this,
    );
    return { ...made, sourceSecretArn };
  }
}
