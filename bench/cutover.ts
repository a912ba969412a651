/**
 * How long users cannot write, and what else the move costs: `npm run bench`. Everything is measured in one run on one
 * machine, beside what it is compared with; figures belong to the machine that printed them.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startLocalWorld } from "../cutover/adapters/local/world";
import type { Transport } from "../cutover/ports";
import { startUsers } from "../cutover/rehearsal/livingUsers";
import type { Rehearsal } from "../cutover/rehearsal/rehearsal";
import { median, percentile } from "../cutover/report/quantity";
import { copyByHand, outageByHand, READY_MS } from "./byHand";
import { table, time } from "./figures";
import { soundRehearsal, windowMs } from "./soundRehearsal";

/** Steps of the bare turn (facts: about 25 ms on a machine like this): what nobody can leave out. */
const TURN = ["fenced", "has-everything", "sequences-set", "replication-turned"];

interface Case {
  readonly transport: Transport["kind"];
  readonly megabytes: number;
  /** Moves; each is a cutover and a rollback, both of which users notice. */
  readonly moves: number;
  readonly goal: string;
}

const CASES: readonly Case[] = [
  { transport: "logical", megabytes: 20, moves: 10, goal: "p95 <= 250 ms" },
  { transport: "logical", megabytes: 200, moves: 10, goal: "p95 <= 250 ms" },
  {
    transport: "logical",
    megabytes: 2000,
    moves: 1,
    goal: "median <= 250 ms, <= 1.5 x that of 20 MB",
  },
  { transport: "dms", megabytes: 20, moves: 10, goal: "p95 <= 1 s" },
  { transport: "dms", megabytes: 200, moves: 10, goal: "p95 <= 1 s" },
];

const BY_HAND = "by-hand";
const say = (text: string) => process.stderr.write(`${text}\n`);

function rehearsed({ transport, megabytes, moves }: Case): Promise<Rehearsal> {
  say(`${transport}, ${megabytes} MB, ${moves} moves …`);
  return soundRehearsal({ transport, megabytes, times: moves });
}

const switchesOf = ({ acts }: Rehearsal) =>
  acts.filter(({ act }) => act === "cutover" || act === "rollback");

/** Medians over all switches of how long parts of the window took. */
function parts(rehearsal: Rehearsal): {
  turn: number;
  comparison: number;
  flip: number;
  rest: number;
} {
  const sums = switchesOf(rehearsal).map(({ steps, users }) => {
    const turn = windowMs(steps, (id) => TURN.some((part) => id.endsWith(part)));
    const comparison = windowMs(steps, (id) => id === "difference-compared");
    const flip = windowMs(steps, (id) => id.startsWith("traffic-to-"));
    return {
      turn,
      comparison,
      flip,
      rest: (users?.writeGap.lengthMs ?? NaN) - turn - comparison - flip,
    };
  });
  const of = (name: "turn" | "comparison" | "flip" | "rest") => median(sums.map((it) => it[name]));
  return { turn: of("turn"), comparison: of("comparison"), flip: of("flip"), rest: of("rest") };
}

const stepMs = ({ acts }: Rehearsal, ids: readonly string[]) =>
  median(
    acts
      .filter(({ act }) => act === "replicate")
      .map(({ steps }) =>
        steps
          .filter(({ id }) => ids.includes(id))
          .reduce((sum, { durationMs }) => sum + durationMs, 0),
      ),
  );

/** How long each of three copies took, beside people who work, as beside ours. */
async function copiesByHand(): Promise<number[]> {
  const local = await startLocalWorld({ megabytes: 200 });
  try {
    const { users } = await startUsers(local);
    const copies: number[] = [];
    for (let run = 0; run < 3; run++) copies.push(await copyByHand(local));
    await users.end();
    return copies;
  } finally {
    await local.remove();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, moves: { type: "string" } },
  });
  const cases = CASES.filter(
    ({ transport, megabytes }) =>
      values.only === undefined || `${transport}-${megabytes}` === values.only,
  ).map((it) => ({ ...it, moves: Number(values.moves ?? it.moves) }));
  const rows: string[][] = [];
  const rest: string[][] = [];
  const outages = new Map<string, number>();
  let copyMs = NaN;
  for (const it of cases) {
    const rehearsal = await rehearsed(it);
    // After ten moves people remember ten moves.
    const { memoryBytes } = it.moves === 1 ? rehearsal : await rehearsed({ ...it, moves: 1 });
    const switches = switchesOf(rehearsal);
    const gaps = switches.map(({ users }) => users?.writeGap.lengthMs ?? NaN);
    const failedReads = switches.reduce((sum, { users }) => sum + (users?.failedReads ?? 0), 0);
    const name = `${it.transport}, ${it.megabytes} MB`;
    outages.set(name, median(gaps));
    rows.push([
      name,
      String(gaps.length),
      time(median(gaps)),
      time(percentile(gaps, 0.95)),
      time(Math.max(...gaps)),
      it.goal,
      String(failedReads),
      `${rehearsal.ledger.acknowledged} / ${rehearsal.ledger.lost.length} / ${rehearsal.ledger.duplicated.length}`,
      `${Math.round(memoryBytes / 1e6)} MB`,
    ]);
    const { turn, comparison, flip, rest: others } = parts(rehearsal);
    rest.push([name, time(turn), time(comparison), time(flip), time(others)]);
    if (it.transport === "logical" && it.megabytes === 200)
      copyMs = stepMs(rehearsal, ["tables-copied", "indexes-made"]);
  }
  process.stdout.write(
    `\n${table(
      [
        "users could not write",
        "switches",
        "median",
        "p95",
        "maximum",
        "goal",
        "failed reads",
        "writes / lost / duplicated",
        "memory of one move besides PostgreSQL (< 500 MB)",
      ],
      rows,
    )}\n\n${table(["of which", "the bare turn", "last comparison", "flip", "people and everything else"], rest)}\n`,
  );
  if (values.only !== undefined && values.only !== BY_HAND) return;
  const byHand = async (pace: keyof typeof READY_MS) => {
    say(`by hand, 200 MB, ready as soon as ${pace} …`);
    const outages: number[] = [];
    for (let run = 0; run < 3; run++) outages.push(await outageByHand(200, READY_MS[pace]));
    return median(outages);
  };
  const [quick, hand] = [await byHand("standIns"), await byHand("redash")];
  say("pg_dump | psql, 200 MB …");
  const copy = median(await copiesByHand());
  const ratio = (one: number, other: number) => `${(one / other).toFixed(1)} x`;
  const ours = outages.get("logical, 200 MB") ?? NaN;
  process.stdout.write(
    `\n${table(
      ["compared with", "theirs", "ours", "ratio", "goal"],
      [
        [
          "the team's cutover by command, without the minutes between two commands, 200 MB: outage",
          time(hand),
          time(ours),
          ratio(hand, ours),
          ">= 50 x",
        ],
        [
          "the same, if Redash started as quickly as its stand-ins",
          time(quick),
          time(ours),
          ratio(quick, ours),
          "",
        ],
        [
          "`pg_dump` into `psql`, the same 200 MB with people at work: copy with indexes",
          time(copy),
          time(copyMs),
          ratio(copyMs, copy),
          "<= 1.5 x",
        ],
        [
          "outage at 2 GB against 20 MB",
          time(outages.get("logical, 2000 MB") ?? NaN),
          time(outages.get("logical, 20 MB") ?? NaN),
          ratio(outages.get("logical, 2000 MB") ?? NaN, outages.get("logical, 20 MB") ?? NaN),
          "<= 1.5 x",
        ],
      ],
    )}\n\n${cpus().length} cores, Node ${process.version}, ${process.platform} ${process.arch}; ${new Date().toISOString().slice(0, 10)}\n`,
  );
}

void main();
