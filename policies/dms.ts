import { is, matches, notEmpty, set } from "./constraint";
import type { Policy, Subject } from "./policy";

const INSTANCE = "aws:dms/replicationInstance:ReplicationInstance";
const ENDPOINT = "aws:dms/endpoint:Endpoint";
const DMS = "aws:dms/*";

/** Of `postgresSettings`: given one of them, the provider sends the others as 0 or false (terraform-provider-aws#47884). */
const EXPLICIT = [
  "captureDdls",
  "executeTimeout",
  "failTasksOnLobTruncation",
  "heartbeatEnable",
  "heartbeatFrequency",
  "mapBooleanAsBoolean",
  "mapJsonbAsClob",
  "maxFileSize",
  "pluginName",
] as const;

const onEndpoint = (policy: Omit<Policy, "types">): Policy => ({ types: [ENDPOINT], ...policy });
const onInstance = (policy: Omit<Policy, "types">): Policy => ({ types: [INSTANCE], ...policy });

/** What tasks of AWS Database Migration Service run on, and between: instances and endpoints. */
export const DMS_RESOURCES: Subject = {
  title: "Endpoints and instances of a migration (DMS)",
  policies: [
    {
      id: "dms-not-serverless",
      title: "DMS is the classic one, whose settings these policies read.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "A serverless replication has the same ways to truncate, to empty the target and to start itself, in other properties.",
      fix: "aws.dms.ReplicationTask on a ReplicationInstance.",
      types: ["aws:dms/replicationConfig:ReplicationConfig"],
      check: (replication) => {
        replication.wrong("", "no resource of this type", `a ${replication.type}`);
      },
    },
    onEndpoint({
      id: "dms-endpoint-tls",
      title: "DMS speaks TLS with both ends.",
      controls: ["DMS.9", "CKV2_AWS_49"],
      severity: "high",
      enforcement: "mandatory",
      why: "All data of Redash crosses the network; RDS refuses a connection without TLS from PostgreSQL 15 on. To a compose host, which has none, only by a recorded exception.",
      fix: 'sslMode: "require" or "verify-full"; for the source an exception with its reason.',
      check: (endpoint) => {
        endpoint.must("sslMode", is("require", "verify-ca", "verify-full"));
      },
    }),
    onEndpoint({
      id: "dms-postgres-settings-complete",
      title: "An endpoint states every PostgreSQL setting, or none.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "With some of them the provider sends the others as 0: ExecuteTimeout 0, MaxFileSize 0, a heartbeat without frequency (aws.md, trap 1).",
      fix: `All nine: ${EXPLICIT.join(", ")}.`,
      check: (endpoint) => {
        const settings = endpoint.get("postgresSettings");
        if (settings === undefined) return;
        for (const name of EXPLICIT) {
          if (endpoint.get(`postgresSettings.${name}`) === undefined)
            endpoint.wrong(`postgresSettings.${name}`, "a value");
        }
        if (endpoint.get("endpointType") === "source") {
          endpoint.must("postgresSettings.failTasksOnLobTruncation", is(true));
          endpoint.must("postgresSettings.captureDdls", is(false));
        }
      },
    }),
    onEndpoint({
      id: "dms-endpoint-secret",
      title: "An endpoint's password lies in Secrets Manager, or is a generated one.",
      controls: ["CKV2_AWS_49"],
      severity: "medium",
      enforcement: "advisory",
      why: "DMS shows the user, and whoever reads the program reads what stands in it.",
      fix: "secretsManagerArn and secretsManagerAccessRoleArn.",
      // Only a stack check knows what a value is made of.
      checkStack: (stack) => {
        for (const endpoint of stack.of(ENDPOINT)) {
          const isGenerated = (endpoint.resource.propertyDependencies["password"] ?? []).length > 0;
          if (endpoint.get("password") !== undefined && !isGenerated)
            endpoint.wrong("password", "a secret of Secrets Manager", "(hidden)");
        }
      },
    }),
    onInstance({
      id: "dms-private",
      title:
        "The replication instance has no public address, and lies in subnets of its own choice.",
      controls: ["DMS.1", "CKV_AWS_89"],
      severity: "critical",
      enforcement: "mandatory",
      why: "The API's default is public.",
      fix: "publiclyAccessible: false, replicationSubnetGroupId, vpcSecurityGroupIds.",
      check: (instance) => {
        instance.must("publiclyAccessible", is(false));
        instance.must("replicationSubnetGroupId", set);
        instance.must("vpcSecurityGroupIds", notEmpty);
      },
    }),
    onInstance({
      id: "dms-encrypted",
      title: "The replication instance is encrypted with a key of one's own.",
      controls: ["CKV_AWS_212"],
      severity: "medium",
      enforcement: "mandatory",
      why: "What waits to be applied lies on its disk.",
      fix: "kmsKeyArn: the stack's key.",
      check: (instance) => {
        instance.must("kmsKeyArn", set);
      },
    }),
    onInstance({
      id: "dms-version-pinned",
      title: "The engine's version is pinned, and one that knows the source.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "An upgrade restarts the task in the middle of a move; PostgreSQL 17 needs 3.6.1 (aws.md 1.1).",
      fix: 'engineVersion: "3.6.1".',
      check: (instance) => {
        instance.must(
          "engineVersion",
          matches(
            /^3\.(?:6\.[1-9]\d*|(?:[7-9]|\d\d)\.\d+)$/,
            "a version from 3.6.1 on, with all three numbers",
          ),
        );
      },
    }),
    onInstance({
      id: "dms-minor-upgrades",
      title: "Patches of the replication instance come by themselves.",
      controls: ["DMS.6", "CKV_AWS_222"],
      severity: "low",
      enforcement: "advisory",
      why: "Decided: during a move, which is all the time that it exists, no restart is wanted; the version is chosen by hand.",
      fix: "autoMinorVersionUpgrade: true after the move, or none.",
      check: (instance) => {
        instance.must("autoMinorVersionUpgrade", is(true));
      },
    }),
    onInstance({
      id: "dms-multi-az",
      title: "The replication instance survives its zone, but in a rehearsal.",
      controls: ["DMS.13"],
      severity: "medium",
      enforcement: "mandatory",
      why: "A lost instance means a new full load.",
      fix: "multiAz: true.",
      checkStack: (stack) => {
        if (stack.mode !== "production") return;
        for (const instance of stack.of(INSTANCE)) instance.must("multiAz", is(true));
      },
    }),
    {
      id: "dms-only-during-a-move",
      title: "DMS exists only while a move is under way.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "Forgotten, it costs money, and its slot fills the source's disk.",
      fix: "Only in the phases replicating and switched.",
      types: [DMS],
      checkStack: (stack) => {
        if (stack.phase !== "greenfield" && stack.phase !== "complete") return;
        for (const view of stack.of(DMS))
          view.wrong("", `nothing of DMS in phase ${stack.phase}`, `a ${view.type}`);
      },
    },
  ],
};
