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
  /** Takes every request, and never does anything; or refuses it. */
  let lambda: Door;
  let isDenied: boolean;
  let requests: { readonly id: string }[];
  let folder: string;
  let outputs: string;
  before(async () => {
    moto = await Moto.start();
    s3 = await motoBucket(moto);
    lambda = await openDoor((_, body, answer) => {
      requests.push(JSON.parse(body) as { id: string });
      if (isDenied)
        answer
          .writeHead(403, { "x-amzn-errortype": "AccessDeniedException" })
          .end('{"Message":"not authorized to perform: lambda:InvokeFunction"}');
      else answer.writeHead(202).end();
      return Promise.resolve();
    });
    folder = mkdtempSync(join(tmpdir(), "hang-up-"));
    outputs = join(folder, "outputs.json");
    const output = { region: REGION, functionName: "redash-move", journalBucket: BUCKET };
    writeFileSync(outputs, JSON.stringify({ ...output, transport: "logical" }));
  });
  beforeEach(() => {
    requests = [];
    isDenied = false;
  });
  after(async () => {
    s3.destroy();
    await lambda.stop();
    await moto.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (act = "replicate", environment: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, ["--import=tsx", "cutover/cli.ts", act, "--outputs", outputs], {
      cwd: ROOT,
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: moto.options.endpoint,
        AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
        ...environment,
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

  for (const [signal, when] of [
    ["SIGHUP", "its terminal is closed"],
    ["SIGTERM", "its machine shuts down"],
  ] as const)
    it(`leaves when ${when}, says how to follow, and asks nobody to stop`, async () => {
      const child = start();
      const running = ended(child);
      await untilTrue(() => requests.length === 1);
      child.kill(signal);
      const { code, stdout, stderr } = await running;
      assert.equal(code, 129);
      assert.equal(
        stderr,
        `\n${signal}: nobody follows any more, the function goes on; look at it with: npm run move -- status --outputs ${outputs}\n`,
      );
      assert.equal(stdout, "");
      assert.equal(isAsked(), false);
    });

  it("is refused, as nothing was begun, if its operator may not call the function", async () => {
    isDenied = true;
    const { code, stderr } = await ended(start());
    assert.equal(
      stderr,
      "refused: the function was not called: AccessDeniedException: not authorized to perform: lambda:InvokeFunction; are your credentials of this account, still good, and allowed to (docs/runbook.md, who needs what)?\n",
    );
    assert.equal(code, 2);
    assert.equal(requests.length, 1);
  });

  for (const act of ["replicate", "status"])
    it(`is refused, as nothing was begun, without credentials: ${act}`, async () => {
      const { code, stderr } = await ended(
        start(act, {
          HOME: folder,
          AWS_EC2_METADATA_DISABLED: "true",
          AWS_ACCESS_KEY_ID: undefined,
          AWS_SECRET_ACCESS_KEY: undefined,
        }),
      );
      assert.match(
        stderr,
        /^refused: the function was not called: .*CredentialsProviderError: Could not load credentials from any providers.*\?\n$/,
      );
      assert.equal(code, 2);
      assert.deepEqual(requests, []);
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

  for (const given of ["SIGHUP", "SIGTERM"] as const)
    it(`is told from one that does the work itself, which ${given} ends as Ctrl-C does`, () => {
      const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
      const before = new Map(signals.map((name) => [name, process.listeners(name)]));
      let text = "";
      const stop = stopSignal((line) => (text += line));
      process.emit(given);
      for (const name of signals)
        for (const listener of process.listeners(name))
          if (before.get(name)?.includes(listener) === false) process.off(name, listener);
      assert.equal(text, `\n${given}: finishing or undoing the step at hand …\n`);
      assert.ok(stop.aborted);
    });
});
