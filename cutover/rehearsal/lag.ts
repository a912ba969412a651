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

  constructor(private readonly local: LocalWorld) {
    this.work = this.watch();
  }

  async stop(): Promise<readonly Lag[]> {
    this.stopped = true;
    await this.work;
    return this.samples;
  }

  private async watch(): Promise<void> {
    const clients: pg.Client[] = [];
    for (const side of ["source", "target"] as const)
      clients.push(await this.local.administrator(side));
    while (!this.stopped) {
      const all = await Promise.all(
        clients.map((client) => client.query<{ bytes: number }>(LAG)),
      ).catch(() => []);
      if (all.length > 0)
        this.samples.push({
          atMs: now(),
          bytes: Math.max(...all.map(({ rows }) => rows[0]?.bytes ?? 0)),
        });
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}
