import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { verdictOf } from "../../preview/verdict";
import { DEFAULT_WORKERS } from "../../redash/processes";
import { type Mode, MODES, PHASES } from "../../redash/phase";
import { readSettings } from "../../settings/read";
import { soundConfig } from "../support/configs";
import { assertInvariants, containers, runProgram } from "../support/program";

const text = <T>(values: fc.Arbitrary<T>) => values.map((value) => JSON.stringify(value));
const SIZES = [
  { cpu: 256, memoryMib: 1024 },
  { cpu: 512, memoryMib: 4096 },
  { cpu: 1024, memoryMib: 2048 },
  { cpu: 2048, memoryMib: 16384 },
] as const;

/** Splits all queues over one to six kinds of workers, in random sizes. */
const workers = fc
  .record({
    kinds: fc.integer({ min: 1, max: 6 }),
    queues: fc.shuffledSubarray(
      DEFAULT_WORKERS.flatMap((kind) => [...kind.queues]),
      { minLength: 6 },
    ),
    sizes: fc.array(fc.constantFrom(...SIZES), { minLength: 6, maxLength: 6 }),
    count: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ kinds, queues, sizes, count }) =>
    Array.from({ length: kinds }, (_, kind) => ({
      name: `kind-${kind}`,
      queues: queues.filter((__, index) => index % kinds === kind),
      ...sizes[kind],
      count,
      processes: 1 + (kind % 3),
    })),
  );

const CHANGES = fc.record(
  {
    "redash:transport": fc.constantFrom("logical", "dms"),
    "redash:dmsLargestLobBytes": text(fc.integer({ min: 0, max: 34_952_533 })),
    "redash:dmsInstanceClass": fc.constantFrom("dms.t3.medium", "dms.c6i.large"),
    "redash:dmsCreateRoles": text(fc.boolean()),
    "redash:databaseVersion": fc.constantFrom("15", "16", "16.9", "17", "17.6"),
    "redash:databaseMultiAz": text(fc.boolean()),
    "redash:databaseStorageGib": text(fc.integer({ min: 20, max: 90 })),
    "redash:queueVersion": fc.constantFrom("7.2", "8.0", "8.1"),
    "redash:queueNodes": text(fc.integer({ min: 1, max: 6 })),
    "redash:serverCount": text(fc.integer({ min: 1, max: 50 })),
    "redash:serverWebWorkers": text(fc.integer({ min: 1, max: 64 })),
    "redash:workers": text(workers),
    "redash:workerCapacityWeights": text(
      fc.record({ onDemand: fc.integer({ min: 0, max: 3 }), spot: fc.integer({ min: 1, max: 3 }) }),
    ),
    "redash:executeCommand": text(fc.boolean()),
    "redash:httpRedirect": text(fc.boolean()),
    "redash:ingressScheme": fc.constantFrom("internal", "internet-facing"),
    "redash:architecture": fc.constantFrom("X86_64", "ARM64"),
    "redash:environment": text(
      fc.dictionary(
        fc.constantFrom("REDASH_MAIL_SERVER", "REDASH_MAIL_PORT"),
        fc.string({ maxLength: 9 }),
      ),
    ),
    "redash:secretEnvironment": text(
      fc.constantFrom(
        {},
        {
          REDASH_MAIL_PASSWORD:
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mail-AbCdEf:password::",
        },
      ),
    ),
    "redash:taskPolicyArns": text(fc.constantFrom([], ["arn:aws:iam::111122223333:policy/athena"])),
  },
  { requiredKeys: [] },
);

/** Mandatory policies that settings loosen by their own words: an exception must say why, or the guard refuses them. */
const loosened = (mode: Mode, changes: Readonly<Record<string, string>>): string[] => [
  ...(mode === "production" && changes["redash:databaseMultiAz"] === "false"
    ? ["database-multi-az"]
    : []),
  ...(changes["redash:executeCommand"] === "true" ? ["ecs-read-only-root"] : []),
  ...(mode === "production" && changes["redash:queueNodes"] === "1" ? ["valkey-failover"] : []),
];

describe("any accepted settings", function () {
  this.timeout(180_000);
  it("give a program in which everything holds that must always hold, and no policy is violated but those that they loosen", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MODES),
        fc.constantFrom(...PHASES),
        CHANGES,
        async (mode, phase, changes) => {
          const config = soundConfig(mode, phase, changes);
          fc.pre(readSettings(config).problems.length === 0);
          accepted++;
          const recording = await runProgram(config);
          assertInvariants(recording);
          const violated = verdictOf(recording)
            .violations.filter(({ policy }) => policy.enforcement === "mandatory")
            .map(({ policy }) => policy.id);
          assert.deepEqual([...new Set(violated)].sort(), loosened(mode, changes));
        },
      ),
      { numRuns: 40 },
    );
    assert.ok(accepted >= 40);
  });

  it("put every extra queue of a data source to a worker, or are refused", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[a-z]{3,12}$/),
        fc.boolean(),
        async (queue, consumed) => {
          const kinds = DEFAULT_WORKERS.map((kind) =>
            kind.name === "adhoc" && consumed ? { ...kind, queues: [...kind.queues, queue] } : kind,
          );
          const config = soundConfig("rehearsal", "replicating", {
            "redash:dataSourceQueues": JSON.stringify([queue]),
            "redash:workers": JSON.stringify(kinds),
          });
          const accepted = readSettings(config).problems.length === 0;
          fc.pre(!DEFAULT_WORKERS.some((kind) => kind.queues.includes(queue)));
          assert.equal(accepted, consumed);
          if (!accepted) return;
          const queues = containers(await runProgram(config)).flatMap(({ environment }) =>
            environment
              .filter(({ name }) => name === "QUEUES")
              .flatMap(({ value }) => value.split(" ")),
          );
          assert.ok(queues.includes(queue));
        },
      ),
      { numRuns: 10 },
    );
  });
});
