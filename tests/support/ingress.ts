import { RedashIngress, type RedashIngressArgs } from "../../components/RedashIngress";
import { record, type Recording } from "../../preview/recorder";

export const CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/given";
export const LISTENER =
  "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/theirs/1/2";

/** What an existing listener needs, and no more. */
export const BASE: RedashIngressArgs = {
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  scheme: "internal",
  host: "redash.example.com",
  tlsPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
  httpRedirect: false,
  idleTimeoutSeconds: 120,
  deletionProtection: true,
  accessLogRetentionDays: 90,
  accountId: "111122223333",
  protect: true,
  trafficTo: "ecs",
  serverPort: 5000,
};
export const WITHOUT_CERTIFICATE = { ...BASE, securityGroupId: "sg-load-balancer" };
/** A load balancer of our own. */
export const INGRESS_ARGS = { ...WITHOUT_CERTIFICATE, certificateArn: CERTIFICATE };
export const SOURCE = { instanceId: "i-0source", port: 80 };
export const EXISTING_LISTENER = { existingListener: { arn: LISTENER, rulePriority: 100 } };

interface Outputs {
  ecsTargetGroupArn: string;
  sourceTargetGroupArn?: string;
  listenerArn: string;
  listenerRuleArn?: string;
  loadBalancerDnsName?: string;
  ready: string;
}

/** Records a way in. @param unknowns as in a first preview, which knows no id */
export async function recordIngress(
  args: RedashIngressArgs,
  name = "redash",
  unknowns = false,
): Promise<Recording & { outputs: Outputs }> {
  const recording = await record(
    () => {
      const made = new RedashIngress(name, args);
      return {
        ecsTargetGroupArn: made.ecsTargetGroupArn,
        sourceTargetGroupArn: made.sourceTargetGroupArn,
        listenerArn: made.listenerArn,
        listenerRuleArn: made.listenerRuleArn,
        loadBalancerDnsName: made.loadBalancerDnsName,
        ready: made.ready,
      };
    },
    { stack: "test", config: {}, unknowns },
  );
  return recording as Recording & { outputs: Outputs };
}

/** The action that sends all requests to these target groups by weight, and gives out no cookies. */
export function forward(...targetGroups: [arn: string | undefined, weight: number][]) {
  return {
    type: "forward",
    forward: {
      targetGroups: targetGroups.map(([arn, weight]) => ({ arn, weight })),
      stickiness: { enabled: false, duration: 3600 },
    },
  };
}
