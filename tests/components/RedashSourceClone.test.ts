import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { RedashSourceClone } from "../../components/RedashSourceClone";
import { record, type Recording } from "../../preview/recorder";
import { inventory, only, waitsFor } from "../support/recordings";

const recorded = (changes: { replicationInstanceSecurityGroupId?: string } = {}) =>
  record(
    () =>
      new RedashSourceClone("redash-source", {
        imageId: "ami-1",
        instanceType: "t3.large",
        vpcId: "vpc-1",
        vpcCidr: "10.80.0.0/16",
        subnetIds: pulumi.output(["subnet-a", "subnet-b"]),
        keyArn: "arn:aws:kms:eu-west-1:111122223333:key/k",
        loadBalancerSecurityGroupId: "sg-load-balancer",
        port: 80,
        databaseSecurityGroupId: "sg-database",
        databasePort: 5433,
        endpointsSecurityGroupId: "sg-endpoints",
        ...changes,
      }),
    { stack: "test", config: {} },
  );

describe("RedashSourceClone", () => {
  it("can reach nothing but its VPC: it is a copy of a system that mails and alerts real people", async () => {
    const recording = await recorded();
    const { vpcSecurityGroupIds } = only(recording, "Instance", "redash-source-instance")
      .inputs as {
      vpcSecurityGroupIds: string[];
    };
    assert.equal(vpcSecurityGroupIds.length, 1);
    const egress = recording.resources.filter(
      ({ type, inputs }) =>
        type.endsWith(":SecurityGroupEgressRule") &&
        inputs["securityGroupId"] === vpcSecurityGroupIds[0],
    );
    assert.deepEqual(
      egress.map(({ inputs }) => [inputs["cidrIpv4"], inputs["ipProtocol"]]),
      [["10.80.0.0/16", "-1"]],
    );
    const group = only(recording, "SecurityGroup", "redash-source-sg");
    assert.ok(!("egress" in group.inputs), "inline rules would add to it");
  });

  it("is closed before it boots", async () => {
    assert.ok(
      waitsFor(only(await recorded(), "Instance", "redash-source-instance")).includes(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule redash-source-to-vpc",
      ),
    );
  });

  it("has no public address, an encrypted disk, and metadata by token only", async () => {
    const { inputs } = only(await recorded(), "Instance", "redash-source-instance");
    assert.deepEqual(inputs, {
      ami: "ami-1",
      instanceType: "t3.large",
      subnetId: "subnet-a",
      vpcSecurityGroupIds: inputs["vpcSecurityGroupIds"],
      associatePublicIpAddress: false,
      iamInstanceProfile: inputs["iamInstanceProfile"],
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required" },
      rootBlockDevice: {
        encrypted: true,
        kmsKeyId: "arn:aws:kms:eu-west-1:111122223333:key/k",
        volumeType: "gp3",
      },
      ebsOptimized: true,
      monitoring: true,
      tags: { Name: "redash-source" },
    });
  });

  /** Every rule that the clone takes part in, as "group <- peer port". */
  const ways = (recording: Recording) => {
    const { vpcSecurityGroupIds } = only(recording, "Instance", "redash-source-instance")
      .inputs as {
      vpcSecurityGroupIds: string[];
    };
    const side = (id: unknown) => (id === vpcSecurityGroupIds[0] ? "clone" : String(id));
    return recording.resources
      .filter(({ type }) => type.startsWith("aws:vpc/securityGroup"))
      .map(({ type, inputs }) =>
        [
          side(inputs["securityGroupId"]),
          type.includes("Ingress") ? "<-" : "->",
          side(inputs["referencedSecurityGroupId"] ?? inputs["cidrIpv4"]),
          inputs["ipProtocol"] === "-1" ? "all" : String(inputs["fromPort"]),
        ].join(" "),
      )
      .sort();
  };
  const USUAL = [
    "clone <- sg-load-balancer 80",
    "sg-load-balancer -> clone 80",
    "clone <- sg-database 5433",
    "sg-database -> clone 5433",
    "sg-database <- clone 5432",
    "clone -> 10.80.0.0/16 all",
    "sg-endpoints <- clone 443",
  ];

  it("is reached by the load balancer and the managed database alone, each on its port, and reaches Systems Manager", async () => {
    const recording = await recorded();
    assert.deepEqual(ways(recording), [...USUAL].sort());
    assert.deepEqual(
      inventory(recording).filter((line) => !line.startsWith("SecurityGroup")),
      [
        "Instance redash-source-instance",
        "InstanceProfile redash-source-agent",
        "Role redash-source-agent",
        "RolePolicyAttachment redash-source-agent",
      ],
    );
  });

  it("has the role of its agent and no right of the production host", async () => {
    const recording = await recorded();
    const role = only(recording, "Role", "redash-source-agent");
    assert.deepEqual(JSON.parse(String(role.inputs["assumeRolePolicy"])), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "ec2.amazonaws.com" },
          Action: "sts:AssumeRole",
        },
      ],
    });
    const attachment = only(recording, "RolePolicyAttachment", "redash-source-agent");
    const profile = only(recording, "InstanceProfile", "redash-source-agent");
    assert.match(String(profile.inputs["role"]), /^redash-source-agent-[0-9a-f]{7}$/);
    assert.deepEqual(attachment.inputs, {
      role: profile.inputs["role"],
      policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    });
    assert.match(
      String(only(recording, "Instance", "redash-source-instance").inputs["iamInstanceProfile"]),
      /^redash-source-agent-[0-9a-f]{7}$/,
    );
  });

  it("goes with the stack in one step: nothing of it is protected, kept, or refuses to be deleted", async () => {
    for (const { name, protect, retainOnDelete, inputs } of (await recorded()).resources) {
      assert.deepEqual([protect, retainOnDelete], [false, false], name);
      assert.ok(!("disableApiTermination" in inputs) && !("disableApiStop" in inputs), name);
    }
  });

  it("is reached by a replication instance if there is one", async () => {
    assert.deepEqual(
      ways(await recorded({ replicationInstanceSecurityGroupId: "sg-replication" })),
      [...USUAL, "clone <- sg-replication 5433", "sg-replication -> clone 5433"].sort(),
    );
  });
});
