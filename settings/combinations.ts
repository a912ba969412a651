import {
  commonEnvironment,
  isLoud,
  looksSecret,
  OTHER_QUEUE_VARIABLE,
  SECRET_VARIABLES,
} from "../redash/environment";
import { fargateSizeProblem } from "../redash/fargate";
import { PHASE_TABLE } from "../redash/phase";
import { QUEUES } from "../redash/processes";
import { windowsOverlap } from "./formats";
import { type KeyName, KEYS, type Values } from "./keys";
import { type Problem, setCommand, variableNames } from "./problem";

/** A problem between keys that are sound by themselves. */
export interface CombinationProblem extends Problem {
  /** The keys that take part. */
  readonly parts: readonly KeyName[];
}

type Found = Iterable<CombinationProblem>;

/** Everything that is wrong with keys taken together. */
export function combinationProblems(values: Values): CombinationProblem[] {
  return [phases, network, ingress, database, queue, sizes, queues, image, environment].flatMap(
    (rule) => [...rule(values)],
  );
}

/** A problem with a key, given how it is and how it should be. */
function problem(
  values: Values,
  parts: readonly [KeyName, ...KeyName[]],
  allowed: string,
  fix?: string,
): CombinationProblem {
  const [name] = parts;
  const value = values[name];
  return {
    parts,
    key: `redash:${name}`,
    value: value === undefined || typeof value === "string" ? value : JSON.stringify(value),
    allowed,
    fix: fix ?? setCommand(`redash:${name}`, KEYS[name].example),
  };
}

function* phases(values: Values): Found {
  const { phase, mode } = values;
  const meaning = PHASE_TABLE[phase];
  if (meaning.secrets === "imported" && values.sourceSecretsArn === undefined) {
    yield problem(
      values,
      ["sourceSecretsArn", "phase"],
      `the secret with the source's own keys: phase ${phase} must decrypt what the source encrypted`,
    );
  }
  if (phase === "greenfield" && values.administratorEmail === undefined) {
    yield problem(
      values,
      ["administratorEmail", "phase"],
      "the first administrator of a greenfield stack",
    );
  }
  if (meaning.source) {
    const { sourceInstanceId: instance, sourceImageId: image } = values;
    if (instance === undefined && image === undefined) {
      yield problem(
        values,
        [mode === "rehearsal" ? "sourceImageId" : "sourceInstanceId", "phase", "mode"],
        `the host to move from, in phase ${phase}`,
      );
    }
    if (instance !== undefined && image !== undefined) {
      yield problem(
        values,
        ["sourceImageId", "sourceInstanceId"],
        "either a living source (sourceInstanceId) or one started from an image (sourceImageId)",
        "pulumi config rm redash:sourceImageId",
      );
    }
    if (image !== undefined && mode === "production") {
      yield problem(
        values,
        ["sourceImageId", "mode"],
        "an image only in a rehearsal: production moves its living host",
        "pulumi config rm redash:sourceImageId",
      );
    }
    if (image !== undefined && values.vpcId !== undefined && mode === "rehearsal") {
      yield problem(
        values,
        ["sourceImageId", "vpcId"],
        "a copy of the host only in a VPC of the stack's own: it would reach whatever lives in an existing one",
        "pulumi config rm redash:vpcId",
      );
    }
    if (instance !== undefined && values.vpcId === undefined) {
      yield problem(
        values,
        ["vpcId", "sourceInstanceId"],
        "the VPC of the source instance: a load balancer reaches instances of its own VPC only",
      );
    }
  }
  if (meaning.source && values.probeDataSourceId === undefined) {
    yield problem(
      values,
      ["probeDataSourceId", "phase"],
      "a data source on which SELECT 1 may run: only an executed query proves that both sides work",
    );
  }
  if (meaning.source && values.transport === "dms" && values.dmsLargestLobBytes === undefined) {
    yield problem(
      values,
      ["dmsLargestLobBytes", "transport", "phase"],
      "the largest value of the source, measured there (docs/settings.md): transport dms stops at a larger one",
    );
  }
}

const SUBNET_KEYS = ["publicSubnetIds", "privateSubnetIds", "isolatedSubnetIds"] as const;

function* network(values: Values): Found {
  for (const name of SUBNET_KEYS) {
    const needed = values.vpcId !== undefined;
    // Behind somebody else's load balancer no public subnet is used.
    if (name === "publicSubnetIds" && values.existingListenerArn !== undefined) continue;
    if (needed === (values[name] !== undefined)) continue;
    yield needed
      ? problem(values, [name, "vpcId"], `subnets of the VPC, since vpcId is set`)
      : problem(
          values,
          [name, "vpcId"],
          "nothing, since vpcId is not set",
          `pulumi config rm redash:${name}`,
        );
  }
  const seen = new Map<string, string>();
  for (const name of SUBNET_KEYS) {
    for (const subnet of values[name] ?? []) {
      const other = seen.get(subnet);
      if (other !== undefined) {
        yield problem(
          values,
          [name, "vpcId"],
          `subnets that no other tier has; ${subnet} is in ${other} too`,
        );
      }
      seen.set(subnet, name);
    }
  }
}

const EXISTING = [
  "existingListenerArn",
  "existingListenerRulePriority",
  "existingLoadBalancerSecurityGroupId",
] as const;

function* ingress(values: Values): Found {
  const existing = EXISTING.filter((name) => values[name] !== undefined);
  if (existing.length > 0) {
    const needed = [...EXISTING, "certificateArn", "vpcId"] as const;
    for (const name of needed.filter((name) => values[name] === undefined)) {
      const reason =
        name === "certificateArn"
          ? `the certificate of ${values.host}, which is added to the existing listener`
          : `a value, since ${existing[0] ?? ""} is set`;
      yield problem(values, [name, ...EXISTING], reason);
    }
    if (values.httpRedirect) {
      yield problem(
        values,
        ["httpRedirect", "existingListenerArn"],
        "false: the existing load balancer decides what its port 80 does",
        "pulumi config rm redash:httpRedirect",
      );
    }
  } else if (values.certificateArn === undefined && values.hostedZoneId === undefined) {
    yield problem(
      values,
      ["certificateArn", "hostedZoneId"],
      "a certificate, or hostedZoneId to make one in: there is no listener without TLS",
    );
  }
}

function* database(values: Values): Found {
  const { databaseStorageGib: now, databaseMaxStorageGib: most } = values;
  if (most * 10 < now * 11) {
    yield problem(
      values,
      ["databaseMaxStorageGib", "databaseStorageGib"],
      `at least ${Math.ceil((now * 11) / 10)}: 10 % above databaseStorageGib, which is ${now}`,
      `pulumi config set redash:databaseMaxStorageGib ${now * 2}`,
    );
  }
  if (values.transport === "dms" && values.databaseVersion.startsWith("18")) {
    yield problem(
      values,
      ["databaseVersion", "transport"],
      "15, 16 or 17 with transport dms: DMS does not know 18",
    );
  }
  if (windowsOverlap(values.databaseBackupWindow, values.databaseMaintenanceWindow)) {
    yield problem(
      values,
      ["databaseMaintenanceWindow", "databaseBackupWindow"],
      `a window apart from databaseBackupWindow, which is ${values.databaseBackupWindow}`,
    );
  }
}

function* queue(values: Values): Found {
  if (windowsOverlap(values.queueSnapshotWindow, values.queueMaintenanceWindow)) {
    yield problem(
      values,
      ["queueMaintenanceWindow", "queueSnapshotWindow"],
      `a window apart from queueSnapshotWindow, which is ${values.queueSnapshotWindow}`,
    );
  }
}

/** One Redash process, idle (facts: 134–146 MB each); a busy worker forks a second one. */
const PROCESS_MIB = 150;

function* sizes(values: Values): Found {
  for (const role of ["server", "scheduler"] as const) {
    const [cpu, memory] = [`${role}Cpu`, `${role}MemoryMib`] as const;
    const allowed = fargateSizeProblem(values[cpu], values[memory]);
    if (allowed?.startsWith("cpu")) yield problem(values, [cpu, memory], allowed);
    else if (allowed !== undefined) yield problem(values, [memory, cpu], allowed);
  }
  const webMib = (values.serverWebWorkers + 1) * PROCESS_MIB;
  if (values.serverMemoryMib < webMib) {
    yield problem(
      values,
      ["serverMemoryMib", "serverWebWorkers"],
      `at least ${webMib} MiB for ${values.serverWebWorkers} web workers of ${PROCESS_MIB} MiB`,
      `pulumi config set redash:serverWebWorkers ${Math.max(1, Math.floor(values.serverMemoryMib / PROCESS_MIB) - 1)}`,
    );
  }
  for (const { name, cpu, memoryMib, processes } of values.workers) {
    const allowed = fargateSizeProblem(cpu, memoryMib);
    if (allowed !== undefined) yield problem(values, ["workers"], `for worker ${name}: ${allowed}`);
    const needed = (2 * processes + 1) * PROCESS_MIB;
    if (memoryMib < needed) {
      yield problem(
        values,
        ["workers"],
        `for worker ${name}: at least ${needed} MiB for ${processes} processes (each forks one) of ${PROCESS_MIB} MiB`,
      );
    }
  }
}

function* queues(values: Values): Found {
  const names = values.workers.map(({ name }) => name);
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    yield problem(values, ["workers"], `worker names that differ; ${name} occurs twice`);
  }
  const consumers = new Map<string, string>();
  for (const kind of values.workers) {
    for (const queue of kind.queues) {
      const other = consumers.get(queue);
      if (other !== undefined) {
        yield problem(
          values,
          ["workers"],
          `each queue in one kind; ${queue} is in ${other} and ${kind.name}`,
        );
      }
      consumers.set(queue, kind.name);
    }
  }
  const idle = QUEUES.filter((queue) => !consumers.has(queue));
  if (idle.length > 0) {
    yield problem(
      values,
      ["workers"],
      `a worker for each of Redash's queues; none consumes ${idle.join(", ")}`,
      `add ${idle.join(", ")} to the queues of a kind in redash:workers`,
    );
  }
  for (const queue of values.dataSourceQueues.filter((queue) => !consumers.has(queue))) {
    yield problem(
      values,
      ["dataSourceQueues", "workers"],
      `queues that a worker consumes; none consumes ${queue}, so its queries would wait for ever`,
      `add ${queue} to the queues of a kind in redash:workers`,
    );
  }
}

function* image(values: Values): Found {
  const version = /:(\d+)\.\d+/.exec(values.image);
  if (values.architecture === "ARM64" && version !== null && Number(version[1]) < 25) {
    yield problem(
      values,
      ["architecture", "image"],
      `X86_64 with ${values.image}: ARM64 images exist from 25.1.0 on`,
      "pulumi config set redash:architecture X86_64",
    );
  }
}

function* environment(values: Values): Found {
  const owned = new Set([
    ...Object.keys(
      commonEnvironment({
        host: "",
        adhocQueryTimeLimitSeconds: 0,
        scheduledQueryTimeLimitSeconds: 0,
        silent: values.silent,
      }),
    ),
    ...SECRET_VARIABLES,
    ...["QUEUES", "WORKERS_COUNT", "REDASH_WEB_WORKERS", "REDASH_GUNICORN_TIMEOUT"],
    ...["REDASH_GUNICORN_BIND", "HOME", "SECRETS_VERSION"],
    ...["ADMINISTRATOR_EMAIL", "ADMINISTRATOR_NAME", "ADMINISTRATOR_PASSWORD"],
  ]);
  const found = (
    part: "environment" | "secretEnvironment",
    allowed: string,
    fix: string,
    more: readonly KeyName[] = [],
  ): CombinationProblem => ({
    ...problem(values, [part, ...more], allowed, fix),
    value: variableNames(values[part]),
  });
  for (const name of Object.keys(values.environment)) {
    if (!(name in values.secretEnvironment)) continue;
    yield found(
      "environment",
      `each variable once; ${name} is in secretEnvironment too, and ECS refuses both`,
      `remove ${name} from redash:environment`,
      ["secretEnvironment"],
    );
  }
  for (const part of ["environment", "secretEnvironment"] as const) {
    for (const name of Object.keys(values[part])) {
      const remove = `remove ${name} from redash:${part}`;
      if (values.silent && isLoud(name)) {
        yield found(
          part,
          `nothing by which a silent Redash would tell somebody; ${name} does`,
          `${remove}; or let it speak: pulumi config set redash:silent false`,
          ["silent"],
        );
      } else if (owned.has(name)) {
        yield found(
          part,
          `variables that the program does not set itself; it sets ${name}`,
          remove,
        );
      } else if (name === OTHER_QUEUE_VARIABLE) {
        yield found(
          part,
          `one Redis for everything, REDASH_REDIS_URL's, which the program sets; ${name} is another for the queue`,
          remove,
        );
      } else if (part === "environment" && looksSecret(name)) {
        yield found(
          part,
          `no secrets; ${name} looks like one`,
          `move ${name} to redash:secretEnvironment, as the ARN of a secret`,
        );
      }
    }
  }
}
