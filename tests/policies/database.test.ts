import { describe } from "mocha";
import { describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

const instance = (props: Record<string, unknown> = {}, protect = false): Given => ({
  type: "aws:rds/instance:Instance",
  name: "database",
  props,
  protect,
});
const YES = { right: [true], wrong: [false, "true", undefined, UNKNOWN, HIDDEN] };

describe("policies of the database", () => {
  describePolicy("database-not-public", {
    ...property(instance(), "publiclyAccessible", {
      right: [false, undefined, null],
      wrong: [true, "true", "false", UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("database-encrypted", {
    ...property(instance({ kmsKeyId: UNKNOWN }), "storageEncrypted", YES),
    ...property(instance({ storageEncrypted: true }), "kmsKeyId", {
      right: ["arn:aws:kms:eu-west-1:1:key/k", UNKNOWN],
      wrong: [undefined, ""],
    }),
  });

  describePolicy("database-backups", {
    ...property(instance(), "backupRetentionPeriod", {
      right: [7, 14, 35],
      wrong: [0, 1, 6, 36, "7", undefined, UNKNOWN, HIDDEN],
    }),
  });

  const kept = { finalSnapshotIdentifier: UNKNOWN, deleteAutomatedBackups: false };
  describePolicy("database-final-snapshot", {
    ...property(instance(kept), "finalSnapshotIdentifier", {
      right: ["redash-final", UNKNOWN],
      wrong: [undefined, ""],
    }),
    ...property(instance(kept), "skipFinalSnapshot", {
      right: [false, undefined],
      wrong: [true, UNKNOWN, HIDDEN],
      stack: PRODUCTION,
    }),
    ...property(instance(), "skipFinalSnapshot", { right: [true], stack: REHEARSAL }),
    ...property(instance(kept), "deleteAutomatedBackups", { wrong: [true, undefined] }),
    "wants an identifier in a rehearsal that leaves a snapshot": {
      given: instance({ skipFinalSnapshot: false }),
      stack: REHEARSAL,
      finds: ["finalSnapshotIdentifier is not set"],
    },
  });

  describePolicy("database-deletion-protection", {
    ...property(instance(), "deletionProtection", { ...YES, stack: PRODUCTION }),
    ...property(instance(), "deletionProtection", { right: [false, undefined], stack: REHEARSAL }),
    "judges a stack that does not say what it is for as production": {
      given: instance(),
      finds: ["deletionProtection is not set"],
    },
  });

  describePolicy("database-multi-az", {
    ...property(instance(), "multiAz", { ...YES, stack: PRODUCTION }),
    ...property(instance(), "multiAz", { right: [false, undefined], stack: REHEARSAL }),
    ...property(instance({ multiAz: true }), "availabilityZone", {
      right: [undefined, ""],
      wrong: ["eu-west-1a", UNKNOWN],
    }),
    "accepts a zone of an instance in one zone": {
      given: instance({ multiAz: false, availabilityZone: "eu-west-1a" }),
      stack: REHEARSAL,
    },
  });

  const versioned = { engine: "postgres", engineVersion: "17" };
  const withGroup = (family: unknown, engineVersion: unknown = "17"): Given[] => [
    {
      ...instance({ engine: "postgres", engineVersion, parameterGroupName: UNKNOWN }),
      refersTo: { parameterGroupName: "parameters" },
    },
    { type: "aws:rds/parameterGroup:ParameterGroup", name: "parameters", props: { family } },
  ];
  describePolicy("database-engine", {
    ...property(instance(versioned), "engine", {
      right: ["postgres"],
      wrong: ["mysql", "aurora-postgresql", undefined, UNKNOWN],
    }),
    ...property(instance(versioned), "engineVersion", {
      right: ["14", "16.9", "17", "17.10", "18"],
      wrong: ["13", "13.20", "19", "99.9", "17.", 17, undefined, UNKNOWN, HIDDEN],
    }),
    "accepts a parameter group of the version's family": { given: withGroup("postgres17", "17.6") },
    "refuses one of another version": {
      given: withGroup("postgres16"),
      finds: ['family is "postgres16"'],
    },
    "refuses a family that there is not": {
      given: withGroup("postgres99"),
      finds: ['family is "postgres99"'],
    },
    "refuses a family that is not known": {
      given: withGroup(UNKNOWN),
      finds: ["family is not known before the update"],
    },
  });

  const disk = { storageType: "gp3", allocatedStorage: 100, maxAllocatedStorage: 200 };
  const large = { storageType: "gp3", allocatedStorage: 400, maxAllocatedStorage: 500 };
  describePolicy("database-storage", {
    ...property(instance(disk), "storageType", {
      right: ["gp3"],
      wrong: ["gp2", "io1", "standard", undefined, UNKNOWN],
    }),
    ...property(instance(disk), "allocatedStorage", {
      right: [20, 181],
      wrong: [19, undefined, UNKNOWN, HIDDEN],
    }),
    ...property(instance(disk), "iops", { right: [undefined, 0], wrong: [3000, UNKNOWN] }),
    ...property(instance(disk), "storageThroughput", { wrong: [125] }),
    ...property(instance(large), "iops", { right: [12000, undefined] }),
    ...property(instance({ ...large, iops: 3000 }), "storageThroughput", { right: [500] }),
    ...property(instance({ ...large, allocatedStorage: 399 }), "iops", { wrong: [3000] }),
    ...property(instance(disk), "maxAllocatedStorage", {
      right: [110, 65536],
      wrong: [109, 100, 0, undefined, UNKNOWN],
    }),
    "leaves a replica's storage to its source": { given: instance({ replicateSourceDb: "a" }) },
  });

  const group: Given = {
    type: "aws:rds/subnetGroup:SubnetGroup",
    name: "subnets",
    props: { subnetIds: ["subnet-a", UNKNOWN] },
    refersTo: { subnetIds: "subnet" },
  };
  const placed = { dbSubnetGroupName: UNKNOWN, vpcSecurityGroupIds: [UNKNOWN] };
  const subnet: Given = { type: "aws:ec2/subnet:Subnet", name: "subnet" };
  const table: Given = { type: "aws:ec2/routeTable:RouteTable", name: "table" };
  const association: Given = {
    type: "aws:ec2/routeTableAssociation:RouteTableAssociation",
    props: { subnetId: UNKNOWN, routeTableId: UNKNOWN },
    refersTo: { subnetId: "subnet", routeTableId: "table" },
  };
  const route = (props: Record<string, unknown>, refersTo: Record<string, string> = {}): Given => ({
    type: "aws:ec2/route:Route",
    props: { routeTableId: UNKNOWN, ...props },
    refersTo: { routeTableId: "table", ...refersTo },
  });
  const gateway: Given = { type: "aws:ec2/internetGateway:InternetGateway", name: "gateway" };
  const publicly = [association, table, subnet, group];
  describePolicy("database-subnet-group", {
    ...property(instance(placed), "dbSubnetGroupName", {
      right: ["redash-1", UNKNOWN],
      wrong: ["default", undefined, ""],
    }),
    ...property(instance(placed), "vpcSecurityGroupIds", {
      right: [UNKNOWN, ["sg-1"]],
      wrong: [[], undefined],
    }),
    ...property({ ...group, refersTo: {} }, "subnetIds", {
      right: [["subnet-a"], UNKNOWN],
      wrong: [[], undefined],
    }),
    "refuses a subnet with a route to this stack's internet gateway": {
      given: [route({ gatewayId: UNKNOWN }, { gatewayId: "gateway" }), gateway, ...publicly],
      finds: ["subnetIds is a list with a public subnet"],
    },
    "refuses a subnet with a route to an internet gateway by its id": {
      given: [route({ gatewayId: "igw-1" }), ...publicly],
      finds: ["subnetIds is a list with a public subnet"],
    },
    "finds a subnet by its id once that is known": {
      given: [
        route({ gatewayId: "igw-1" }),
        association,
        table,
        { ...subnet, props: { id: "subnet-a" } },
        { ...group, refersTo: {} },
      ],
      finds: ["subnetIds is a list with a public subnet"],
    },
    "accepts a subnet with a route to a NAT gateway": {
      given: [route({ natGatewayId: "nat-1" }), ...publicly],
    },
    "accepts a subnet without any route": { given: publicly },
    "waits for subnets that are chosen from all of a network's": {
      given: [
        route({ gatewayId: "igw-1" }),
        association,
        table,
        subnet,
        { ...group, props: { subnetIds: UNKNOWN } },
      ],
      finds: ["undecided: subnetIds is not known before the update"],
    },
  });

  const snapshot: Given = { type: "aws:rds/snapshot:Snapshot" };
  const copy: Given = { type: "aws:rds/snapshotCopy:SnapshotCopy", props: { kmsKeyId: UNKNOWN } };
  describePolicy("database-snapshots-private", {
    ...property(snapshot, "sharedAccounts", {
      right: [undefined, [], ["123456789012"]],
      wrong: [["all"], ["123456789012", "all"], [UNKNOWN], "all", UNKNOWN, HIDDEN],
    }),
    ...property(copy, "sharedAccounts", { wrong: [["all"]] }),
    ...property(copy, "kmsKeyId", { right: ["arn:k"], wrong: [undefined, ""] }),
  });
});
