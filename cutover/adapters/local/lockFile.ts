import { createHash, randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import type { Lock } from "../../engine/journal";
import { Refusal } from "../../engine/refusal";

/** How often a lock is tried for that is free, and then taken by somebody else. */
const ATTEMPTS = 10;

/** A lock by a file that names its holder. The lock of a process that is dead counts as free. */
export class LockFile implements Lock {
  constructor(private readonly path: string) {}

  acquire = async (): Promise<() => Promise<void>> => {
    mkdirSync(dirname(this.path), { recursive: true });
    const mine = JSON.stringify({
      pid: process.pid,
      host: hostname(),
      since: new Date().toISOString(),
    });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.isMade(mine)) return () => rm(this.path, { force: true });
      const text = await this.read();
      if (text === undefined) continue;
      const holder = this.livingHolder(text);
      if (holder !== undefined) throw new Refusal(`another run is at work: ${holder}`);
      await this.removeDead(text);
    }
    throw new Refusal(`other runs took the lock ${this.path} at the same moment; try again`);
  };

  heldBy = async (): Promise<string | undefined> => {
    const text = await this.read();
    return text === undefined ? undefined : this.livingHolder(text);
  };

  /**
   * Makes the lock with its content at once: one that a full disk, or a death in the middle, has left empty would have no
   * holder whose end anybody could see.
   * @returns whether it was free
   */
  private async isMade(mine: string): Promise<boolean> {
    const draft = `${this.path}.${randomUUID()}`;
    try {
      await writeFile(draft, mine, { flag: "wx", mode: 0o600 });
      await link(draft, this.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      return false;
    } finally {
      await rm(draft, { force: true });
    }
  }

  /**
   * Of several who find the same dead holder, one removes its lock, and only as long as it is that holder's: else the
   * slower one would remove the lock that the quicker one has taken meanwhile.
   * @throws Refusal if another process is removing it
   */
  private async removeDead(text: string): Promise<void> {
    const which = createHash("sha256").update(text).digest("hex").slice(0, 16);
    const release = await new LockFile(`${this.path}.${which}`).acquire();
    try {
      if ((await this.read()) === text) await rm(this.path, { force: true });
    } finally {
      await release();
    }
  }

  private async read(): Promise<string | undefined> {
    try {
      return await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  private livingHolder(text: string): string | undefined {
    const { pid, host, since } = holderIn(text);
    // Of another machine's processes nobody here knows whether they live.
    if (pid !== undefined && host === hostname() && !isAlive(pid)) return undefined;
    return `process ${pid ?? "unknown"} on ${host}, since ${since}; if it is not, remove ${this.path}`;
  }
}

/** Somebody else may have put something there. */
function holderIn(text: string): { pid: number | undefined; host: string; since: string } {
  try {
    return JSON.parse(text) as { pid: number; host: string; since: string };
  } catch {
    return { pid: undefined, host: "an unknown host", since: "an unknown time" };
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
