import type pg from "pg";
import type { SideName } from "../../../cutover/ports";
import type { TwoServers } from "./twoServers";

/** Writes without a pause wherever traffic goes, as users do, and remembers what was acknowledged. */
export class LiveWriter {
  /** Ids of rows whose commit was acknowledged. */
  readonly acknowledged: number[] = [];
  /** Longest time between two acknowledged writes. */
  longestGapMs = 0;
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(private readonly servers: TwoServers) {
    this.done = this.write();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async write(): Promise<void> {
    let client: pg.Client | undefined;
    let side: SideName | undefined;
    let last = performance.now();
    while (!this.stopped) {
      try {
        if (client === undefined || side !== this.servers.goesTo()) {
          await client?.end();
          side = this.servers.goesTo();
          client = await this.servers.application(side);
        }
        const { rows } = await client.query<{ id: number }>(
          "INSERT INTO queries (org_id, name, options) VALUES (1, 'live', '{}') RETURNING id",
        );
        this.acknowledged.push(rows[0]!.id);
        this.longestGapMs = Math.max(this.longestGapMs, performance.now() - last);
        last = performance.now();
      } catch {
        // Fenced, ended, or a server that is gone: nothing was acknowledged.
        client?.end().catch(() => undefined);
        client = undefined;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    await client?.end();
  }
}
