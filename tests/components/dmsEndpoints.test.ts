import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Recording } from "../../preview/recorder";
import { isRefused, verdictOf } from "../../preview/verdict";
import { endpointSettings } from "../../redash/dms";
import { hidden, recordDms, recordMigration, secretText } from "../support/migration";
import { DMS_ARGS, KEY, MIGRATION_ARGS } from "../support/migrationArgs";
import { document, only, waitsFor } from "../support/recordings";

describe("the endpoints of DMS", () => {
  for (const side of ["source", "target"] as const) {
    it(`asks for a ${side} endpoint with exactly these inputs: every setting, no credential`, async () => {
      const recording = await recordDms();
      const endpoint = only(recording, "Endpoint", `redash-dms-${side}`);
      const { outputs } = recording;
      assert.deepEqual(endpoint.inputs, {
        endpointId: `${String(outputs["instanceId"])}-${side}`,
        endpointType: side,
        engineName: "postgres",
        databaseName: side === "source" ? "postgres" : "redash",
        secretsManagerArn:
          side === "source" ? outputs["dmsSourceSecretArn"] : outputs["targetSecretArn"],
        secretsManagerAccessRoleArn: endpoint.inputs["secretsManagerAccessRoleArn"],
        sslMode: "require",
        kmsKeyArn: KEY,
        postgresSettings: endpointSettings(side),
      });
      assert.match(
        String(endpoint.inputs["secretsManagerAccessRoleArn"]),
        /:role\/redash-dms-secrets-/,
      );
      assert.deepEqual([endpoint.secretPaths, endpoint.deleteBeforeReplace], [[], true]);
      for (const needed of [
        "aws:iam/rolePolicy:RolePolicy redash-dms-secrets",
        `aws:secretsmanager/secretVersion:SecretVersion redash-migration-${side === "source" ? "dms-source" : "target"}`,
      ])
        assert.ok(waitsFor(endpoint).includes(needed), needed);
    });
  }

  it("reads the source by a role that nobody shares, because the cutover locks it out", async () => {
    const dms = { dms: DMS_ARGS };
    const role = (await secretText("redash-migration-dms-source", dms)) as { password: string };
    const mover = (await secretText("redash-migration-source", dms)) as { password: string };
    assert.deepEqual(role, {
      username: "redash_dms",
      password: role.password,
      host: "10.60.10.20",
      port: 5433,
    });
    assert.notEqual(role.password, mover.password);
  });

  it("checks who the database is only with a certificate, which the source never gets", async () => {
    const caPem = "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n";
    const recording = await recordDms({ targetCaPem: caPem });
    const certificate = only(recording, "Certificate", "redash-dms-target");
    const begin = `${String(recording.outputs["instanceId"])}-target-`;
    const { certificateId, ...inputs } = certificate.inputs;
    assert.match(String(certificateId), new RegExp(`^${begin}[0-9a-f]{8}$`));
    assert.deepEqual(inputs, { certificatePem: "[secret]" });
    assert.equal(
      await hidden(["Certificate", "redash-dms-target", "certificatePem"], {
        dms: { ...DMS_ARGS, targetCaPem: caPem },
      }),
      caPem,
    );
    const tls = (side: string) => {
      const { inputs } = only(recording, "Endpoint", `redash-dms-${side}`);
      return [inputs["sslMode"], /:cert:/.test(String(inputs["certificateArn"]))];
    };
    assert.deepEqual(tls("target"), ["verify-full", true]);
    assert.deepEqual(tls("source"), ["require", false]);
  });

  it("makes another certificate beside the one in use, which AWS would not delete", async () => {
    const [one, other] = await Promise.all(
      ["MIID", "MIIE"].map(async (text) => {
        const targetCaPem = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
        return only(await recordDms({ targetCaPem }), "Certificate", "redash-dms-target");
      }),
    );
    assert.notEqual(one!.inputs["certificateId"], other!.inputs["certificateId"]);
    assert.deepEqual([one!.deleteBeforeReplace, other!.deleteBeforeReplace], [false, false]);
  });

  it("sends rows in clear from the source only when it is told to, and the guard refuses that", async () => {
    const verdict = (recording: Recording) =>
      verdictOf(recording, "2026-01-01")
        .violations.filter(({ policy }) => policy.id.startsWith("dms-"))
        .map(({ policy, resource }) => `${policy.id} ${resource.name}`);
    const source = { ...MIGRATION_ARGS.source, sslMode: "none" } as const;
    const clear = await recordMigration({ source, dms: DMS_ARGS });
    const { inputs } = only(clear, "Endpoint", "redash-dms-source");
    assert.equal(inputs["sslMode"], "none");
    assert.equal(only(clear, "Endpoint", "redash-dms-target").inputs["sslMode"], "require");
    // Decided: no patches during a move.
    const advice = "dms-minor-upgrades redash-dms";
    assert.deepEqual(verdict(clear), ["dms-endpoint-tls redash-dms-source", advice]);
    assert.equal(isRefused(verdictOf(clear, "2026-01-01")), true);
    assert.deepEqual(verdict(await recordDms()), [advice]);
  });

  it("lets DMS read these two secrets with this key, for this account alone", async () => {
    const recording = await recordDms();
    const { dmsSourceSecretArn, targetSecretArn } = recording.outputs;
    assert.deepEqual(document(only(recording, "RolePolicy", "redash-dms-secrets"), "policy"), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
          Resource: [dmsSourceSecretArn, targetSecretArn],
        },
        { Effect: "Allow", Action: ["kms:Decrypt", "kms:DescribeKey"], Resource: KEY },
      ],
    });
    assert.deepEqual(document(only(recording, "Role", "redash-dms-secrets"), "assumeRolePolicy"), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: ["dms.amazonaws.com", "dms.eu-west-1.amazonaws.com"] },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
        },
      ],
    });
  });
});
