import type { Clock } from "../../../../engine/clock";
import { ask, type Fact, known } from "../../../../preflight/fact";
import { type Facts, HOST_LIMIT_MS } from "../../../../preflight/facts/facts";
import type { AwsClients } from "../../clients";
import { composeSetup } from "../../composeSetup";
import type { AwsWorldDescription } from "../../description";
import type { HostCommand } from "../../hostCommand";
import {
  assessmentFacts,
  connectionFacts,
  dmsInstanceFacts,
  dmsInstanceQuota,
  dmsTaskFacts,
} from "./dms";
import { ecsFacts } from "./ecs";
import { elastiCacheFacts } from "./elastiCache";
import { balancerName, forwardFacts, targetGroupFacts } from "./elb";
import { bucketVersioning, functionFacts, secretRole } from "./moveItself";
import { interfaceEndpoints, networkFacts, networkInterfaces } from "./network";
import { quota } from "./quotas";
import { rdsFacts, rdsStorageQuota } from "./rds";
import { addressesOf, connects, hostOf, type Service, SERVICES } from "./reach";
import { type Read, readWith } from "./read";
import { agentFacts, sourceHostFacts } from "./sourceHost";

export interface AwsPreflightOptions {
  readonly description: AwsWorldDescription;
  readonly clients: AwsClients;
  /** The source's host. */
  readonly host: Pick<HostCommand, "run">;
  readonly clock: Clock;
  /** The function in which the move runs: AWS_LAMBDA_FUNCTION_NAME. */
  readonly functionName: string;
}

/** What the checks of AWS judge: what AWS says of the world, and what any move knows. */
export type AwsFacts = Awaited<ReturnType<typeof gatherAwsFacts>>;

/** How long an answer may take, with all its pages and tries. */
const LIMIT_MS = 20_000;

/**
 * Asks AWS everything at the same time. Nothing is changed, but that an assessment of the task is started if there was
 * none.
 * @throws the signal's reason if it aborts
 */
export async function gatherAwsFacts(
  { description, clients, host, clock, functionName }: AwsPreflightOptions,
  move: Facts,
  signal: AbortSignal,
) {
  const { source, target, task } = description;
  const asked = <T>(work: (read: Read, its: AbortSignal) => Promise<T>): Promise<Fact<T>> =>
    ask(LIMIT_MS, signal, (its) => work(readWith(clock, its), its));
  const ofTask = <T>(
    work: (read: Read, it: NonNullable<typeof task>) => Promise<T>,
  ): Promise<Fact<T>> =>
    asked((read) => {
      if (task === undefined) throw new Error("the move has no task of AWS DMS");
      return work(read, task);
    });
  const services = asked((read) => ecsFacts(read, clients.ecs, target));
  const network = asked(async (read) => {
    const subnetIds = known(await services).flatMap((it) => it.subnetIds);
    return networkFacts(read, clients.ec2, [...new Set(subnetIds)]);
  });
  const secretArns = {
    source: source.database.secretArn,
    target: target.database.secretArn,
    secretKey: description.secretKeySecretArn,
    databaseUrl: target.database.urlSecretArn,
    queueUrl: target.queueUrlSecretArn,
  };
  const all = {
    rds: asked((read) => rdsFacts(read, clients.rds, target.database.identifier)),
    elastiCache: asked((read) =>
      elastiCacheFacts(read, clients.elastiCache, target.replicationGroupId),
    ),
    forward: asked((read) => forwardFacts(read, clients.elb, description.traffic)),
    sourceGroup: asked((read) => targetGroupFacts(read, clients.elb, source.targetGroupArn)),
    targetGroup: asked((read) => targetGroupFacts(read, clients.elb, target.targetGroupArn)),
    /** Where people knock, and the load balancer's own name: both as this function finds them. */
    hostAddresses: asked(() => addressesOf(new URL(description.url).hostname)),
    balancerAddresses: asked(async (read) =>
      addressesOf(await balancerName(read, clients.elb, description.traffic.listenerArn)),
    ),
    services,
    network,
    setup: ask(HOST_LIMIT_MS, signal, (its) => composeSetup(host, source, its)),
    host: asked((read) => sourceHostFacts(read, clients.ec2, source.instanceId)),
    agent: asked((read) => agentFacts(read, clients.ssm, source.instanceId)),
    fargateVcpus: asked((read) => quota(read, clients.quotas, "fargateVcpus")),
    rdsStorage: asked((read) => rdsStorageQuota(read, clients.rds)),
    interfaces: asked(async (read) => ({
      used: await networkInterfaces(read, clients.ec2),
      most: await quota(read, clients.quotas, "networkInterfaces"),
    })),
    endpoints: asked(async (read) => ({
      used: await interfaceEndpoints(read, clients.ec2, known(await network).vpcIds),
      most: await quota(read, clients.quotas, "interfaceEndpoints"),
    })),
    dmsInstances: ofTask((read) => dmsInstanceQuota(read, clients.dms)),
    dmsInstance: ofTask((read, it) => dmsInstanceFacts(read, clients.dms, it)),
    dmsSource: ofTask((read, it) => connectionFacts(read, clients.dms, it.sourceEndpointArn)),
    dmsTarget: ofTask((read, it) => connectionFacts(read, clients.dms, it.targetEndpointArn)),
    dmsTask: ofTask((read, it) => dmsTaskFacts(read, clients.dms, it)),
    assessment: ofTask((read, it) =>
      assessmentFacts(read, clients.dms, it, {
        bucket: description.journalBucket,
        name: `redash-${clock.nowMs()}`,
      }),
    ),
    moveFunction: asked((read) => functionFacts(read, clients.lambda, functionName)),
    versioning: asked((read) => bucketVersioning(read, clients.s3, description.journalBucket)),
  };
  const [answers, reached, secrets] = await Promise.all([
    each(all),
    each(
      Object.fromEntries(
        SERVICES.map((service) => [
          service,
          asked((_, its) => connects(hostOf(service, description.region), its)),
        ]),
      ) as Record<Service, Promise<Fact<true>>>,
    ),
    each(
      Object.fromEntries(
        Object.entries(secretArns).map(([name, arn]) => [
          name,
          asked((read) => secretRole(read, clients.secrets, arn)),
        ]),
      ) as Record<keyof typeof secretArns, Promise<Fact<string | undefined>>>,
    ),
  ]);
  return { description, move, nowMs: clock.nowMs(), ...answers, reached, secrets };
}

/** Waits for every member. */
async function each<T extends Record<string, Promise<unknown>>>(
  members: T,
): Promise<{ [Name in keyof T]: Awaited<T[Name]> }> {
  const values = await Promise.all(
    Object.entries(members).map(async ([name, member]) => [name, await member] as const),
  );
  return Object.fromEntries(values) as { [Name in keyof T]: Awaited<T[Name]> };
}
