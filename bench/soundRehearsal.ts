import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JournalFile } from "../cutover/adapters/local/journalFile";
import { LockFile } from "../cutover/adapters/local/lockFile";
import type { Journal } from "../cutover/engine/journal";
import { type Rehearsal, rehearse, type RehearsalOptions } from "../cutover/rehearsal/rehearsal";

type Measured = "transport" | "megabytes" | "times";

/**
 * Rehearses the whole move to measure it, and keeps nothing else of it.
 * @param journal what the acts write to, made of a journal in a file
 * @throws Error if an act failed, or if a write was lost or doubled: its times would mean nothing
 */
export async function soundRehearsal(
  options: Pick<RehearsalOptions, Measured> & Partial<RehearsalOptions>,
  journal: (file: Journal) => Journal = (file) => file,
): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), "redash-bench-"));
  try {
    const rehearsal = await rehearse({
      schema: "25.8.0",
      seed: 1,
      writeOutageBudgetMs: 60_000,
      journal: journal(new JournalFile(join(folder, "journal.jsonl"))),
      lock: new LockFile(join(folder, "lock")),
      stop: new AbortController().signal,
      onProgress: () => undefined,
      onEvent: () => undefined,
      ...options,
    });
    const { failed, ledger } = rehearsal;
    if (failed !== undefined) throw new Error(`${failed.act} failed: ${failed.reason}`);
    if (ledger.lost.length + ledger.duplicated.length > 0)
      throw new Error(`${ledger.lost.length} writes lost, ${ledger.duplicated.length} duplicated`);
    return rehearsal;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds of the steps of a window that are meant. */
export const windowMs = (
  steps: Rehearsal["acts"][number]["steps"],
  of: (id: string) => boolean,
): number =>
  steps
    .filter(({ id, inWindow }) => inWindow && of(id))
    .reduce((all, { durationMs }) => all + durationMs, 0);
