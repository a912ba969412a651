import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import type { RedashNetworkArgs } from "../../components/RedashNetwork";
import { EXISTING_VPC, recordNetwork } from "../support/network";
import { inventory } from "../support/recordings";

describe("RedashNetwork", () => {
  it("leads a new VPC to Systems Manager, Secrets Manager and CloudWatch for a move, whose source may have no other way", async () => {
    const services = async (changes: Partial<RedashNetworkArgs>) =>
      (await recordNetwork(changes)).resources
        .filter(({ type }) => type === "aws:ec2/vpcEndpoint:VpcEndpoint")
        .map(({ inputs }) =>
          String(inputs["serviceName"]).replace("com.amazonaws.eu-central-1.", ""),
        )
        .sort();
    const move = { replicationInstance: false };
    const ofMove = ["ec2messages", "monitoring", "secretsmanager", "ssm", "ssmmessages"];
    assert.deepEqual(await services({ move }), ofMove);
    assert.deepEqual(
      await services({ move, interfaceEndpoints: true }),
      ["ecr.api", "ecr.dkr", "kms", "logs", ...ofMove].sort(),
      "AWS refuses a second endpoint with the same private name",
    );
    assert.deepEqual(await services({ move, existing: EXISTING_VPC }), []);
  });

  it("asks for the same resources while every id is unknown, as in a first preview", async () => {
    for (const changes of [{ interfaceEndpoints: true }, { existing: EXISTING_VPC }])
      assert.deepEqual(
        inventory(await recordNetwork(changes, true)),
        inventory(await recordNetwork(changes)),
      );
  });

  it("makes every resource its child and leaves its own inputs empty", async () => {
    const recording = await recordNetwork({ interfaceEndpoints: true });
    const component = recording.resources.find(({ type }) => type === "redash:index:RedashNetwork");
    assert.ok(component);
    assert.deepEqual(component.inputs, {});
    for (const resource of recording.resources.filter(({ custom, remote }) => custom || remote))
      assert.equal(resource.parent, component.urn, resource.name);
  });

  describe("refuses", () => {
    const refused: [string, Partial<RedashNetworkArgs>, string][] = [
      [
        "a range that is too small",
        { cidr: "10.0.0.0/24" },
        'cidr is "10.0.0.0/24": a new VPC needs a range of /16 to /23',
      ],
      [
        "a range that AWS does not allow",
        { cidr: "10.0.0.0/8" },
        'cidr is "10.0.0.0/8": a new VPC needs a range of /16 to /23',
      ],
      [
        "a range without a length",
        { cidr: "10.0.0.0" },
        'cidr is "10.0.0.0": a new VPC needs a range of /16 to /23',
      ],
      [
        "no ranges of users",
        { ingress: { cidrs: [], httpRedirect: false } },
        "ingress.cidrs is empty: nobody could reach the load balancer; name the ranges of your users",
      ],
      [
        "an existing VPC without private subnets",
        { existing: { ...EXISTING_VPC, privateSubnetIds: [] } },
        "existing.privateSubnetIds is empty: the tasks need a subnet",
      ],
      [
        "an existing VPC with one isolated subnet",
        { existing: { ...EXISTING_VPC, isolatedSubnetIds: ["subnet-1"] } },
        "existing.isolatedSubnetIds has 1 subnet(s): RDS and ElastiCache need two, in different zones",
      ],
    ];
    for (const [what, changes, message] of refused) {
      it(what, async () => {
        await assert.rejects(recordNetwork(changes), (error: Error) => {
          assert.ok(pulumi.ResourceError.isInstance(error));
          assert.equal(error.message, message);
          return true;
        });
      });
    }
  });
});
