import { describe } from "mocha";
import { cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

const GROUP = "aws:elasticache/replicationGroup:ReplicationGroup";
const PARAMETERS = "aws:elasticache/parameterGroup:ParameterGroup";
const group = (props: Record<string, unknown>): Given => ({ type: GROUP, props });
const user = (props: Record<string, unknown>): Given => ({
  type: "aws:elasticache/user:User",
  props,
});
const users = (userIds: unknown): Given => ({
  type: "aws:elasticache/userGroup:UserGroup",
  props: { userIds },
});
/** A group whose name of parameters is not known, with its parameter group. */
const withParameters = (parameters: unknown): Given[] => [
  {
    type: GROUP,
    name: "group",
    props: { parameterGroupName: UNKNOWN },
    refersTo: { parameterGroupName: "parameters" },
  },
  { type: PARAMETERS, name: "parameters", props: { family: "valkey8", parameters } },
];
const eviction = (value: unknown) => withParameters([{ name: "maxmemory-policy", value }]);

describe("policies of the queue", () => {
  describePolicy("valkey-engine", {
    ...property(group({ engine: "valkey", engineVersion: "8.1" }), "engine", {
      right: ["valkey"],
      wrong: ["redis", "memcached", "Valkey", undefined, UNKNOWN, HIDDEN],
    }),
    ...property(group({ engine: "valkey", engineVersion: "8.1" }), "engineVersion", {
      right: ["7.2", "8.0", "8.1", "8.2", "9.0", "9.1"],
      wrong: ["7.1", "6.2", "8.3", "10.0", "8", "", undefined, UNKNOWN],
    }),
  });

  const noParameters = "parameterGroupName is ";
  describePolicy(
    "valkey-noeviction",
    cases({
      "accepts noeviction": [eviction("noeviction")],
      "refuses AWS's default by name": [
        group({ parameterGroupName: "default.valkey8" }),
        `${noParameters}"default.valkey8"`,
      ],
      "refuses a group without a parameter group": [group({}), `${noParameters}not set`],
      "refuses a parameter group without the parameter": [
        withParameters([]),
        `${noParameters}not known before the update`,
      ],
      "refuses a parameter group without parameters": [
        withParameters(undefined),
        `${noParameters}not known before the update`,
      ],
      "is not deceived by a name that was made of another group's": [
        [
          { ...eviction("noeviction")[0]!, props: { parameterGroupName: "shared" } },
          eviction("noeviction")[1]!,
        ],
        `${noParameters}"shared"`,
      ],
      "refuses volatile-lru": [eviction("volatile-lru"), 'parameters.0.value is "volatile-lru"'],
      "refuses allkeys-lru": [eviction("allkeys-lru"), 'parameters.0.value is "allkeys-lru"'],
      "refuses a value that is not known": [
        eviction(UNKNOWN),
        "parameters.0.value is not known before the update",
      ],
      "refuses a value that is a secret": [eviction(HIDDEN), "parameters.0.value is a secret"],
      "refuses parameters that are not known": [
        withParameters(UNKNOWN),
        "parameters is not known before the update",
        `${noParameters}not known before the update`,
      ],
      "refuses a parameter group that is not of this stack": [
        group({ parameterGroupName: UNKNOWN }),
        `${noParameters}not known before the update`,
      ],
    }),
  );

  describePolicy("valkey-in-transit-encryption", {
    ...property(group({}), "transitEncryptionEnabled", {
      right: [true],
      wrong: [false, "true", undefined, UNKNOWN, HIDDEN],
    }),
    ...property(group({ transitEncryptionEnabled: true }), "transitEncryptionMode", {
      right: ["required", undefined],
      wrong: ["preferred", "", UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("valkey-at-rest-encryption", {
    ...property(group({ kmsKeyId: "arn:key" }), "atRestEncryptionEnabled", {
      right: [true, undefined],
      wrong: [false, "false", UNKNOWN, HIDDEN],
    }),
    ...property(group({ atRestEncryptionEnabled: true }), "kmsKeyId", {
      right: ["arn:key", UNKNOWN, HIDDEN],
      wrong: [undefined, ""],
    }),
  });

  describePolicy("valkey-authentication", {
    ...property(group({}), "authToken", {
      right: ["0123456789abcdef", UNKNOWN, HIDDEN],
      wrong: [undefined],
    }),
    ...property(group({}), "authToken", { wrong: [""] }),
    ...property(group({}), "userGroupIds", {
      right: [["redash"], UNKNOWN],
      wrong: [[]],
    }),
    ...cases({
      "accepts a token that no state file holds": [group({ authTokenWo: HIDDEN })],
      "accepts both": [group({ authToken: HIDDEN, userGroupIds: ["redash"] })],
      "does not judge another type": [{ type: PARAMETERS, props: {} }],
      "refuses an empty list of users beside a token, which AWS would not take together": [
        group({ authToken: HIDDEN, userGroupIds: [] }),
        "userGroupIds is an empty list",
      ],
    }),
  });

  describePolicy("valkey-default-user", {
    ...property(user({ passwords: [HIDDEN] }), "noPasswordRequired", {
      right: [false, undefined],
      wrong: [true, UNKNOWN, HIDDEN],
    }),
    ...property(user({}), "passwords", {
      right: [[HIDDEN], UNKNOWN, HIDDEN],
      wrong: [[], undefined],
    }),
    ...property(user({}), "authenticationMode.type", {
      right: ["password", "iam"],
      wrong: ["no-password-required", UNKNOWN, HIDDEN],
    }),
    ...cases({
      "accepts passwords that no state file holds": [user({ passwordsWo: HIDDEN })],
      "accepts a user that is off": [user({ accessString: "off -@all" })],
      "accepts a user that is off at the end": [user({ accessString: "~* -@all off" })],
      "refuses a user whose word is longer": [
        user({ accessString: "offline ~* +@all" }),
        "passwords is not set",
      ],
      "accepts a group of users with a default user of its own": [
        users(["redash-default", "redash"]),
      ],
      "accepts users that are made in the same update": [users([UNKNOWN, UNKNOWN])],
      "refuses AWS's default user in a group": [users(["default", "redash"]), "userIds is with it"],
      "refuses users that are not known": [
        users(UNKNOWN),
        "userIds is not known before the update",
      ],
      "refuses a user that is on": [user({ accessString: "on ~* +@all" }), "passwords is not set"],
    }),
  });

  describePolicy("valkey-failover", {
    ...property(
      group({ automaticFailoverEnabled: true, multiAzEnabled: true }),
      "numCacheClusters",
      {
        right: [2, 6],
        wrong: [1, 0, "2", undefined, UNKNOWN],
        stack: PRODUCTION,
      },
    ),
    ...property(group({ numCacheClusters: 2, multiAzEnabled: true }), "automaticFailoverEnabled", {
      right: [true],
      wrong: [false, undefined, UNKNOWN, HIDDEN],
      stack: PRODUCTION,
    }),
    ...property(group({ numCacheClusters: 2, automaticFailoverEnabled: true }), "multiAzEnabled", {
      right: [true],
      wrong: [false, undefined, UNKNOWN],
    }),
    ...property(group({}), "numCacheClusters", { right: [1, undefined], stack: REHEARSAL }),
  });

  describePolicy("valkey-snapshots", {
    ...property(group({}), "snapshotRetentionLimit", {
      right: [1, 7, 35],
      wrong: [0, -1, "1", true, undefined, UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("valkey-minor-upgrades", {
    ...property(group({ maintenanceWindow: "sun:18:00-sun:19:00" }), "autoMinorVersionUpgrade", {
      right: [true, undefined],
      wrong: [false, "no", UNKNOWN, HIDDEN],
    }),
    ...property(group({}), "maintenanceWindow", {
      right: ["sun:18:00-sun:19:00", "mon:00:30-mon:01:30"],
      wrong: ["18:00-19:00", "sunday", "", undefined, UNKNOWN],
    }),
  });

  const subnets: Given = { type: "aws:elasticache/subnetGroup:SubnetGroup", props: {} };
  describePolicy("valkey-subnet-group", {
    ...property(group({}), "subnetGroupName", {
      right: ["redash", UNKNOWN, HIDDEN],
      wrong: [undefined, "", "default"],
    }),
    ...property(subnets, "subnetIds", {
      right: [["subnet-a", "subnet-b"], [UNKNOWN], UNKNOWN],
      wrong: [[], undefined],
    }),
  });

  describePolicy(
    "valkey-subnet-group",
    cases({
      "refuses a public subnet": [
        [
          { ...subnets, props: { subnetIds: ["subnet-a"] } },
          { type: "aws:ec2/subnet:Subnet", name: "a", props: { id: "subnet-a" } },
          { type: "aws:ec2/routeTable:RouteTable", name: "t", props: {} },
          {
            type: "aws:ec2/routeTableAssociation:RouteTableAssociation",
            name: "association",
            refersTo: { subnetId: "a", routeTableId: "t" },
          },
          {
            type: "aws:ec2/route:Route",
            name: "route",
            props: { gatewayId: "igw-1" },
            refersTo: { routeTableId: "t" },
          },
        ],
        "subnetIds is a list with a public subnet",
      ],
    }),
  );

  const log = (...types: unknown[]) =>
    group({ logDeliveryConfigurations: types.map((logType) => ({ logType })) });
  const without = "logDeliveryConfigurations is without it";
  describePolicy(
    "valkey-logs",
    cases({
      "accepts both": [log("engine-log", "slow-log")],
      "accepts both in any order": [log("slow-log", "engine-log")],
      "finds the slow log missing": [log("engine-log"), without],
      "finds the engine's log missing": [log("slow-log"), without],
      "finds both missing in an empty list": [log(), without, without],
      "finds both missing without a list": [group({}), without, without],
      "finds a doubled one no substitute": [log("slow-log", "slow-log"), without],
      "finds a type that is not known no substitute": [log("engine-log", UNKNOWN), without],
      "finds a list that is not known": [
        group({ logDeliveryConfigurations: UNKNOWN }),
        "logDeliveryConfigurations is not known before the update",
        without,
        without,
      ],
      "does not judge another type": [{ type: PARAMETERS, props: {} }],
    }),
  );
});
