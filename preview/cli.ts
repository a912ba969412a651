import { parseArgs } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { PHASES } from "../redash/phase";
import { compare, type Difference } from "./compare";
import { type Preview, preview } from "./run";
import { stackConfig, stackNames } from "./stackFile";
import { shortType, totals, tree } from "./tree";
import { isRefused, verdictLines, verdictOf } from "./verdict";

const USAGE = `Usage: npm run preview -- [stack ...] [options]

Runs the program for stacks (default: all that have a stack file) without an account, the Pulumi engine or a network.

  --phase PHASE          look at a phase: ${PHASES.join(", ")}, or all (default: the stack file's)
  --config KEY=VALUE     another value for this look; may be repeated (namespace redash: unless given)
  --compare ONE OTHER    what differs between two stacks, or between two phases of the one stack given
  --json                 everything as JSON, for machines
  --help

Exit codes: 0 nothing is wrong, 1 settings or policies refuse the stack, 2 wrong usage.
`;

const NOT_THE_ENGINE =
  "This is not the engine's preview: the program ran under Pulumi's mock monitor, nothing was compared with a state or with AWS.\n" +
  "With credentials, npx pulumi preview is the real one.";

class UsageError extends Error {}

interface Request {
  readonly stacks: string[];
  /** Phases to look at; undefined is the stack file's. */
  readonly phases: readonly (string | undefined)[];
  readonly config: Record<string, string>;
  readonly compare: readonly [string, string] | undefined;
  readonly json: boolean;
}

/** @throws UsageError */
function requested(argv: string[]): Request | undefined {
  let parsed;
  try {
    parsed = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        phase: { type: "string" },
        config: { type: "string", multiple: true, default: [] },
        compare: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  const known = stackNames();
  const isPhase = (name: string) => PHASES.some((phase) => phase === name);
  const all = values.phase === "all" && !values.compare;
  if (values.phase !== undefined && !all && !isPhase(values.phase)) {
    throw new UsageError(`there is no phase ${values.phase}; phases: ${PHASES.join(", ")}`);
  }
  const config = Object.fromEntries(
    values.config.map((setting): [string, string] => {
      const [key = "", ...value] = setting.split("=");
      if (key === "" || value.length === 0)
        throw new UsageError(`--config ${setting}: use KEY=VALUE`);
      return [key.includes(":") ? key : `redash:${key}`, value.join("=")];
    }),
  );
  const names = values.compare ? positionals.slice(-2) : [];
  const stacks = values.compare ? positionals.slice(0, -2) : positionals;
  const [one, other] = names;
  if (values.compare) {
    if (one === undefined || other === undefined) {
      throw new UsageError("--compare needs two stacks or two phases");
    }
    const phases = names.every(isPhase);
    if (!phases && !names.every((name) => known.includes(name))) {
      throw new UsageError(
        `--compare ${names.join(" ")}: use two stacks (${known.join(", ")}) or two phases (${PHASES.join(", ")})`,
      );
    }
    if (phases && values.phase !== undefined)
      throw new UsageError("--phase and two phases to compare");
  }
  const unknown = stacks.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no Pulumi.${unknown}.yaml; stacks: ${known.join(", ")}`);
  }
  return {
    stacks: stacks.length > 0 ? stacks : known,
    phases: all ? PHASES : [values.phase],
    config,
    compare: one === undefined || other === undefined ? undefined : [one, other],
    json: values.json,
  };
}

const atPhase = (config: Record<string, string>, phase: string | undefined) =>
  phase === undefined ? config : { ...config, "redash:phase": phase };

async function main(): Promise<number> {
  const request = requested(process.argv.slice(2));
  if (request === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  return request.compare ? differences(request, request.compare) : looks(request);
}

/** Looks at every stack, also if another one is refused. */
async function looks({ stacks, phases, config, json }: Request): Promise<number> {
  let refused = false;
  const found: unknown[] = [];
  for (const [stack, phase] of stacks.flatMap((it) =>
    phases.map((phase) => [it, phase] as const),
  )) {
    try {
      const look = await preview(stack, atPhase(config, phase), stackConfig(stack));
      const verdict = verdictOf(look.recording);
      refused ||= isRefused(verdict);
      if (json) {
        found.push({ ...look, policies: verdictLines(verdict), refused: isRefused(verdict) });
      } else {
        print(look, verdictLines(verdict));
      }
    } catch (error) {
      if (!(error instanceof pulumi.RunError)) throw error;
      refused = true;
      if (json) found.push({ stack, problems: error.message });
      else process.stderr.write(`${error.message}\n\n`);
    }
  }
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${NOT_THE_ENGINE}\n`);
  return refused ? 1 : 0;
}

function print({ stack, config, recording, notices }: Preview, verdict: readonly string[]): void {
  const count = totals(recording);
  const sum = count.reduce((all, [, some]) => all + some, 0);
  const columns = count.map(([type, some]) => `${String(some).padStart(4)} ${type}`);
  const lines = [
    `${stack} · ${config["redash:mode"] ?? "rehearsal"} · ${config["redash:phase"] ?? "greenfield"} · ${config["aws:region"] ?? ""} · ${sum} resources`,
    ...tree(recording),
    "",
    "Totals",
    ...inColumns(columns, 3),
    "",
    "Policies",
    ...verdict,
    ...(notices.length === 0
      ? []
      : [
          "",
          "Still examples, which a real run refuses (docs/settings.md)",
          ...notices.map((notice) => `  ${notice}`),
        ]),
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function inColumns(cells: readonly string[], count: number): string[] {
  const rows = Math.ceil(cells.length / count);
  const width = Math.max(...cells.map((cell) => cell.length)) + 2;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: count }, (__, column) => cells[column * rows + row] ?? "")
      .map((cell) => cell.padEnd(width))
      .join("")
      .trimEnd(),
  );
}

async function differences(
  { stacks, phases: [phase], config, json }: Request,
  [one, other]: readonly [string, string],
): Promise<number> {
  const phases = PHASES.some((name) => name === one);
  const pairs: [stack: string, phase: string | undefined][][] = phases
    ? stacks.map((stack) => [
        [stack, one],
        [stack, other],
      ])
    : [
        [
          [one, phase],
          [other, phase],
        ],
      ];
  const found: unknown[] = [];
  for (const pair of pairs) {
    const recordings = [];
    for (const [stack, at] of pair) {
      recordings.push((await preview(stack, atPhase(config, at), stackConfig(stack))).recording);
    }
    const [before, after] = recordings;
    if (before === undefined || after === undefined) continue;
    const result = compare(before, after);
    const title = phases ? `${pair[0]?.[0] ?? ""}: ${one} → ${other}` : `${one} → ${other}`;
    if (json) found.push({ title, differences: result });
    else process.stdout.write(`${[title, ...differenceLines(result), ""].join("\n")}\n`);
  }
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${NOT_THE_ENGINE}\n`);
  return 0;
}

const SIGN = { added: "+", removed: "-", changed: "~" } as const;

function differenceLines(result: readonly Difference[]): string[] {
  if (result.length === 0) return ["  nothing differs"];
  return result.flatMap(({ kind, type, name, changes }) => [
    `  ${SIGN[kind]} ${shortType(type)} ${name}`,
    ...changes.map(
      ({ path, before, after }) => `      ${path}: ${short(before)} → ${short(after)}`,
    ),
  ]);
}

function short(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${USAGE}`);
      process.exitCode = 2;
    } else if (error instanceof pulumi.RunError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    } else {
      throw error;
    }
  },
);
