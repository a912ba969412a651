import type { Evidence } from "../engine/step";
import { now, type Users } from "../rehearsal/users";
import type { Act } from "../steps/acts";
import type { Dealt, Fault } from "./deck";
import { type Kind, KINDS, LIMITS, sidesOf } from "./kind";
import type { MoveEnd, MoveProcess } from "./moveProcess";
import { type Command, isDoneBy, nextCommand, outcomeOf, type RunOutcome } from "./operator";
import type { Answer, Cue, Spot } from "./stage";
import { becomes, type Felt, type Scene, within } from "./strike";
import { shortLimitMs } from "./strikes/engine";
import { STRIKES } from "./strikes/strikes";

/** What became of a fault. */
export interface FaultRecord extends Fault {
  /** How the run ended that it met, or that went on with what a killed one had left; `missed`: it met none. */
  readonly outcome: Exclude<RunOutcome, "killed"> | "missed";
  /** Why, in the program's words, or why it was missed. */
  readonly reason: string;
  readonly evidence: Evidence;
}

/** What became of an act. */
export interface ActResult {
  readonly act: Act;
  readonly faults: readonly FaultRecord[];
  /** Commands that were typed until it was done, in their order. */
  readonly commands: readonly string[];
  /** Longest time in which users could not write, and how long it may have been; milliseconds. */
  readonly outageMs: number;
  readonly outageLimitMs: number;
  /** What must not be. Empty if all is well. */
  readonly violations: readonly string[];
}

/** What the acts of a rehearsal share. */
export interface Setting extends Pick<Scene, "local" | "ways" | "program" | "state" | "wrote"> {
  readonly users: Users;
  readonly say: (line: string) => void;
}

/** How often a person tries, at most. */
const TRIES = 12;
/** How long an undo may take, with the start of the process that makes it, on a machine that others keep busy. */
export const UNDO_MS = 10_000;
/** How long after an act nobody may be able to write. */
const WRITE_MS = 30_000;
/** How long a fault may take to happen, and to be over. */
const STRIKE_MS = 60_000;
/** How much of what the program says is kept. */
const REASON_LENGTH = 600;

/** Has an act done by processes of the move, whatever meets them, as a person would who does what the program says. */
export async function faultedAct({ act, faults }: Dealt, stage: Setting): Promise<ActResult> {
  const { users } = stage;
  const startedMs = now();
  const performance = new Performance(act, faults, stage);
  const { commands, violations } = performance;
  await performance.toEnd();
  const endMs = now();
  const isWriting = await becomes(async () => {
    const { writeGap } = await users.experience(endMs);
    return writeGap.lengthMs + 5 < now() - endMs;
  }, WRITE_MS);
  if (!isWriting) violations.push(`${act}: nobody can write after it`);
  const { writeGap } = await users.experience(startedMs);
  const outageMs = Math.round(writeGap.lengthMs);
  const outageLimitMs = LIMITS.writeOutageBudgetMs + UNDO_MS + performance.outageMs;
  if (outageMs > outageLimitMs)
    violations.push(`${act}: no write for ${outageMs} ms, at most ${outageLimitMs} are allowed`);
  const records = performance.records();
  return { act, faults: records, commands, outageMs, outageLimitMs, violations };
}

class Performance {
  readonly commands: string[] = [];
  readonly violations: string[] = [];
  /** By the faults themselves. */
  outageMs = 0;
  /** Faults that have not struck yet, and why those did not that had their moment. */
  private readonly waiting: Map<Fault, string>;
  /** Faults that have struck, until a run answers them. */
  private struck: { readonly fault: Fault; readonly felt: Felt }[] = [];
  private readonly answered: FaultRecord[] = [];

  constructor(
    private readonly act: Act,
    faults: readonly Fault[],
    private readonly stage: Setting,
  ) {
    this.waiting = new Map(faults.map((fault) => [fault, "the act had passed its step"]));
  }

  async toEnd(): Promise<void> {
    const wanted: Command = { act: this.act, more: [] };
    let command = wanted;
    for (let tries = 0; tries < TRIES; tries++) {
      const end = await this.run(command);
      // Whoever runs it again waits as long again.
      if (end.isStuck) return;
      const outcome = outcomeOf(end);
      if (outcome === "done" && command.act === this.act) return;
      const words = await this.wordsOf(end, outcome);
      if (outcome === "killed" && isDoneBy(words, this.act)) {
        this.answer("done", words);
        return;
      }
      const next = outcome === "done" ? wanted : nextCommand(words, this.act, outcome);
      if (next === undefined) {
        this.violations.push(`${this.act}: ${outcome}, and no next command: ${short(words)}`);
        return;
      }
      command = next;
    }
    this.violations.push(`${this.act} is not done after: ${this.commands.join(", ")}`);
  }

  records(): readonly FaultRecord[] {
    const missed = [...this.waiting].map(([fault, reason]): FaultRecord => ({
      ...fault,
      outcome: "missed",
      reason,
      evidence: {},
    }));
    return [...this.answered, ...missed];
  }

  /** What a person reads: of a process that was killed, or that does not know how it stands, what `status` says. */
  private async wordsOf({ stdout, stderr }: MoveEnd, outcome: RunOutcome): Promise<string> {
    const isLost = /^look at it with: npm run move -- status$/m.test(stderr);
    if (outcome !== "killed" && !isLost) return `${stdout}${stderr}`;
    this.commands.push("status");
    const { program, state } = this.stage;
    return (await program.start(state, ["status"]).ended).stdout;
  }

  private async run({ act, more }: Command): Promise<MoveEnd> {
    const { program, state, say } = this.stage;
    const command = [act, ...more].join(" ");
    this.commands.push(command);
    const armed = act === this.act ? [...this.waiting.keys()] : [];
    const strikes: Promise<readonly Ending[]>[] = [];
    const move: MoveProcess = program.start(
      state,
      [act, ...more],
      {
        waits: armed.map(spotOf).filter(({ at }) => at !== "late"),
        limitsMs: Object.fromEntries(
          armed
            .filter((fault) => spotOf(fault).at === "late")
            .map(({ step, draw }) => [step, shortLimitMs(draw)]),
        ),
      },
      (cue) => {
        const met = armed.filter((fault) => {
          const { at, step } = spotOf(fault);
          return at === cue.at && step === cue.step && this.waiting.has(fault);
        });
        strikes.push(this.meet(met, cue, move));
      },
    );
    const end = await move.ended;
    for (const ending of (await Promise.all(strikes)).flat()) await this.close(ending);
    const outcome = outcomeOf(end);
    const words = end.stdout || end.stderr;
    if (end.isStuck) this.violations.push(`${command} did not end: ${short(end.stderr)}`);
    say(`${command}: ${outcome}`);
    if (outcome === "needs-person" && act === this.act) {
      const wrong = await this.needlessBecause();
      if (wrong !== undefined)
        this.violations.push(`${command} needs a person, and ${wrong}: ${short(words)}`);
    }
    // What was refused has changed nothing, and is no answer to what was left before.
    if (outcome !== "killed" && !/^refused: /m.test(end.stderr)) this.answer(outcome, words);
    return end;
  }

  /** Why a run should not have needed a person; undefined if it should. */
  private async needlessBecause(): Promise<string | undefined> {
    if (!this.isLeftToPersons()) return "could have gone on by itself";
    return (await this.isBeyondUndo()) ? undefined : "could have been undone";
  }

  /** Whether one of the faults that the run has met is one that the program cannot answer by itself. */
  private isLeftToPersons(): boolean {
    return this.struck.some(({ fault }) => {
      const kind: Kind = KINDS[fault.kind];
      return kind.needsPerson !== undefined;
    });
  }

  /** Whether the act has no way back but another act: after the flip, or where things are removed. */
  private async isBeyondUndo(): Promise<boolean> {
    if (this.act === "finish" || this.act === "abort") return true;
    if (this.act !== "cutover" && this.act !== "rollback") return false;
    const { traffic } = this.stage.local.world;
    return (await traffic.goesTo(AbortSignal.timeout(5000))) === sidesOf(this.act).to;
  }

  /** Lets the faults of a moment strike, one after the other. */
  private async meet(
    faults: readonly Fault[],
    cue: Cue,
    move: MoveProcess,
  ): Promise<readonly Ending[]> {
    let waits = cue.waits;
    const goOn = (answer: Answer = {}) => {
      if (waits) move.answer(answer);
      waits = false;
    };
    const endings: Ending[] = [];
    for (const fault of faults) {
      // It was killed by the one before; the next process has this one still to come.
      if (!move.isRunning()) break;
      this.waiting.delete(fault);
      this.stage.say(`${fault.kind} at ${fault.act}/${fault.step}`);
      try {
        const usersOn = await this.stage.local.world.traffic.goesTo(AbortSignal.timeout(5000));
        const end = await within(
          STRIKE_MS,
          STRIKES[fault.kind]({ ...this.stage, fault, move, usersOn, goOn }),
        );
        endings.push({ fault, end });
      } catch (error) {
        this.waiting.set(fault, `it could not strike: ${(error as Error).message}`);
      }
    }
    goOn();
    return endings;
  }

  private async close({ fault, end }: Ending): Promise<void> {
    const felt = await within(STRIKE_MS, end());
    this.outageMs += felt.outageMs;
    if (felt.violation !== undefined) this.violations.push(`${fault.kind}: ${felt.violation}`);
    if (felt.missed === undefined) this.struck.push({ fault, felt });
    else this.waiting.set(fault, felt.missed);
  }

  private answer(outcome: Exclude<RunOutcome, "killed">, words: string): void {
    for (const { fault, felt } of this.struck)
      this.answered.push({ ...fault, outcome, reason: short(words), evidence: felt.evidence });
    this.struck = [];
  }
}

interface Ending {
  readonly fault: Fault;
  readonly end: () => Promise<Felt>;
}

/** Where a fault strikes. */
const spotOf = ({ kind, step }: Fault): Spot => ({
  at:
    kind === "engine-killed-after-step" ? "end" : kind === "deadline-too-short" ? "late" : "begin",
  step,
});

const short = (words: string) => words.trim().replace(/\s+/g, " ").slice(0, REASON_LENGTH);
