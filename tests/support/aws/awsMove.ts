import assert from "node:assert/strict";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { S3Bucket } from "../../../cutover/adapters/aws/s3Bucket";
import { S3Journal } from "../../../cutover/adapters/aws/s3Journal";
import { systemClock, until } from "../../../cutover/engine/clock";
import type { SideName, World } from "../../../cutover/ports";
import { judgeLedger } from "../../../cutover/rehearsal/ledger";
import { startUsers } from "../../../cutover/rehearsal/livingUsers";
import { now } from "../../../cutover/rehearsal/users";
import type { Ended } from "../cutover/moveCommand";
import { desiredTasks } from "./awsStack";
import { AwsWorld } from "./awsWorld";
import { actionsOf } from "./loadBalancer";
import { BUCKET } from "./motoBucket";

/** Checks of what moto knows nothing of, and whether this machine reaches AWS. */
export const NOT_PLAYED = [
  "target-disk",
  ...["ssm", "secretsmanager", "s3", "ecs", "elasticloadbalancing", "monitoring"].map(
    (it) => `reaches-${it}`,
  ),
  ...["runs", "managed", "near", "kept-in", "profile", "metadata"].map((it) => `source-host-${it}`),
  ...[
    "available",
    "parameters-in-sync",
    "no-pending-changes",
    "engine",
    "storage-grows",
    "standby",
  ].map((it) => `rds-${it}`),
  ...["zones", "backups", "deletion-protected", "encrypted", "private", "certificate"].map(
    (it) => `rds-${it}`,
  ),
  ...["available", "engine", "cluster-mode-off", "tls", "password", "encrypted"].map(
    (it) => `cache-${it}`,
  ),
  ...["failover", "no-pending-changes", "parameters-in-sync"].map((it) => `cache-${it}`),
  "ecs-scheduler-alone",
  "quota-fargate",
  "quota-rds-storage",
];

/** For a window, and to undo it: a function that has less opens none. */
export const RESERVE_MS = 30_000 + 120_000;

/** What everybody reads of how far the move is, by where users are. */
export const ON_SOURCE = {
  weights: { source: 100, target: 0 },
  tasks: { server: 1, scheduler: 0, worker: 1 },
  users: "source",
} as const;
export const ON_TARGET = {
  weights: { source: 0, target: 100 },
  tasks: { server: 1, scheduler: 1, worker: 1 },
  users: "target",
} as const;

/** A move of a world on AWS, as its operator runs it and its users see it. */
export class AwsMove {
  /** Who reads and writes all the time, once they are started. */
  private living: Awaited<ReturnType<typeof startUsers>> | undefined;
  private startedMs = 0;

  private constructor(readonly world: AwsWorld) {}

  static async start(transport: World["transport"]["kind"]): Promise<AwsMove> {
    return new AwsMove(await AwsWorld.start(transport));
  }

  async remove(): Promise<void> {
    await this.living?.users.end();
    await this.world.remove();
  }

  get bucket(): S3Bucket {
    return new S3Bucket(this.world.s3, BUCKET, systemClock);
  }

  journal = () => new S3Journal(this.bucket).read();

  /** Runs `npm run move -- …`. @throws AssertionError with everything that was written if it ends with another code */
  async ends(code: number, ...args: string[]): Promise<Ended> {
    const result = await this.world.move(...args);
    assert.equal(
      result.code,
      code,
      `${args.join(" ")}: ${result.stdout}${result.stderr}${this.world.lambda.last.log()}`,
    );
    return result;
  }

  /** Brings Redash's keys to Secrets Manager, makes the stack with them, and lets the move into the source. */
  async beginOnHost(): Promise<{ readonly imported: Ended; readonly prepared: Ended }> {
    const { world } = this;
    const imported = await world.source("import");
    assert.equal(imported.code, 0, imported.stderr);
    await world.deploy(/^ {2}redash:sourceSecretsArn: (\S+)$/m.exec(imported.stdout)?.[1] ?? "");
    const { source, dms } = world.secrets;
    const prepared = await world.source(
      "prepare",
      "--now",
      ...["--cidr", "127.0.0.0/8", "--mover-secret", source],
      ...(dms === undefined ? [] : ["--dms-secret", dms]),
      ...["--port", String(world.local.servers.source.port), "--wal-keep-mb", "2000"],
    );
    assert.equal(prepared.code, 0, prepared.stderr);
    return { imported, prepared };
  }

  /** Everything that others read of how far the move is. */
  async state() {
    const { world } = this;
    const elb = new ElasticLoadBalancingV2Client(clientConfig(world.moto.options));
    const [action] = await actionsOf(elb, { listenerArn: world.listenerArn });
    elb.destroy();
    const weight = (arn: string) =>
      action?.ForwardConfig?.TargetGroups?.find((it) => it.TargetGroupArn === arn)?.Weight;
    const phase = await this.bucket.get("phase.json");
    return {
      weights: { source: weight(world.groups.source), target: weight(world.groups.target) },
      tasks: await desiredTasks(world.moto),
      phase: phase && (JSON.parse(phase.text) as { phase: string }).phase,
      users: await world.local.world.traffic.goesTo(AbortSignal.timeout(5000)),
    };
  }

  async startUsers(): Promise<void> {
    this.living = await startUsers(this.world.local, { pauseMs: 25 });
    this.startedMs = now();
  }

  private get startedUsers() {
    if (this.living === undefined) throw new Error("no users were started");
    return this.living;
  }

  /** @throws Error if nobody can write */
  async usersWrite(): Promise<void> {
    const { users } = this.startedUsers;
    const acknowledged = async () =>
      (await users.memory()).ledger.filter((it) => it.state === "acknowledged").length;
    const before = await acknowledged();
    const signal = AbortSignal.timeout(30_000);
    await until(async () => (await acknowledged()) > before, { clock: systemClock, signal });
  }

  /** Ends the users and looks what became of their writes on their side. @throws AssertionError if one is lost or doubled */
  async assertNothingLost(side: SideName, leastWrites: number): Promise<void> {
    const { users, before } = this.startedUsers;
    const { failedReads } = await users.experience(this.startedMs);
    const { ledger, reads } = await users.stop();
    const client = await this.world.administrator(side);
    const verdict = await judgeLedger(client, ledger, before);
    await client.end();
    assert.deepEqual([verdict.lost, verdict.duplicated], [[], []]);
    assert.ok(verdict.acknowledged > leastWrites, String(verdict.acknowledged));
    // On a machine with too much to do a read may last longer than a fence waits for it (database/fence.ts).
    assert.ok(failedReads < 5, `${failedReads} of ${reads} reads failed`);
  }
}
