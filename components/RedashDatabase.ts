import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as iam from "@pulumi/aws/iam";
import * as rds from "@pulumi/aws/rds";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import {
  isPinnedMinor,
  postgresFamily,
  postgresParameters,
  type Replication,
} from "../redash/postgres";
import { POSTGRESQL_PORT } from "./ports";
import { password, secret } from "./secret";
import { trust } from "./trust";

export interface RedashDatabaseArgs {
  /**
   * PostgreSQL version: a major ("17", minors come by themselves) or a pinned minor ("17.6"). A new major is an
   * upgrade in place, of minutes, with a parameter group of the new family.
   */
  readonly version: string;
  /** RDS instance class such as "db.t4g.medium". A change restarts, or fails over with `multiAz`. */
  readonly instanceClass: string;
  /** Storage at first, GiB; later the instance may have grown beyond it by itself. */
  readonly storageGib: number;
  /** Storage up to which it grows by itself, GiB. */
  readonly maxStorageGib: number;
  /** Whether a standby in another zone takes over when the instance fails. */
  readonly multiAz: boolean;
  /** Days back to which any point in time can be restored, 1 to 35. */
  readonly backupRetentionDays: number;
  /** Daily, UTC, "hh:mm-hh:mm". */
  readonly backupWindow: string;
  /** Weekly, UTC, "ddd:hh:mm-ddd:hh:mm": when AWS may patch and restart. */
  readonly maintenanceWindow: string;
  /**
   * Parameters of a move. A change touches the parameter group alone; static ones wait for a reboot, so they must be
   * there from the day the instance is made.
   *
   * @default none: no parameter of a move
   */
  readonly replication?: Replication | undefined;
  /**
   * Role of Redash's processes, with a password of its own; whoever fills the database makes it there. A move makes it
   * read-only and goes on writing by the master user, so the two must differ.
   *
   * @default the master user
   */
  readonly applicationRole?: string | undefined;
  /** Whether Pulumi refuses to delete or replace it. */
  readonly protect: boolean;
  /** Whether RDS refuses to delete it. */
  readonly deletionProtection: boolean;
  /** Whether a deletion leaves a snapshot. */
  readonly finalSnapshot: boolean;
  /** Subnets in at least two zones. */
  readonly subnetIds: pulumi.Input<string[]>;
  readonly securityGroupId: pulumi.Input<string>;
  /** Key of storage, insights, secret and logs. A change replaces the instance by an empty one. */
  readonly keyArn: pulumi.Input<string>;
  readonly logRetentionDays: number;
  readonly secretRecoveryWindowDays: number;
}

const NAME = "redash";

/** Redash's metadata database: RDS for PostgreSQL, and the URL to it as a secret. */
export class RedashDatabase extends pulumi.ComponentResource {
  readonly identifier: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  readonly port: number;
  readonly databaseName: string;
  /** Role of Redash's processes. */
  readonly applicationRole: string;
  /** RDS's master user. */
  readonly username: string;
  /** Its password, a secret: for another secret, never for an output of the stack. */
  readonly password: pulumi.Output<string>;
  readonly parameterGroupName: pulumi.Output<string>;
  /** Secret with `postgresql://…?sslmode=require`. */
  readonly urlSecretArn: pulumi.Output<string>;
  readonly urlSecretVersionId: pulumi.Output<string>;

  constructor(name: string, args: RedashDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redash:index:RedashDatabase", name, {}, opts);
    if (args.maxStorageGib * 10 < args.storageGib * 11) {
      throw new pulumi.ResourceError(
        `maxStorageGib is ${args.maxStorageGib}: RDS needs at least a tenth more than storageGib, ${args.storageGib}`,
        this,
        true,
      );
    }
    const stateful = { parent: this, protect: args.protect };

    const parameterGroup = parameters(name, args, this);
    const identifier = uniqueIdentifier(name, args, this);
    const masterPassword = password(`${name}-database`, 48, stateful);
    const instance = new rds.Instance(
      `${name}-database`,
      {
        identifier,
        engine: "postgres",
        engineVersion: args.version,
        // With a pinned minor, an automatic one would come back as a downgrade.
        autoMinorVersionUpgrade: !isPinnedMinor(args.version),
        allowMajorVersionUpgrade: true,
        // Otherwise RDS enrols in extended support, which is charged by the hour from the end of life on.
        engineLifecycleSupport: "open-source-rds-extended-support-disabled",
        instanceClass: args.instanceClass,
        storageType: "gp3",
        allocatedStorage: args.storageGib,
        maxAllocatedStorage: args.maxStorageGib,
        storageEncrypted: true,
        kmsKeyId: args.keyArn,
        dbName: NAME,
        username: NAME,
        password: masterPassword,
        iamDatabaseAuthenticationEnabled: true,
        port: POSTGRESQL_PORT,
        parameterGroupName: parameterGroup.name,
        dbSubnetGroupName: subnetGroup(name, args, this),
        vpcSecurityGroupIds: [args.securityGroupId],
        publiclyAccessible: false,
        networkType: "IPV4",
        caCertIdentifier: "rds-ca-rsa2048-g1",
        multiAz: args.multiAz,
        backupRetentionPeriod: args.backupRetentionDays,
        backupWindow: args.backupWindow,
        maintenanceWindow: args.maintenanceWindow,
        copyTagsToSnapshot: true,
        deleteAutomatedBackups: false,
        deletionProtection: args.deletionProtection,
        // Read from the state when the instance is deleted, so it must be there long before.
        skipFinalSnapshot: !args.finalSnapshot,
        finalSnapshotIdentifier: pulumi.interpolate`${identifier}-final`,
        // A parameter group that is still in use until the window cannot be deleted.
        applyImmediately: true,
        enabledCloudwatchLogsExports: [...LOG_EXPORTS],
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: args.keyArn,
        performanceInsightsRetentionPeriod: 7,
        databaseInsightsMode: "standard",
        monitoringInterval: 60,
        monitoringRoleArn: monitoringRoleArn(name, this),
      },
      {
        ...stateful,
        // RDS makes a missing log group itself, unencrypted and kept for ever.
        dependsOn: logGroups(name, identifier, args, this),
      },
    );
    this.applicationRole = args.applicationRole ?? NAME;
    const applicationPassword =
      args.applicationRole === undefined
        ? masterPassword
        : password(`${name}-database-application`, 48, stateful);
    const url = secret(
      `${name}-database-url`,
      {
        ...args,
        description: "Redash: REDASH_DATABASE_URL",
        value: pulumi.interpolate`postgresql://${this.applicationRole}:${applicationPassword}@${instance.address}:${POSTGRESQL_PORT}/${NAME}?sslmode=require`,
      },
      this,
    );

    this.identifier = instance.identifier;
    this.address = instance.address;
    this.port = POSTGRESQL_PORT;
    this.databaseName = NAME;
    this.username = NAME;
    this.password = masterPassword;
    this.parameterGroupName = parameterGroup.name;
    this.urlSecretArn = url.arn;
    this.urlSecretVersionId = url.versionId;
    this.registerOutputs({
      identifier: this.identifier,
      address: this.address,
      port: this.port,
      databaseName: this.databaseName,
      applicationRole: this.applicationRole,
      username: this.username,
      parameterGroupName: this.parameterGroupName,
      urlSecretArn: this.urlSecretArn,
      urlSecretVersionId: this.urlSecretVersionId,
    });
  }
}

const LOG_EXPORTS = ["postgresql", "upgrade"] as const;

function parameters(name: string, args: RedashDatabaseArgs, parent: pulumi.Resource) {
  return new rds.ParameterGroup(
    `${name}-database`,
    {
      family: postgresFamily(args.version),
      // A changed description replaces the group.
      description: "Redash metadata database",
      parameters: postgresParameters(args.replication),
    },
    { parent },
  );
}

/**
 * Generated here, because the log groups and the final snapshot carry it. What replaces the instance gives it a new
 * one, so that the new instance can be made beside the old and no snapshot's name is taken twice.
 */
function uniqueIdentifier(name: string, args: RedashDatabaseArgs, parent: pulumi.Resource) {
  const { hex } = new random.RandomId(
    `${name}-database`,
    { byteLength: 4, keepers: { keyArn: args.keyArn } },
    { parent },
  );
  return pulumi.interpolate`${name}-${hex}`;
}

function subnetGroup(name: string, args: RedashDatabaseArgs, parent: pulumi.Resource) {
  return new rds.SubnetGroup(
    `${name}-database`,
    { description: "Redash metadata database", subnetIds: args.subnetIds },
    { parent },
  ).name;
}

function logGroups(
  name: string,
  identifier: pulumi.Output<string>,
  args: RedashDatabaseArgs,
  parent: pulumi.Resource,
) {
  return LOG_EXPORTS.map(
    (log) =>
      new cloudwatch.LogGroup(
        `${name}-database-${log}`,
        {
          name: pulumi.interpolate`/aws/rds/instance/${identifier}/${log}`,
          kmsKeyId: args.keyArn,
          retentionInDays: args.logRetentionDays,
        },
        { parent },
      ),
  );
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html */
function monitoringRoleArn(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  const role = new iam.Role(
    `${name}-database-monitoring`,
    {
      description: "RDS enhanced monitoring",
      assumeRolePolicy: trust("monitoring.rds.amazonaws.com"),
    },
    { parent },
  );
  const attachment = new iam.RolePolicyAttachment(
    `${name}-database-monitoring`,
    {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    },
    { parent },
  );
  // RDS tries the role when the instance is made.
  return pulumi.all([role.arn, attachment.id]).apply(([arn]) => arn);
}
