import type { LocalWorld } from "../cutover/adapters/local/world";
import { connectLocalWorld } from "../cutover/adapters/local/connect";
import { systemClock } from "../cutover/engine/clock";
import type { Journal } from "../cutover/engine/journal";
import type { Reached } from "../cutover/rehearsal/rehearsal";
import type { Queue, Side, SideName, Traffic, Workload } from "../cutover/ports";
import { delayedWays } from "../cutover/faults/ways";

/** How long the parts of AWS take that a switch calls, in milliseconds. */
export interface Latencies {
  /** A command on the source's host, by SSM. */
  readonly ssm: number;
  /** A call of the load balancer's API. */
  readonly balancerCall: number;
  /** From the answer to a flip until the load balancer does it. */
  readonly balancerEffect: number;
  /** Until a service of ECS is steady. */
  readonly ecsSteady: number;
  /** A call of the API of ECS. */
  readonly ecsCall: number;
  readonly sqlStatement: number;
  /** An object in S3. */
  readonly journalAppend: number;
}

/** Every function of a port, later. */
const later = <Port extends object>(port: Port, delayMs: number): Port =>
  new Proxy(port, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name);
      return typeof value !== "function"
        ? value
        : async (...given: unknown[]): Promise<unknown> => {
            await systemClock.sleep(delayMs, signalOf(given));
            return Reflect.apply(value, of, given);
          };
    },
  });

const signalOf = (given: readonly unknown[]): AbortSignal | undefined =>
  given.find((it) => it instanceof AbortSignal);

/** A world on this machine that answers as slowly as AWS. */
export async function slowWorld(local: LocalWorld, latencies: Latencies): Promise<Reached> {
  const { ways, world: description } = await delayedWays(local, latencies.sqlStatement);
  const { world, close } = connectLocalWorld(description);
  const { traffic, effect } = slowTraffic(world.traffic, latencies);
  return {
    world: {
      ...world,
      source: onHost(world.source, latencies.ssm),
      target: { ...world.target, workload: onEcs(world.target.workload, latencies) },
      traffic,
      schema: later(world.schema, latencies.ssm),
    },
    close: async () => {
      await effect();
      await close();
      await Promise.all(Object.values(ways).map((way) => way.close()));
    },
  };
}

/** Everything but SQL goes by SSM: the host's queue listens to nobody else. */
const onHost = (side: Side, ssm: number): Side => ({
  ...side,
  storage: async (signal) => {
    await systemClock.sleep(ssm, signal);
    return side.storage(signal);
  },
  workload: later<Workload>(side.workload, ssm),
  queue: later<Queue>(side.queue, ssm),
});

const onEcs = (workload: Workload, { ecsSteady, ecsCall }: Latencies): Workload => {
  const { start, stop } = later(workload, ecsSteady);
  return { ...later({ ...workload }, ecsCall), start, stop };
};

/** As the adapter of the load balancer: a flip reads, writes, and reads back; it takes effect a while after its answer. */
function slowTraffic(
  traffic: Traffic,
  { balancerCall, balancerEffect }: Latencies,
): { readonly traffic: Traffic; readonly effect: () => Promise<void> } {
  const { sleep } = systemClock;
  // What the API says is not yet what the load balancer does.
  let declared: SideName | undefined;
  let effect = Promise.resolve();
  return {
    traffic: {
      ...later(traffic, balancerCall),
      goesTo: async (signal) => {
        await sleep(balancerCall, signal);
        return declared ?? traffic.goesTo(signal);
      },
      flipTo: async (side, signal) => {
        await sleep(2 * balancerCall, signal);
        declared = side;
        effect = Promise.all([effect, sleep(balancerEffect)]).then(() =>
          traffic.flipTo(side, AbortSignal.timeout(10_000)),
        );
        await sleep(balancerCall, signal);
      },
    },
    effect: () => effect,
  };
}

export const slowJournal = (journal: Journal, { journalAppend }: Latencies): Journal => ({
  read: () => journal.read(),
  append: async (...entries) => {
    await systemClock.sleep(journalAppend);
    await journal.append(...entries);
  },
});
