import type { Event } from "./engine/journal";
import { duration } from "./report/quantity";

/** An event as a line for whoever watches; nothing for those that only the journal needs. */
function shown(event: Event): string | undefined {
  switch (event.kind) {
    case "run-started":
      return event.resumed ? "taken up where the run before was left" : undefined;
    case "step-done":
      return `${event.step} ${event.skipped ? "was done already" : duration(event.durationMs)}`;
    case "step-failed":
      return `${event.step} FAILED after ${duration(event.durationMs)}: ${event.error}`;
    case "undone":
      return `${event.step} undone`;
    case "undo-failed":
      return `${event.step} CANNOT BE UNDONE: ${event.error}`;
    case "warning":
      return `${event.step} warning: ${event.message}`;
    case "run-ended":
      return `${event.outcome}${event.writeOutageMs === undefined ? "" : `, ${duration(event.writeOutageMs)} from fence to flip`}`;
    default:
      return undefined;
  }
}

const PROGRESS_EVERY_MS = 1000;

/** Tells a person what happens, each line with the time since the start; of progress, not more than once a second. */
export function narrator(write: (line: string) => void): {
  readonly say: (text: string) => void;
  readonly event: (act: string, event: Event) => void;
} {
  const started = performance.now();
  let progressed = -Infinity;
  const say = (text: string) => {
    write(`${duration(performance.now() - started).padStart(7)}  ${text}\n`);
  };
  return {
    say,
    event: (act, event) => {
      if (event.kind === "progress") {
        if (performance.now() - progressed < PROGRESS_EVERY_MS) return;
        progressed = performance.now();
        say(`${act.padEnd(9)} ${event.step}: ${event.message}`);
        return;
      }
      const line = shown(event);
      if (line !== undefined) say(`${act.padEnd(9)} ${line}`);
    },
  };
}

/**
 * Aborted by Ctrl-C, a terminal that is closed (SIGHUP) or a machine that shuts down (SIGTERM); says so once.
 * @param otherwise what the latter two do instead, which nobody has typed, where the work goes on without this process;
 *   what a second Ctrl-C does. @default they are as Ctrl-C, and a second one changes nothing
 */
export function stopSignal(
  write: (line: string) => void,
  otherwise: {
    readonly leave?: (signal: "SIGHUP" | "SIGTERM") => void;
    readonly again?: () => void;
  } = {},
): AbortSignal {
  const stop = new AbortController();
  // Whoever reads along may be gone first (a pager, tee, a closed terminal); the work must still be undone.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (signal !== "SIGINT" && otherwise.leave !== undefined) {
        otherwise.leave(signal);
        return;
      }
      if (stop.signal.aborted) otherwise.again?.();
      else write(`\n${signal}: finishing or undoing the step at hand …\n`);
      stop.abort(new Error(`stopped by ${signal}`));
    });
  }
  return stop.signal;
}
