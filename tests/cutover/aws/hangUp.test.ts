import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { after, before, beforeEach, describe, it } from "mocha";
import { systemClock, until } from "../../../cutover/engine/clock";
import { stopKey } from "../../../cutover/function/request";
import { stopSignal } from "../../../cutover/narrator";
import { type Door, openDoor } from "../../support/aws/door";
import { Moto, REGION } from "../../support/aws/moto";
import { BUCKET, motoBucket } from "../../support/aws/motoBucket";
import { ended } from "../../support/cutover/moveCommand";

const ROOT = join(__dirname, "..", "..", "..");

describe("a command that follows a function", function () {
  this.timeout(120_000);
  let moto: Moto;
  let s3: S3Client;
  /** Takes every request, and never does anything. */
  let lambda: Door;
  let requests: { readonly id: string }[];
  let folder: string;
  let outputs: string;
  before(async () => {
    moto = await Moto.start();
    s3 = await motoBucket(moto);
    lambda = await openDoor((_, body, answer) => {
      requests.push(JSON.parse(body) as { id: string });
      answer.writeHead(202).end();
      return Promise.resolve();
    });
    folder = mkdtempSync(join(tmpdir(), "hang-up-"));
    outputs = join(folder, "outputs.json");
    const output = { region: REGION, functionName: "redash-move", journalBucket: BUCKET };
    writeFileSync(outputs, JSON.stringify({ ...output, transport: "logical" }));
  });
  beforeEach(() => (requests = []));
  after(async () => {
    s3.destroy();
    await lambda.stop();
    await moto.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = () =>
    spawn(process.execPath, ["--import=tsx", "cutover/cli.ts", "replicate", "--outputs", outputs], {
      cwd: ROOT,
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: moto.options.endpoint,
        AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const untilTrue = (holds: () => boolean) =>
    until(() => Promise.resolve(holds()), {
      clock: systemClock,
      signal: AbortSignal.timeout(60_000),
    });
  /** Whether the request's function was asked to stop. */
  const isAsked = () =>
    moto.requests.some((it) => it.startsWith(`PUT /${BUCKET}/${stopKey(requests[0]!.id)}`));

  it("leaves when its terminal is closed, says how to follow, and asks nobody to stop", async () => {
    const child = start();
    const running = ended(child);
    await untilTrue(() => requests.length === 1);
    child.kill("SIGHUP");
    const { code, stdout, stderr } = await running;
    assert.equal(code, 129);
    assert.equal(
      stderr,
      `\nSIGHUP: nobody follows any more, the function goes on; look at it with: npm run move -- status --outputs ${outputs}\n`,
    );
    assert.equal(stdout, "");
    assert.equal(isAsked(), false);
  });

  it("asks the function to stop by Ctrl-C, and waits for its answer", async () => {
    const child = start();
    const running = ended(child);
    await untilTrue(() => requests.length === 1);
    child.kill("SIGINT");
    await untilTrue(isAsked);
    assert.equal(child.exitCode, null);
    child.kill("SIGKILL");
    const { stderr } = await running;
    assert.equal(stderr, "\nSIGINT: finishing or undoing the step at hand …\n");
  });

  it("is told from one that does the work itself, which a closed terminal ends as Ctrl-C does", () => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const before = new Map(signals.map((name) => [name, process.listeners(name)]));
    let text = "";
    const stop = stopSignal((line) => (text += line));
    process.emit("SIGHUP");
    for (const name of signals)
      for (const listener of process.listeners(name))
        if (before.get(name)?.includes(listener) === false) process.off(name, listener);
    assert.equal(text, "\nSIGHUP: finishing or undoing the step at hand …\n");
    assert.ok(stop.aborted);
  });
});
