import { absentOr, between, is, matches, notEmpty, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import { mustNotBeInPublicSubnets } from "./subnet";
import type { Stack } from "./stack";
import type { View } from "./view";

const INSTANCE = "aws:rds/instance:Instance";
const SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup";
const PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup";

/** A rule on RDS instances. */
const onInstance = (policy: Omit<Policy, "types">): Policy => ({ types: [INSTANCE], ...policy });

/** A replica or a restored instance brings its size with it. */
const isCopy = (instance: View): boolean =>
  ["replicateSourceDb", "restoreToPointInTime"].some(
    (property) => ![undefined, null, ""].includes(instance.get(property) as string),
  );

const production = (stack: Stack): View[] =>
  stack.mode === "production" ? stack.of(INSTANCE) : [];

/** RDS for PostgreSQL: who reaches the database, and what is left when something is deleted. */
export const DATABASE: Subject = {
  title: "Database (RDS for PostgreSQL)",
  policies: [
    onInstance({
      id: "database-not-public",
      title: "The database has no public address.",
      controls: ["RDS.2", "CKV_AWS_17", "AWS-0180"],
      severity: "critical",
      enforcement: "mandatory",
      why: "A public address leaves a security group and a password as the only guards of every credential of every data source.",
      fix: "publiclyAccessible: false; reach it from a task (ECS Exec) or over a VPN.",
      check: (instance) => {
        instance.must("publiclyAccessible", absentOr(is(false)));
      },
    }),
    onInstance({
      id: "database-encrypted",
      title: "The database is encrypted at rest with a key of one's own.",
      controls: ["RDS.3", "CKV_AWS_16", "AWS-0080"],
      severity: "high",
      enforcement: "mandatory",
      why: "Both arguments replace the instance later: by an empty database (facts: Pulumi preview of aws 5.100.0). Snapshots inherit the lack.",
      fix: "storageEncrypted: true, kmsKeyId: the stack's key.",
      check: (instance) => {
        instance.must("storageEncrypted", is(true));
        instance.must("kmsKeyId", set);
      },
    }),
    onInstance({
      id: "database-backups",
      title: "Any point of the last seven days can be restored.",
      controls: ["RDS.11", "CKV_AWS_133", "AWS-0077"],
      severity: "high",
      enforcement: "mandatory",
      why: "The provider's default is 0: no automated backup at all, and previews say nothing. A mistake of Friday is noticed on Monday.",
      fix: "backupRetentionPeriod: 7 to 35.",
      check: (instance) => {
        instance.must("backupRetentionPeriod", between(7, 35, "days"));
      },
    }),
    onInstance({
      id: "database-final-snapshot",
      title: "A deleted database leaves a snapshot and its backups, but in a rehearsal.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "Without an identifier the deletion fails, and previews accept that; it is read from the state, so it must have been applied before.",
      fix: 'skipFinalSnapshot: false, finalSnapshotIdentifier: the instance\'s identifier and "-final", deleteAutomatedBackups: false.',
      check: (instance) => {
        if (instance.get("skipFinalSnapshot") !== true)
          instance.must("finalSnapshotIdentifier", set);
      },
      checkStack: (stack) => {
        for (const instance of production(stack)) {
          instance.must("skipFinalSnapshot", absentOr(is(false)));
          instance.must("deleteAutomatedBackups", is(false));
        }
      },
    }),
    onInstance({
      id: "database-deletion-protection",
      title: "AWS refuses to delete the database, but in a rehearsal.",
      controls: ["RDS.8", "CKV_AWS_293", "AWS-0177"],
      severity: "high",
      enforcement: "mandatory",
      why: "Pulumi's own protection does not hold in the console, nor against a second stack.",
      fix: "deletionProtection: true.",
      checkStack: (stack) => {
        for (const instance of production(stack)) instance.must("deletionProtection", is(true));
      },
    }),
    onInstance({
      id: "database-multi-az",
      title: "A standby in another zone takes over, but in a rehearsal.",
      controls: ["RDS.5", "CKV_AWS_157"],
      severity: "medium",
      enforcement: "mandatory",
      why: "With one instance, its zone's outage is Redash's. RDS refuses multiAz together with a zone, at update and not at preview.",
      fix: "multiAz: true, and no availabilityZone.",
      check: (instance) => {
        if (instance.get("multiAz") === true) instance.must("availabilityZone", absentOr(is("")));
      },
      checkStack: (stack) => {
        for (const instance of production(stack)) instance.must("multiAz", is(true));
      },
    }),
    onInstance({
      id: "database-engine",
      title:
        "The engine is PostgreSQL in a version that AWS supports, with a parameter group of its family.",
      controls: ["CKV_AWS_250"],
      severity: "medium",
      enforcement: "mandatory",
      why: 'Previews accept engineVersion "99.9" and a group of family postgres99; RDS refuses both in the middle of an update.',
      fix: 'engine: "postgres", engineVersion: "17", parameterGroupName: a group of family postgres17.',
      check: (instance) => {
        instance.must("engine", is("postgres"));
        instance.must(
          "engineVersion",
          matches(/^1[4-8](?:\.\d{1,2})?$/, "14 to 18, or one minor of them"),
        );
      },
      checkStack: (stack) => {
        for (const instance of stack.of(INSTANCE)) {
          const group = stack.target(instance, "parameterGroupName", PARAMETER_GROUP);
          const version = instance.get("engineVersion");
          const major = typeof version === "string" ? version.split(".")[0] : undefined;
          if (group !== undefined && major !== undefined)
            group.must("family", is(`postgres${major}`));
        }
      },
    }),
    onInstance({
      id: "database-storage",
      title: "The storage is gp3, within its limits, and grows by itself.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "Below 400 GiB gp3 has fixed 3000 IOPS and RDS refuses iops and storageThroughput, at update and not at preview; a full disk stops the database.",
      fix: 'storageType: "gp3", no iops and no storageThroughput below 400 GiB, maxAllocatedStorage at least a tenth above allocatedStorage.',
      check: (instance) => {
        if (isCopy(instance)) return;
        instance.must("storageType", is("gp3"));
        instance.must("allocatedStorage", between(20, 65536, "GiB"));
        const size = instance.get("allocatedStorage");
        if (typeof size !== "number") return;
        if (size < 400) {
          for (const property of ["iops", "storageThroughput"])
            instance.must(property, absentOr(is(0)));
        }
        // Rounded up, as RDS counts whole GiB.
        instance.must("maxAllocatedStorage", between(Math.ceil((size * 11) / 10), 65536, "GiB"));
      },
    }),
    {
      id: "database-subnet-group",
      title: "The database lies in subnets of its own choice, behind security groups of its own.",
      controls: ["RDS.18", "RDS.46"],
      severity: "high",
      enforcement: "mandatory",
      why: "The default subnet group holds every subnet of the default VPC, public ones too; the default security group admits all its members.",
      fix: "dbSubnetGroupName: a group of isolated subnets, without a route to an internet gateway; vpcSecurityGroupIds: one's own.",
      types: [INSTANCE, SUBNET_GROUP],
      check: (resource) => {
        if (resource.type === SUBNET_GROUP) resource.must("subnetIds", notEmpty);
        else {
          resource.must("dbSubnetGroupName", set);
          if (resource.get("dbSubnetGroupName") === "default")
            resource.wrong("dbSubnetGroupName", "a subnet group of one's own");
          resource.must("vpcSecurityGroupIds", notEmpty);
        }
      },
      checkStack: (stack) => {
        for (const group of stack.of(SUBNET_GROUP)) mustNotBeInPublicSubnets(stack, group);
      },
    },
    {
      id: "database-snapshots-private",
      title: "No snapshot is public, and every copy is encrypted with a key of one's own.",
      controls: ["RDS.1", "RDS.4"],
      severity: "critical",
      enforcement: "mandatory",
      why: "Whoever restores a shared snapshot has the whole database.",
      fix: "sharedAccounts: nothing, or accounts by their number; kmsKeyId on a copy.",
      types: ["aws:rds/snapshot:Snapshot", "aws:rds/snapshotCopy:SnapshotCopy"],
      check: (snapshot) => {
        snapshot.must("sharedAccounts", {
          allowed: "accounts by their number, or nothing",
          test: (list) =>
            list === undefined ||
            list === null ||
            (Array.isArray(list) && list.every((it) => /^\d{12}$/.test(String(it)))),
        });
        if (snapshot.type.endsWith("Copy")) snapshot.must("kmsKeyId", set);
      },
    },
  ],
};
