import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "mocha";

const ROOT = join(__dirname, "..", "..");

function npmPreview(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import=tsx", "preview/cli.ts", ...args],
    // No account, no configuration of Pulumi or AWS, nothing to find in the home directory.
    {
      cwd: ROOT,
      encoding: "utf8",
      timeout: 60_000,
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
    },
  );
  return { status, stdout, stderr };
}

describe("npm run preview", () => {
  it("shows every stack with its resources, facts, totals, verdict and examples, and says what it is not", () => {
    const { status, stdout, stderr } = npmPreview();
    assert.equal(stderr, "");
    assert.equal(status, 0);
    for (const line of [
      /^prod · production · replicating · eu-west-1 · \d+ resources$/m,
      /^staging · rehearsal · replicating · eu-west-1 · \d+ resources$/m,
      /elasticache ReplicationGroup redash-queue {2}valkey \S+ · cluster mode disabled · 2 × cache\.t4g\.small · Multi-AZ · TLS · AUTH · encrypted · snapshots 7 days · protected$/m,
      /rds Instance redash-database {2}postgres 17 · db\.m7g\.large · 100 to 500 GiB gp3 · Multi-AZ · encrypted · private · backups 14 days · deletion protection · final snapshot · protected$/m,
      /lb Listener redash-https {2}HTTPS 443 · ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09 · weights ecs 0, source 100$/m,
      /ecs Service redash-scheduler-service {2}0 tasks · rolls 0-100 % · FARGATE 1$/m,
      /lambda Function redash-migration-function {2}nodejs22\.x · 1769 MiB · 900 s · in the VPC · own key$/m,
      /lambda FunctionEventInvokeConfig redash-migration-function {2}never repeats$/m,
      /s3 Bucket redash-migration-journal {2}goes with its objects$/m,
      /ssm Document redash-migration-source {2}Command · this account's alone$/m,
      /^ {3}5 ecs Service/m,
      /^\d+ policies, \d+ not applicable: 0 violations/m,
      /^ {2}redash:host is still an example: redash\.example\.com$/m,
      /^This is not the engine's preview: /m,
    ]) {
      assert.match(stdout, line);
    }
  });

  it("looks at a phase and at other values", () => {
    const { status, stdout } = npmPreview(
      "staging",
      "--phase",
      "switched",
      "--config",
      "serverCount=3",
    );
    assert.equal(status, 0);
    assert.match(stdout, /^staging · rehearsal · switched · eu-west-1/m);
    assert.match(stdout, /ecs Service redash-server-service {2}3 tasks /);
    assert.match(stdout, /weights ecs 100, source 0$/m);
    assert.doesNotMatch(stdout, /^prod · /m);
  });

  it("lists every problem of the settings once, for every stack, and fails", () => {
    const { status, stdout, stderr } = npmPreview(
      "--config",
      "imge=x",
      "--config",
      "serverCpu=1000",
    );
    assert.equal(status, 1);
    assert.doesNotMatch(stdout, /resources/);
    assert.equal(
      stderr,
      ["prod", "staging"]
        .map(
          (stack) => `2 problems in the settings of stack ${stack}; nothing was changed.

  redash:imge = x
    allowed: the keys of docs/settings.md; the nearest is redash:image
    fix:     pulumi config rm redash:imge, or rename it

  redash:serverCpu = 1000
    allowed: cpu of 256, 512, 1024, 2048, 4096, 8192, 16384
    fix:     pulumi config set redash:serverCpu 1024

`,
        )
        .join(""),
    );
  });

  // The first look shows both stacks in the phase replicating.
  for (const [phase, there] of [
    ["greenfield", 0],
    ["switched", 2],
    ["complete", 0],
  ] as const) {
    it(`shows the move's own resources while there is a move, and the guard's verdict: ${phase}`, () => {
      const { status, stdout } = npmPreview("--phase", phase);
      assert.equal(status, 0);
      for (const line of [/RedashMigration redash$/gm, /Function redash-migration-function /g])
        assert.equal(stdout.match(line)?.length ?? 0, there, phase);
      assert.equal(stdout.match(/^\d+ policies, \d+ not applicable: 0 violations, /gm)?.length, 2);
    });
  }

  it("compares phases property by property", () => {
    const { status, stdout } = npmPreview("prod", "--compare", "replicating", "switched");
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^prod: replicating → switched\n {2}~ ecs Service redash-scheduler-service\n {6}desiredCount: 0 → 1\n {2}~ lb Listener redash-https\n {6}defaultActions\.0\.forward\.targetGroups\.0\.weight: 0 → 100\n {6}defaultActions\.0\.forward\.targetGroups\.1\.weight: 100 → 0\n\n/,
    );
  });

  it("compares stacks, and prints JSON for machines", () => {
    const { status, stdout } = npmPreview("--compare", "staging", "prod", "--json");
    assert.equal(status, 0);
    const [{ title, differences }] = JSON.parse(stdout) as [
      { title: string; differences: { kind: string; name: string; changes: unknown[] }[] },
    ];
    assert.equal(title, "staging → prod");
    const database = differences.find(
      ({ name, kind }) => name === "redash-database" && kind === "changed",
    );
    assert.ok(database);
    const [multiAz] = differences
      .flatMap(({ changes }) => changes as { path: string; before: unknown; after: unknown }[])
      .filter(({ path }) => path === "multiAz");
    assert.deepEqual(multiAz, { path: "multiAz", before: false, after: true });
  });

  it("prints a whole look as JSON, without secrets", () => {
    const { status, stdout } = npmPreview("prod", "--json");
    assert.equal(status, 0);
    const [look] = JSON.parse(stdout) as [
      { stack: string; refused: boolean; recording: { resources: unknown[] } },
    ];
    assert.deepEqual([look.stack, look.refused], ["prod", false]);
    assert.ok(look.recording.resources.length > 50);
  });

  const wrong: [args: string[], message: RegExp][] = [
    [["stging"], /^there is no Pulumi\.stging\.yaml; stacks: prod, staging$/m],
    [
      ["--phase", "later"],
      /^there is no phase later; phases: greenfield, replicating, switched, complete$/m,
    ],
    [["--config", "image"], /^--config image: use KEY=VALUE$/m],
    [["--compare", "staging"], /^--compare needs two stacks or two phases$/m],
    [
      ["--compare", "staging", "switched"],
      /^--compare staging switched: use two stacks \(prod, staging\) or two phases/m,
    ],
    [["--verbose"], /Unknown option '--verbose'/],
  ];
  for (const [args, message] of wrong) {
    it(`explains wrong usage: ${args.join(" ")}`, () => {
      const { status, stderr } = npmPreview(...args);
      assert.equal(status, 2);
      assert.match(stderr, message);
      assert.match(stderr, /^Usage: npm run preview -- /m);
    });
  }
});
