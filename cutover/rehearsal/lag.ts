import type pg from "pg";
import type { LocalWorld } from "../adapters/local/world";
import { now } from "./users";

/** How far the side that users do not write to is behind, at a moment. */
export interface Lag {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** WAL that the reader of the move's slots has not confirmed yet. */
  readonly bytes: number;
}

const INTERVAL_MS = 250;
/** Of whichever slot of the move is being read: the task's, the subscription's, or its way back's. */
const LAG = `SELECT coalesce(max(pg_current_wal_lsn() - confirmed_flush_lsn), 0)::float8 AS bytes
  FROM pg_replication_slots WHERE active AND slot_name LIKE 'redash_move%'`;

/** Watches the lag of a rehearsal; the move itself never looks at it, because a lag proves nothing. */
export class LagProbe {
  private readonly samples: Lag[] = [];
  private stopped = false;
  private readonly work: Promise<void>;

  private constructor(private readonly clients: readonly pg.Client[]) {
    this.work = this.watch();
  }

  /** @throws the server's error if one of them lets nobody in */
  static async start({ administrator }: Pick<LocalWorld, "administrator">): Promise<LagProbe> {
    const source = await administrator("source");
    try {
      return new LagProbe([source, await administrator("target")]);
    } catch (error) {
      await source.end();
      throw error;
    }
  }

  async stop(): Promise<readonly Lag[]> {
    this.stopped = true;
    await this.work;
    return this.samples;
  }

  /** Never fails: a server that does not answer for a moment leaves a gap among the samples. */
  private async watch(): Promise<void> {
    while (!this.stopped) {
      const all = await Promise.all(
        this.clients.map((client) => client.query<{ bytes: number }>(LAG)),
      ).catch(() => []);
      if (all.length > 0)
        this.samples.push({
          atMs: now(),
          bytes: Math.max(...all.map(({ rows }) => rows[0]?.bytes ?? 0)),
        });
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    await Promise.all(this.clients.map((client) => client.end().catch(() => undefined)));
  }
}
