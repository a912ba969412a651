import {
  type Action,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DescribeListenersCommand,
  DescribeRulesCommand,
  type ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from "@aws-sdk/client-ec2";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import type { Moto } from "./moto";

/** A load balancer in moto with a target group for each side; each has one target, which moto finds healthy. */
export interface LoadBalancer {
  readonly arn: string;
  readonly groups: { readonly source: string; readonly target: string };
}

export async function makeLoadBalancer(
  moto: Moto,
  elb: ElasticLoadBalancingV2Client,
): Promise<LoadBalancer> {
  const ec2 = new EC2Client(clientConfig(moto.options));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const subnet = async (zone: string, block: string) =>
    (
      await ec2.send(
        new CreateSubnetCommand({
          VpcId: Vpc!.VpcId!,
          CidrBlock: block,
          AvailabilityZone: `${moto.options.region}${zone}`,
        }),
      )
    ).Subnet!.SubnetId!;
  const subnets = [await subnet("a", "10.0.0.0/24"), await subnet("b", "10.0.1.0/24")];
  ec2.destroy();
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({ Name: "redash", Subnets: subnets }),
  );
  const group = async (name: string, address: string) => {
    const { TargetGroups } = await elb.send(
      new CreateTargetGroupCommand({
        Name: name,
        Protocol: "HTTP",
        Port: 5000,
        VpcId: Vpc!.VpcId!,
        TargetType: "ip",
      }),
    );
    const arn = TargetGroups![0]!.TargetGroupArn!;
    await elb.send(
      new RegisterTargetsCommand({ TargetGroupArn: arn, Targets: [{ Id: address, Port: 5000 }] }),
    );
    return arn;
  };
  return {
    arn: LoadBalancers![0]!.LoadBalancerArn!,
    groups: {
      source: await group("redash-source", "10.0.0.10"),
      target: await group("redash-ecs", "10.0.0.20"),
    },
  };
}

/** @returns the ARN of a listener with these actions */
export async function makeListener(
  elb: ElasticLoadBalancingV2Client,
  { arn }: LoadBalancer,
  actions: Action[],
): Promise<string> {
  const { Listeners } = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: arn,
      Protocol: "HTTP",
      Port: 80,
      DefaultActions: actions,
    }),
  );
  return Listeners![0]!.ListenerArn!;
}

/** @returns the ARN of a rule with these actions */
export async function makeRule(
  elb: ElasticLoadBalancingV2Client,
  listenerArn: string,
  actions: Action[],
): Promise<string> {
  const { Rules } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: listenerArn,
      Priority: 100,
      Conditions: [{ Field: "host-header", HostHeaderConfig: { Values: ["redash.example.com"] } }],
      Actions: actions,
    }),
  );
  return Rules![0]!.RuleArn!;
}

/** The actions of a listener, or of the rule if there is one. */
export async function actionsOf(
  elb: ElasticLoadBalancingV2Client,
  traffic: { readonly listenerArn: string; readonly listenerRuleArn?: string | undefined },
): Promise<Action[]> {
  if (traffic.listenerRuleArn === undefined) {
    const { Listeners } = await elb.send(
      new DescribeListenersCommand({ ListenerArns: [traffic.listenerArn] }),
    );
    return Listeners![0]!.DefaultActions!;
  }
  const { Rules } = await elb.send(
    new DescribeRulesCommand({ RuleArns: [traffic.listenerRuleArn] }),
  );
  return Rules![0]!.Actions!;
}
