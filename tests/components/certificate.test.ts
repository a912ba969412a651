import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { INGRESS_ARGS, recordIngress, WITHOUT_CERTIFICATE } from "../support/ingress";
import { inventory, only } from "../support/recordings";

describe("the certificate", () => {
  it("is made in the zone, and the listener waits until it is issued", async () => {
    const recording = await recordIngress({ ...WITHOUT_CERTIFICATE, hostedZoneId: "Z0ZONE" });
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
    const recording = await recordIngress({ ...WITHOUT_CERTIFICATE, hostedZoneId: "Z0ZONE" });
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
    const lines = inventory(await recordIngress({ ...INGRESS_ARGS, hostedZoneId: "Z0ZONE" }));
    assert.deepEqual(
      lines.filter((line) => /^(Record|Certificate)/.test(line)),
      ["Record redash-alias"],
    );
  });
});
