import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { awsWorldDescription } from "../cutover/adapters/aws/description";
import type { Recording } from "../preview/recorder";
import { isRefused, verdictOf } from "../preview/verdict";
import { MODES } from "../redash/phase";
import { DEFAULT_WORKERS } from "../redash/processes";
import { BY_DMS } from "./support/configs";
import { ofType } from "./support/program";
import { only } from "./support/recordings";
import { soundProgram } from "./support/soundProgram";

/** The world that the function of the move is given. */
const world = (recording: Recording) => {
  const { inputs } = only(recording, "Function", "redash-migration-function");
  return inputs["environment"] as { variables: { REDASH_MOVE: string } };
};

describe("the program, for a move", () => {
  it("gives the command line region, function, bucket and transport of the move, the same before and after the switch", async () => {
    for (const [mode, transport] of MODES.flatMap((it) => [
      [it, "logical"] as const,
      [it, "dms"] as const,
    ])) {
      const [replicating, switched] = await Promise.all(
        (["replicating", "switched"] as const).map(
          async (phase) =>
            (await soundProgram(mode, phase, transport === "dms" ? BY_DMS : {})).outputs,
        ),
      );
      const { move, journalBucket } = replicating!;
      const { functionName } = move as { functionName: string };
      assert.match(functionName, /^redash-migration-function-[0-9a-f]{7}$/);
      assert.match(String(journalBucket), /^redash-migration-journal-[0-9a-f]{7}$/);
      assert.deepEqual(move, { region: "eu-west-1", functionName, journalBucket, transport });
      assert.deepEqual(switched!["move"], move);
    }
  });

  it("tells the cutover of a world that it understands, in which every service will have the tasks of the phase switched", async () => {
    for (const mode of MODES) {
      for (const transport of [{}, BY_DMS]) {
        const { variables } = world(await soundProgram(mode, "replicating", transport));
        const { target, source, probeDataSourceId } = awsWorldDescription.parse(
          JSON.parse(variables.REDASH_MOVE),
        );
        const services = ofType(await soundProgram(mode, "switched", transport), "Service");
        // AWS's name of a service ends with what Pulumi has added to ours.
        const wanted = Object.entries(target.wantedTasks).map(([name, count]) => [
          name.replace(/-[0-9a-f]{7}$/, ""),
          count,
        ]);
        assert.deepEqual(
          Object.fromEntries(wanted),
          Object.fromEntries(services.map(({ name, inputs }) => [name, inputs["desiredCount"]])),
          "what the cutover starts is what the program declares",
        );
        assert.deepEqual(
          Object.keys(target.wantedTasks).sort(),
          [
            ...target.services.servers,
            ...target.services.scheduler,
            ...target.services.workers,
          ].sort(),
        );
        assert.equal(target.wantedTasks[target.services.scheduler[0]!], 1);
        assert.deepEqual(
          [target.database.applicationRole, source.database.applicationRole, probeDataSourceId],
          ["redash_app", "postgres", 1],
        );
      }
    }
  });

  it("encrypts every way to the source, and leaves that to nothing but redash:sourceDatabaseSslMode, for function and DMS alike", async () => {
    const ways = async (changes = {}) => {
      const recording = await soundProgram("production", "replicating", { ...BY_DMS, ...changes });
      const { source } = awsWorldDescription.parse(
        JSON.parse(world(recording).variables.REDASH_MOVE),
      );
      const endpoint = (side: string) =>
        only(recording, "Endpoint", `redash-dms-${side}`).inputs["sslMode"];
      return [source.database.sslMode, endpoint("source"), endpoint("target")];
    };
    assert.deepEqual(await ways(), ["require", "require", "require"]);
    const none = { "redash:sourceDatabaseSslMode": "none" };
    assert.deepEqual(await ways(none), ["none", "none", "require"]);
  });

  it("tells the cutover of the limits that are set, and spends no byte on those that it has itself", async () => {
    const limits = async (changes = {}) => {
      const { variables } = world(await soundProgram("production", "replicating", changes));
      const text = JSON.parse(variables.REDASH_MOVE) as { limits: object };
      return [text.limits, awsWorldDescription.parse(text).limits];
    };
    const own = {
      writeOutageBudgetMs: 60_000,
      drainDeadlineMs: 600_000,
      longDeadlineMs: 86_400_000,
    };
    assert.deepEqual(await limits(), [{}, own]);
    const set = { writeOutageBudgetMs: 5000, drainDeadlineMs: 700_000 };
    assert.deepEqual(
      await limits({
        "redash:moveWriteOutageBudgetMs": "5000",
        "redash:moveDrainDeadlineMs": "700000",
      }),
      [set, { ...own, ...set }],
    );
  });

  it("fits the world into the environment of a function, with names as long as the settings allow", async () => {
    // As many kinds as there may be, with names of 16 characters.
    const queues = Array.from({ length: 9 }, (_, index) => `queue_of_a_source_${index}`);
    const kinds = [
      ...DEFAULT_WORKERS,
      ...queues.map((queue) => ({ ...DEFAULT_WORKERS[0]!, queues: [queue] })),
    ].map((kind, index) => ({ ...kind, name: `long-long-long-${index}`.slice(-16) }));
    assert.equal(kinds.length, 12);
    const recording = await soundProgram("production", "replicating", {
      ...BY_DMS,
      "redash:moveWriteOutageBudgetMs": "600000",
      "redash:moveDrainDeadlineMs": "120000",
      "redash:dataSourceQueues": JSON.stringify(queues),
      "redash:workers": JSON.stringify(kinds),
      "redash:host": `${"redash.".repeat(8)}acme.io`,
      "redash:sourceProjectDirectory": `/opt/${"redash/".repeat(8)}`,
      "redash:sourceServices": JSON.stringify({
        servers: ["redash-server-one", "redash-server-two"],
        scheduler: ["redash-scheduler"],
        workers: ["redash-scheduled-worker", "redash-adhoc-worker", "redash-worker"],
        database: "redash-postgres",
        queue: "redash-redis",
      }),
    });
    const bytes = Buffer.byteLength(JSON.stringify(world(recording).variables));
    assert.ok(bytes > 3500 && bytes <= 4096, String(bytes));
  });

  it("lets the function through to Redash as its users reach it: by the NAT gateway's address if that is public", async () => {
    const recording = await soundProgram("rehearsal", "replicating", {
      "redash:ingressScheme": "internet-facing",
    });
    const rule = only(
      recording,
      "SecurityGroupIngressRule",
      "redash-migration-function-load-balancer-from-nat-0",
    );
    const { securityGroups } = only(recording, "LoadBalancer", "redash-alb").inputs;
    assert.deepEqual(
      [rule.inputs["cidrIpv4"], rule.inputs["fromPort"], [rule.inputs["securityGroupId"]]],
      ["192.0.2.1/32", 443, securityGroups],
    );
    assert.equal(isRefused(verdictOf(recording)), false);
  });
});
