/**
 * Has the steps of this process tell when they begin and end, and wait at the moments at which something is to go wrong:
 * a step of a few milliseconds could not be met otherwise. The engine itself is as it is.
 */
import { StepRunner } from "../engine/stepRunner";
import type { Running, Step } from "../engine/step";
import type { Answer, Cue, Stage } from "./stage";

const stage = JSON.parse(process.env["FAULTS_STAGE"] ?? "{}") as Stage;
const { channel } = process;
const send = (cue: Cue) => process.send?.(cue);

/** Whoever is told answers when it may go on; a moment that nobody waits for is only told. */
async function reached(at: Cue["at"], step: string): Promise<void> {
  if (stage.waits?.some((it) => it.at === at && it.step === step) !== true) {
    send({ at, step, waits: false });
    return;
  }
  channel?.ref();
  const answer = new Promise<Answer>((resolve) => process.once("message", resolve));
  send({ at, step, waits: true });
  const { clockJumpMs } = await answer;
  // Whoever listens to a channel keeps it open, and would never end.
  channel?.unref();
  if (clockJumpMs !== undefined) jump(clockJumpMs);
}

/** What an operator, or a time server that was away for long, does to the clock of a machine. */
function jump(byMs: number): void {
  const real = Date;
  const now = () => real.now() + byMs;
  globalThis.Date = new Proxy(real, {
    get: (of, name) => (name === "now" ? now : (Reflect.get(of, name) as unknown)),
    construct: (of, given: unknown[]): Date =>
      Reflect.construct(of, given.length === 0 ? [now()] : given) as Date,
  });
}

const passed = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => {
      resolve();
    });
  });

type Apply = StepRunner["apply"];
const original = Reflect.get(StepRunner.prototype, "apply");

StepRunner.prototype.apply = async function (
  this: StepRunner,
  ...[step, limitMs, ...more]: Parameters<Apply>
) {
  const shortMs = stage.limitsMs?.[step.id];
  let isTold = false;
  const met = async <T>(running: Running, work: () => Promise<T>): Promise<T> => {
    if (!isTold) await reached("begin", step.id);
    isTold = true;
    if (shortMs === undefined) return work();
    const late = passed(running.signal).then(() => reached("late", step.id));
    const result = await work();
    // What was quicker than its limit has its answer come too late.
    await late;
    return result;
  };
  const { check } = step;
  const staged: Step = {
    ...step,
    // In the window it is the budget that ends early.
    ...(shortMs !== undefined && step.inWindow !== true && { deadlineMs: shortMs }),
    ...(check && { check: (running) => met(running, () => check(running)) }),
    apply: (running) => met(running, () => step.apply(running)),
  };
  const error = await original.call(this, staged, Math.min(limitMs, shortMs ?? Infinity), ...more);
  if (error === undefined) await reached("end", step.id);
  return error;
};
