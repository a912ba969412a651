import * as lb from "@pulumi/aws/lb";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";

import { accessLogs } from "./accessLogs";
import { certificate } from "./certificate";
import { HTTP_PORT, HTTPS_PORT } from "./ports";
import type { SourceTarget, TargetGroupArns } from "./targetGroups";
import { forwardTo, targetGroups } from "./targetGroups";

export interface RedashIngressArgs {
  /** The VPC of the targets. A change replaces the target groups. */
  readonly vpcId: pulumi.Input<string>;
  /** Subnets of a load balancer of our own, in two zones at least: public ones if it faces the internet. */
  readonly subnetIds: pulumi.Input<string[]>;
  /** Security group of a load balancer of our own. Required without `existingListener`. */
  readonly securityGroupId?: pulumi.Input<string> | undefined;
  /** Who can reach a load balancer of our own. A change replaces it, and with it its DNS name. */
  readonly scheme: "internal" | "internet-facing";
  /** Public host name of Redash, for example "redash.example.com". */
  readonly host: string;
  /**
   * Certificate for `host`, in the load balancer's region. With `existingListener` it is added to the listener's
   * certificates; leave it out there if the listener's default certificate covers `host`.
   *
   * @default none: one is made in `hostedZoneId`; with `existingListener`, none is added
   */
  readonly certificateArn?: string | undefined;
  /**
   * Route 53 zone of `host`: gets the alias record (AWS refuses it while `host` has another record: import that one)
   * and, without `certificateArn`, the validation record of a new certificate. Unused with `existingListener`.
   *
   * @default none: the record of `host` is made by hand
   */
  readonly hostedZoneId?: string | undefined;
  /**
   * Security policy of the HTTPS listener, for example "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"; AWS's own default
   * is of 2016. Unused with `existingListener`.
   */
  readonly tlsPolicy: string;
  /** Adds a listener on port 80 that redirects to HTTPS; Security Hub's ELB.18 reports any such listener. */
  readonly httpRedirect: boolean;
  /** Seconds without data after which the load balancer closes a connection, 1 to 4000. */
  readonly idleTimeoutSeconds: number;
  /** Lets AWS refuse to delete the load balancer. */
  readonly deletionProtection: boolean;
  /** Days that access and connection logs are kept. */
  readonly accessLogRetentionDays: number;
  /** The account, part of the path under which load balancers may write their logs. */
  readonly accountId: pulumi.Input<string>;
  /** Lets Pulumi refuse to delete the load balancer and its logs; false lets it delete logs with their bucket. */
  readonly protect: boolean;
  /**
   * An HTTPS listener that another program owns: Redash gets a rule for `host` on it, and no load balancer is made.
   *
   * @default none: a load balancer of our own
   */
  readonly existingListener?:
    | {
        /** A change replaces the rule. */
        readonly arn: string;
        /** 1 to 50000, not taken on the listener. */
        readonly rulePriority: number;
      }
    | undefined;
  /**
   * The host that Redash moves away from: its target group is there from the first day of a migration.
   *
   * @default none: the tasks are the only target
   */
  readonly source?: SourceTarget | undefined;
  /** The one target group that gets all requests. The only argument that the cutover changes. */
  readonly trafficTo: "ecs" | "source";
  /** TCP port on which Redash's server listens, 5000 in its image. A change replaces the ECS target group. */
  readonly serverPort: number;
}

/**
 * The way in: target groups for the tasks and, during a migration, for the source host, behind a load balancer of our
 * own (HTTPS, logs, certificate, DNS) or a rule on an existing listener. Exactly one target group has weight: an ALB
 * does not fail over by itself, so nothing but `trafficTo` ever moves requests. No WAF: its managed rules block the SQL
 * that Redash posts.
 */
export class RedashIngress extends pulumi.ComponentResource {
  public readonly ecsTargetGroupArn: pulumi.Output<string>;
  /** Only with `source`. */
  public readonly sourceTargetGroupArn: pulumi.Output<string> | undefined;
  public readonly listenerArn: pulumi.Output<string>;
  /** Only with `existingListener`. */
  public readonly listenerRuleArn: pulumi.Output<string> | undefined;
  /** Only with a load balancer of our own. */
  public readonly loadBalancerDnsName: pulumi.Output<string> | undefined;
  /** The ECS target group's ARN once a listener uses it: before that, ECS refuses a service with it. */
  public readonly ready: pulumi.Output<string>;

  public constructor(
    name: string,
    args: RedashIngressArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("redash:index:RedashIngress", name, {}, opts);
    validate(name, args, this);

    const arns = targetGroups(name, args, this);
    const way = args.existingListener
      ? ruleOn(name, args.existingListener, args, arns, this)
      : loadBalancer(name, args, arns, this);

    this.ecsTargetGroupArn = arns.ecs;
    this.sourceTargetGroupArn = arns.source;
    this.listenerArn = way.listenerArn;
    this.listenerRuleArn = way.ruleArn;
    this.loadBalancerDnsName = way.dnsName;
    this.ready = pulumi.all([arns.ecs, way.ruleArn ?? way.listenerArn]).apply(([ecs]) => ecs);
    this.registerOutputs({
      ecsTargetGroupArn: this.ecsTargetGroupArn,
      sourceTargetGroupArn: this.sourceTargetGroupArn,
      listenerArn: this.listenerArn,
      listenerRuleArn: this.listenerRuleArn,
      loadBalancerDnsName: this.loadBalancerDnsName,
      ready: this.ready,
    });
  }
}

interface WayIn {
  readonly listenerArn: pulumi.Output<string>;
  readonly ruleArn: pulumi.Output<string> | undefined;
  readonly dnsName: pulumi.Output<string> | undefined;
}

function ruleOn(
  name: string,
  listener: { arn: string; rulePriority: number },
  args: RedashIngressArgs,
  arns: TargetGroupArns,
  parent: pulumi.Resource,
): WayIn {
  const rule = new lb.ListenerRule(
    `${name}-rule`,
    {
      listenerArn: listener.arn,
      priority: listener.rulePriority,
      conditions: [{ hostHeader: { values: [args.host] } }],
      actions: [forwardTo(args.trafficTo, arns)],
    },
    { parent },
  );
  if (args.certificateArn !== undefined) {
    new lb.ListenerCertificate(
      `${name}-certificate`,
      { listenerArn: listener.arn, certificateArn: args.certificateArn },
      { parent },
    );
  }
  return { listenerArn: pulumi.output(listener.arn), ruleArn: rule.arn, dnsName: undefined };
}

function loadBalancer(
  name: string,
  args: RedashIngressArgs,
  arns: TargetGroupArns,
  parent: pulumi.Resource,
): WayIn {
  const logs = accessLogs(
    name,
    {
      accountId: args.accountId,
      retentionDays: args.accessLogRetentionDays,
      protect: args.protect,
    },
    parent,
  );
  const balancer = new lb.LoadBalancer(
    `${name}-alb`,
    {
      loadBalancerType: "application",
      internal: args.scheme === "internal",
      ipAddressType: "ipv4",
      subnets: args.subnetIds,
      securityGroups: args.securityGroupId === undefined ? [] : [args.securityGroupId],
      idleTimeout: args.idleTimeoutSeconds,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: "defensive",
      // Redash trusts one proxy (REDASH_PROXIES_COUNT): the client is the last address, which the load balancer appends.
      xffHeaderProcessingMode: "append",
      // Redash would take "address:port" for an address.
      enableXffClientPort: false,
      enableDeletionProtection: args.deletionProtection,
      ...logs,
    },
    { parent, protect: args.protect },
  );
  const listener = new lb.Listener(
    `${name}-https`,
    {
      loadBalancerArn: balancer.arn,
      port: HTTPS_PORT,
      protocol: "HTTPS",
      sslPolicy: args.tlsPolicy,
      certificateArn: certificateFor(name, args, parent),
      defaultActions: [forwardTo(args.trafficTo, arns)],
    },
    { parent },
  );
  if (args.httpRedirect) {
    new lb.Listener(
      `${name}-http`,
      {
        loadBalancerArn: balancer.arn,
        port: HTTP_PORT,
        protocol: "HTTP",
        defaultActions: [
          {
            type: "redirect",
            redirect: { port: String(HTTPS_PORT), protocol: "HTTPS", statusCode: "HTTP_301" },
          },
        ],
      },
      { parent },
    );
  }
  if (args.hostedZoneId !== undefined) {
    new route53.Record(
      `${name}-alias`,
      {
        zoneId: args.hostedZoneId,
        name: args.host,
        type: "A",
        aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false }],
      },
      { parent },
    );
  }
  return { listenerArn: listener.arn, ruleArn: undefined, dnsName: balancer.dnsName };
}

/** The given certificate, or one made in the zone; `validate` has seen that there is one of the two. */
function certificateFor(
  name: string,
  args: RedashIngressArgs,
  parent: pulumi.Resource,
): pulumi.Input<string> | undefined {
  if (args.certificateArn !== undefined || args.hostedZoneId === undefined)
    return args.certificateArn;
  return certificate(name, { host: args.host, hostedZoneId: args.hostedZoneId }, parent);
}

/** AWS allows 32 characters to load balancers and target groups, of which Pulumi's suffix takes 8. */
const NAME_LIMIT = 24 - "-source".length;

function validate(name: string, args: RedashIngressArgs, resource: pulumi.Resource): void {
  const refuse = (message: string): never => {
    throw new pulumi.ResourceError(message, resource, true);
  };
  if (name.length > NAME_LIMIT)
    refuse(
      `the name "${name}" has ${name.length} characters: at most ${NAME_LIMIT}, as load balancers' names are short`,
    );
  if (args.trafficTo === "source" && !args.source)
    refuse(
      'trafficTo is "source", but there is no source: no target group would have weight; give the source, or use "ecs"',
    );
  if (args.existingListener) return;
  if (args.securityGroupId === undefined)
    refuse("securityGroupId is missing: a load balancer of our own needs one");
  if (args.certificateArn === undefined && args.hostedZoneId === undefined)
    refuse(
      "neither certificateArn nor hostedZoneId is given: HTTPS needs a certificate; give its ARN, or the Route 53 zone to make one in",
    );
}
