import { Redis } from "ioredis";
import type pg from "pg";
import { type LocalWorld, startLocalWorld } from "../../../cutover/adapters/local/world";
import type { Side, World } from "../../../cutover/ports";

/** A world of real servers, in which a test breaks something that is healed after it. */
export class BreakableWorld {
  private readonly heals: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly local: LocalWorld,
    /** Connections that may do anything. */
    readonly source: pg.Client,
    readonly target: pg.Client,
    readonly sourceRedis: Redis,
    readonly targetRedis: Redis,
  ) {}

  static async start(): Promise<BreakableWorld> {
    const local = await startLocalWorld({ megabytes: 8 });
    return new BreakableWorld(
      local,
      await local.administrator("source"),
      await local.administrator("target"),
      new Redis(local.queues.source.url),
      new Redis(local.queues.target.url),
    );
  }

  get world(): World {
    return this.local.world;
  }

  /** This world with another target, or a part of one. */
  withTarget(changes: Partial<Side>): World {
    const { world } = this.local;
    return { ...world, target: { ...world.target, ...changes } };
  }

  /** Breaks something until the end of the test. */
  async broken(client: pg.Client, breakIt: string, heal: string): Promise<void> {
    this.healBy(() => client.query(heal));
    await client.query(breakIt);
  }

  /** What undoes something at the end of the test, the last one first. */
  healBy(...heals: (() => Promise<unknown>)[]): void {
    this.heals.push(...heals);
  }

  async heal(): Promise<void> {
    for (const heal of this.heals.splice(0).reverse()) await heal();
  }

  async remove(): Promise<void> {
    this.sourceRedis.disconnect();
    this.targetRedis.disconnect();
    await this.source.end();
    await this.target.end();
    await this.local.remove();
  }
}
