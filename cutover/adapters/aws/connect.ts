import { closeConnections } from "../../database/database";
import type { Clock } from "../../engine/clock";
import type { World } from "../../ports";
import { awsApplication } from "./awsApplication";
import { sourceDatabase, targetDatabase } from "./awsDatabase";
import { targetQueue } from "./awsQueue";
import type { AwsClients } from "./clients";
import { composeQueue } from "./composeQueue";
import { composeSchema } from "./composeSchema";
import { composeStorage } from "./composeStorage";
import { composeWorkload } from "./composeWorkload";
import type { AwsWorldDescription } from "./description";
import { DmsReplicationTask } from "./dmsReplicationTask";
import { ecsWorkload } from "./ecsWorkload";
import { elbTraffic } from "./elbTraffic";
import { HostCommand } from "./hostCommand";
import { awsChecks } from "./preflight/preflight";
import { rdsStorage } from "./rdsStorage";
import { S3Bucket } from "./s3Bucket";
import { S3Phase } from "./s3Phase";
import { Secrets } from "./secrets";

/**
 * The world that the program has made on AWS. Reads the secrets of both databases and of the queue; everything else is
 * asked when it is needed.
 * @param options clients, which are their maker's to end; name of this function; whether the source's host is no more,
 *   so that it is not asked; and whether the world is only looked at: then what cannot be reached is one more thing to
 *   tell, and hides nothing else
 * @throws Error that names everything that cannot be reached, and why: a secret that is not as it should be, a host
 *   that does not answer
 */
export async function connectAwsWorld(
  description: AwsWorldDescription,
  options: {
    readonly clients: AwsClients;
    readonly functionName: string;
    readonly sourceGone: boolean;
    readonly isLook: boolean;
  },
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly world: World; readonly close: () => Promise<void> }> {
  const { clients, functionName, sourceGone, isLook } = options;
  const { source, target, task } = description;
  const secrets = new Secrets(clients.secrets, clock);
  const host = new HostCommand({
    client: clients.ssm,
    instanceId: source.instanceId,
    by: { documentName: source.documentName },
    clock,
  });
  const [ofSource, ofTarget, queue] = await Promise.all([
    sourceDatabase(source, secrets, sourceGone ? undefined : host, signal),
    targetDatabase(target, secrets, signal),
    targetQueue(target.queueUrlSecretArn, secrets, signal),
  ]);
  const databases = { source: ofSource, target: ofTarget };
  const missing = [...(sourceGone ? [] : [ofSource]), ofTarget, queue].flatMap(
    ({ unreachable }) => unreachable?.message ?? [],
  );
  if (missing.length > 0 && !isLook) throw new Error(missing.join("\n"));
  const secretKey = (its: AbortSignal) => secrets.secretKey(description.secretKeySecretArn, its);
  const world: World = {
    source: {
      name: "source",
      database: databases.source,
      storage: composeStorage(host, source),
      workload: composeWorkload(host, source),
      queue: composeQueue(host, source),
      secretKey,
    },
    target: {
      name: "target",
      database: databases.target,
      storage: rdsStorage(clients.rds, target.database.identifier, databases.target, clock),
      workload: ecsWorkload(clients.ecs, target, clock),
      queue: queue.queue,
      secretKey,
    },
    traffic: elbTraffic(clients.elb, description, clock),
    schema: composeSchema(host, source),
    application: awsApplication({
      url: description.url,
      dataSourceId: description.probeDataSourceId,
      database: databases.target,
    }),
    transport:
      task === undefined
        ? { kind: "logical" }
        : {
            kind: "dms",
            task: new DmsReplicationTask({
              ...databases,
              client: clients.dms,
              task,
              clock,
            }),
          },
    checks: awsChecks({ description, clients, host, clock, functionName }),
    phase: new S3Phase(new S3Bucket(clients.s3, description.journalBucket, clock), clock),
  };
  return {
    world,
    close: async () => {
      queue.close();
      for (const database of Object.values(databases)) await closeConnections(database);
    },
  };
}
