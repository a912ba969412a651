import type { Experience, LedgerEntry, UsersConfig } from "../adapters/local/standIn/users";
import { type StandIn, startStandIn } from "../adapters/local/standInProcess";

export type { Experience, Gap, LedgerEntry, UsersConfig } from "../adapters/local/standIn/users";

/** What people remember when they have gone home. */
export interface Memory {
  readonly ledger: readonly LedgerEntry[];
  readonly reads: number;
}

/** A moment on the clock that people share with us: milliseconds since the epoch, never jumping. */
export const now = (): number => performance.timeOrigin + performance.now();

/** People who write and read without a pause, in a process of their own (standIn/users.ts). */
export class Users {
  private constructor(private readonly process: StandIn<{ readonly controlPort: number }>) {}

  static async start(config: UsersConfig): Promise<Users> {
    return new Users(await startStandIn<{ controlPort: number }>("users", config));
  }

  get pid(): number {
    return this.process.pid;
  }

  /** What they had since a moment. */
  experience = (sinceMs: number): Promise<Experience> => this.ask(`experience/${sinceMs}`);

  /** What they remember so far. */
  memory = (): Promise<Memory> => this.ask("memory");

  /** Lets them finish what they do, and asks what they remember. */
  stop = (): Promise<Memory> => this.ask("stopped");

  /** Ends the process. */
  end = (): Promise<void> => this.process.stop();

  private async ask<Answer>(path: string): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${this.process.ready.controlPort}/${path}`);
    return (await answer.json()) as Answer;
  }
}
