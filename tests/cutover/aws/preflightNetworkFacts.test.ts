import assert from "node:assert/strict";
import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AuthorizeSecurityGroupEgressCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  RevokeSecurityGroupEgressCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { after, before, beforeEach, describe, it } from "mocha";
import {
  balancerName,
  forwardFacts,
  targetGroupFacts,
} from "../../../cutover/adapters/aws/preflight/facts/elb";
import {
  interfaceEndpoints,
  networkFacts,
  networkInterfaces,
} from "../../../cutover/adapters/aws/preflight/facts/network";
import {
  isWithin,
  sourceHostFacts,
} from "../../../cutover/adapters/aws/preflight/facts/sourceHost";
import { REGION } from "../../support/aws/moto";
import { ReadableAws } from "../../support/aws/readableAws";

describe("facts of AWS on the way to Redash", function () {
  this.timeout(120_000);
  let aws: ReadableAws;
  before(async () => {
    aws = await ReadableAws.start();
  });
  beforeEach(() => aws.moto.reset());
  after(() => aws.stop());

  async function network() {
    const { ec2 } = aws.clients;
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
    const vpcId = Vpc!.VpcId!;
    const subnetIds: string[] = [];
    for (const [index, zone] of ["a", "b"].entries()) {
      const { Subnet } = await ec2.send(
        new CreateSubnetCommand({
          VpcId: vpcId,
          CidrBlock: `10.0.${index}.0/24`,
          AvailabilityZone: `${REGION}${zone}`,
        }),
      );
      subnetIds.push(Subnet!.SubnetId!);
    }
    return { vpcId, subnetIds };
  }

  describe("of the network", () => {
    it("has zones, addresses that are left, and the addresses of NAT on the subnets' routes", async () => {
      const { ec2 } = aws.clients;
      const { vpcId, subnetIds } = await network();
      const none = await networkFacts(aws.read, ec2, subnetIds);
      assert.deepEqual(none, {
        vpcIds: [vpcId],
        zones: [`${REGION}a`, `${REGION}b`],
        freeAddresses: 251,
        natGateways: [],
      });
      const { AllocationId, PublicIp } = await ec2.send(new AllocateAddressCommand({}));
      const { NatGateway } = await ec2.send(
        new CreateNatGatewayCommand({ SubnetId: subnetIds[0], AllocationId }),
      );
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: vpcId }));
      const RouteTableId = RouteTable!.RouteTableId;
      await ec2.send(
        new CreateRouteCommand({
          RouteTableId,
          DestinationCidrBlock: "0.0.0.0/0",
          NatGatewayId: NatGateway!.NatGatewayId,
        }),
      );
      await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId: subnetIds[0] }));
      const { natGateways } = await networkFacts(aws.read, ec2, subnetIds);
      assert.deepEqual(natGateways, [
        { id: NatGateway!.NatGatewayId, state: "available", publicAddresses: [PublicIp] },
      ]);
      assert.deepEqual(
        await networkFacts(aws.read, ec2, [subnetIds[1]!]).then((it) => it.natGateways),
        [],
      );
    });

    it("counts interfaces, and interface endpoints of the VPC alone", async () => {
      const { ec2 } = aws.clients;
      const { vpcId, subnetIds } = await network();
      const before = await networkInterfaces(aws.read, ec2);
      const endpoint = (VpcEndpointType: "Interface" | "Gateway", service: string) =>
        ec2.send(
          new CreateVpcEndpointCommand({
            VpcId: vpcId,
            VpcEndpointType,
            ServiceName: `com.amazonaws.${REGION}.${service}`,
            ...(VpcEndpointType === "Interface" ? { SubnetIds: subnetIds } : {}),
          }),
        );
      await endpoint("Interface", "ssm");
      await endpoint("Gateway", "s3");
      assert.equal(await interfaceEndpoints(aws.read, ec2, [vpcId]), 1);
      assert.equal(await interfaceEndpoints(aws.read, ec2, ["vpc-other"]), 0);
      assert.equal(await networkInterfaces(aws.read, ec2), before + 2);
    });

    it("tells by which rules the source gets out of the VPC", async () => {
      const { ec2 } = aws.clients;
      const { vpcId, subnetIds } = await network();
      const { GroupId } = await ec2.send(
        new CreateSecurityGroupCommand({ VpcId: vpcId, GroupName: "host", Description: "host" }),
      );
      const { Instances } = await ec2.send(
        new RunInstancesCommand({
          ImageId: "ami-12c6146b",
          MinCount: 1,
          MaxCount: 1,
          SubnetId: subnetIds[0],
          SecurityGroupIds: [GroupId!],
          MetadataOptions: { HttpTokens: "required" },
        }),
      );
      const id = Instances![0]!.InstanceId!;
      const open = await sourceHostFacts(aws.read, ec2, id);
      assert.equal(open.state, "running");
      assert.equal(open.vpcId, vpcId);
      assert.deepEqual(open.waysOut, [`${GroupId ?? ""}: 0.0.0.0/0`]);
      const everywhere = { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
      await ec2.send(
        new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: [everywhere] }),
      );
      const tcp = (port: number) => ({ IpProtocol: "tcp", FromPort: port, ToPort: port });
      await ec2.send(
        new AuthorizeSecurityGroupEgressCommand({
          GroupId,
          IpPermissions: [
            { ...tcp(443), IpRanges: [{ CidrIp: "10.0.1.0/24" }] },
            { ...tcp(5432), UserIdGroupPairs: [{ GroupId }] },
          ],
        }),
      );
      assert.deepEqual((await sourceHostFacts(aws.read, ec2, id)).waysOut, []);
      await ec2.send(
        new AuthorizeSecurityGroupEgressCommand({
          GroupId,
          IpPermissions: [{ ...tcp(25), IpRanges: [{ CidrIp: "10.0.0.0/15" }] }],
        }),
      );
      assert.deepEqual((await sourceHostFacts(aws.read, ec2, id)).waysOut, [
        `${GroupId ?? ""}: 10.0.0.0/15`,
      ]);
    });

    it("knows a range within another one", () => {
      assert.ok(isWithin("10.0.5.7/32", "10.0.0.0/16"));
      assert.ok(isWithin("200.1.0.0/16", "200.1.0.0/16"));
      assert.ok(isWithin("192.168.4.0/22", "192.168.0.0/16"));
      assert.ok(!isWithin("10.0.0.0/15", "10.0.0.0/16"));
      assert.ok(!isWithin("10.1.0.0/24", "10.0.0.0/16"));
      assert.ok(!isWithin("0.0.0.0/0", "10.0.0.0/16"));
    });
  });

  it("of the load balancer are weights of the listener or the rule, and who is unhealthy and why", async () => {
    const { elb } = aws.clients;
    const { vpcId, subnetIds } = await network();
    const group = async (Name: string) => {
      const { TargetGroups } = await elb.send(
        new CreateTargetGroupCommand({
          Name,
          Protocol: "HTTP",
          Port: 80,
          VpcId: vpcId,
          TargetType: "ip",
        }),
      );
      return TargetGroups![0]!.TargetGroupArn!;
    };
    const [source, target] = [await group("source"), await group("target")];
    const { LoadBalancers } = await elb.send(
      new CreateLoadBalancerCommand({ Name: "redash", Subnets: subnetIds }),
    );
    const forward = (weights: readonly [number, number]) => ({
      Type: "forward" as const,
      ForwardConfig: {
        TargetGroups: [
          { TargetGroupArn: source, Weight: weights[0] },
          { TargetGroupArn: target, Weight: weights[1] },
        ],
        TargetGroupStickinessConfig: { Enabled: false, DurationSeconds: 3600 },
      },
    });
    const { Listeners } = await elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: LoadBalancers![0]!.LoadBalancerArn,
        Protocol: "HTTP",
        Port: 80,
        DefaultActions: [forward([100, 0])],
      }),
    );
    const listenerArn = Listeners![0]!.ListenerArn!;
    const { Rules } = await elb.send(
      new CreateRuleCommand({
        ListenerArn: listenerArn,
        Priority: 7,
        Conditions: [{ Field: "host-header", Values: ["redash.example.com"] }],
        Actions: [forward([0, 100])],
      }),
    );
    assert.deepEqual(await forwardFacts(aws.read, elb, { listenerArn }), {
      kinds: ["forward"],
      weights: { [source]: 100, [target]: 0 },
      isSticky: false,
    });
    assert.equal(await balancerName(aws.read, elb, listenerArn), LoadBalancers![0]!.DNSName);
    await assert.rejects(balancerName(aws.read, elb, `${listenerArn}0`), /ListenerNotFound/);
    const byRule = await forwardFacts(aws.read, elb, {
      listenerArn,
      listenerRuleArn: Rules![0]!.RuleArn!,
    });
    assert.deepEqual(byRule.weights, { [source]: 0, [target]: 100 });
    assert.deepEqual(await targetGroupFacts(aws.read, elb, target), {
      healthy: [],
      unhealthy: [],
      deregistrationDelaySeconds: 300,
    });
    await elb.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: target,
        Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "60" }],
      }),
    );
    await elb.send(
      new RegisterTargetsCommand({ TargetGroupArn: target, Targets: [{ Id: "10.0.0.7" }] }),
    );
    const one = await targetGroupFacts(aws.read, elb, target);
    assert.deepEqual(one, {
      healthy: ["10.0.0.7"],
      unhealthy: [],
      deregistrationDelaySeconds: 60,
    });
    // Recorded shape: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
    const described = (id: string, state: string) =>
      `<member><Target><Id>${id}</Id></Target><TargetHealth><State>${state}</State><Reason>Target.Timeout</Reason></TargetHealth></member>`;
    aws.moto.answerNext(
      /DescribeTargetHealth/,
      `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult><TargetHealthDescriptions>
         ${described("10.0.0.7", "unhealthy")}${described("10.0.0.8", "draining")}
       </TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`,
    );
    const { unhealthy } = await targetGroupFacts(aws.read, elb, target);
    assert.deepEqual(unhealthy, ["10.0.0.7 is unhealthy (Target.Timeout)"]);
  });
});
