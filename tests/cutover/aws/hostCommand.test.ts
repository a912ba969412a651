import assert from "node:assert/strict";
import { SSMClient } from "@aws-sdk/client-ssm";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { composeSchema } from "../../../cutover/adapters/aws/composeSchema";
import { composeStorage } from "../../../cutover/adapters/aws/composeStorage";
import { composeWorkload } from "../../../cutover/adapters/aws/composeWorkload";
import { HostCommand, HostFailed } from "../../../cutover/adapters/aws/hostCommand";
import { Refusal } from "../../../cutover/engine/refusal";
import { hostDocument } from "../../../redash/hostDocument";
import { hostScript, MOVE_PARTS } from "../../../redash/hostScript";
import { Moto } from "../../support/aws/moto";
import { SsmHost } from "../../support/aws/ssmHost";
import { type ComposeHost, composeHost, readHostPart } from "../../support/host/composeHost";

const INSTANCE = "i-0123456789abcdef0";
const DOCUMENT = "redash-staging-source";
const ANSWERED = { Status: "Success", StatusDetails: "Success", ResponseCode: 0 };

describe("an act on the source's host by SSM", function () {
  this.timeout(240_000);
  let moto: Moto;
  let host: ComposeHost;
  let ssm: SsmHost;
  let client: SSMClient;
  let command: HostCommand;
  const pauses: number[] = [];
  const clock = {
    monotonicMs: () => performance.now(),
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        pauses.push(ms);
        if (signal?.aborted === true) reject(signal.reason as Error);
        else setTimeout(resolve, 20);
      }),
  };
  const signal = () => AbortSignal.timeout(60_000);
  before(async () => {
    [moto, host] = await Promise.all([Moto.start(), composeHost()]);
    const { mainSteps } = hostDocument(hostScript(MOVE_PARTS, readHostPart));
    ssm = await SsmHost.start(moto, host, { [DOCUMENT]: mainSteps[0]!.inputs.runCommand });
    client = new SSMClient(clientConfig(ssm.options));
    command = new HostCommand({
      client,
      instanceId: INSTANCE,
      by: { documentName: DOCUMENT },
      clock,
    });
  });
  after(async () => {
    client.destroy();
    await ssm.stop();
    await Promise.all([moto.stop(), host.remove()]);
  });
  beforeEach(async () => {
    await moto.reset();
    pauses.length = 0;
    ssm.parameters.length = 0;
    ssm.cancelled.length = 0;
    ssm.unknownLooks = 0;
  });
  afterEach(async () => {
    await ssm.settled();
    assert.deepEqual(ssm.reports, []);
  });
  const sent = () => moto.requests.filter((it) => it === "ssm:SendCommand").length;
  const reported = (
    Status: string,
    StatusDetails: string,
    more: { ResponseCode?: number; StandardErrorContent?: string } = {},
  ) => {
    ssm.reports.push({ Status, StatusDetails, ...more });
    return assert.rejects(command.run("version", {}, signal()), (error) => {
      failure = error as Error;
      return true;
    });
  };
  let failure: Error;

  it("stops, starts and looks at a part, by the document and its two parameters", async () => {
    const workload = composeWorkload(command, {});
    await workload.stop("scheduler", signal());
    assert.deepEqual(await workload.state("scheduler", signal()), { running: 0, wanted: 1 });
    await workload.start("scheduler", signal());
    assert.equal(host.docker.container("scheduler").status, "running");
    assert.equal(await workload.version(signal()), "25.8.0");
    assert.deepEqual(ssm.parameters[0], {
      act: ["stop"],
      payload: [Buffer.from("part=scheduler\n").toString("base64")],
    });
  });

  it("names the services of a compose file of one's own", async () => {
    const workload = composeWorkload(command, {
      projectDirectory: host.directory,
      services: {
        servers: ["server"],
        scheduler: ["scheduler"],
        workers: ["worker"],
        database: "postgres",
        queue: "redis",
      },
    });
    assert.deepEqual(await workload.state("workers", signal()), { running: 1, wanted: 1 });
  });

  it("is no success if containers do not stay", async () => {
    const scheduler = host.docker.container("scheduler");
    Object.assign(scheduler, { diesAtStart: true, status: "exited" });
    await assert.rejects(composeWorkload(command, {}).start("scheduler", signal()), {
      message: "0 of 1 containers of the scheduler run",
    });
    Object.assign(scheduler, { diesAtStart: false, status: "running" });
  });

  it("brings a schema that is longer than an output, whole and in parts", async () => {
    const administrator = await host.administrator();
    // Names that do not compress.
    await administrator.query(
      `DO $$ BEGIN FOR number IN 1..1200 LOOP
         EXECUTE format('CREATE TABLE %I (id int)', 't' || md5(number::text) || md5((-number)::text));
       END LOOP; END $$`,
    );
    const text = await composeSchema(command, {}).section("pre-data", signal());
    assert.equal(text.match(/^CREATE TABLE/gm)?.length, 1200);
    assert.ok(sent() > 2);
    await administrator.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    await administrator.end();
  });

  it("measures the disk of the database in bytes, and the WAL on it that slots keep", async () => {
    const measured = () => composeStorage(command, {})(signal());
    const { freeBytes, totalBytes, walBytes, keptBytes } = await measured();
    assert.ok(freeBytes > 1e6 && freeBytes < totalBytes);
    // Whole segments of 16 MiB.
    assert.ok(walBytes > 0 && walBytes % 2 ** 24 === 0, String(walBytes));
    assert.equal(keptBytes, 0);
    const administrator = await host.administrator();
    await administrator.query("SELECT pg_create_physical_replication_slot('forgotten', true)");
    await administrator.query("SELECT pg_switch_wal()");
    await administrator.query(
      "SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))",
    );
    const kept = (await measured()).keptBytes;
    assert.ok(kept > 1_000_000 && kept < 2 ** 26, String(kept));
    await administrator.query("SELECT pg_drop_replication_slot('forgotten')");
    await administrator.end();
    assert.equal((await measured()).keptBytes, 0);
  });

  it("waits with pauses that grow to three seconds, and for a command that SSM does not know yet", async () => {
    ssm.unknownLooks = 8;
    assert.match(await command.run("version", {}, signal()), /^version=25\.8\.0$/m);
    assert.deepEqual(
      pauses.slice(0, 8).map((ms) => Math.round(ms)),
      [300, 450, 675, 1013, 1519, 2278, 3000, 3000],
    );
  });

  it("is sent again when it was throttled, and when its answer was lost", async () => {
    moto.failNext(/SendCommand/, { code: "ThrottlingException", status: 400 });
    moto.failNext(/SendCommand/, "answer-lost");
    moto.failNext(/GetCommandInvocation/, { code: "ThrottlingException", status: 400 });
    assert.match(await command.run("version", {}, signal()), /^version=/m);
    assert.equal(sent(), 3);
  });

  it("is refused by AWS in words that say which permission is missing", async () => {
    moto.failNext(/SendCommand/, { code: "AccessDeniedException", status: 400 });
    await assert.rejects(command.run("version", {}, signal()), {
      code: "AccessDeniedException",
      message: /^ssm:SendCommand on i-0123456789abcdef0: .*which gives it ssm:SendCommand/,
    });
  });

  it("says what to look at if the instance is not one of SSM's", async () => {
    moto.failNext(/SendCommand/, { code: "InvalidInstanceId", status: 400 });
    await assert.rejects(
      command.run("version", {}, signal()),
      /InvalidInstanceId.*; the instance must run with SSM's agent, reach SSM, and have a role with AmazonSSMManagedInstanceCore$/,
    );
  });

  it("that the host refuses is a refusal with the host's words", async () => {
    await assert.rejects(command.run("state", { part: "everything" }, signal()), (error) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.message, "state on i-0123456789abcdef0: everything is no part of Redash");
      return true;
    });
  });

  it("that fails, is late, or never arrives says which, and is not cancelled any more", async () => {
    await reported("Failed", "Failed", { ResponseCode: 1, StandardErrorContent: "no disk\n" });
    assert.equal(failure.message, "version on i-0123456789abcdef0: it failed on the host: no disk");
    assert.ok(failure instanceof HostFailed);
    await reported("TimedOut", "ExecutionTimedOut");
    assert.match(failure.message, /it took too long on the host and was ended/);
    for (const details of ["DeliveryTimedOut", "Undeliverable", "Terminated"]) {
      await reported("TimedOut", details);
      assert.match(
        failure.message,
        new RegExp(`it has not reached the host \\(${details}\\): the`),
      );
    }
    await reported("Cancelled", "Cancelled");
    assert.match(failure.message, /somebody has cancelled it/);
    await reported("Failed", "InvalidPlatform");
    assert.match(failure.message, /: SSM says InvalidPlatform$/);
    assert.deepEqual(ssm.cancelled, []);
  });

  it("whose output is cut or empty is an error and no answer", async () => {
    for (const StandardOutputContent of ["", "version-1 0 8\nAAAA"]) {
      ssm.reports.push({ ...ANSWERED, ...{ StandardOutputContent } });
      await assert.rejects(command.run("version", {}, signal()), {
        message: "version: its output is not whole",
      });
    }
  });

  it("that takes longer than its time limit is cancelled", async () => {
    ssm.reports.push({ Status: "InProgress", StatusDetails: "InProgress" });
    await assert.rejects(command.run("version", {}, signal(), 100), {
      message:
        "version on i-0123456789abcdef0: InProgress after 100 ms, and cancelled; every act may be run again",
    });
    assert.equal(ssm.cancelled.length, 1);
    ssm.reports.length = 0;
  });

  it("is cancelled when its step is told to end", async () => {
    ssm.reports.push({ Status: "InProgress", StatusDetails: "InProgress" });
    const step = new AbortController();
    const running = command.run("version", {}, step.signal);
    const looking = setInterval(() => {
      if (moto.requests.includes("ssm:GetCommandInvocation"))
        step.abort(new Error("it was asked to stop"));
    }, 20);
    await assert.rejects(running, { message: "it was asked to stop" });
    clearInterval(looking);
    assert.equal(ssm.cancelled.length, 1);
    ssm.reports.length = 0;
  });

  it("half done and run again ends as if it had been run once", async () => {
    // Its first command is carried out and nobody hears of it.
    moto.failNext(/GetCommandInvocation/, { code: "AccessDeniedException", status: 400 });
    const workload = composeWorkload(command, {});
    await assert.rejects(workload.stop("workers", signal()), /AccessDeniedException/);
    await ssm.settled();
    await workload.stop("workers", signal());
    await workload.start("workers", signal());
    const policies = host.docker.containers
      .filter(({ service }) => service.endsWith("worker"))
      .map(({ status, policy }) => `${status} ${policy}`);
    assert.deepEqual(policies, ["running always", "running always", "running always"]);
  });

  it("takes nothing of more than one line", async () => {
    await assert.rejects(command.run("state", { part: "a\nb" }, signal()), {
      message: "part has more than one line",
    });
    assert.equal(sent(), 0);
  });
});
