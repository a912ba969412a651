import type { Values } from "../keys";
import { type Found, problem } from "./combination";

const EXISTING = [
  "existingListenerArn",
  "existingListenerRulePriority",
  "existingLoadBalancerSecurityGroupId",
] as const;

/** The way in: a load balancer of our own with a certificate, or a rule on an existing one. */
export function* ingress(values: Values): Found {
  const existing = EXISTING.filter((name) => values[name] !== undefined);
  if (existing.length > 0) {
    const needed = [...EXISTING, "certificateArn", "vpcId"] as const;
    for (const name of needed.filter((name) => values[name] === undefined)) {
      const reason =
        name === "certificateArn"
          ? `the certificate of ${values.host}, which is added to the existing listener`
          : `a value, since ${existing[0] ?? ""} is set`;
      yield problem(values, [name, ...EXISTING], reason);
    }
    if (values.httpRedirect) {
      yield problem(
        values,
        ["httpRedirect", "existingListenerArn"],
        "false: the existing load balancer decides what its port 80 does",
        "pulumi config rm redash:httpRedirect",
      );
    }
  } else if (values.certificateArn === undefined && values.hostedZoneId === undefined) {
    yield problem(
      values,
      ["certificateArn", "hostedZoneId"],
      "a certificate, or hostedZoneId to make one in: there is no listener without TLS",
    );
  }
}
