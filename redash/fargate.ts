/**
 * Sizes that a Fargate task may have, CPU units → MiB. Another pair passes `pulumi preview` and fails at apply.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
 */
const range = (from: number, to: number, step: number): readonly number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);

const FARGATE_MEMORY_MIB: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: range(1024, 4096, 1024),
  1024: range(2048, 8192, 1024),
  2048: range(4096, 16384, 1024),
  4096: range(8192, 30720, 1024),
  8192: range(16384, 61440, 4096),
  16384: range(32768, 122880, 8192),
};

/** What is wrong with a pair of CPU units and MiB, as `allowed` text, or nothing if Fargate has it. */
export function fargateSizeProblem(cpu: number, memoryMib: number): string | undefined {
  const sizes = FARGATE_MEMORY_MIB[cpu];
  if (sizes === undefined) return `cpu of ${Object.keys(FARGATE_MEMORY_MIB).join(", ")}`;
  if (sizes.includes(memoryMib)) return undefined;
  const [first = 0, second = 0] = sizes;
  const last = sizes.at(-1) ?? 0;
  return cpu === 256
    ? `memory of ${sizes.join(", ")} MiB with ${cpu} CPU units`
    : `memory of ${first} to ${last} MiB in steps of ${second - first} with ${cpu} CPU units`;
}
