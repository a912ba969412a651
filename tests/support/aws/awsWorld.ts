import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import type pg from "pg";
import type { AwsWorldDescription } from "../../../cutover/adapters/aws/description";
import { type LocalWorld, startLocalWorld } from "../../../cutover/adapters/local/world";
import type { Part, SideName, World } from "../../../cutover/ports";
import { hostDocument } from "../../../redash/hostDocument";
import { hostScript, MOVE_PARTS } from "../../../redash/hostScript";
import { ended, type Ended } from "../cutover/moveCommand";
import { type ComposeHost, composeHost, readHostPart } from "../host/composeHost";
import {
  type AwsStackOptions,
  describeStack,
  DOCUMENT,
  INSTANCE,
  makeBalancer,
  makeSecrets,
  makeServices,
} from "./awsStack";
import { startDms } from "./dmsDoor";
import { openElbDoor } from "./elbDoor";
import { Fargate } from "./fargate";
import { FUNCTION_NAME, LambdaDoor } from "./lambdaDoor";
import { Moto, REGION } from "./moto";
import { BUCKET, motoBucket } from "./motoBucket";
import { SsmHost } from "./ssmHost";
import { type Certificate, makeCertificate, openTlsDoor } from "./tls";

const ROOT = join(__dirname, "..", "..", "..");
/** Service of Compose, and service of ECS → what runs in truth. Redash has more kinds of workers than the stand-in. */
const COMPOSE: Readonly<Record<string, Part>> = {
  server: "servers",
  scheduler: "scheduler",
  worker: "workers",
};
const ECS = COMPOSE;
const LATER_CLOCK = join(__dirname, "laterClock.ts");

/**
 * A move on AWS as far as it can be had on one machine: PostgreSQL, Valkey and Redash's processes of a rehearsal; the
 * source's in containers of a host that only SSM reaches; AWS as moto plays it, with doors that let ECS start processes,
 * ELBv2 turn users, and Lambda run the bundle; both ends of the move behind TLS.
 */
export class AwsWorld {
  /** What the command line has printed, and been called with. */
  readonly printed: string[] = [];
  private readonly ends: (() => Promise<unknown>)[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "redash-aws-"));
  local!: LocalWorld;
  moto!: Moto;
  s3!: S3Client;
  lambda!: LambdaDoor;
  host!: ComposeHost;
  ssm!: SsmHost;
  listenerArn!: string;
  groups!: Readonly<Record<SideName, string>>;
  secrets!: Awaited<ReturnType<typeof makeSecrets>>;
  private stack!: AwsStackOptions;
  private environment!: Readonly<Record<string, string>>;

  private constructor(private readonly transport: World["transport"]["kind"]) {}

  /** Starts everything; nothing of it is prepared for a move. */
  static async start(transport: World["transport"]["kind"]): Promise<AwsWorld> {
    const world = new AwsWorld(transport);
    try {
      await world.begin();
      return world;
    } catch (error) {
      await world.remove();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    const certificate = makeCertificate(this.folder);
    const [local, moto] = await Promise.all([
      this.kept(startLocalWorld({ megabytes: 8 }), (it) => it.remove()),
      this.kept(Moto.start(), (it) => it.stop()),
    ]);
    [this.local, this.moto] = [local, moto];
    this.s3 = await this.kept(motoBucket(moto), (it) => {
      it.destroy();
      return Promise.resolve();
    });
    await this.encryptTarget(certificate);
    const queue = await this.kept(openTlsDoor(certificate, local.queues.target.port), (it) =>
      it.stop(),
    );
    this.host = await this.kept(this.composeHost(), (it) => it.remove());
    const { mainSteps } = hostDocument(hostScript(MOVE_PARTS, readHostPart));
    const documents = { [DOCUMENT]: mainSteps[0]!.inputs.runCommand };
    this.ssm = await this.kept(SsmHost.start(moto, this.host, documents), (it) => it.stop());
    const fargate = await this.kept(Fargate.start(moto), (it) => it.stop());
    fargate.stepsPerLook = 4;
    fargate.onScaled = (service, count) =>
      local.processes.target[count > 0 ? "start" : "stop"](ECS[service]!);
    const { balancer, listenerArn } = await makeBalancer(moto);
    this.groups = balancer.groups;
    this.listenerArn = listenerArn;
    const elb = await this.kept(openElbDoor(moto, this.turned), (it) => it.stop());
    this.lambda = await this.kept(LambdaDoor.start(), (it) => it.stop());
    const { source, target, front } = local.description;
    const dms =
      this.transport === "dms"
        ? await this.kept(startDms(moto, local, certificate), ({ door }) => door.stop())
        : undefined;
    this.stack = {
      moto,
      fargate,
      url: front.url,
      database: source.database.database,
      applicationRole: source.applicationRole,
      applicationPassword: target.applicationPassword!,
      source: {
        username: "redash_mover",
        password: randomBytes(24).toString("hex"),
        host: "127.0.0.1",
        port: source.database.port,
      },
      target: {
        username: target.database.user,
        password: target.database.password,
        host: "localhost",
        port: target.database.port,
      },
      queueUrl: `rediss://:${new URL(target.redisUrl).password}@localhost:${queue.port}/0`,
      targetCaPem: certificate.certificate,
      dms,
    };
    this.secrets = await makeSecrets(this.stack);
    this.environment = {
      AWS_ENDPOINT_URL: moto.options.endpoint,
      AWS_ENDPOINT_URL_SSM: this.ssm.options.endpoint,
      AWS_ENDPOINT_URL_ECS: fargate.options.endpoint,
      AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: elb.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: this.lambda.endpoint,
      ...(dms && { AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: dms.door.endpoint }),
      NODE_EXTRA_CA_CERTS: join(this.folder, "certificate.pem"),
    };
    writeFileSync(
      join(this.folder, "outputs.json"),
      JSON.stringify({
        region: REGION,
        functionName: FUNCTION_NAME,
        journalBucket: BUCKET,
        transport: this.transport,
      }),
    );
  }

  /** What `pulumi up` makes, with the keys that were imported. @returns what the function is told of the world */
  async deploy(keysArn: string): Promise<AwsWorldDescription> {
    const { stack, secrets, groups, listenerArn } = this;
    await makeServices(stack.fargate, {
      REDASH_SECRET_KEY: `${keysArn}:secretKey::`,
      REDASH_DATABASE_URL: secrets.url,
      REDASH_REDIS_URL: secrets.queueUrl,
    });
    const description = describeStack(stack, { secrets, keysArn, groups, listenerArn });
    this.lambda.environment = {
      ...this.environment,
      REDASH_MOVE: JSON.stringify(description),
    };
    return description;
  }

  /** `npm run move -- …`, as an operator runs it; SIGUSR2 lets it believe that minutes have passed. */
  start = (...args: string[]) =>
    this.command("cutover/cli.ts", ...args, "--outputs", join(this.folder, "outputs.json"));

  move = (...args: string[]): Promise<Ended> => this.told(this.start(...args));

  /** `npm run source -- …` */
  source = (...args: string[]): Promise<Ended> =>
    this.told(
      this.command("cutover/source/cli.ts", ...args, "--instance", INSTANCE, "--region", REGION),
    );

  /** Waits for the end of a command. @param onStderr called with everything that it has written so far */
  async told(
    child: ReturnType<AwsWorld["start"]>,
    onStderr?: (text: string) => void,
  ): Promise<Ended> {
    const result = await ended(child, onStderr);
    this.printed.push(child.spawnargs.join(" "), result.stdout, result.stderr);
    return result;
  }

  /** Everything that nobody but its owner may read, by what it is. */
  passwords(): Readonly<Record<string, string>> {
    const { source, target } = this.local.description;
    return {
      mover: this.stack.source.password,
      master: this.stack.target.password,
      application: this.stack.applicationPassword,
      superuser: source.database.password,
      ...(this.stack.dms && { task: this.stack.dms.login.password }),
      sourceQueue: new URL(source.redisUrl).password,
      targetQueue: new URL(target.redisUrl).password,
      secretKey: source.secretKey,
    };
  }

  /** A connection that may do anything, for looking. */
  administrator = (side: SideName): Promise<pg.Client> => this.local.administrator(side);

  async remove(): Promise<void> {
    const failures: string[] = [];
    for (const end of this.ends.splice(0).reverse())
      await end().catch((error: unknown) => failures.push(String(error)));
    rmSync(this.folder, { recursive: true, force: true });
    if (failures.length > 0) throw new Error(failures.join("; "));
  }

  private async kept<T>(made: Promise<T>, end: (it: T) => Promise<unknown>): Promise<T> {
    const it = await made;
    this.ends.push(() => end(it));
    return it;
  }

  private command(file: string, ...args: string[]) {
    return spawn(process.execPath, ["--import=tsx", `--import=${LATER_CLOCK}`, file, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...this.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  private readonly turned = async (targetGroupArn: string): Promise<void> => {
    const side = targetGroupArn === this.groups.source ? "source" : "target";
    const { controlUrl } = this.local.description.front;
    const answer = await fetch(`${controlUrl}/weight/${side}`, { method: "PUT" });
    if (!answer.ok) throw new Error(`the load balancer's stand-in answers ${answer.status}`);
  };

  private composeHost(): Promise<ComposeHost> {
    const { servers, queues, processes, description } = this.local;
    const { secretKey, database } = description.source;
    return composeHost({
      living: {
        database: servers.source,
        queue: queues.source,
        environment: {
          REDASH_SECRET_KEY: secretKey,
          REDASH_DATABASE_URL: `postgresql://postgres:${database.password}@postgres/${database.database}`,
        },
        services: Object.fromEntries(
          Object.entries(COMPOSE).map(([service, part]) => [
            service,
            {
              start: () => processes.source.start(part),
              stop: () => processes.source.stop(part),
            },
          ]),
        ),
      },
    });
  }

  /** Its master lets nobody in without TLS, as RDS does by `rds.force_ssl`. */
  private async encryptTarget({ certificate, key }: Certificate): Promise<void> {
    const data = join(this.local.servers.target.directory, "data");
    const { uid, gid } = statSync(join(data, "PG_VERSION"));
    for (const [name, content] of [
      ["server.crt", certificate],
      ["server.key", key],
    ] as const) {
      writeFileSync(join(data, name), content, { mode: 0o600 });
      chownSync(join(data, name), uid, gid);
    }
    const rules = join(data, "pg_hba.conf");
    const { user } = this.local.description.target.database;
    const own = `hostssl all ${user} all scram-sha-256\nhost all ${user} all reject\n`;
    writeFileSync(rules, `${own}${readFileSync(rules, "utf8")}`);
    const client = await this.local.administrator("target");
    await client.query("ALTER SYSTEM SET ssl = on");
    await client.query("SELECT pg_reload_conf()");
    await client.end();
  }
}
