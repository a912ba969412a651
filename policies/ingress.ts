import { absentOr, atLeast, between, is, matches, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import { LISTENER, TARGET_GROUP } from "./targetGroup";
import { UNKNOWN } from "./value";
import type { View } from "./view";

const LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer";

/** Policies of TLS 1.2 and 1.3 without weak ciphers (ELB.17, and the post-quantum ones that AWS recommends since 2025). */
const TLS_POLICY =
  /^ELBSecurityPolicy-TLS13-1-[23](?:-(?:Res|Ext2))?(?:-PQ)?(?:-FIPS)?-20(?:21-06|23-04|25-09)$/;

const onLoadBalancer = (policy: Omit<Policy, "types">): Policy => ({
  types: [LOAD_BALANCER],
  ...policy,
});
const onListener = (policy: Omit<Policy, "types">): Policy => ({ types: [LISTENER], ...policy });
const onTargetGroup = (policy: Omit<Policy, "types">): Policy => ({
  types: [TARGET_GROUP],
  ...policy,
});

/** Whether a listener does nothing but send people to HTTPS. */
function isRedirect(listener: View): boolean {
  const actions = listener.get("defaultActions");
  return (
    Array.isArray(actions) &&
    actions.length > 0 &&
    (actions as Record<string, unknown>[]).every(
      (action) =>
        action["type"] === "redirect" &&
        (action["redirect"] as Record<string, unknown> | undefined)?.["protocol"] === "HTTPS",
    )
  );
}

/** The load balancer, its listeners and target groups. */
export const INGRESS: Subject = {
  title: "Way in (application load balancer)",
  policies: [
    onListener({
      id: "ingress-tls",
      title: "People reach Redash by TLS 1.2 or 1.3 only, with a certificate.",
      controls: ["ELB.17", "CKV_AWS_103", "AWS-0047"],
      severity: "high",
      enforcement: "mandatory",
      why: "The API's default is a policy of 2016 with TLS 1.0; an HTTPS listener without a certificate passes AWS's preview.",
      fix: 'sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", certificateArn.',
      check: (listener) => {
        const protocol = listener.get("protocol");
        if (protocol === "HTTP" || protocol === "TCP") return;
        listener.must("protocol", is("HTTPS", "TLS"));
        listener.must("sslPolicy", matches(TLS_POLICY, "a policy of TLS 1.2 or 1.3 of today"));
        listener.must("certificateArn", set);
      },
    }),
    onListener({
      id: "ingress-no-plain-http",
      title: "A listener without TLS does nothing but redirect.",
      controls: ["ELB.1", "CKV_AWS_2", "AWS-0054"],
      severity: "high",
      enforcement: "mandatory",
      why: "Passwords and results would cross the network in clear.",
      fix: 'type "redirect" to HTTPS, or no listener on port 80.',
      check: (listener) => {
        const protocol = listener.get("protocol");
        if (protocol === "HTTPS" || protocol === "TLS") return;
        if (protocol !== "HTTP") listener.must("protocol", is("HTTPS"));
        else if (!isRedirect(listener))
          listener.wrong("defaultActions", "a redirect to HTTPS alone", "something else");
      },
    }),
    onListener({
      id: "ingress-https-only",
      title: "There is no listener without TLS at all.",
      controls: ["ELB.18"],
      severity: "low",
      enforcement: "advisory",
      why: "Decided between two controls: ELB.1 wants a redirect on port 80, ELB.18 fails every listener that is not HTTPS. Only a load balancer without port 80 passes both.",
      fix: "httpRedirect: false.",
      check: (listener) => {
        listener.must("protocol", is("HTTPS", "TLS"));
      },
    }),
    onLoadBalancer({
      id: "ingress-headers",
      title: "Broken headers are dropped, and ambiguous requests refused.",
      controls: ["ELB.4", "ELB.12", "CKV_AWS_131", "CKV_AWS_328", "AWS-0052"],
      severity: "medium",
      enforcement: "mandatory",
      why: "They smuggle requests past the load balancer to gunicorn.",
      fix: 'dropInvalidHeaderFields: true, desyncMitigationMode: "defensive".',
      check: (balancer) => {
        balancer.must("dropInvalidHeaderFields", is(true));
        balancer.must("desyncMitigationMode", absentOr(is("defensive", "strictest")));
      },
    }),
    onLoadBalancer({
      id: "ingress-access-logs",
      title: "Requests are logged.",
      controls: ["ELB.5", "CKV_AWS_91"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Who read which result cannot be told otherwise.",
      fix: "accessLogs with a bucket, enabled.",
      check: (balancer) => {
        balancer.must("accessLogs.enabled", is(true));
        balancer.must("accessLogs.bucket", set);
      },
    }),
    onLoadBalancer({
      id: "ingress-deletion-protection",
      title: "AWS refuses to delete the load balancer, but in a rehearsal.",
      controls: ["ELB.6", "CKV_AWS_150"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Its address, which DNS points to, would be gone.",
      fix: "enableDeletionProtection: true.",
      checkStack: (stack) => {
        for (const balancer of stack.mode === "production" ? stack.of(LOAD_BALANCER) : []) {
          balancer.must("enableDeletionProtection", is(true));
        }
      },
    }),
    onLoadBalancer({
      id: "ingress-zones",
      title: "The load balancer stands in two zones or more, with security groups of its own.",
      controls: ["ELB.13", "AWS-0053"],
      severity: "medium",
      enforcement: "mandatory",
      why: "One zone's outage would close the way in; without groups the VPC's default one applies.",
      fix: "subnets in two zones, securityGroups.",
      check: (balancer) => {
        for (const list of ["subnets", "securityGroups"] as const) {
          const value = balancer.get(list);
          const least = list === "subnets" ? 2 : 1;
          if (value !== UNKNOWN && !(Array.isArray(value) && value.length >= least)) {
            balancer.wrong(list, `at least ${least}`);
          }
        }
      },
    }),
    onLoadBalancer({
      id: "ingress-public-address",
      title: "The load balancer has a public address only where that is meant.",
      controls: ["AWS-0053"],
      severity: "low",
      enforcement: "advisory",
      why: "Redash holds the keys to many databases; a company's own people can mostly reach an internal address.",
      fix: "internal: true, or an exception that says who comes from outside.",
      check: (balancer) => {
        balancer.must("internal", is(true));
      },
    }),
    onLoadBalancer({
      id: "ingress-firewall",
      title: "A web application firewall stands in front.",
      controls: ["ELB.16", "CKV2_AWS_28"],
      severity: "low",
      enforcement: "advisory",
      why: "Against what is automated. With care: managed rules for SQL and body size block Redash's own queries, so they must count, not block.",
      fix: "aws.wafv2.WebAclAssociation, with exceptions for /api/queries and /api/query_results.",
      checkStack: (stack) => {
        const firewalls = stack.of("aws:wafv2/webAclAssociation:WebAclAssociation");
        for (const balancer of stack.of(LOAD_BALANCER)) {
          const guarded = firewalls.some(
            (it) =>
              stack.target(it, "resourceArn", LOAD_BALANCER)?.resource.urn ===
              balancer.resource.urn,
          );
          if (!guarded) balancer.wrong("", "one with an association", "without a firewall");
        }
      },
    }),
    onTargetGroup({
      id: "ingress-health-check",
      title: "Targets are checked at /ping, in time.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "/ping is the one path of Redash that answers without a login and without a redirect to HTTPS; an interval below the timeout fails in the update only.",
      fix: 'healthCheck: { path: "/ping", matcher: "200", interval: 15, timeout: 5 }.',
      check: (group) => {
        group.must("healthCheck.path", is("/ping"));
        group.must("healthCheck.matcher", absentOr(is("200")));
        const timeout = group.get("healthCheck.timeout");
        group.must("healthCheck.interval", between(5, 60, "seconds"));
        const interval = group.get("healthCheck.interval");
        if (typeof timeout === "number" && typeof interval === "number" && interval <= timeout) {
          group.wrong("healthCheck.interval", `more than the timeout, ${timeout}`);
        }
      },
    }),
    onTargetGroup({
      id: "ingress-target-encryption",
      title: "The load balancer speaks TLS to its targets.",
      controls: ["ELB.21", "ELB.22", "CKV_AWS_378"],
      severity: "low",
      enforcement: "advisory",
      why: "Redash's image serves HTTP only; the way lies in private subnets, from one security group to the other.",
      fix: "A proxy with a certificate in the task, or an exception.",
      check: (group) => {
        group.must("protocol", is("HTTPS"));
      },
    }),
    onTargetGroup({
      id: "ingress-target-name",
      title: "A target group's name is generated.",
      controls: [],
      severity: "low",
      enforcement: "mandatory",
      why: "With a fixed name a replacement fails: the old one is in use by the listener (pulumi-aws#4220).",
      fix: "No name and no namePrefix of more than six characters.",
      check: (group) => {
        // Pulumi generates one: the logical name and seven hexadecimal digits.
        const name = group.get("name");
        if (typeof name === "string" && !/-[0-9a-f]{7}$/.test(name))
          group.wrong("name", "a generated one");
        group.must("namePrefix", absentOr(matches(/^.{0,6}$/, "at most six characters")));
      },
    }),
    onTargetGroup({
      id: "ingress-draining",
      title: "Requests under way may end, in bounded time.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "The default of 300 s holds every deployment for five minutes; none cuts downloads.",
      fix: "deregistrationDelay: 60.",
      check: (group) => {
        group.must("deregistrationDelay", between(10, 120, "seconds"));
      },
    }),
    onLoadBalancer({
      id: "ingress-idle-timeout",
      title: "The load balancer waits longer than Redash works.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "A request may take 60 s (REDASH_GUNICORN_TIMEOUT), a download longer.",
      fix: "idleTimeout: 120.",
      check: (balancer) => {
        balancer.must("idleTimeout", atLeast(60, "seconds"));
      },
    }),
  ],
};
