import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "mocha";
import packageJson from "../../package.json";
import { awsPreflightChecks } from "../../cutover/adapters/aws/preflight/preflight";
import { preflightChecks } from "../../cutover/preflight/preflight";
import { DAY_PLAN } from "../../cutover/report/dayPlan";
import { EXIT_CODES } from "../../cutover/report/summary";
import { runbook } from "../../cutover/runbook";
import { ACTS } from "../../cutover/steps/acts";
import { KEYS } from "../../settings/keys";

const ROOT = join(__dirname, "..", "..");
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");
const page = () => read("docs", "runbook.md");
const PAGES = { "docs/runbook.md": page(), "README.md": read("README.md") };
const SCRIPTS: Readonly<Record<string, string>> = packageJson.scripts;

/** Everything that a pattern finds in either page: the page and what is in its groups. */
const found = (pattern: RegExp): [page: string, ...groups: string[]][] =>
  Object.entries(PAGES).flatMap(([name, text]) =>
    [...text.matchAll(pattern)].map(([, ...groups]): [string, ...string[]] => [name, ...groups]),
  );

/** What a script of npm says of itself. */
async function helpOf(script: string): Promise<string> {
  const [program = "", ...words] = SCRIPTS[script]?.split(" ") ?? [];
  assert.equal(program, "tsx", `npm run ${script} is one program`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import=tsx", ...words, "--help"],
    {
      cwd: ROOT,
      timeout: 30_000,
    },
  );
  return stdout;
}

describe("docs/runbook.md", () => {
  it("is what npm run docs makes of the plans and the checks", () => {
    assert.equal(runbook(), page(), "run: npm run docs");
  });

  it("tells what to do for every exit code", () => {
    for (const [verdict, code] of Object.entries(EXIT_CODES))
      assert.match(
        page(),
        new RegExp(`^\\| ${code} \\| ${verdict.replace("-", " ")}`, "m"),
        verdict,
      );
  });

  it("has the steps of the day plan, by the same numbers, with what each waits for and the way back", () => {
    const steps = Object.values(DAY_PLAN).flat();
    const rows = [...page().matchAll(/^\| (\d+) \| (lead|operator) \| (.*) \|$/gm)];
    assert.deepEqual(
      rows.map(([, step, who]) => [Number(step), who]),
      steps.map(({ who }, index) => [index + 1, who]),
    );
    for (const [row] of rows) assert.equal(row.split(" | ").length, 6, row);
    for (const [index, { what }] of steps.entries()) {
      const [, command] = /^`(.*)`/.exec(what) ?? [];
      if (command === undefined) continue;
      const line = page()
        .split("\n")
        .find((it) => new RegExp(` # ${index + 1}(?::|$)`).test(it));
      assert.ok(line?.startsWith(command), `step ${index + 1} is ${command}, not ${line ?? ""}`);
    }
    for (const title of Object.keys(DAY_PLAN))
      assert.match(page(), new RegExp(`^### ${title}$`, "m"));
  });

  it("leads somewhere with every link", () => {
    const anchors = [...page().matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    const links = [...page().matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)];
    assert.ok(links.length >= 5);
    for (const [link, file = "", anchor] of links) {
      if (file !== "") assert.ok(existsSync(join(ROOT, "docs", file)), link);
      else assert.ok(anchors.includes(anchor ?? ""), link);
    }
  });
});

describe("commands in docs/runbook.md and README.md", function () {
  this.timeout(120_000);

  it("of npm are scripts, with acts and options that they name themselves", async () => {
    const commands = found(/npm run ([a-z]+)(?: -- ([^`#\n]*))?/g);
    const helps = new Map<string, string>();
    for (const [name, script = "", words] of commands) {
      assert.ok(script in SCRIPTS, `${name}: npm run ${script}`);
      if (words === undefined) continue;
      const help = helps.get(script) ?? (await helpOf(script));
      helps.set(script, help);
      const place = `${name}: npm run ${script} -- ${words}`;
      const [act = ""] = words.trim().split(" ");
      if (["move", "source"].includes(script) && act !== "<act>")
        assert.match(help, new RegExp(`^  ${act}  `, "m"), place);
      // Options of a command within the command are its own.
      for (const [option] of words.replace(/\$\(.*?\)/g, "").matchAll(/--[a-z-]+/g))
        if (option !== "--help") assert.match(help, new RegExp(`${option}\\b`), place);
    }
    const acts = new Set(
      commands.flatMap(([, script, words]) =>
        script === "move" ? [words?.trim().split(" ")[0]] : [],
      ),
    );
    for (const act of [...ACTS, "preflight", "status", "report"])
      assert.ok(acts.has(act), `nobody says when to type npm run move -- ${act}`);
  });

  it("of Pulumi set keys that there are to values that are allowed", () => {
    const commands = found(/pulumi config set redash:(\w+) ([^\s`]+)/g);
    assert.ok(commands.length >= 6);
    for (const [name, key = "", value] of commands) {
      const known = KEYS[key as keyof typeof KEYS] as (typeof KEYS)[keyof typeof KEYS] | undefined;
      assert.ok(known, `${name}: redash:${key}`);
      assert.ok(known.schema.safeParse(value).success, `${name}: redash:${key} ${value ?? ""}`);
    }
  });

  it("of Pulumi ask for outputs that the program has", () => {
    const outputs = found(/pulumi stack output (\w+)/g);
    assert.ok(outputs.length >= 5);
    for (const [name, output = ""] of outputs)
      assert.match(read("index.ts"), new RegExp(`\\b${output}:`), `${name}: ${output}`);
  });

  it("accept checks of preflight that there are", () => {
    const ids = [...preflightChecks, ...awsPreflightChecks].map(({ id }) => id);
    const accepted = found(/--accept ([a-z-]+)/g);
    assert.equal(accepted.length, 1);
    for (const [name, id = ""] of accepted) assert.ok(ids.includes(id), `${name}: ${id}`);
  });

  it("need keys of the settings that there are", () => {
    const [, table = ""] = /\| what \| key \|([\s\S]*?)\n\n/.exec(page()) ?? [];
    const keys = table
      .split("\n")
      .slice(2)
      .flatMap((row) => [...(row.split(" | ")[1] ?? "").matchAll(/`(\w+)`/g)])
      .map(([, key = ""]) => key);
    assert.ok(keys.length >= 20, keys.join(", "));
    for (const key of keys) assert.ok(key in KEYS, key);
  });
});
