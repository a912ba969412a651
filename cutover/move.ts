import { randomUUID } from "node:crypto";
import { closeConnections, identifier } from "./database/database";
import type { Clock } from "./engine/clock";
import { runPlan } from "./engine/engine";
import type { Event, Journal, Lock, RunOutcome } from "./engine/journal";
import { Refusal } from "./engine/refusal";
import { keptWalWarnings } from "./keptWal";
import type { World } from "./ports";
import type { CheckResult } from "./preflight/check";
import { preflight, type PreflightReport } from "./preflight/preflight";
import { checkTexts } from "./preflight/text";
import { actsOf } from "./report/acts";
import { planTable } from "./report/plan";
import { type Report, reportOf } from "./report/report";
import type { Verdict } from "./report/summary";
import { type Act, type ActOptions, planOf } from "./steps/acts";
import { assertDue, dueActs, type MoveState, moveStateOf } from "./steps/order";

export interface MoveOptions extends ActOptions {
  readonly world: World;
  readonly journal: Journal;
  readonly lock: Lock;
  readonly clock: Clock;
}

/** How an act ended, in the words of an exit code, and what a person should know. */
export interface Performed {
  readonly verdict: Verdict;
  readonly text: string;
}

/** A move and its acts: what `npm run move` does, on this machine or anywhere else. */
export class Move {
  constructor(private readonly options: MoveOptions) {}

  /**
   * Performs an act, or takes it up where it was left.
   * @param run `resume`: whether one that was left long ago may be taken up; `accept`: ids of checks of preflight that
   *   `prepare` may begin without
   * @throws Refusal before anything is changed if another act is due, or if another process holds the lock
   */
  async perform(
    act: Act,
    run: {
      readonly resume: boolean;
      readonly accept?: readonly string[];
      readonly stop: AbortSignal;
      /** Aborted when this process must end soon: the act is left for the next one. */
      readonly pause?: AbortSignal;
      readonly onEvent: (event: Event) => void;
    },
  ): Promise<Performed> {
    const { world, journal, lock, clock } = this.options;
    const entries = await journal.read();
    const before = moveStateOf(entries);
    assertDue(act, before, clock.nowMs(), {
      resume: run.resume,
      sourceGone: this.options.sourceGone ?? false,
    });
    const { accepted } =
      act === "prepare" && before.open === undefined
        ? await this.assertReady(run.stop, run.accept)
        : { accepted: [] };
    const undone = await this.undoneBy(act, before.open, run.stop);
    const undo = undone !== undefined;
    const plan = planOf(undone ?? act, world, this.options);
    const { outcome, reason, warnings } = await runPlan(plan, {
      undo,
      clock,
      journal,
      lock,
      run: randomUUID(),
      seen: entries.length,
      stop: run.stop,
      ...(run.pause && { pause: run.pause }),
      onEvent: run.onEvent,
    });
    const state = moveStateOf(await journal.read());
    return {
      verdict: verdictOf(
        undo && outcome === "undone" ? "done" : outcome,
        warnings.length + accepted.length,
      ),
      text: [
        reason,
        ...accepted.map(({ id, found }) => `warning: accepted by hand: ${id}: ${found}`),
        ...warnings.map(({ step, message }) => `warning: ${step}: ${message}`),
        dueText(state),
      ].join("\n"),
    };
  }

  /**
   * The open switch that an act takes back by undoing it, because users were never turned over by it.
   * @throws Refusal if they were, and somebody has turned them back by hand
   */
  private async undoneBy(
    act: Act,
    open: MoveState["open"],
    signal: AbortSignal,
  ): Promise<Act | undefined> {
    const [undone, from] =
      act === "rollback" ? (["cutover", "source"] as const) : (["rollback", "target"] as const);
    if ((act !== "rollback" && act !== "cutover") || open?.act !== undone) return undefined;
    if (!open.flipped) return undone;
    const { traffic, [from]: side } = this.options.world;
    if ((await traffic.goesTo(signal)) !== from) return undefined;
    // The engine would go forward, and so turn users where the command leads them away from.
    if (open.isBehindFlip)
      throw new Refusal(
        `${undone} has turned users over, and somebody has turned traffic back to the ${from} by hand. If users can write there, first: ALTER ROLE ${identifier(side.database.applicationRole)} SET default_transaction_read_only = on, and end its sessions. Then npm run move -- ${undone} turns traffic over again, and names what was written there; after it: npm run move -- ${act}`,
      );
    return undone;
  }

  /**
   * Checks everything that could stand in the way; changes nothing.
   * @throws Refusal once users have been turned over: what it would ask for then undoes the move
   */
  async preflight(signal: AbortSignal): Promise<PreflightReport> {
    const { world, journal, lock, writeOutageBudgetMs } = this.options;
    const state = moveStateOf(await journal.read());
    const { done, open } = state;
    if (done === "cutover" || done === "finish" || open?.flipped === true)
      throw new Refusal(`preflight is for the time before the cutover; ${dueText(state)}`);
    return preflight(
      world,
      {
        interrupted: open && { act: open.act, sinceMs: open.lastMs },
        lockHolder: await lock.heldBy(),
        isPrepared: done !== undefined,
        writeOutageBudgetMs,
      },
      signal,
    );
  }

  /**
   * @param accept ids of checks that a person takes upon himself
   * @returns all results, and which of the accepted ones do not hold
   * @throws Refusal that names every other check that does not hold, with its fix
   */
  async assertReady(
    signal: AbortSignal,
    accept: readonly string[] = [],
  ): Promise<{
    readonly results: readonly CheckResult[];
    readonly accepted: readonly CheckResult[];
  }> {
    const { results } = await this.preflight(signal);
    const strange = accept.filter((id) => !results.some((it) => it.id === id));
    if (strange.length > 0)
      throw new Refusal(`${strange.join(", ")} is no check of preflight; nothing is accepted`);
    const wrong = results.filter(({ verdict }) => verdict === "fail" || verdict === "unknown");
    const left = wrong.filter(({ id }) => !accept.includes(id));
    if (left.length === 0) return { results, accepted: wrong };
    throw new Refusal(
      [`${left.length} checks of preflight do not hold`, ...checkTexts(left)].join("\n"),
    );
  }

  /** What happened so far, for the renderers of reports. @throws Refusal if nothing did */
  async report(): Promise<Report> {
    const { world, journal } = this.options;
    return reportOf(await journal.read(), { transport: world.transport.kind });
  }

  /** The plan of an act as a table; what a step took the last time is what it is expected to take. */
  async plan(act: Act): Promise<string> {
    const { world, journal } = this.options;
    return planTable(planOf(act, world, this.options), actsOf(await journal.read()));
  }

  /** How far the move is. @throws nothing if the world does not answer: then it says so */
  async status(signal: AbortSignal): Promise<string> {
    const { world, journal, clock } = this.options;
    const entries = await journal.read();
    const state = moveStateOf(entries);
    const ago = (ms: number) => `${Math.max(0, Math.round((clock.nowMs() - ms) / 60_000))} min ago`;
    const goesTo = await world.traffic.goesTo(signal).then(
      (side) => `traffic goes to the ${side}`,
      (error: unknown) => `the load balancer does not answer: ${(error as Error).message}`,
    );
    return [
      ...actsOf(entries).map(
        ({ act, outcome, startedMs, reason }) =>
          `${act.padEnd(9)}  ${outcome.padEnd(12)}  ${ago(startedMs)}${outcome === "done" ? "" : `  ${reason}`}`,
      ),
      goesTo,
      ...(state.open === undefined
        ? []
        : [`${state.open.act} ${OPEN[state.open.why]}; last heard of ${ago(state.open.lastMs)}`]),
      // Before the first act nothing is kept, and after the last one the old host may be gone.
      ...(state.open === undefined && (state.done === undefined || state.done === "finish")
        ? []
        : await keptWalWarnings(world, signal)),
      dueText(state),
    ].join("\n");
  }

  /** Closes connections that wait for the next act. */
  async close(): Promise<void> {
    await closeConnections(this.options.world.source.database);
    await closeConnections(this.options.world.target.database);
  }
}

const OPEN = {
  interrupted: "is at work, or was interrupted",
  "needs-person": "needs a person",
  paused: "is to be gone on with",
} as const;

const verdictOf = (outcome: RunOutcome, warnings: number): Verdict =>
  outcome === "done" && warnings > 0 ? "warnings" : outcome;

const dueText = (state: MoveState) => {
  const due = dueActs(state);
  return due.length === 0
    ? "the move is complete"
    : `due: ${due.map((it) => `npm run move -- ${it}`).join(", or ")}`;
};
