import { z } from "zod";
import type { Queue, QueueValue } from "../../ports";
import { KEPT, queueServer, SUSPENDED } from "../../queue/rqQueue";
import { type ComposeProject, projectGiven } from "./composeProject";
import { type HostCommand, HostFailed } from "./hostCommand";

/** Lua knows one kind of table: an empty list comes as `{}`. */
const list = z.union([z.array(z.string()), z.strictObject({}).transform((): string[] => [])]);
const counts = z.record(z.string(), z.int());
const ttlMs = z
  .int()
  .optional()
  .transform((ms) => ms);
const value = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("string"), value: z.string(), ttlMs }),
  z.object({ kind: z.literal("set"), members: list, ttlMs }),
  z.object({ kind: z.literal("hash"), fields: z.record(z.string(), z.string()), ttlMs }),
]);
const suspended = z.object({ suspended: z.int() });

/** What one command may carry: SSM counts it to the 64 KB of the document that runs it. */
const PART_CHARACTERS = 16_000;

/** The queues in the Redis of the source's host; nobody else reaches it. The scripts are in redash/host/queue.sh. */
export function composeQueue(host: HostCommand, project: ComposeProject): Queue {
  const run = async <Answer>(
    script: string,
    shape: z.ZodType<Answer>,
    signal: AbortSignal,
    argument: object = {},
  ): Promise<Answer> => {
    const given = { ...projectGiven(project), script, argument: JSON.stringify(argument) };
    const answer: unknown = JSON.parse(await host.run("queue", given, signal));
    const { problem } = z.object({ problem: z.string().optional() }).parse(answer);
    if (problem !== undefined) throw new HostFailed(problem);
    return shape.parse(answer);
  };
  const isSuspended = async (script: string, signal: AbortSignal) =>
    (await run(script, suspended, signal, { key: SUSPENDED })).suspended === 1;
  /** @param before what is taken away first */
  const write = async (
    values: ReadonlyMap<string, QueueValue | undefined>,
    before: { readonly patterns: readonly string[]; readonly keys: readonly string[] },
    signal: AbortSignal,
  ) => {
    const there = new Map([...values].flatMap(([key, it]) => (it ? [[key, it] as const] : [])));
    for (const [index, some] of partsOf(there).entries())
      await run("restore", z.object({ restored: z.literal(true) }), signal, {
        ...(index === 0 ? before : { patterns: [], keys: [] }),
        values: some,
      });
  };
  return {
    server: async (signal) =>
      queueServer((await run("server", z.object({ info: z.string() }), signal)).info),
    consumers: (signal) => run("consumers", counts, signal),
    backlog: (signal) => run("backlog", z.object({ running: list, waiting: counts }), signal),
    suspend: async (signal) => {
      await isSuspended("suspend", signal);
    },
    resume: async (signal) => {
      await isSuspended("resume", signal);
    },
    isSuspended: (signal) => isSuspended("suspended", signal),
    state: async (signal) => {
      const shape = z.object({ values: z.record(z.string(), value) });
      const { values } = await run("state", shape, signal, { patterns: KEPT });
      return new Map(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
    },
    put: (values, signal) => write(values, { patterns: [], keys: [...values.keys()] }, signal),
    restore: (state, signal) => write(state, { patterns: KEPT, keys: [] }, signal),
  };
}

type Values = Readonly<Record<string, QueueValue>>;

/** The same in parts that fit into a command each; a large set or hash is in several. There is one part at least. */
function partsOf(state: ReadonlyMap<string, QueueValue>): Values[] {
  const parts: Record<string, QueueValue>[] = [{}];
  let left = PART_CHARACTERS;
  for (const [key, value] of state) {
    for (const piece of piecesOf(value)) {
      const length = JSON.stringify({ [key]: piece }).length;
      const last = parts.at(-1);
      if (last !== undefined && length <= left && !(key in last)) {
        last[key] = piece;
        left -= length;
      } else {
        parts.push({ [key]: piece });
        left = PART_CHARACTERS - length;
      }
    }
  }
  return parts;
}

function piecesOf(value: QueueValue): QueueValue[] {
  switch (value.kind) {
    case "string":
      return [value];
    case "set":
      return slicesOf(value.members).map((members) => ({ ...value, members }));
    case "hash":
      return slicesOf(Object.entries(value.fields)).map((entries) => ({
        ...value,
        fields: Object.fromEntries(entries),
      }));
  }
}

/** A part has other words too. */
const SLICE_CHARACTERS = PART_CHARACTERS - 1000;

function slicesOf<Entry>(entries: readonly Entry[]): Entry[][] {
  const slices: Entry[][] = [];
  let left = 0;
  for (const entry of entries) {
    const length = JSON.stringify(entry).length;
    const last = slices.at(-1);
    if (last !== undefined && length <= left) {
      last.push(entry);
      left -= length;
    } else {
      slices.push([entry]);
      left = SLICE_CHARACTERS - length;
    }
  }
  return slices;
}
