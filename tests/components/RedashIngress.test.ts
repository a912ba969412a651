import assert from "node:assert/strict";
import * as lb from "@pulumi/aws/lb";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { RedashIngress, type RedashIngressArgs } from "../../components/RedashIngress";
import { record } from "../../preview/recorder";
import {
  BASE,
  CERTIFICATE,
  EXISTING_LISTENER,
  forward,
  INGRESS_ARGS,
  LISTENER,
  recordIngress,
  SOURCE,
  WITHOUT_CERTIFICATE,
} from "../support/ingress";
import { inventory, only } from "../support/recordings";

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
        inventory(await recordIngress(INGRESS_ARGS)),
        [
          ...BUCKET,
          "Listener redash-https",
          "LoadBalancer redash-alb",
          "TargetGroup redash-ecs",
        ].sort(),
      );
    });

    it("is hardened and logs requests and connections", async () => {
      const recording = await recordIngress(INGRESS_ARGS);
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
        ...INGRESS_ARGS,
        scheme: "internet-facing" as const,
        idleTimeoutSeconds: 61,
        deletionProtection: false,
      };
      const { inputs } = only(await recordIngress(args), "LoadBalancer", "redash-alb");
      assert.equal(inputs["internal"], false);
      assert.equal(inputs["idleTimeout"], 61);
      assert.equal(inputs["enableDeletionProtection"], false);
    });

    it("listens on 443 only, with the given policy and certificate", async () => {
      const recording = await recordIngress(INGRESS_ARGS);
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
      const recording = await recordIngress({ ...INGRESS_ARGS, httpRedirect: true });
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
          resources: (
            await recordIngress({ ...INGRESS_ARGS, source: SOURCE, protect })
          ).resources.filter((one) => one.protect),
        });
      assert.deepEqual(await protectedOnes(true), [
        "Bucket redash-logs",
        "LoadBalancer redash-alb",
      ]);
      assert.deepEqual(await protectedOnes(false), []);
    });
  });

  describe("an existing listener", () => {
    it("gets a rule for the host, and no load balancer is made", async () => {
      const recording = await recordIngress({
        ...INGRESS_ARGS,
        ...EXISTING_LISTENER,
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
      const recording = await recordIngress({ ...INGRESS_ARGS, ...EXISTING_LISTENER });
      assert.deepEqual(only(recording, "ListenerCertificate", "redash-certificate").inputs, {
        listenerArn: LISTENER,
        certificateArn: CERTIFICATE,
      });
    });

    it("needs neither certificate nor security group", async () => {
      const recording = await recordIngress({ ...BASE, ...EXISTING_LISTENER });
      assert.deepEqual(inventory(recording), [
        "ListenerRule redash-rule",
        "TargetGroup redash-ecs",
      ]);
    });
  });

  it("is ready, with the ECS target group's ARN, once the listener or the rule uses the group", async () => {
    for (const place of [{}, EXISTING_LISTENER]) {
      const recording = await record(
        () => {
          const { ready } = new RedashIngress("redash", { ...INGRESS_ARGS, ...place });
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
    const recording = await recordIngress({
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
      inventory(await recordIngress(args, "redash", true)),
      inventory(await recordIngress(args, "redash")),
    );
  });

  it("makes every resource its child and leaves its own inputs empty", async () => {
    const recording = await recordIngress({
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
        { ...INGRESS_ARGS, trafficTo: "source" },
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
        INGRESS_ARGS,
        "redash-in-production",
        'the name "redash-in-production" has 20 characters: at most 17, as load balancers\' names are short',
      ],
    ];
    for (const [what, args, name, message] of refused) {
      it(what, async () => {
        await assert.rejects(recordIngress(args, name), (error: Error) => {
          assert.ok(pulumi.ResourceError.isInstance(error));
          assert.equal(error.message, message);
          return true;
        });
      });
    }
  });
});
