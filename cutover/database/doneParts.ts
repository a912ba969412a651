import type pg from "pg";
import { oneRow } from "./database";
import { MOVE_SCHEMA } from "./marker";

/** What steps have done already, part by part; it goes with the move's schema. */
const TABLE = `${MOVE_SCHEMA}.done_part`;

/**
 * What a step has done already, part by part, for the process that takes it up. Nothing is left of it for an act that
 * begins anew.
 * @typeParam Part what is known of a part, as JSON
 */
export class DoneParts<Part extends object> {
  private constructor(
    private readonly client: pg.Client,
    private readonly step: string,
    private readonly begunBy: string,
    private readonly parts: Map<string, Part>,
  ) {}

  /** @param begunBy the run that has begun the act; what the step has done for another one does not count */
  static async of<Part extends object>(
    client: pg.Client,
    step: string,
    begunBy: string,
  ): Promise<DoneParts<Part>> {
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (step text, part text, begun_by text NOT NULL, value jsonb NOT NULL, PRIMARY KEY (step, part))`,
    );
    await client.query(`DELETE FROM ${TABLE} WHERE step = $1 AND begun_by <> $2`, [step, begunBy]);
    const { rows } = await client.query<{ part: string; value: Part }>(
      `SELECT part, value FROM ${TABLE} WHERE step = $1`,
      [step],
    );
    const parts = new Map(rows.map(({ part, value }) => [part, value]));
    return new DoneParts(client, step, begunBy, parts);
  }

  get(part: string): Part | undefined {
    return this.parts.get(part);
  }

  /** Returns when another process would see it. */
  async add(part: string, value: Part): Promise<void> {
    await this.client.query(
      `INSERT INTO ${TABLE} VALUES ($1, $2, $3, $4)
       ON CONFLICT (step, part) DO UPDATE SET begun_by = excluded.begun_by, value = excluded.value`,
      [this.step, part, this.begunBy, JSON.stringify(value)],
    );
    this.parts.set(part, value);
  }
}

/** Forgets all that a step has done. */
export async function forgetDoneParts(client: pg.Client, step: string): Promise<void> {
  const { there } = await oneRow<{ there: boolean }>(
    client,
    `SELECT to_regclass('${TABLE}') IS NOT NULL AS there`,
  );
  if (there) await client.query(`DELETE FROM ${TABLE} WHERE step = $1`, [step]);
}
