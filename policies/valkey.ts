import { absentOr, atLeast, is, matches, notEmpty, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import { mustNotBeInPublicSubnets } from "./subnet";
import { isMark } from "./value";
import { parameterGroupOf } from "./valkeyClusterMode";

const REPLICATION_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup";
const USER = "aws:elasticache/user:User";
const USER_GROUP = "aws:elasticache/userGroup:UserGroup";
const SUBNET_GROUP = "aws:elasticache/subnetGroup:SubnetGroup";

/** A rule on one or more properties of the replication group. */
const onGroup = (policy: Omit<Policy, "types">): Policy => ({
  types: [REPLICATION_GROUP],
  ...policy,
});

/** ElastiCache for Valkey as the queue of Redash (RQ). */
export const VALKEY: Subject = {
  title: "Queue (ElastiCache for Valkey)",
  policies: [
    onGroup({
      id: "valkey-engine",
      title: "The engine is Valkey in a version that AWS supports.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "The provider's default is redis, which costs a fifth more; a move back from valkey replaces the group.",
      fix: 'engine: "valkey", engineVersion: "8.1".',
      check: (group) => {
        group.must("engine", is("valkey"));
        group.must(
          "engineVersion",
          matches(/^(?:7\.2|8\.[0-2]|9\.[01])$/, "7.2, 8.0 to 8.2, 9.0 or 9.1"),
        );
      },
    }),
    onGroup({
      id: "valkey-noeviction",
      title: "Nothing is evicted from the queue.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "The default volatile-lru evicts keys with a time to live under pressure, and RQ's jobs, locks and heartbeats are such: jobs vanish without a trace.",
      fix: "Use a parameter group of this stack with maxmemory-policy = noeviction.",
      checkStack: (stack) => {
        for (const group of stack.of(REPLICATION_GROUP)) {
          const parameters = parameterGroupOf(stack, group);
          const policy = parameters
            ?.each("parameters")
            .find((parameter) => parameter.get("name") === "maxmemory-policy");
          if (policy === undefined) {
            group.wrong(
              "parameterGroupName",
              "a parameter group of this stack with maxmemory-policy = noeviction",
            );
          } else policy.must("value", is("noeviction"));
        }
      },
    }),
    onGroup({
      id: "valkey-in-transit-encryption",
      title: "Every connection to the queue is encrypted.",
      controls: ["ElastiCache.5", "CKV_AWS_30", "AWS-0051"],
      severity: "high",
      enforcement: "mandatory",
      why: "Jobs hold query texts; the AUTH token would cross the network in clear.",
      fix: 'transitEncryptionEnabled: true, transitEncryptionMode: "required".',
      check: (group) => {
        group.must("transitEncryptionEnabled", is(true));
        group.must("transitEncryptionMode", absentOr(is("required")));
      },
    }),
    onGroup({
      id: "valkey-at-rest-encryption",
      title: "The queue is encrypted at rest with a key of one's own.",
      controls: ["ElastiCache.4", "CKV_AWS_29", "CKV_AWS_191", "AWS-0045"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Snapshots leave the node; a later change replaces the group.",
      fix: "atRestEncryptionEnabled: true, kmsKeyId: the stack's key.",
      check: (group) => {
        group.must("atRestEncryptionEnabled", absentOr(is(true)));
        group.must("kmsKeyId", set);
      },
    }),
    onGroup({
      id: "valkey-authentication",
      title: "Nobody reaches the queue without a password.",
      controls: ["ElastiCache.6", "CKV_AWS_31"],
      severity: "high",
      enforcement: "mandatory",
      why: "Whoever can write to the queue runs code in the workers: RQ's jobs are pickles.",
      fix: "authToken (16 to 128 letters and digits), or userGroupIds with a default user that has a password.",
      check: (group) => {
        if (group.get("userGroupIds") === undefined)
          group.must(group.get("authTokenWo") === undefined ? "authToken" : "authTokenWo", set);
        else group.must("userGroupIds", notEmpty);
      },
    }),
    {
      id: "valkey-default-user",
      title: "The default user of a user group has a password or is off.",
      controls: ["ElastiCache.6"],
      severity: "high",
      enforcement: "mandatory",
      why: "AWS's built-in default user may do everything without a password.",
      fix: 'A user with userName "default" and passwords, or accessString "off".',
      types: [USER, USER_GROUP],
      check: (user) => {
        if (user.type === USER_GROUP) {
          const ids: unknown = user.get("userIds");
          if (!Array.isArray(ids) || ids.includes("default"))
            user.wrong(
              "userIds",
              'users without AWS\'s "default"',
              isMark(ids) ? undefined : "with it",
            );
          return;
        }
        user.must("noPasswordRequired", absentOr(is(false)));
        const off = user.get("accessString");
        if (typeof off === "string" && /(?:^|\s)off(?:\s|$)/.test(off)) return;
        if (user.get("authenticationMode") === undefined)
          user.must(
            user.get("passwordsWo") === undefined ? "passwords" : "passwordsWo",
            user.get("passwordsWo") === undefined ? notEmpty : set,
          );
        else user.must("authenticationMode.type", is("password", "iam"));
      },
    },
    onGroup({
      id: "valkey-failover",
      title: "A replica in another zone takes over, but in a rehearsal.",
      controls: ["ElastiCache.3", "CKV_AWS_323"],
      severity: "medium",
      enforcement: "mandatory",
      why: "With one node, its zone's outage stops every query.",
      fix: "numCacheClusters: 2, automaticFailoverEnabled: true, multiAzEnabled: true.",
      checkStack: (stack) => {
        for (const group of stack.mode === "production" ? stack.of(REPLICATION_GROUP) : []) {
          group.must("numCacheClusters", atLeast(2, "nodes"));
          group.must("automaticFailoverEnabled", is(true));
          group.must("multiAzEnabled", is(true));
        }
      },
    }),
    onGroup({
      id: "valkey-snapshots",
      title: "The queue is backed up daily.",
      controls: ["ElastiCache.1", "AWS-0050"],
      severity: "low",
      enforcement: "mandatory",
      why: "A lost queue loses jobs, pauses of data sources and the schema blacklist.",
      fix: "snapshotRetentionLimit: 1.",
      check: (group) => {
        group.must("snapshotRetentionLimit", atLeast(1, "days"));
      },
    }),
    onGroup({
      id: "valkey-minor-upgrades",
      title: "Patches come by themselves, in a window of one's choice.",
      controls: ["ElastiCache.2"],
      severity: "medium",
      enforcement: "mandatory",
      why: "A window that AWS chooses lies in somebody's working day.",
      fix: 'autoMinorVersionUpgrade: true, maintenanceWindow: "sun:18:00-sun:19:00".',
      check: (group) => {
        group.must("autoMinorVersionUpgrade", absentOr(is(true)));
        group.must(
          "maintenanceWindow",
          matches(/^[a-z]{3}:\d\d:\d\d-[a-z]{3}:\d\d:\d\d$/, "ddd:hh:mm-ddd:hh:mm, UTC"),
        );
      },
    }),
    {
      id: "valkey-subnet-group",
      title: "The queue lies in subnets of its own choice.",
      controls: ["ElastiCache.7"],
      severity: "high",
      enforcement: "mandatory",
      why: "The default subnet group holds every subnet of the default VPC, public ones too.",
      fix: "subnetGroupName: a subnet group of isolated subnets.",
      types: [REPLICATION_GROUP, SUBNET_GROUP],
      check: (resource) => {
        if (resource.type === SUBNET_GROUP) resource.must("subnetIds", notEmpty);
        else {
          resource.must("subnetGroupName", set);
          if (resource.get("subnetGroupName") === "default")
            resource.wrong("subnetGroupName", "a subnet group of one's own");
        }
      },
      checkStack: (stack) => {
        for (const group of stack.of(SUBNET_GROUP)) mustNotBeInPublicSubnets(stack, group);
      },
    },
    onGroup({
      id: "valkey-logs",
      title: "Slow and engine logs are delivered.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "A blocked queue (KEYS, a large pipeline) shows nowhere else.",
      fix: "logDeliveryConfigurations for slow-log and engine-log.",
      check: (group) => {
        const types = group.each("logDeliveryConfigurations").map((log) => log.get("logType"));
        for (const type of ["engine-log", "slow-log"]) {
          if (!types.includes(type))
            group.wrong("logDeliveryConfigurations", `one for ${type}`, "without it");
        }
      },
    }),
  ],
};
