import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Rehearsal } from "../../../cutover/rehearsal/rehearsal";
import { ended } from "../../support/cutover/moveCommand";
import { proofsOf, remarks } from "../../../cutover/report/summary";

const ROOT = join(__dirname, "..", "..", "..");

describe("npm run rehearse", function () {
  this.timeout(180_000);
  let temporary: string;
  before(() => {
    temporary = mkdtempSync(join(tmpdir(), "rehearsal-test-"));
    // As root, PostgreSQL runs as nobody, who must get in.
    chmodSync(temporary, 0o755);
  });
  after(() => {
    rmSync(temporary, { recursive: true, force: true });
  });

  const run = (
    program: "cli" | "worldCli",
    environment: Record<string, string>,
    ...args: string[]
  ): ChildProcess =>
    spawn(process.execPath, ["--import=tsx", `cutover/rehearsal/${program}.ts`, ...args], {
      cwd: ROOT,
      // Whatever it leaves behind, it leaves here.
      env: { ...process.env, TMPDIR: temporary, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const start = (environment: Record<string, string>, ...args: string[]) =>
    run("cli", environment, ...args);
  /** Folders and servers. */
  const left = () => [
    ...readdirSync(temporary).filter((name) => name.startsWith("redash-")),
    ...execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(temporary)),
  ];

  it("moves users over, back and over again without losing a write, and leaves a report without secrets", async function () {
    // The fence ends sessions that rest. One that goes to work between the look and its end costs a read: about one in a
    // hundred rehearsals, on a busy machine.
    this.retries(1);
    const { code, stdout, stderr } = await ended(start({}, "--size", "8", "--seed", "7"));
    const json = readFileSync(join(ROOT, "out", "rehearsal.json"), "utf8");
    const rehearsal = JSON.parse(json) as Rehearsal;
    assert.deepEqual(
      rehearsal.acts.map(({ users }) => users?.failedReads),
      [0, 0, 0, 0, 0, 0, undefined],
      rehearsal.acts.flatMap(({ users }) => users?.readErrors ?? []).join("; "),
    );
    assert.deepEqual(remarks(rehearsal), []);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      rehearsal.acts.map(({ act, outcome }) => `${act} ${outcome}`),
      ["prepare", "replicate", "verify", "cutover", "rollback", "cutover", "finish"].map(
        (act) => `${act} done`,
      ),
    );
    assert.deepEqual(rehearsal.ledger.lost, []);
    assert.deepEqual(rehearsal.ledger.duplicated, []);
    assert.ok(rehearsal.ledger.acknowledged > 200);
    assert.deepEqual(
      proofsOf(rehearsal).map(([what]) => what),
      [
        "every foreign key holds",
        "triggers and constraints work as usual",
        "every sequence is above every id",
        "every credential decrypts with this side's key",
        "search finds what is written now",
        "schedules are equal on both sides",
        "paused data sources are still paused",
      ],
    );
    for (const { act, users } of rehearsal.acts) {
      if (act === "cutover" || act === "rollback") assert.ok(users!.writeGap.lengthMs > 0);
    }
    assert.match(stdout, /0 lost, 0 duplicated/);
    const page = readFileSync(join(ROOT, "out", "rehearsal.html"), "utf8");
    // The whole, and a look into the window of each switch.
    assert.equal(page.match(/<figure /g)?.length, 4);
    for (const text of [json, page, stdout, stderr]) {
      assert.doesNotMatch(text, /redis:\/\/|postgresql:\/\/|password/i);
    }
    assert.deepEqual(left(), []);
  });

  it("undoes what it is doing at Ctrl-C, says so, and leaves nothing behind", async () => {
    const child = start({}, "--size", "8");
    let interrupted = false;
    const { code, stdout, stderr } = await ended(child, (text) => {
      if (interrupted || !text.includes("verify    changes-watched")) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    assert.equal(interrupted, true, stderr);
    assert.equal(code, 2, stderr);
    assert.match(
      stdout,
      /^undone: (?:verify|cutover) did not succeed: .*it was asked to stop; everything was undone/m,
    );
    assert.deepEqual(left(), []);
  });

  for (const program of ["cli", "worldCli"] as const) {
    it(`does not fill a large source to its end after Ctrl-C, and leaves nothing behind (${program}.ts)`, async () => {
      const child = run(program, {}, "--size", "1000");
      let interrupted = false;
      const { code, stdout, stderr } = await ended(child, (text) => {
        if (interrupted || !text.includes("filling the source")) return;
        interrupted = true;
        // Its first statements are under way by then.
        setTimeout(() => child.kill("SIGINT"), 1000);
      });
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^refused: the world was not started: stopped by SIGINT$/m);
      assert.doesNotMatch(stderr, /starting Redash's processes/);
      assert.equal(stdout, "");
      assert.deepEqual(left(), []);
    });
  }

  it("ends with the reason, and leaves nothing behind, if the world cannot be started", async () => {
    const programs = join(temporary, "programs");
    mkdirSync(programs);
    writeFileSync(
      join(programs, "valkey-server"),
      '#!/bin/sh\n[ "$1" = --version ] && exit 0\nexit 1\n',
      { mode: 0o755 },
    );
    const path = `${programs}:${process.env["PATH"] ?? ""}`;
    const { code, stderr } = await ended(start({ PATH: path }, "--size", "8"));
    assert.equal(code, 2);
    assert.match(stderr, /^refused: the world cannot be started: Valkey ended at once$/m);
    assert.deepEqual(left(), []);
  });

  it("lists everything that is wrong with its arguments, and starts nothing", async () => {
    const { code, stderr } = await ended(
      start({}, "--size", "1", "--times", "x", "--redash", "9.0.0", "--budget", "0"),
    );
    assert.equal(code, 64);
    assert.deepEqual(stderr.split("\n").slice(0, 4), [
      "--size is 1; allowed: a whole number from 8 to 5000",
      "--times is x; allowed: a whole number from 1 to 1000",
      "--budget is 0; allowed: a whole number from 50 to 600000",
      "--redash is 9.0.0; allowed: 25.8.0, 10.1.0, 10.1.0-upgraded-to-25.8.0",
    ]);
    assert.deepEqual(left(), []);
  });
});
