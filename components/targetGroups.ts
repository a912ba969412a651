import * as lb from "@pulumi/aws/lb";
import * as pulumi from "@pulumi/pulumi";

export interface TargetGroupsArgs {
  readonly vpcId: pulumi.Input<string>;
  readonly serverPort: number;
  readonly source?: SourceTarget | undefined;
}

/** The EC2 host that Redash moves away from. It must be in the load balancer's VPC. */
export interface SourceTarget {
  /** The instance, for example "i-0123456789abcdef0". */
  readonly instanceId: pulumi.Input<string>;
  /** TCP port of nginx or of Redash's server on the host. A change replaces the target group. */
  readonly port: number;
}

export interface TargetGroupArns {
  readonly ecs: pulumi.Output<string>;
  readonly source: pulumi.Output<string> | undefined;
}

/** The two places a request can go to. Both are health-checked whatever their weight: the gate before the switch. */
export function targetGroups(
  name: string,
  args: TargetGroupsArgs,
  parent: pulumi.Resource,
): TargetGroupArns {
  const group = (
    role: string,
    targetType: "ip" | "instance",
    port: number,
  ): pulumi.Output<string> =>
    new lb.TargetGroup(
      // No fixed name: a replacement could not be made beside the group that the listener holds (pulumi-aws#4220).
      `${name}-${role}`,
      {
        vpcId: args.vpcId,
        targetType,
        port,
        protocol: "HTTP",
        // Requests last from milliseconds to a minute: the least busy server is the best one.
        loadBalancingAlgorithmType: "least_outstanding_requests",
        // gunicorn ends a request after 60 s (REDASH_GUNICORN_TIMEOUT): none is cut off.
        deregistrationDelay: 60,
        healthCheck: {
          enabled: true,
          // Answers without the database (redash/handlers/__init__.py) and without the redirect to HTTPS.
          path: "/ping",
          protocol: "HTTP",
          port: "traffic-port",
          matcher: "200",
          interval: 15,
          timeout: 5,
          healthyThreshold: 2,
          unhealthyThreshold: 3,
        },
      },
      { parent },
    ).arn;

  const ecs = group("ecs", "ip", args.serverPort);
  if (!args.source) return { ecs, source: undefined };
  const source = group("source", "instance", args.source.port);
  new lb.TargetGroupAttachment(
    `${name}-source`,
    { targetGroupArn: source, targetId: args.source.instanceId, port: args.source.port },
    { parent },
  );
  return { ecs, source };
}

/** The same for a listener's default action and a rule's. Two target groups are two databases: one has all the weight. */
export function forwardTo(trafficTo: "ecs" | "source", arns: TargetGroupArns) {
  const weight = (target: "ecs" | "source"): number => (target === trafficTo ? 100 : 0);
  return {
    type: "forward",
    forward: {
      targetGroups: [
        { arn: arns.ecs, weight: weight("ecs") },
        ...(arns.source ? [{ arn: arns.source, weight: weight("source") }] : []),
      ],
      // Off, else cookies would keep users on the host after the switch. AWS wants a duration even so.
      stickiness: { enabled: false, duration: 3600 },
    },
  };
}
