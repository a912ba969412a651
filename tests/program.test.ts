import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isRefused, verdictLines, verdictOf } from "../preview/verdict";
import { type Mode, MODES, type Phase, PHASES } from "../redash/phase";
import { DEFAULT_WORKERS } from "../redash/processes";
import { BY_DMS, soundConfig } from "./support/configs";
import { assertInvariants, containers, ofType, runProgram } from "./support/program";
import { only } from "./support/recordings";
import { soundProgram } from "./support/soundProgram";

describe("the program", () => {
  for (const mode of MODES) {
    for (const phase of PHASES) {
      it(`keeps what must always hold: ${mode}, ${phase}`, async () => {
        const recording = await soundProgram(mode, phase);
        assertInvariants(recording);
        const data = ["Instance", "ReplicationGroup", "Key", "Secret", "Bucket", "LoadBalancer"];
        for (const resource of data.flatMap((type) => ofType(recording, type))) {
          if (resource.type.startsWith("aws:ec2")) continue;
          // It ends with the move; protection would stop the update that ends it.
          const ends = resource.name.startsWith("redash-migration-");
          assert.equal(resource.protect, mode === "production" && !ends, resource.name);
        }
        const verdict = verdictOf(recording);
        assert.equal(isRefused(verdict), false, verdictLines(verdict).join("\n"));
      });

      it(`asks twice for the same, byte by byte: ${mode}, ${phase}`, async () => {
        assert.equal(
          JSON.stringify(await runProgram(soundConfig(mode, phase))),
          JSON.stringify(await soundProgram(mode, phase)),
        );
      });
    }

    it(`asks for the same resources while every id is unknown, as in a first preview: ${mode}`, async () => {
      for (const transport of [{}, BY_DMS]) {
        const config = soundConfig(mode, "replicating", transport);
        const names = async (unknowns: boolean) =>
          (await runProgram(config, null, { unknowns })).resources.map(({ urn }) => urn);
        assert.deepEqual(await names(true), await names(false));
      }
    });
  }

  it("refuses wrong settings with one error, before it asks for any resource", async () => {
    await assert.rejects(
      soundProgram("production", "replicating", {
        "redash:image": "redash/redash:latest",
        "redash:serverCpu": "1",
      }),
      /^Error: 2 problems in the settings of stack test; nothing was changed\./,
    );
  });

  it("gives the same names and types whatever the stack is called", async () => {
    const config = soundConfig("production", "switched");
    const urns = (await runProgram(config, "switched", { stack: "other" })).resources;
    const here = (await runProgram(config, "switched")).resources;
    assert.deepEqual(
      urns.map(({ type, name }) => `${type} ${name.replace("redash-other", "redash-test")}`),
      here.map(({ type, name }) => `${type} ${name}`),
    );
  });

  it("gives out what the move needs, and nothing secret or undefined", async () => {
    const outputs = async (mode: Mode, phase: Phase) => (await soundProgram(mode, phase)).outputs;
    const always = [
      "mode",
      "phase",
      "region",
      "url",
      "keyArn",
      "vpcId",
      "privateSubnetIds",
      "tasksSecurityGroupId",
      "databaseIdentifier",
      "databaseAddress",
      "databaseSecurityGroupId",
      "databaseParameterGroupName",
      "databaseUrlSecretArn",
      "queueReplicationGroupId",
      "queueAddress",
      "queueUrlSecretArn",
      "cookieSecretArn",
      "secretKeyArn",
      "listenerArn",
      "loadBalancerDnsName",
      "ecsTargetGroupArn",
      "clusterName",
      "serverServiceName",
      "schedulerServiceName",
      "workerServiceNames",
      "serverTaskDefinitionArn",
      "schedulerTaskDefinitionArn",
    ];
    const moving = [
      "move",
      "journalBucket",
      "sourceDocumentName",
      "transport",
      "sourceTargetGroupArn",
      "sourceInstanceId",
      "sourceAddress",
      "sourceDatabaseName",
      "sourceDatabaseSecretArn",
      "targetDatabaseSecretArn",
    ];
    assert.deepEqual(
      Object.keys(await outputs("production", "complete")).sort(),
      [...always].sort(),
    );
    assert.deepEqual(
      Object.keys(await outputs("production", "switched")).sort(),
      [...always, ...moving].sort(),
    );
    assert.deepEqual(
      Object.keys(await outputs("rehearsal", "greenfield")).sort(),
      [...always, "administratorPasswordSecretArn"].sort(),
    );
    assert.deepEqual(
      Object.keys(await outputs("rehearsal", "replicating")).sort(),
      [...always, ...moving, "sourceSecurityGroupId"].sort(),
    );
    assert.deepEqual(
      Object.keys((await soundProgram("production", "replicating", BY_DMS)).outputs).sort(),
      [
        ...always,
        ...moving,
        "replicationTaskArn",
        "replicationInstanceArn",
        "replicationSourceEndpointArn",
        "replicationTargetEndpointArn",
        "replicationSourceSecretArn",
      ].sort(),
    );
  });

  it("keeps a rehearsal silent in every container, and production never, unless redash:silent says otherwise", async () => {
    const heard = async (mode: Mode, phase: Phase, changes = {}) => {
      const all = containers(await soundProgram(mode, phase, changes));
      assert.ok(all.length >= 2 + DEFAULT_WORKERS.length, String(all.length));
      const seen = all.map(({ environment }) =>
        environment
          .filter(({ name }) => /REFRESH_QUERIES|DESTINATIONS|^REDASH_MAIL_/.test(name))
          .map(({ name, value }) => `${name}=${value}`)
          .sort()
          .join(" "),
      );
      return [...new Set(seen)];
    };
    const silent =
      "REDASH_ENABLED_DESTINATIONS=redash.destinations.email REDASH_FEATURE_DISABLE_REFRESH_QUERIES=true";
    for (const phase of PHASES) {
      assert.deepEqual(await heard("rehearsal", phase), [silent], phase);
      assert.deepEqual(await heard("production", phase), [""], phase);
    }
    const mail = { "redash:environment": '{"REDASH_MAIL_SERVER":"mail"}' };
    const loud = { ...mail, "redash:silent": "false" };
    assert.deepEqual(await heard("rehearsal", "switched", loud), ["REDASH_MAIL_SERVER=mail"]);
    assert.deepEqual(await heard("production", "switched", { "redash:silent": "true" }), [silent]);
  });

  describe("a rehearsal's copy of production", () => {
    const phases = ["replicating", "switched"] as const;
    /** The clone's own group, and all rules of the stack. */
    const clone = async (phase: Phase, changes = {}) => {
      const recording = await soundProgram("rehearsal", phase, changes);
      const { inputs } = only(recording, "Instance", "redash-source-instance");
      const groups = inputs["vpcSecurityGroupIds"] as string[];
      assert.equal(groups.length, 1);
      const rules = recording.resources.filter(({ type }) => /:SecurityGroup\w*Rule$/.test(type));
      const of = (direction: string) =>
        rules.filter(
          ({ type, inputs: rule }) =>
            type.endsWith(`:SecurityGroup${direction}Rule`) &&
            rule["securityGroupId"] === groups[0],
        );
      return { recording, inputs, group: groups[0]!, rules, of };
    };

    for (const phase of phases) {
      it(`can reach nothing outside of its VPC, by whatever transport: ${phase}`, async () => {
        for (const transport of [{}, BY_DMS]) {
          const { recording, inputs, group, rules, of } = await clone(phase, transport);
          const vpc = only(recording, "Vpc", "redash-vpc");
          assert.deepEqual(
            of("Egress").map(({ inputs: rule }) => [
              rule["cidrIpv4"],
              rule["cidrIpv6"],
              rule["prefixListId"],
              rule["referencedSecurityGroupId"],
            ]),
            [[vpc.inputs["cidrBlock"], undefined, undefined, undefined]],
          );
          // No rule of another kind, nor inside a group, that would add to it.
          assert.ok(rules.every(({ type }) => type.startsWith("aws:vpc/securityGroup")));
          for (const made of ofType(recording, "SecurityGroup"))
            assert.ok(!("egress" in made.inputs), made.name);
          assert.deepEqual(
            [
              inputs["associatePublicIpAddress"],
              inputs["ipv6AddressCount"],
              inputs["networkInterfaces"],
            ],
            [false, undefined, undefined],
          );
          assert.equal(
            ofType(recording, "EipAssociation").length + ofType(recording, "Eip").length,
            0,
          );
          assert.deepEqual(
            [inputs["subnetId"]],
            (recording.outputs["privateSubnetIds"] as string[]).slice(0, 1),
          );
          assert.equal(recording.outputs["sourceSecurityGroupId"], group);
        }
      });

      it(`is reached by Systems Manager within the VPC, which the command line needs: ${phase}`, async () => {
        const { recording, group, rules } = await clone(phase);
        const endpoints = ofType(recording, "VpcEndpoint");
        assert.deepEqual(
          endpoints.map(({ name }) => name),
          ["ec2messages", "monitoring", "secretsmanager", "ssm", "ssmmessages"].map(
            (service) => `redash-${service}`,
          ),
        );
        for (const { inputs } of endpoints) {
          assert.deepEqual(inputs["subnetIds"], recording.outputs["privateSubnetIds"]);
          assert.equal(inputs["privateDnsEnabled"], true);
          const [admits] = rules.filter(
            ({ inputs: rule }) =>
              rule["securityGroupId"] === (inputs["securityGroupIds"] as string[])[0] &&
              rule["referencedSecurityGroupId"] === group,
          );
          assert.deepEqual([admits?.inputs["fromPort"], admits?.inputs["toPort"]], [443, 443]);
        }
      });
    }

    it("goes with everything else by one destroy: nothing is protected, kept, or refuses to be deleted", async () => {
      for (const transport of [{}, BY_DMS]) {
        for (const phase of phases) {
          for (const it of (await soundProgram("rehearsal", phase, transport)).resources) {
            assert.deepEqual([it.protect, it.retainOnDelete], [false, false], it.name);
            const refuses = [
              "deletionProtection",
              "enableDeletionProtection",
              "disableApiTermination",
            ].filter((property) => it.inputs[property] === true);
            assert.deepEqual(refuses, [], it.name);
            if (it.type === "aws:s3/bucket:Bucket")
              assert.equal(it.inputs["forceDestroy"], true, it.name);
            if (it.type === "aws:rds/instance:Instance")
              assert.equal(it.inputs["skipFinalSnapshot"], true);
            if (it.type === "aws:secretsmanager/secret:Secret")
              assert.equal(it.inputs["recoveryWindowInDays"], 0, it.name);
          }
        }
      }
    });
  });
});
