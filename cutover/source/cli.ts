import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { hostScript, SOURCE_PARTS } from "../../redash/hostScript";
import { clientConfig } from "../adapters/aws/clients";
import { HostCommand } from "../adapters/aws/hostCommand";
import { ended, Problems, wholeNumber, WrongUsage } from "../command";
import { systemClock } from "../engine/clock";
import { narrator, stopSignal } from "../narrator";
import { EXIT_CODES } from "../report/summary";
import { stackLines } from "./environment";
import { nextTimeMs } from "./restartTime";
import { SecretStore } from "./secretStore";
import { certificateOf, SourceHost } from "./sourceHost";

const ACTS = ["find", "import", "prepare", "undo", "disk"] as const;
const USAGE = `npm run source -- ACT --instance i-… --region REGION [options]

Readies the EC2 host that Redash is moved away from, by SSM Run Command with your own AWS credentials.
  find      which compose project it is, its services and versions; changes nothing
  import    puts Redash's own secrets into Secrets Manager and prints the lines for the stack file
  prepare   makes PostgreSQL one that the new side can follow, and restarts it when you allow it
  undo      puts every file back as it was, and restarts PostgreSQL when you allow it
  disk      free disk, WAL, and memory of the containers

  --at HH:MM            prepare, undo: when PostgreSQL may restart, on this machine's clock; or --now
  --name NAME           import: name of the secret (default redash/source)
  --key ID              import: KMS key of a new secret (default AWS's own)
  --cidr A.B.C.D/N      prepare: who may come, the addresses of the VPC
  --mover-secret ARN    prepare: secret of redash_mover (output of the stack in the phase replicating)
  --dms-secret ARN      prepare: secret of redash_dms, with transport dms
  --address A.B.C.D     prepare: where PostgreSQL is published (default the host's private address)
  --port N              prepare: on which port (default 5432)
  --wal-keep-mb N       prepare: WAL that a slot may hold back before it is lost (default half of the free disk)
  --image NAME          prepare: another image of PostgreSQL, such as one with pglogical
  --plain               prepare: let roles of the move in without TLS
  --directory FOLDER    folder of the compose file, if the host has several projects
  --servers, --scheduler, --workers, --database, --queue NAMES
                        services of a compose file that is not the official one, all five

Ctrl-C ends a wait, or cancels what the host is doing; every act may be run again. Exit codes: 0 done, 2 refused before
anything changed, 3 needs a person, 64 wrong usage.`;

const SERVICES = ["servers", "scheduler", "workers", "database", "queue"] as const;
const text = { type: "string" } as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      instance: text,
      region: text,
      at: text,
      now: { type: "boolean", default: false },
      name: { type: "string", default: "redash/source" },
      key: text,
      cidr: text,
      "mover-secret": text,
      "dms-secret": text,
      address: text,
      port: text,
      "wal-keep-mb": text,
      image: text,
      plain: { type: "boolean", default: false },
      directory: text,
      servers: text,
      scheduler: text,
      workers: text,
      database: text,
      queue: text,
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return EXIT_CODES.done;
  }
  const problems = new Problems();
  const needed = (name: string, value: string | undefined, pattern: RegExp, allowed: string) => {
    if (value === undefined || !pattern.test(value))
      problems.list.push(`--${name} is ${value ?? "missing"}; allowed: ${allowed}`);
    return value ?? "";
  };
  const act = ACTS.find((it) => it === positionals.join(" "));
  if (act === undefined)
    throw new WrongUsage(
      `${positionals.length === 0 ? "no act is given" : `${positionals.join(" ")} is no act`}; acts: ${ACTS.join(", ")}`,
    );
  const instanceId = needed("instance", values.instance, /^i-[0-9a-f]+$/, "an id like i-0a1b2c3d");
  const region = needed("region", values.region, /^[a-z]+(?:-[a-z]+)+-\d$/, "such as eu-west-1");
  const restartAtMs = restartTime(problems, act, values.at, values.now);
  if (act === "prepare") {
    needed("cidr", values.cidr, /^\d+(?:\.\d+){3}\/\d+$/, "a range like 10.0.0.0/16");
    needed("mover-secret", values["mover-secret"], /^arn:/, "the ARN of a secret");
  }
  for (const [name, value] of [
    ["port", values.port],
    ["wal-keep-mb", values["wal-keep-mb"]],
  ] as const)
    if (value !== undefined) wholeNumber(problems, name, value, 1, name === "port" ? 65_535 : 1e8);
  const named = SERVICES.filter((service) => values[service] !== undefined);
  if (named.length > 0 && named.length < SERVICES.length)
    problems.list.push(`name all of --${SERVICES.join(", --")}, or none`);
  problems.assertNone();

  const ssm = new SSMClient(clientConfig({ region }));
  const secretsManager = new SecretsManagerClient(clientConfig({ region }));
  const secrets = new SecretStore(secretsManager, systemClock);
  const script = hostScript(SOURCE_PARTS, (name) =>
    readFileSync(join(__dirname, "..", "..", "redash", "host", name), "utf8"),
  );
  const write = (line: string) => process.stderr.write(line);
  const { say } = narrator(write);
  const given = (names: Readonly<Record<string, string | undefined>>) =>
    Object.fromEntries(
      Object.entries(names).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  const { directory, servers, scheduler, workers, database, queue } = values;
  const host = new SourceHost(
    new HostCommand({ client: ssm, instanceId, by: { script }, clock: systemClock }),
    secrets,
    given({ directory, servers, scheduler, workers, database, queue }),
    systemClock,
    say,
  );
  const signal = stopSignal(write);
  const print = (line: string) => process.stdout.write(`${line.trimEnd()}\n`);
  try {
    switch (act) {
      case "find":
      case "disk":
        print(await host[act](signal));
        break;
      case "import": {
        const environment = await host.environment(signal);
        const { cookieSecret, secretKey } = environment;
        const keep = (name: string, content: Readonly<Record<string, string>>) =>
          secrets.keep(name, content, values.key, signal);
        const keys = await keep(values.name, { cookieSecret, secretKey });
        const others =
          Object.keys(environment.secrets).length === 0
            ? undefined
            : await keep(`${values.name}-environment`, environment.secrets);
        say(`${keys.arn} ${keys.isChanged ? "is written" : "was so already"}`);
        print("for the stack file, under config:");
        for (const line of stackLines(environment, { keys: keys.arn, others: others?.arn }))
          print(line);
        break;
      }
      case "prepare": {
        const answer = await host.prepare(
          {
            cidr: values.cidr ?? "",
            moverSecretArn: values["mover-secret"] ?? "",
            taskSecretArn: values["dms-secret"],
            more: given({
              address: values.address,
              port: values.port,
              keep_mb: values["wal-keep-mb"],
              image: values.image,
              plain: values.plain ? "yes" : undefined,
            }),
          },
          restartAtMs,
          signal,
        );
        print(answer.replace(/^certificate=.*\n/m, ""));
        print(certificateOf(answer));
        break;
      }
      case "undo":
        print(await host.undo(restartAtMs, signal));
    }
    return EXIT_CODES.done;
  } finally {
    ssm.destroy();
    secretsManager.destroy();
  }
}

/** @returns milliseconds since the epoch; 0 is at once */
function restartTime(
  problems: Problems,
  act: (typeof ACTS)[number],
  at: string | undefined,
  isNow: boolean,
): number {
  if (act !== "prepare" && act !== "undo") return 0;
  if ((at === undefined) !== isNow) {
    problems.list.push(`${act} restarts PostgreSQL: say when it may, by --at HH:MM or --now`);
    return 0;
  }
  return at === undefined ? 0 : (problems.of(() => nextTimeMs(at, Date.now())) ?? 0);
}

void ended(main, USAGE, "npm run source -- find");
