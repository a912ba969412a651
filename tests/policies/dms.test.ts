import { describe } from "mocha";
import { type Case, cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

type Json = Record<string, unknown>;
const task: Given = { type: "aws:dms/replicationTask:ReplicationTask" };
const endpoint = (props: Json = {}): Given => ({
  type: "aws:dms/endpoint:Endpoint",
  props: { endpointType: "source", sslMode: "require", ...props },
});
const ALL = {
  captureDdls: false,
  executeTimeout: 60,
  failTasksOnLobTruncation: true,
  heartbeatEnable: true,
  heartbeatFrequency: 5,
  mapBooleanAsBoolean: true,
  mapJsonbAsClob: false,
  maxFileSize: 32_768,
  pluginName: "test-decoding",
};
const instance = (props: Json = {}): Given => ({
  type: "aws:dms/replicationInstance:ReplicationInstance",
  props,
});

describe("policies of endpoints and instances of DMS", () => {
  describePolicy(
    "dms-not-serverless",
    cases({
      "refuses a serverless replication, whatever it says": [
        { type: "aws:dms/replicationConfig:ReplicationConfig", props: {} },
        " is a aws:dms/replicationConfig:ReplicationConfig",
      ],
      "accepts a task": [task],
    }),
  );
  describePolicy(
    "dms-endpoint-tls",
    property(endpoint(), "sslMode", {
      right: ["require", "verify-ca", "verify-full"],
      wrong: ["none", undefined, "", UNKNOWN, HIDDEN],
    }),
  );
  const full = endpoint({ postgresSettings: ALL });
  describePolicy("dms-postgres-settings-complete", {
    "accepts all": { given: full },
    "accepts none": { given: endpoint() },
    ...(Object.assign(
      {},
      ...Object.keys(ALL)
        .filter((name) => !/captureDdls|failTasks/.test(name))
        .map((name) => property(full, `postgresSettings.${name}`, { wrong: [undefined] })),
    ) as Record<string, Case>),
    ...property(full, "postgresSettings.captureDdls", { wrong: [true] }),
    ...property(full, "postgresSettings.failTasksOnLobTruncation", {
      wrong: [false, UNKNOWN, HIDDEN],
    }),
    "asks less of the target": {
      given: endpoint({
        endpointType: "target",
        postgresSettings: { ...ALL, failTasksOnLobTruncation: false },
      }),
    },
  });
  const secret = (password: unknown, refersTo: Record<string, string> = {}): Given[] => [
    { ...endpoint({ password }), refersTo },
    { type: "random:index/randomPassword:RandomPassword", name: "password" },
  ];
  const hidden = ["password is (hidden)"];
  describePolicy("dms-endpoint-secret", {
    "accepts none": { given: endpoint() },
    "accepts a secret of Secrets Manager": {
      given: endpoint({ secretsManagerArn: "arn:s", secretsManagerAccessRoleArn: "arn:r" }),
    },
    "accepts a generated one": { given: secret(UNKNOWN, { password: "password" }) },
    "accepts a generated one that is withheld": { given: secret(HIDDEN, { password: "password" }) },
    "refuses one in the program": { given: secret("hunter2"), finds: hidden },
    "refuses one of elsewhere that is not known": { given: secret(UNKNOWN), finds: hidden },
    "refuses one of elsewhere that is a secret": { given: secret(HIDDEN), finds: hidden },
    "refuses an empty one": { given: secret(""), finds: hidden },
  });
  const placed = instance({
    publiclyAccessible: false,
    replicationSubnetGroupId: UNKNOWN,
    vpcSecurityGroupIds: [UNKNOWN],
  });
  describePolicy("dms-private", {
    ...property(placed, "publiclyAccessible", {
      right: [false],
      wrong: [true, undefined, UNKNOWN, HIDDEN],
    }),
    ...property(placed, "replicationSubnetGroupId", { right: ["g"], wrong: [undefined, ""] }),
    ...property(placed, "vpcSecurityGroupIds", { wrong: [[], undefined] }),
  });
  describePolicy("dms-encrypted", {
    ...property(instance(), "kmsKeyArn", {
      right: ["arn:k", UNKNOWN, HIDDEN],
      wrong: [undefined, ""],
    }),
    ...property({ ...instance(), name: "two" }, "kmsKeyArn", {
      right: ["arn:l", UNKNOWN],
      wrong: [undefined],
    }),
  });
  describePolicy(
    "dms-version-pinned",
    property(instance(), "engineVersion", {
      right: ["3.6.1", "3.6.12", "3.7.0", "3.10.0"],
      wrong: ["3.5.4", "3.6.0", "3.6", "3", undefined, UNKNOWN, HIDDEN],
    }),
  );
  describePolicy(
    "dms-minor-upgrades",
    property(instance(), "autoMinorVersionUpgrade", {
      right: [true],
      wrong: [false, undefined, "true", 1, "", UNKNOWN, HIDDEN],
    }),
  );
  describePolicy("dms-multi-az", {
    ...property(instance(), "multiAz", {
      right: [true],
      wrong: [false, undefined, UNKNOWN, HIDDEN],
      stack: PRODUCTION,
    }),
    ...property(instance(), "multiAz", { right: [true, false, undefined], stack: REHEARSAL }),
  });
  const kinds = [instance(), endpoint(), task];
  describePolicy(
    "dms-only-during-a-move",
    Object.fromEntries([
      ...kinds.flatMap((given): [string, Case][] => [
        ...["replicating", "switched"].map((phase): [string, Case] => [
          `accepts a ${given.type} in ${phase}`,
          { given, stack: { phase } },
        ]),
        ...["greenfield", "complete"].map((phase): [string, Case] => [
          `refuses a ${given.type} in ${phase}`,
          { given, stack: { phase }, finds: [` is a ${given.type}`] },
        ]),
      ]),
      ["does not judge a stack without phases", { given: kinds }],
      ["does not judge a phase that is not known", { given: kinds, stack: { phase: UNKNOWN } }],
    ]),
  );
});
