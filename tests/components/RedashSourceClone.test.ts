import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { RedashSourceClone } from "../../components/RedashSourceClone";
import { record } from "../../preview/recorder";
import { inventory, only, waitsFor } from "../support/recordings";

const recorded = () =>
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

  it("is reached by the load balancer alone, on its port", async () => {
    const recording = await recorded();
    assert.deepEqual(inventory(recording), [
      "Instance redash-source-instance",
      "SecurityGroup redash-source-sg",
      "SecurityGroupEgressRule redash-source-load-balancer-egress",
      "SecurityGroupEgressRule redash-source-to-vpc",
      "SecurityGroupIngressRule redash-source-from-load-balancer",
    ]);
    const { inputs } = only(
      recording,
      "SecurityGroupIngressRule",
      "redash-source-from-load-balancer",
    );
    assert.deepEqual(
      [inputs["referencedSecurityGroupId"], inputs["fromPort"], inputs["toPort"]],
      ["sg-load-balancer", 80, 80],
    );
  });
});
