import { describe } from "mocha";
import { type Case, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

type Json = Record<string, unknown>;
const listener = (props: Json): Given => ({ type: "aws:lb/listener:Listener", props });
const balancer = (props: Json = {}): Given => ({
  type: "aws:lb/loadBalancer:LoadBalancer",
  name: "alb",
  props,
});
const group = (props: Json): Given => ({ type: "aws:lb/targetGroup:TargetGroup", props });
const https = listener({
  protocol: "HTTPS",
  sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
  certificateArn: "arn:c",
});
const redirect = [
  { type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } },
];
const flag = (base: Given, path: string) =>
  property(base, path, { right: [true], wrong: [false, undefined, "true", UNKNOWN, HIDDEN] });

describe("policies of the way in", () => {
  describePolicy("ingress-tls", {
    ...property(https, "sslPolicy", {
      right: [
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
        "ELBSecurityPolicy-TLS13-1-3-2021-06",
      ],
      wrong: [
        "ELBSecurityPolicy-2016-08",
        "ELBSecurityPolicy-TLS13-1-0-2021-06",
        "ELBSecurityPolicy-FS-1-2-2019-08",
        undefined,
        UNKNOWN,
        HIDDEN,
      ],
    }),
    ...property(https, "certificateArn", { right: ["arn:d", UNKNOWN], wrong: [undefined, ""] }),
    ...property(https, "protocol", { wrong: [undefined, UNKNOWN], right: ["TLS", "HTTP"] }),
    "refuses a listener of aws.alb without a certificate": {
      given: {
        type: "aws:alb/listener:Listener",
        props: { ...https.props, certificateArn: undefined },
      },
      finds: ["certificateArn is not set"],
    },
  });

  const redirecting = listener({ protocol: "HTTP", defaultActions: redirect });
  describePolicy("ingress-no-plain-http", {
    "accepts HTTPS": { given: https },
    "accepts a redirect": { given: redirecting },
    ...property(redirecting, "defaultActions", {
      wrong: [[{ type: "forward" }], [...redirect, { type: "forward" }], [], undefined, UNKNOWN],
      as: "something else",
    }),
    ...property(redirecting, "defaultActions", {
      wrong: [[{ type: "redirect", redirect: { protocol: "HTTP" } }]],
      as: "something else",
    }),
    ...property(redirecting, "protocol", { wrong: [undefined, UNKNOWN, HIDDEN] }),
  });
  describePolicy(
    "ingress-https-only",
    property(https, "protocol", {
      right: ["HTTPS", "TLS"],
      wrong: ["HTTP", "TCP", undefined, "", UNKNOWN, HIDDEN],
    }),
  );

  const hardened = balancer({ dropInvalidHeaderFields: true, desyncMitigationMode: "defensive" });
  describePolicy("ingress-headers", {
    ...flag(hardened, "dropInvalidHeaderFields"),
    ...property(hardened, "desyncMitigationMode", {
      right: ["strictest", undefined],
      wrong: ["monitor", UNKNOWN],
    }),
  });
  const logged = balancer({ accessLogs: { enabled: true, bucket: UNKNOWN } });
  describePolicy("ingress-access-logs", {
    ...flag(logged, "accessLogs.enabled"),
    ...property(logged, "accessLogs.bucket", { right: ["b"], wrong: [undefined, ""] }),
    ...property(balancer(), "accessLogs", { wrong: [], right: [] }),
  });
  const kept = (value: unknown, mode: Json, ...finds: string[]): Case => ({
    given: balancer({ enableDeletionProtection: value }),
    stack: mode,
    finds,
  });
  describePolicy("ingress-deletion-protection", {
    "accepts it in production": kept(true, PRODUCTION),
    "accepts none in a rehearsal": kept(false, REHEARSAL),
    "accepts nothing said in a rehearsal": kept(undefined, REHEARSAL),
    "accepts it in a rehearsal too": kept(true, REHEARSAL),
    "refuses none in production": kept(false, PRODUCTION, "enableDeletionProtection is false"),
    "refuses nothing said in production": kept(
      undefined,
      PRODUCTION,
      "enableDeletionProtection is not set",
    ),
    "refuses none in a stack without a mode": kept(false, {}, "enableDeletionProtection is false"),
    "refuses what is not known": kept(
      UNKNOWN,
      PRODUCTION,
      "enableDeletionProtection is not known before the update",
    ),
    "refuses what is a secret": kept(HIDDEN, PRODUCTION, "enableDeletionProtection is a secret"),
  });
  const wide = balancer({ subnets: ["a", "b"], securityGroups: [UNKNOWN] });
  describePolicy("ingress-zones", {
    ...property(wide, "subnets", {
      right: [["a", "b", "c"], UNKNOWN],
      wrong: [["a"], [], undefined, HIDDEN],
    }),
    ...property(wide, "securityGroups", { right: [["sg"], UNKNOWN], wrong: [[], undefined] }),
  });
  describePolicy(
    "ingress-public-address",
    property(balancer(), "internal", {
      right: [true],
      wrong: [false, undefined, "true", 0, 1, UNKNOWN, HIDDEN],
    }),
  );

  const firewall = (refersTo: Record<string, string>): Given => ({
    type: "aws:wafv2/webAclAssociation:WebAclAssociation",
    name: "waf",
    props: { resourceArn: UNKNOWN },
    refersTo,
  });
  describePolicy("ingress-firewall", {
    "accepts one with an association": { given: [balancer(), firewall({ resourceArn: "alb" })] },
    "refuses one without": { given: balancer(), finds: [" is without a firewall"] },
    "refuses one whose association is another's": {
      given: [balancer(), firewall({})],
      finds: [" is without a firewall"],
    },
    "refuses the second of two": {
      given: [balancer(), { ...balancer(), name: "alb-2" }, firewall({ resourceArn: "alb" })],
      finds: [" is without a firewall"],
    },
    "accepts an association by value": {
      given: [
        { ...balancer({ arn: "arn:alb" }) },
        {
          type: "aws:wafv2/webAclAssociation:WebAclAssociation",
          name: "waf",
          props: { resourceArn: "arn:alb" },
        },
      ],
    },
    "does not judge a stack with a firewall only": { given: firewall({}) },
    "refuses an unknown association": {
      given: [balancer({ arn: UNKNOWN }), firewall({})],
      finds: [" is without a firewall"],
    },
    "refuses a secret association": {
      given: [balancer(), { ...firewall({}), props: { resourceArn: HIDDEN } }],
      finds: [" is without a firewall"],
    },
  });

  const checked = group({
    healthCheck: { path: "/ping", matcher: "200", interval: 15, timeout: 5 },
  });
  describePolicy("ingress-health-check", {
    ...property(checked, "healthCheck.path", {
      wrong: ["/", "/status.json", "/login", undefined, UNKNOWN],
    }),
    ...property(checked, "healthCheck.matcher", {
      right: [undefined],
      wrong: ["200-399", UNKNOWN],
    }),
    ...property(checked, "healthCheck.interval", {
      right: [6, 60],
      wrong: [61, 5, undefined, HIDDEN],
    }),
  });
  describePolicy(
    "ingress-target-encryption",
    property(group({}), "protocol", {
      right: ["HTTPS"],
      wrong: ["HTTP", "TCP", "", "https", undefined, UNKNOWN, HIDDEN],
    }),
  );
  describePolicy("ingress-target-name", {
    ...property(group({}), "name", {
      right: [undefined, "redash-ecs-0a1b2c3", UNKNOWN],
      wrong: ["redash", "redash-ecs"],
    }),
    ...property(group({}), "namePrefix", {
      right: ["redash", undefined],
      wrong: ["redash-", UNKNOWN, HIDDEN],
    }),
  });
  describePolicy(
    "ingress-draining",
    property(group({}), "deregistrationDelay", {
      right: [10, 60, 120],
      wrong: [0, 9, 121, 300, undefined, UNKNOWN],
    }),
  );
  describePolicy(
    "ingress-idle-timeout",
    property(balancer(), "idleTimeout", {
      right: [60, 4000],
      wrong: [59, 1, 0, undefined, "60", UNKNOWN, HIDDEN],
    }),
  );
});
