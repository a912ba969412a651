import { type Check, fail, pass, warn } from "../check";
import { known } from "../fact";

/** How far clocks may be apart: times in reports and of tokens are compared. */
const CLOCK_TOLERANCE_MS = 5000;
/** Questions that the steps of the window ask one after the other. */
const WINDOW = { roundTrips: 40, balancerAnswers: 3 } as const;

/** The move itself, and the machine on which it runs. */
export const runChecks: readonly Check[] = [
  {
    id: "no-interrupted-act",
    title: "No act was broken off",
    why: "What it has done stands half-way, and another act would build on it.",
    judge: ({ context: { interrupted } }) =>
      interrupted === undefined
        ? pass("none")
        : fail(
            `${interrupted.act}, since ${new Date(interrupted.sinceMs).toISOString()}`,
            `npm run move -- ${interrupted.act}, which takes it up or undoes it`,
          ),
  },
  {
    id: "lock-free",
    title: "Nobody else works at this move",
    why: "Two at a time would undo each other's steps.",
    judge: ({ context: { lockHolder } }) =>
      lockHolder === undefined
        ? pass("the lock is free")
        : fail(lockHolder, "let it end; a lock is removed only if its holder is dead"),
  },
  {
    id: "clocks-agree",
    title: "The clocks of both databases and of this machine agree",
    why: "Schedules would run early or late after the switch, and the report's times would be wrong.",
    judge: ({ ways }) => {
      const ahead = [known(ways.source).aheadMs, known(ways.target).aheadMs, 0] as const;
      const apart = Math.max(...ahead) - Math.min(...ahead);
      const words = (ms: number) => `${ms < 0 ? "" : "+"}${(ms / 1000).toFixed(1)} s`;
      return apart <= CLOCK_TOLERANCE_MS
        ? pass("within 5 s")
        : fail(
            `against this machine: source ${words(ahead[0])}, target ${words(ahead[1])}`,
            "switch on time synchronisation where it is wrong (chrony, or timedatectl set-ntp true)",
          );
    },
  },
  {
    id: "schema-dump",
    title: "pg_dump reads the source's schema",
    why: "The target's tables are made of what it writes; one that is older than the server refuses.",
    judge: ({ data }) => {
      const { schemaStatements } = data;
      if (!schemaStatements.isKnown)
        return fail(
          schemaStatements.reason,
          "remove what this error names; pg_dump must be on PATH, of the source's version or newer (on AWS in the container of its PostgreSQL)",
        );
      return schemaStatements.value > 0
        ? pass(`${schemaStatements.value} statements`)
        : fail("it writes nothing", "give the move the database of REDASH_DATABASE_URL");
    },
  },
  {
    id: "write-outage-budget",
    title: "The write-outage budget is enough for the way to the servers",
    why: "A switch that spends its budget undoes itself.",
    judge: ({ ways, context }) => {
      const roundTripMs = Math.max(known(ways.source).roundTripMs, known(ways.target).roundTripMs);
      const needed = Math.ceil(
        WINDOW.roundTrips * roundTripMs + WINDOW.balancerAnswers * known(ways.balancerMs),
      );
      const found = `about ${needed} of ${context.writeOutageBudgetMs} ms pass in waiting for answers`;
      const fix = "run the move closer to the databases (in their VPC), or raise the budget";
      if (needed > context.writeOutageBudgetMs) return fail(found, fix);
      return needed > context.writeOutageBudgetMs / 2 ? warn(found, fix) : pass(found);
    },
  },
];
