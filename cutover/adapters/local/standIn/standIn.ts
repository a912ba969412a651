/**
 * What every stand-in has in common. Each is a process of its own, built into one file by bundle.ts: its configuration,
 * which may hold passwords, comes in the first line of its standard input; when that ends, its parent is dead and it
 * ends too, so that nothing is ever left behind.
 */
import { createInterface } from "node:readline";

type Serve<Config> = (
  config: Config,
  onStop: (stop: () => Promise<void>) => void,
) => Promise<object>;

/** Runs a stand-in: `serve` returns what is told to the parent once it is ready. */
export function standIn<Config>(serve: Serve<Config>): void {
  const stops: (() => Promise<void>)[] = [];
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    // Whoever hangs is ended all the same.
    setTimeout(() => process.exit(1), 10_000).unref();
    void Promise.allSettled(stops.map((stop) => stop())).then(() => process.exit(0));
  };
  process.on("SIGTERM", end);
  // Ctrl-C goes to the whole group; the parent decides when a stand-in ends.
  process.on("SIGINT", () => undefined);
  const lines = createInterface({ input: process.stdin });
  lines.once("line", (line) => {
    serve(JSON.parse(line) as Config, (stop) => stops.push(stop)).then(
      (ready) => process.stdout.write(`${JSON.stringify(ready)}\n`),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  lines.once("close", end);
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
