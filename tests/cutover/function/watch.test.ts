import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { handler } from "../../../cutover/function/handler";
import { WATCH_EVENT } from "../../../redash/sourceWatch";
import { Moto, REGION } from "../../support/aws/moto";
import { SsmHost } from "../../support/aws/ssmHost";

const INSTANCE = "i-0123456789abcdef0";
const DATABASE = { host: "h", port: 5432, database: "redash", applicationRole: "redash" };
const WORLD = {
  kind: "aws",
  region: REGION,
  stack: "prod",
  mode: "production",
  url: "https://redash.acme.io",
  secretKeySecretArn: "arn:a",
  probeDataSourceId: 1,
  source: {
    instanceId: INSTANCE,
    database: { ...DATABASE, secretArn: "arn:a" },
    documentName: "redash-source",
    projectDirectory: "/srv/redash",
    targetGroupArn: "arn:a",
  },
  target: {
    database: { ...DATABASE, secretArn: "arn:a", urlSecretArn: "arn:a", identifier: "a" },
    queueUrlSecretArn: "arn:a",
    replicationGroupId: "a",
    cluster: "a",
    services: { servers: ["a"], scheduler: ["b"], workers: ["c"] },
    wantedTasks: { a: 1, b: 1, c: 1 },
    targetGroupArn: "arn:a",
  },
  traffic: { listenerArn: "arn:a" },
  journalBucket: "a",
};
const INVOCATION = {
  awsRequestId: "1",
  functionName: "redash-function",
  getRemainingTimeInMillis: () => 900_000,
};
const DISK =
  "total=42949672960\nfree=10737418240\nwal=1073741824\nkept=536870912\nmemory=redash_server_1 512MiB / 4GiB\n";

/** An answer as the host prints it (redash/host/act.sh). */
const printed = (answer: string) => {
  const text = gzipSync(answer).toString("base64");
  const output = `disk-1 0 ${text.length}\n${text}\nend\n`;
  return {
    ...{ Status: "Success", StatusDetails: "Success", ResponseCode: 0 },
    ...{ StandardOutputContent: output },
  };
};

describe("the function of the move, woken by its schedule", function () {
  this.timeout(120_000);
  let moto: Moto;
  let ssm: SsmHost;
  let logged: string[];
  const consoleError = console.error;
  before(async () => {
    moto = await Moto.start();
    ssm = await SsmHost.start(moto);
    process.env["AWS_ENDPOINT_URL"] = moto.options.endpoint;
    process.env["AWS_ENDPOINT_URL_SSM"] = ssm.options.endpoint;
    process.env["REDASH_MOVE"] = JSON.stringify(WORLD);
  });
  after(async () => {
    delete process.env["AWS_ENDPOINT_URL"];
    delete process.env["AWS_ENDPOINT_URL_SSM"];
    delete process.env["REDASH_MOVE"];
    await ssm.stop();
    await moto.stop();
  });
  beforeEach(async () => {
    await moto.reset();
    ssm.reports.length = 0;
    ssm.parameters.length = 0;
    logged = [];
    console.error = (text: string) => logged.push(text);
  });
  afterEach(() => {
    console.error = consoleError;
  });
  const asked = () => [...new Set(moto.requests)].map((it) => it.split(/[:/]/).at(-1));

  it("reads the source's disk and tells CloudWatch: it takes no lock and reads no secret", async () => {
    ssm.reports.push(printed(DISK));
    assert.deepEqual(await handler(WATCH_EVENT, INVOCATION), {
      verdict: "done",
      text: "the source's disk: 10.7 GB of 42.9 GB free, 1.1 GB of WAL, a slot keeps 537 MB",
    });
    assert.deepEqual(ssm.parameters, [
      { act: ["disk"], payload: [Buffer.from("directory=/srv/redash\n").toString("base64")] },
    ]);
    assert.deepEqual(asked(), ["SendCommand", "GetCommandInvocation", "PutMetricData"]);
    assert.deepEqual(logged, []);
  });

  it("says in its log why a host does not answer, raises no error of an act, and tells CloudWatch nothing", async () => {
    ssm.reports.push({ Status: "TimedOut", StatusDetails: "Undeliverable" });
    const text = `the source's disk is not watched: disk on ${INSTANCE}: it has not reached the host (Undeliverable): the instance must run with SSM's agent, reach SSM, and have a role with AmazonSSMManagedInstanceCore`;
    assert.deepEqual(await handler(WATCH_EVENT, INVOCATION), { verdict: "refused", text });
    assert.deepEqual(logged, [text]);
    assert.deepEqual(asked(), ["SendCommand", "GetCommandInvocation"]);
  });

  it("tells CloudWatch nothing of a disk that the host measures in part only", async () => {
    ssm.reports.push(printed("total=42949672960\nfree=10737418240\nwal=1073741824\n"));
    const text = "the source's disk is not watched: the host gives no number for kept";
    assert.deepEqual(await handler(WATCH_EVENT, INVOCATION), { verdict: "refused", text });
    assert.deepEqual(logged, [text]);
    assert.deepEqual(asked(), ["SendCommand", "GetCommandInvocation"]);
  });

  it("says in its log what CloudWatch refuses", async () => {
    ssm.reports.push(printed(DISK));
    moto.failNext(/PutMetricData/, { code: "AccessDenied", status: 403 });
    assert.equal((await handler(WATCH_EVENT, INVOCATION)).verdict, "refused");
    assert.match(
      logged.join(),
      /^the source's disk is not watched: cloudwatch:PutMetricData on Redash\/Move: AccessDenied: /,
    );
  });

  it("takes an event for its schedule's only if it is nothing else, so that a timer can begin no act", async () => {
    for (const event of [
      { ...WATCH_EVENT, act: "cutover" },
      { kind: "perform", act: "cutover", resume: false, sourceGone: false, accept: [] },
    ])
      await assert.rejects(handler(event, INVOCATION), { name: "ZodError" });
    assert.deepEqual(moto.requests, []);
  });
});
