import { known } from "../../../../cutover/preflight/fact";
import { type BrokenCase, unknown } from "./brokenCase";

export const RUN_CASES: readonly BrokenCase[] = [
  [
    "no-interrupted-act",
    "fail",
    (facts) =>
      (facts.context.interrupted = { act: "cutover", sinceMs: Date.UTC(2026, 0, 2, 3, 4) }),
    "cutover, since 2026-01-02T03:04:00.000Z",
    "npm run move -- cutover, which takes it up or undoes it",
  ],
  [
    "lock-free",
    "fail",
    (facts) => (facts.context.lockHolder = "process 12 on this host"),
    "process 12 on this host",
    "let it end; a lock is removed only if its holder is dead",
  ],
  [
    "clocks-agree",
    "fail",
    (facts) => {
      known(facts.ways.source).aheadMs = -2000;
      known(facts.ways.target).aheadMs = 3100;
    },
    "against this machine: source -2.0 s, target +3.1 s",
    "switch on time synchronisation where it is wrong (chrony, or timedatectl set-ntp true)",
  ],
  [
    "schema-dump",
    "fail",
    (facts) => (facts.data.schemaStatements = unknown("pg_dump: error: server version mismatch")),
    "pg_dump: error: server version mismatch",
    "remove what this error names; pg_dump must be on PATH, of the source's version or newer (on AWS in the container of its PostgreSQL)",
  ],
  [
    "schema-dump",
    "fail",
    (facts) => (facts.data.schemaStatements = { isKnown: true, value: 0 }),
    "it writes nothing",
    "give the move the database of REDASH_DATABASE_URL",
  ],
  ...(
    [
      [80, "warn"],
      [200, "fail"],
    ] as const
  ).map(([roundTripMs, verdict]): BrokenCase => [
    "write-outage-budget",
    verdict,
    (facts) => (known(facts.ways.target).roundTripMs = roundTripMs),
    `about ${40 * roundTripMs + 30} of 5000 ms pass in waiting for answers`,
    "run the move closer to the databases (in their VPC), or raise the budget",
  ]),
];
