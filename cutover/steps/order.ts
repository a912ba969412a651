import { type Entry, historyOf, isOpen } from "../engine/journal";
import { Refusal } from "../engine/refusal";
import { type Act, ACTS } from "./acts";

/** How far a move has come, as its journal has it. */
export interface MoveState {
  /** The act that was completed last; undefined before the first, and after an abort. */
  readonly done: Act | undefined;
  /** When the last complete comparison ended, in milliseconds since the epoch; undefined if there was none. */
  readonly verifiedMs: number | undefined;
  /** An act that was begun and has no good end. */
  readonly open:
    | {
        readonly act: Act;
        readonly why: "interrupted" | "needs-person" | "paused";
        /** When it was last heard of, in milliseconds since the epoch. */
        readonly lastMs: number;
        /** Whether users were on the other side already, so that there is no way back but a rollback. */
        readonly flipped: boolean;
        /** Whether a step behind the flip was begun: then users have been on the other side in any case. */
        readonly isBehindFlip: boolean;
      }
    | undefined;
}

export function moveStateOf(entries: readonly Entry[]): MoveState {
  let done: Act | undefined;
  let verifiedMs: number | undefined;
  for (const entry of entries) {
    if (entry.kind !== "run-ended" || !isAct(entry.act)) continue;
    // What it had made is gone with it.
    if (entry.outcome === "undone" && entry.act === done && entry.act in BEFORE)
      done = BEFORE[entry.act];
    if (entry.outcome !== "done") continue;
    done = entry.act === "abort" ? undefined : entry.act;
    if (entry.act === "verify") verifiedMs = entry.atMs;
    else if (done === undefined) verifiedMs = undefined;
  }
  // Without the source's host `finish` ends a cutover that its other side can no longer end.
  return { done, verifiedMs, open: done === "finish" ? undefined : openAct(entries) };
}

/** Act → how far a move is when it was undone. Those after the comparison leave it where it was. */
const BEFORE: Readonly<Partial<Record<Act, Act | undefined>>> = {
  prepare: undefined,
  replicate: "prepare",
  verify: "replicate",
};

function openAct(entries: readonly Entry[]): MoveState["open"] {
  const acts = entries.flatMap((it) =>
    it.kind === "run-started" && isAct(it.act) ? [it.act] : [],
  );
  // A run that was undone since leaves an earlier act as open as it was.
  const act = [...new Set(acts.reverse())].find((it) => isOpen(historyOf(it, entries)));
  if (act === undefined) return undefined;
  const { outcome, applied } = historyOf(act, entries);
  const flip = applied.findIndex(({ step }) => step.startsWith("traffic-to-"));
  return {
    act,
    why: outcome === "needs-person" || outcome === "paused" ? outcome : "interrupted",
    lastMs: entries.at(-1)?.atMs ?? 0,
    flipped: flip !== -1,
    isBehindFlip: flip !== -1 && flip < applied.length - 1,
  };
}

/** Acts that may follow, the one that is due first; none once the move is complete. */
export function dueActs({ done, open }: MoveState): readonly Act[] {
  if (open !== undefined) {
    if (open.act === "cutover" && open.flipped) return ["cutover", "rollback"];
    if (open.act === "rollback" && open.flipped) return ["rollback", "cutover"];
    // An abort would leave the source fenced and its workers stopped: the rollback undoes that first.
    if (open.act === "cutover") return ["cutover", "rollback"];
    const isAlone = open.act === "finish" || open.act === "rollback" || open.act === "abort";
    return isAlone ? [open.act] : [open.act, "abort"];
  }
  switch (done) {
    case undefined:
    case "abort":
      return ["prepare"];
    case "finish":
      return [];
    case "prepare":
      return ["replicate", "prepare", "abort"];
    case "replicate":
      return ["verify", "replicate", "abort"];
    case "verify":
      return ["cutover", "verify", "abort"];
    case "cutover":
      return ["finish", "rollback"];
    case "rollback":
      return ["cutover", "abort"];
  }
}

/** A comparison that is older than this says little of today. */
const VERIFIED_FOR_MS = 24 * 3_600_000;
/** Who takes up what another one has left for longer than this must say that it is meant. */
const RESUMED_WITHIN_MS = 3_600_000;

/**
 * @param how `resume`: whether an old interrupted run may be taken up; `sourceGone`: whether the source's host is no more,
 *   so that nothing but `finish` can end a cutover that has turned users over
 * @throws Refusal that says which act is due
 */
export function assertDue(
  act: Act,
  state: MoveState,
  nowMs: number,
  how: { readonly resume: boolean; readonly sourceGone: boolean },
): void {
  const { open } = state;
  if (how.sourceGone && act === "finish" && open?.act === "cutover" && open.flipped) return;
  const due = dueActs(state);
  const [first] = due;
  const hint = (of: Act) => `run: npm run move -- ${of}`;
  if (first === undefined)
    throw new Refusal(`${act} is out of order: finish is done, the move is complete`);
  if (!due.includes(act)) {
    const found =
      state.open === undefined
        ? state.done === undefined
          ? "nothing is done yet"
          : `${state.done} is done`
        : `${state.open.act} ${WHY[state.open.why]}`;
    throw new Refusal(
      `${act} is out of order: ${found}, so ${due.join(" or ")} is due; ${hint(first)}`,
    );
  }
  const ageMs = state.open === undefined ? 0 : nowMs - state.open.lastMs;
  if (state.open?.act === act && ageMs > RESUMED_WITHIN_MS && !how.resume) {
    throw new Refusal(
      `${act} was left ${Math.round(ageMs / 60_000)} minutes ago and may not be what you think it is; look at it with: npm run move -- status; then take it up with: npm run move -- ${act} --resume`,
    );
  }
  if (act === "cutover" && state.open === undefined && state.done === "verify") {
    const verifiedAgoMs = nowMs - (state.verifiedMs ?? 0);
    if (verifiedAgoMs > VERIFIED_FOR_MS)
      throw new Refusal(
        `the last comparison of everything is ${Math.round(verifiedAgoMs / 3_600_000)} hours old, at most 24 are allowed; ${hint("verify")}`,
      );
  }
}

const WHY = {
  interrupted: "was interrupted",
  "needs-person": "needs a person",
  paused: "was left to be gone on with",
} as const;

const isAct = (act: string): act is Act => (ACTS as readonly string[]).includes(act);
