import type { Step } from "../engine/step";
import { paperWorld } from "../paperWorld";
import type { SideName, Transport } from "../ports";
import { type Act, ACTS, planOf } from "../steps/acts";

/** How long things may take in a faulted rehearsal: short, because every wait is taken hundreds of times. */
export const LIMITS = {
  writeOutageBudgetMs: 5000,
  drainDeadlineMs: 1000,
  longDeadlineMs: 60_000,
} as const;

/** A step of an act, at which something may go wrong. */
export interface Moment {
  readonly act: Act;
  readonly step: string;
}

/** Parts of the acts, for a table that fits a page. */
export const GROUPS = [
  "prepare",
  "replicate",
  "verify",
  "switch, before the window",
  "switch, in the window",
  "switch, after the flip",
  "finish",
  "abort",
] as const;
export type Group = (typeof GROUPS)[number];

/** A moment, and where in its act it lies. */
export interface PlannedMoment extends Moment {
  readonly group: Group;
  /** Steps of its act, in order. */
  readonly steps: readonly string[];
}

/** Every step of every act, in the order of a move. */
export const momentsOf = (transport: Transport["kind"]): PlannedMoment[] =>
  ACTS.flatMap((act) => {
    const plan = planOf(act, paperWorld(transport), LIMITS);
    // There is a program to be told on AWS alone.
    const steps = plan.steps.filter(({ id }) => id !== "phase-recorded");
    const ids = steps.map(({ id }) => id);
    const flip = steps.findIndex(({ irreversible }) => irreversible === true);
    return steps.map((step, index) => ({
      act,
      step: step.id,
      steps: ids,
      group: groupOf(act, step, index > flip),
    }));
  });

const groupOf = (act: Act, { inWindow }: Step, isAfterFlip: boolean): Group =>
  act !== "cutover" && act !== "rollback"
    ? act
    : inWindow === true
      ? "switch, in the window"
      : isAfterFlip
        ? "switch, after the flip"
        : "switch, before the window";

/** The sides of a switch: where users are before it, and after it. */
export const sidesOf = (act: Act): { readonly from: SideName; readonly to: SideName } =>
  act === "rollback" ? { from: "target", to: "source" } : { from: "source", to: "target" };

/** What may go wrong. */
export interface Kind {
  readonly title: string;
  /** Steps at which it makes sense. @default all */
  readonly isPossible?: (moment: PlannedMoment) => boolean;
  /** Why nobody but a person can go on where nothing can be undone any more. @default the program goes on by itself */
  readonly needsPerson?: string;
}

const isSwitch = ({ act }: Moment) => act === "cutover" || act === "rollback";
const place = ({ steps }: PlannedMoment, ending: string) =>
  steps.findIndex((id) => id.endsWith(ending));
const isBetween = (moment: PlannedMoment, first: number, last: number) => {
  const index = moment.steps.indexOf(moment.step);
  return index >= first && index <= last;
};

/** Every kind, with the moments at which it may happen where these are not all. */
export const KINDS = {
  "engine-killed-in-step": { title: "engine killed in the step (SIGKILL)" },
  "engine-killed-after-step": { title: "engine killed after the step, before the next one" },
  "source-database-killed": {
    title: "source's PostgreSQL ended (`-m immediate`) and started again",
  },
  "target-database-killed": {
    title: "target's PostgreSQL ended (`-m immediate`) and started again",
  },
  "source-queue-killed": { title: "source's Valkey killed and started again, empty" },
  "target-queue-killed": { title: "target's Valkey killed and started again, empty" },
  "worker-killed-in-job": {
    title: "worker killed in a job",
    // From the drain to the opening of the other queue no job is at work.
    isPossible: (moment) =>
      !isSwitch(moment) ||
      isBetween(moment, 0, place(moment, "-queue-drained")) ||
      isBetween(moment, place(moment, "-queue-opened") + 1, Infinity),
  },
  "long-transaction": { title: "transaction held open where users are" },
  "replication-cut": {
    title: "replication's connections cut",
    // Before the first copy, and after what removes it, there is none.
    isPossible: (moment) => {
      switch (moment.act) {
        case "prepare":
          return false;
        case "replicate":
          return isBetween(moment, 1, Infinity);
        case "finish":
          return isBetween(moment, 0, place(moment, "target-replication-removed"));
        case "abort":
          return isBetween(moment, 0, place(moment, "source-replication-removed"));
        default:
          return true;
      }
    },
  },
  "network-slow": { title: "network between the move and both databases slow" },
  "clock-jumped": { title: "clock of the engine's machine jumps by more than a day" },
  "journal-disk-full": {
    title: "disk of the journal full, in the middle of a line",
    needsPerson: "nothing goes on that the next process would not know of, and a person makes room",
  },
  deadlock: { title: "locks taken in the opposite order of the application" },
  "second-operator": { title: "second operator starts the same act" },
  "deadline-too-short": {
    title: "time limit, or budget of the window, too short",
    needsPerson: "a step that is over its limit may not go on by itself",
  },
  "receiver-unhealthy": {
    title: "servers of the receiving side gone, at both looks and at the flip",
    isPossible: (moment) => {
      const { to } = sidesOf(moment.act);
      return (
        isSwitch(moment) &&
        [`${to}-ready`, `${to}-still-healthy`, `traffic-to-${to}`].includes(moment.step)
      );
    },
    needsPerson: "nobody but a person knows why servers are gone",
  },
  "fence-ignored": {
    title: "session that sets itself read-write writes behind the fence",
    isPossible: (moment) => {
      const { from, to } = sidesOf(moment.act);
      return (
        isSwitch(moment) &&
        isBetween(moment, place(moment, `${from}-fenced`) + 1, place(moment, `traffic-to-${to}`))
      );
    },
  },
  "scheduler-by-hand": { title: "scheduler started by hand where users are not" },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as KindName[];

/** A kind of fault at a step of an act. */
export interface Pair extends Moment {
  readonly kind: KindName;
}

/** Every fault that can happen: each kind at each step at which it makes sense. */
export const pairsOf = (transport: Transport["kind"]): Pair[] =>
  momentsOf(transport).flatMap((moment) =>
    KIND_NAMES.filter((kind) => {
      const { isPossible }: Kind = KINDS[kind];
      return isPossible?.(moment) ?? true;
    }).map((kind) => ({ kind, act: moment.act, step: moment.step })),
  );

export const pairName = ({ act, step, kind }: Pair): string => `${kind} at ${act}/${step}`;
