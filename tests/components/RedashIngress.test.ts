import assert from "node:assert/strict";

import * as lb from "@pulumi/aws/lb";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";

import type { RedashIngressArgs } from "../../components/RedashIngress";
import { RedashIngress } from "../../components/RedashIngress";
import type { Recording } from "../../preview/recorder";
import { record } from "../../preview/recorder";
import { inventory, only } from "../support/recordings";

const CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/given";
const LISTENER = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/theirs/1/2";

/** What an existing listener needs, and no more. */
const BASE: RedashIngressArgs = {
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
const WITHOUT_CERTIFICATE = { ...BASE, securityGroupId: "sg-load-balancer" };
const ARGS = { ...WITHOUT_CERTIFICATE, certificateArn: CERTIFICATE };
const SOURCE = { instanceId: "i-0source", port: 80 };
const EXISTING = { existingListener: { arn: LISTENER, rulePriority: 100 } };

interface Outputs {
  ecsTargetGroupArn: string;
  sourceTargetGroupArn?: string;
  listenerArn: string;
  listenerRuleArn?: string;
  loadBalancerDnsName?: string;
  ready: string;
}

async function ingress(
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

/** The forward actions of all listeners and rules. */
function forwards(recording: Recording): unknown[] {
  return recording.resources.flatMap(({ inputs }) =>
    [inputs["defaultActions"], inputs["actions"]]
      .flatMap((actions) => (actions ?? []) as { type: string }[])
      .filter(({ type }) => type === "forward"),
  );
}

function forward(...targetGroups: [arn: string | undefined, weight: number][]) {
  return {
    type: "forward",
    forward: {
      targetGroups: targetGroups.map(([arn, weight]) => ({ arn, weight })),
      stickiness: { enabled: false, duration: 3600 },
    },
  };
}

const HEALTH_CHECK = {
  enabled: true,
  path: "/ping",
  protocol: "HTTP",
  port: "traffic-port",
  matcher: "200",
  interval: 15,
  timeout: 5,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
};

const BUCKET = [
  "Bucket redash-logs",
  "BucketLifecycleConfiguration redash-logs",
  "BucketOwnershipControls redash-logs",
  "BucketPolicy redash-logs",
  "BucketPublicAccessBlock redash-logs",
  "BucketServerSideEncryptionConfiguration redash-logs",
  "BucketVersioning redash-logs",
];

describe("RedashIngress", () => {
  describe("a load balancer of our own", () => {
    it("is made with these resources and no other", async () => {
      assert.deepEqual(
        inventory(await ingress(ARGS)),
        [
          ...BUCKET,
          "Listener redash-https",
          "LoadBalancer redash-alb",
          "TargetGroup redash-ecs",
        ].sort(),
      );
    });

    it("is hardened and logs requests and connections", async () => {
      const recording = await ingress(ARGS);
      const { bucket } = only(recording, "BucketPolicy", "redash-logs").inputs;
      assert.deepEqual(only(recording, "LoadBalancer", "redash-alb").inputs, {
        loadBalancerType: "application",
        internal: true,
        ipAddressType: "ipv4",
        subnets: ["subnet-a", "subnet-b"],
        securityGroups: ["sg-load-balancer"],
        idleTimeout: 120,
        dropInvalidHeaderFields: true,
        desyncMitigationMode: "defensive",
        xffHeaderProcessingMode: "append",
        enableXffClientPort: false,
        enableDeletionProtection: true,
        accessLogs: { bucket, prefix: "access", enabled: true },
        connectionLogs: { bucket, prefix: "connections", enabled: true },
      });
    });

    it("takes scheme, time limit and deletion protection from its arguments", async () => {
      const args = {
        ...ARGS,
        scheme: "internet-facing" as const,
        idleTimeoutSeconds: 61,
        deletionProtection: false,
      };
      const { inputs } = only(await ingress(args), "LoadBalancer", "redash-alb");
      assert.equal(inputs["internal"], false);
      assert.equal(inputs["idleTimeout"], 61);
      assert.equal(inputs["enableDeletionProtection"], false);
    });

    it("listens on 443 only, with the given policy and certificate", async () => {
      const recording = await ingress(ARGS);
      const balancer = only(recording, "LoadBalancer", "redash-alb");
      const listener = only(recording, "Listener", "redash-https");
      assert.deepEqual(listener.inputs, {
        loadBalancerArn: listener.inputs["loadBalancerArn"],
        port: 443,
        protocol: "HTTPS",
        sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        certificateArn: CERTIFICATE,
        defaultActions: [forward([recording.outputs.ecsTargetGroupArn, 100])],
      });
      assert.match(
        String(listener.inputs["loadBalancerArn"]),
        /^arn:aws:elasticloadbalancing:.*redash-alb/,
      );
      assert.ok(listener.dependsOn.includes(balancer.urn));
    });

    it("redirects port 80 when asked, and does nothing else there", async () => {
      const recording = await ingress({ ...ARGS, httpRedirect: true });
      const { loadBalancerArn } = only(recording, "Listener", "redash-https").inputs;
      assert.deepEqual(only(recording, "Listener", "redash-http").inputs, {
        loadBalancerArn,
        port: 80,
        protocol: "HTTP",
        defaultActions: [
          {
            type: "redirect",
            redirect: { port: "443", protocol: "HTTPS", statusCode: "HTTP_301" },
          },
        ],
      });
    });

    it("is protected with its logs, and they alone", async () => {
      const protectedOnes = async (protect: boolean) =>
        inventory({
          outputs: {},
          resources: (await ingress({ ...ARGS, source: SOURCE, protect })).resources.filter(
            (one) => one.protect,
          ),
        });
      assert.deepEqual(await protectedOnes(true), [
        "Bucket redash-logs",
        "LoadBalancer redash-alb",
      ]);
      assert.deepEqual(await protectedOnes(false), []);
    });
  });

  describe("the log bucket", () => {
    it("is private, encrypted, versioned, without ACLs, and forgets", async () => {
      const recording = await ingress(ARGS);
      const inputs = (type: string) => only(recording, type, "redash-logs").inputs;
      const { bucket } = inputs("BucketOwnershipControls");
      assert.equal(typeof bucket, "string");
      assert.deepEqual(inputs("Bucket"), { forceDestroy: false });
      assert.deepEqual(inputs("BucketOwnershipControls"), {
        bucket,
        rule: { objectOwnership: "BucketOwnerEnforced" },
      });
      assert.deepEqual(inputs("BucketPublicAccessBlock"), {
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
      assert.deepEqual(inputs("BucketServerSideEncryptionConfiguration"), {
        bucket,
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
      });
      assert.deepEqual(inputs("BucketVersioning"), {
        bucket,
        versioningConfiguration: { status: "Enabled" },
      });
      assert.deepEqual(inputs("BucketLifecycleConfiguration"), {
        bucket,
        rules: [
          {
            id: "expire",
            status: "Enabled",
            filter: {},
            expiration: { days: 90 },
            noncurrentVersionExpiration: { noncurrentDays: 1 },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      });
    });

    it("takes logs from load balancers of this account, and nothing without TLS", async () => {
      const policy = only(await ingress(ARGS), "BucketPolicy", "redash-logs");
      const document = JSON.parse(String(policy.inputs["policy"])) as {
        Statement: { Resource: string[] }[];
      };
      const arn = document.Statement[1]!.Resource[0]!;
      assert.match(arn, /^arn:aws:s3:::redash-logs/);
      assert.deepEqual(document, {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "LoadBalancersWrite",
            Effect: "Allow",
            Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
            Action: "s3:PutObject",
            Resource: [
              `${arn}/access/AWSLogs/111122223333/*`,
              `${arn}/connections/AWSLogs/111122223333/*`,
            ],
          },
          {
            Sid: "TlsOnly",
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [arn, `${arn}/*`],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      });
    });

    it("has its policy before the load balancer, which writes to it at once", async () => {
      const recording = await ingress(ARGS);
      const policy = only(recording, "BucketPolicy", "redash-logs");
      assert.ok(only(recording, "LoadBalancer", "redash-alb").dependsOn.includes(policy.urn));
      assert.ok(
        policy.dependsOn.includes(only(recording, "BucketPublicAccessBlock", "redash-logs").urn),
      );
    });

    it("is deleted with its logs where nothing is protected", async () => {
      const bucket = only(await ingress({ ...ARGS, protect: false }), "Bucket", "redash-logs");
      assert.deepEqual(bucket.inputs, { forceDestroy: true });
    });
  });

  describe("the certificate", () => {
    it("is made in the zone, and the listener waits until it is issued", async () => {
      const recording = await ingress({ ...WITHOUT_CERTIFICATE, hostedZoneId: "Z0ZONE" });
      const certificate = only(recording, "Certificate", "redash-certificate");
      const validation = only(recording, "CertificateValidation", "redash-certificate");
      const record = only(recording, "Record", "redash-certificate-validation");
      assert.deepEqual(certificate.inputs, {
        domainName: "redash.example.com",
        validationMethod: "DNS",
      });
      const { name, type, records, ...constant } = record.inputs;
      assert.deepEqual(constant, { zoneId: "Z0ZONE", ttl: 300, allowOverwrite: true });
      assert.equal(type, "CNAME");
      for (const value of [name, ...(records as string[])])
        assert.ok(typeof value === "string" && value !== "");
      assert.equal((records as string[]).length, 1);
      assert.deepEqual(Object.keys(validation.inputs).sort(), [
        "certificateArn",
        "validationRecordFqdns",
      ]);
      assert.match(String(validation.inputs["certificateArn"]), /^arn:aws:acm:/);
      const listener = only(recording, "Listener", "redash-https");
      assert.equal(listener.inputs["certificateArn"], validation.inputs["certificateArn"]);
      assert.ok(listener.dependsOn.includes(validation.urn));
    });

    it("comes with the host's record on the load balancer, which overwrites no other", async () => {
      const recording = await ingress({ ...WITHOUT_CERTIFICATE, hostedZoneId: "Z0ZONE" });
      const { aliases, ...rest } = only(recording, "Record", "redash-alias").inputs;
      assert.deepEqual(rest, { zoneId: "Z0ZONE", name: "redash.example.com", type: "A" });
      const [alias] = aliases as { name: string; zoneId: string; evaluateTargetHealth: boolean }[];
      assert.deepEqual(aliases, [
        {
          name: recording.outputs.loadBalancerDnsName,
          zoneId: alias!.zoneId,
          evaluateTargetHealth: false,
        },
      ]);
      assert.notEqual(alias!.zoneId, "Z0ZONE");
    });

    it("is the given one even with a zone, which then holds the host's record only", async () => {
      const lines = inventory(await ingress({ ...ARGS, hostedZoneId: "Z0ZONE" }));
      assert.deepEqual(
        lines.filter((line) => /^(Record|Certificate)/.test(line)),
        ["Record redash-alias"],
      );
    });
  });

  describe("the target groups", () => {
    it("check /ping and let requests end", async () => {
      const recording = await ingress({ ...ARGS, source: SOURCE });
      const common = {
        vpcId: "vpc-1",
        protocol: "HTTP",
        loadBalancingAlgorithmType: "least_outstanding_requests",
        deregistrationDelay: 60,
        healthCheck: HEALTH_CHECK,
      };
      assert.deepEqual(only(recording, "TargetGroup", "redash-ecs").inputs, {
        ...common,
        targetType: "ip",
        port: 5000,
      });
      assert.deepEqual(only(recording, "TargetGroup", "redash-source").inputs, {
        ...common,
        targetType: "instance",
        port: 80,
      });
      assert.deepEqual(only(recording, "TargetGroupAttachment", "redash-source").inputs, {
        targetGroupArn: recording.outputs.sourceTargetGroupArn,
        targetId: "i-0source",
        port: 80,
      });
    });

    it("are one without a source", async () => {
      const recording = await ingress(ARGS);
      assert.equal(recording.outputs.sourceTargetGroupArn, undefined);
      assert.ok(!inventory(recording).some((line) => line.includes("source")));
    });
  });

  describe("an existing listener", () => {
    it("gets a rule for the host, and no load balancer is made", async () => {
      const recording = await ingress({
        ...ARGS,
        ...EXISTING,
        hostedZoneId: "Z0ZONE",
        httpRedirect: true,
      });
      assert.deepEqual(inventory(recording), [
        "ListenerCertificate redash-certificate",
        "ListenerRule redash-rule",
        "TargetGroup redash-ecs",
      ]);
      assert.deepEqual(only(recording, "ListenerRule", "redash-rule").inputs, {
        listenerArn: LISTENER,
        priority: 100,
        conditions: [{ hostHeader: { values: ["redash.example.com"] } }],
        actions: [forward([recording.outputs.ecsTargetGroupArn, 100])],
      });
      assert.equal(recording.outputs.listenerArn, LISTENER);
      assert.match(
        recording.outputs.listenerRuleArn ?? "",
        /^arn:aws:elasticloadbalancing:.*listener-rule/,
      );
      assert.equal(recording.outputs.loadBalancerDnsName, undefined);
    });

    it("gets the given certificate besides its own", async () => {
      const recording = await ingress({ ...ARGS, ...EXISTING });
      assert.deepEqual(only(recording, "ListenerCertificate", "redash-certificate").inputs, {
        listenerArn: LISTENER,
        certificateArn: CERTIFICATE,
      });
    });

    it("needs neither certificate nor security group", async () => {
      const recording = await ingress({ ...BASE, ...EXISTING });
      assert.deepEqual(inventory(recording), [
        "ListenerRule redash-rule",
        "TargetGroup redash-ecs",
      ]);
    });
  });

  describe("traffic", () => {
    const phases: [
      phase: string,
      args: Partial<RedashIngressArgs>,
      weights: [ecs: number, source?: number],
    ][] = [
      ["greenfield", { trafficTo: "ecs" }, [100]],
      ["replicating", { trafficTo: "source", source: SOURCE }, [0, 100]],
      ["switched", { trafficTo: "ecs", source: SOURCE }, [100, 0]],
      ["complete", { trafficTo: "ecs" }, [100]],
    ];
    for (const [phase, args, [ecs, source]] of phases) {
      for (const [where, place] of [
        ["on a listener of our own", {}],
        ["on an existing listener", EXISTING],
      ] as const) {
        it(`in phase ${phase} ${where} goes to one target group, without cookies`, async () => {
          const recording = await ingress({ ...ARGS, ...place, ...args });
          const { ecsTargetGroupArn, sourceTargetGroupArn } = recording.outputs;
          const expected =
            source === undefined
              ? forward([ecsTargetGroupArn, ecs])
              : forward([ecsTargetGroupArn, ecs], [sourceTargetGroupArn, source]);
          assert.deepEqual(forwards(recording), [expected]);
        });
      }
    }

    it("is all that the switch changes", async () => {
      const resources = async (trafficTo: "ecs" | "source") =>
        (await ingress({ ...ARGS, source: SOURCE, trafficTo })).resources.map(
          ({ urn, inputs }) => ({ urn, inputs }),
        );
      const sort = (list: { urn: string }[]) => list.sort((a, b) => a.urn.localeCompare(b.urn));
      const [before, after] = [sort(await resources("source")), sort(await resources("ecs"))];
      const changed = before.filter((one, index) => !isEqual(one, after[index]));
      assert.equal(before.length, after.length);
      assert.deepEqual(
        changed.map(({ urn }) => urn.split("::").at(-1)),
        ["redash-https"],
      );
    });

    it("has exactly one target group with weight, whatever the arguments", async () => {
      const args = fc
        .record(
          {
            scheme: fc.constantFrom("internal" as const, "internet-facing" as const),
            hostedZoneId: fc.constant("Z0ZONE"),
            httpRedirect: fc.boolean(),
            protect: fc.boolean(),
            existingListener: fc.record({
              arn: fc.constant(LISTENER),
              rulePriority: fc.integer({ min: 1, max: 50000 }),
            }),
            source: fc.record({
              instanceId: fc.constant("i-0source"),
              port: fc.integer({ min: 1, max: 65535 }),
            }),
            trafficTo: fc.constantFrom("ecs" as const, "source" as const),
            serverPort: fc.integer({ min: 1, max: 65535 }),
          },
          { requiredKeys: [] },
        )
        .filter(({ trafficTo, source }) => trafficTo !== "source" || source !== undefined);
      await fc.assert(
        fc.asyncProperty(args, async (changes) => {
          const recording = await ingress({ ...ARGS, ...changes });
          const actions = forwards(recording) as ReturnType<typeof forward>[];
          assert.equal(actions.length, 1);
          const weights = actions[0]!.forward.targetGroups.filter(({ weight }) => weight > 0);
          const { ecsTargetGroupArn, sourceTargetGroupArn } = recording.outputs;
          const arn = changes.trafficTo === "source" ? sourceTargetGroupArn : ecsTargetGroupArn;
          assert.deepEqual(weights, [{ arn, weight: 100 }]);
        }),
        { numRuns: 25 },
      );
    });
  });

  it("is ready, with the ECS target group's ARN, once the listener or the rule uses the group", async () => {
    for (const place of [{}, EXISTING]) {
      const recording = await record(
        () => {
          const { ready } = new RedashIngress("redash", { ...ARGS, ...place });
          // A resource that takes the value, to see what it waits for.
          new lb.TargetGroupAttachment("consumer", { targetGroupArn: ready, targetId: "10.0.0.1" });
        },
        { stack: "test", config: {} },
      );
      const consumer = recording.resources.find(({ name }) => name === "consumer")!;
      const user = recording.resources.find(
        ({ name }) => name === "redash-https" || name === "redash-rule",
      )!;
      const group = only(recording, "TargetGroup", "redash-ecs");
      assert.ok(consumer.dependsOn.includes(user.urn));
      assert.ok(consumer.dependsOn.includes(group.urn));
    }
  });

  it("sets no physical name, so that any resource can be replaced beside its predecessor", async () => {
    const recording = await ingress({
      ...WITHOUT_CERTIFICATE,
      hostedZoneId: "Z0ZONE",
      source: SOURCE,
      httpRedirect: true,
    });
    for (const { type, name, inputs } of recording.resources.filter(({ custom }) => custom)) {
      if (type.endsWith(":Record")) continue;
      assert.ok(!("name" in inputs) && !("namePrefix" in inputs), `${type} ${name}`);
    }
    for (const { name } of recording.resources.filter(({ type }) =>
      /:(TargetGroup|LoadBalancer)$/.test(type),
    ))
      assert.ok(name.length <= 24, name);
  });

  it("asks for the same resources while every id is unknown, as in a first preview", async () => {
    const args = { ...WITHOUT_CERTIFICATE, hostedZoneId: "Z0ZONE", source: SOURCE };
    assert.deepEqual(
      inventory(await ingress(args, "redash", true)),
      inventory(await ingress(args, "redash")),
    );
  });

  it("makes every resource its child and leaves its own inputs empty", async () => {
    const recording = await ingress({
      ...WITHOUT_CERTIFICATE,
      hostedZoneId: "Z0ZONE",
      source: SOURCE,
    });
    const component = recording.resources.find(
      ({ type }) => type === "redash:index:RedashIngress",
    )!;
    assert.deepEqual(component.inputs, {});
    for (const resource of recording.resources.filter(({ custom }) => custom))
      assert.equal(resource.parent, component.urn, resource.name);
  });

  describe("refuses", () => {
    const refused: [what: string, args: RedashIngressArgs, name: string, message: string][] = [
      [
        "traffic to a source that is not there",
        { ...ARGS, trafficTo: "source" },
        "redash",
        'trafficTo is "source", but there is no source: no target group would have weight; give the source, or use "ecs"',
      ],
      [
        "a load balancer without a certificate",
        WITHOUT_CERTIFICATE,
        "redash",
        "neither certificateArn nor hostedZoneId is given: HTTPS needs a certificate; give its ARN, or the Route 53 zone to make one in",
      ],
      [
        "a load balancer without a security group",
        BASE,
        "redash",
        "securityGroupId is missing: a load balancer of our own needs one",
      ],
      [
        "a name that AWS would not take",
        ARGS,
        "redash-in-production",
        'the name "redash-in-production" has 20 characters: at most 17, as load balancers\' names are short',
      ],
    ];
    for (const [what, args, name, message] of refused) {
      it(what, async () => {
        await assert.rejects(ingress(args, name), (error: Error) => {
          assert.ok(pulumi.ResourceError.isInstance(error));
          assert.equal(error.message, message);
          return true;
        });
      });
    }
  });
});

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
