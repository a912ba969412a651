/** A process that tries for a lock whenever it is told to: a line of its input is a path and when to try, a line of its output how that went. */
import { createInterface } from "node:readline";
import { LockFile } from "../../../cutover/adapters/local/lockFile";

createInterface({ input: process.stdin }).on("line", (line) => {
  const { path, atMs } = JSON.parse(line) as { path: string; atMs: number };
  // Several of them must try within the same moment, whenever each was woken.
  while (Date.now() < atMs);
  new LockFile(path).acquire().then(
    () => process.stdout.write("taken\n"),
    (error: unknown) => process.stdout.write(`${(error as Error).message}\n`),
  );
});
process.stdout.write("ready\n");
