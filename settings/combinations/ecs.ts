import { fargateSizeProblem } from "../../redash/fargate";
import { QUEUES } from "../../redash/processes";
import type { Values } from "../keys";
import { type Found, problem } from "./combination";

/** One Redash process, idle (facts: 134–146 MB each); a busy worker forks a second one. */
const PROCESS_MIB = 150;

/** Tasks that Fargate has, with memory for what runs in them. */
export function* sizes(values: Values): Found {
  for (const role of ["server", "scheduler"] as const) {
    const [cpu, memory] = [`${role}Cpu`, `${role}MemoryMib`] as const;
    const allowed = fargateSizeProblem(values[cpu], values[memory]);
    if (allowed?.startsWith("cpu")) yield problem(values, [cpu, memory], allowed);
    else if (allowed !== undefined) yield problem(values, [memory, cpu], allowed);
  }
  const webMib = (values.serverWebWorkers + 1) * PROCESS_MIB;
  if (values.serverMemoryMib < webMib) {
    yield problem(
      values,
      ["serverMemoryMib", "serverWebWorkers"],
      `at least ${webMib} MiB for ${values.serverWebWorkers} web workers of ${PROCESS_MIB} MiB`,
      `pulumi config set redash:serverWebWorkers ${Math.max(1, Math.floor(values.serverMemoryMib / PROCESS_MIB) - 1)}`,
    );
  }
  for (const { name, cpu, memoryMib, processes } of values.workers) {
    const allowed = fargateSizeProblem(cpu, memoryMib);
    if (allowed !== undefined) yield problem(values, ["workers"], `for worker ${name}: ${allowed}`);
    const needed = (2 * processes + 1) * PROCESS_MIB;
    if (memoryMib < needed) {
      yield problem(
        values,
        ["workers"],
        `for worker ${name}: at least ${needed} MiB for ${processes} processes (each forks one) of ${PROCESS_MIB} MiB`,
      );
    }
  }
}

/** A worker for each queue, and one kind for each. */
export function* queues(values: Values): Found {
  const names = values.workers.map(({ name }) => name);
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    yield problem(values, ["workers"], `worker names that differ; ${name} occurs twice`);
  }
  const consumers = new Map<string, string>();
  for (const kind of values.workers) {
    for (const queue of kind.queues) {
      const other = consumers.get(queue);
      if (other !== undefined) {
        yield problem(
          values,
          ["workers"],
          `each queue in one kind; ${queue} is in ${other} and ${kind.name}`,
        );
      }
      consumers.set(queue, kind.name);
    }
  }
  const idle = QUEUES.filter((queue) => !consumers.has(queue));
  if (idle.length > 0) {
    yield problem(
      values,
      ["workers"],
      `a worker for each of Redash's queues; none consumes ${idle.join(", ")}`,
      `add ${idle.join(", ")} to the queues of a kind in redash:workers`,
    );
  }
  for (const queue of values.dataSourceQueues.filter((queue) => !consumers.has(queue))) {
    yield problem(
      values,
      ["dataSourceQueues", "workers"],
      `queues that a worker consumes; none consumes ${queue}, so its queries would wait for ever`,
      `add ${queue} to the queues of a kind in redash:workers`,
    );
  }
}

/** An image that the processor runs. */
export function* image(values: Values): Found {
  const version = /:(\d+)\.\d+/.exec(values.image);
  if (values.architecture === "ARM64" && version !== null && Number(version[1]) < 25) {
    yield problem(
      values,
      ["architecture", "image"],
      `X86_64 with ${values.image}: ARM64 images exist from 25.1.0 on`,
      "pulumi config set redash:architecture X86_64",
    );
  }
}
