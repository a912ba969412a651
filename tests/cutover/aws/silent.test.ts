import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { S3Bucket } from "../../../cutover/adapters/aws/s3Bucket";
import { S3Journal } from "../../../cutover/adapters/aws/s3Journal";
import { systemClock } from "../../../cutover/engine/clock";
import { AwsWorld } from "../../support/aws/awsWorld";
import { BUCKET } from "../../support/aws/motoBucket";

/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:1";
const UNTOLD =
  "the source's host does not tell the certificate of its PostgreSQL: ssm:SendCommand on i-0123456789abcdef0: ";

describe("a move on AWS, of which a part does not answer", function () {
  this.timeout(300_000);
  let world: AwsWorld;
  before(async () => {
    world = await AwsWorld.start("logical");
    await world.deploy(world.secrets.url);
    const run = { atMs: systemClock.nowMs(), run: "one", act: "prepare" } as const;
    const plan = { steps: [], writeOutageBudgetMs: 60_000, resumed: false };
    await journal().append({ ...run, ...plan, kind: "run-started" });
    await journal().append({
      ...run,
      kind: "run-ended",
      outcome: "done",
      reason: "prepare is done",
    });
  });
  after(() => world.remove());

  const ends = async (code: number, ...args: string[]) => {
    const result = await world.move(...args);
    const all = `${args.join(" ")}: ${result.stdout}${result.stderr}${world.lambda.last.log()}`;
    assert.equal(result.code, code, all);
    return result;
  };
  const journal = () => new S3Journal(new S3Bucket(world.s3, BUCKET, systemClock));
  /** While the tests around run, nobody listens where a service is looked for. */
  const silent = (service: string) => {
    const name = `AWS_ENDPOINT_URL_${service}`;
    let heard: Readonly<Record<string, string>>;
    before(() => {
      heard = world.lambda.environment;
      world.lambda.environment = { ...heard, [name]: NOWHERE };
    });
    after(() => {
      world.lambda.environment = heard;
    });
  };

  describe("its host, which SSM does not reach", () => {
    silent("SSM");

    it("tells its status: what was done, where users are, what is due, and what does not answer", async () => {
      const { stdout } = await ends(0, "status");
      assert.match(stdout, /^prepare {4}done {10}\d+ min ago$/m);
      assert.match(stdout, /^traffic goes to the source$/m);
      assert.ok(
        stdout.includes(`\nthe source's database does not say how much WAL it keeps: ${UNTOLD}`),
        stdout,
      );
      assert.doesNotMatch(stdout, /^the target's database/m);
      assert.match(stdout, /^due: npm run move -- replicate, /m);
    });

    it("shows every check of preflight: those that need the source are unknown, for a reason that is told once", async () => {
      const { stdout } = await ends(2, "preflight");
      assert.ok(stdout.includes(`\n  unknown  clocks-agree: ${UNTOLD}`), stdout);
      assert.match(stdout, /^ {2}unknown {2}source-wal-level: as clocks-agree$/m);
      assert.match(stdout, /^ {2}unknown {2}source-disk: as schema-dump$/m);
      assert.match(stdout, /^ {2}pass {5}target-wal-level: wal_level is logical$/m);
      assert.match(stdout, /^ {2}pass {5}alb-weights: source 100, target 0$/m);
    });

    it("refuses an act before anything is changed", async () => {
      const entries = (await journal().read()).length;
      const { stderr } = await ends(2, "replicate");
      assert.ok(stderr.startsWith(`refused: ${UNTOLD}`), stderr);
      assert.equal((await journal().read()).length, entries);
    });
  });

  describe("Secrets Manager", () => {
    silent("SECRETS_MANAGER");
    const unknown = (what: string) =>
      `the ${what} is not known: secretsmanager:GetSecretValue on arn:`;

    it("tells its status all the same, and which parts it could not see", async () => {
      const { stdout } = await ends(0, "status");
      assert.match(stdout, /^prepare {4}done {10}\d+ min ago$/m);
      assert.match(stdout, /^traffic goes to the source$/m);
      for (const side of ["source", "target"])
        assert.ok(
          stdout.includes(
            `\nthe ${side}'s database does not say how much WAL it keeps: ${unknown(`login of the ${side}'s database`)}`,
          ),
          stdout,
        );
      assert.match(stdout, /^due: npm run move -- replicate, /m);
    });

    it("shows every check of preflight: those that need a login are unknown", async () => {
      const { stdout } = await ends(2, "preflight");
      for (const line of [
        `unknown  clocks-agree: ${unknown("login of the source's database")}`,
        `fail     target-reachable: ${unknown("login of the target's database")}`,
        `fail     target-queue-reachable: ${unknown("URL of the target's queue")}`,
      ])
        assert.ok(stdout.includes(`\n  ${line}`), `${line}: ${stdout}`);
      assert.match(stdout, /^ {2}unknown {2}source-wal-level: as clocks-agree$/m);
      assert.match(stdout, /^ {2}unknown {2}target-wal-level: as target-reachable$/m);
      assert.match(stdout, /^ {2}pass {5}alb-weights: source 100, target 0$/m);
    });

    it("refuses an act before anything is changed, and names everything that it lacks", async () => {
      const entries = (await journal().read()).length;
      const { stderr } = await ends(2, "replicate");
      const lines = stderr.trimEnd().split("\n");
      assert.deepEqual(
        lines.map((line) => line.replace(/ is not known: .*$/, "")),
        [
          "refused: the login of the source's database",
          "the login of the target's database",
          "the URL of the target's queue",
        ],
      );
      assert.equal((await journal().read()).length, entries);
    });
  });
});
