import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import type { AwsWorldDescription } from "../../../cutover/adapters/aws/description";
import type { Fargate } from "./fargate";
import { type LoadBalancer, makeListener, makeLoadBalancer } from "./loadBalancer";
import { type Moto, REGION } from "./moto";
import { BUCKET } from "./motoBucket";

export const INSTANCE = "i-0123456789abcdef0";
export const DOCUMENT = "redash-prod-source";
const CLUSTER = "redash";
/** Service → tasks before the switch, and after it. */
const TASKS = {
  server: { replicating: 1, switched: 1 },
  scheduler: { replicating: 0, switched: 1 },
  worker: { replicating: 1, switched: 1 },
} as const;

/** How a role reaches a server, as components/connectionSecret.ts keeps it. */
export interface Login {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
}

/** What the world is made of that `pulumi up` describes in the phase `replicating`. */
export interface AwsStackOptions {
  readonly moto: Moto;
  readonly fargate: Fargate;
  /** Where people knock. */
  readonly url: string;
  readonly source: Login;
  readonly target: Login;
  readonly database: string;
  readonly applicationRole: string;
  readonly applicationPassword: string;
  readonly queueUrl: string;
  readonly targetCaPem: string;
  /** Only with transport `dms`: the task, and the role by which it reads the source. */
  readonly dms: { readonly login: Login; readonly task: AwsWorldDescription["task"] } | undefined;
}

/** Secrets of the move and of Redash, as the program makes them. */
export async function makeSecrets({ moto, source, target, dms, ...options }: AwsStackOptions) {
  const client = new SecretsManagerClient(clientConfig(moto.options));
  const secret = async (Name: string, SecretString: string) =>
    (await client.send(new CreateSecretCommand({ Name, SecretString }))).ARN!;
  const { database, applicationRole, applicationPassword, queueUrl } = options;
  const arns = {
    source: await secret("redash/mover", JSON.stringify(source)),
    target: await secret("redash/master", JSON.stringify(target)),
    url: await secret(
      "redash/database-url",
      `postgresql://${applicationRole}:${applicationPassword}@${target.host}:${target.port}/${database}`,
    ),
    queueUrl: await secret("redash/queue-url", queueUrl),
    ...(dms && { dms: await secret("redash/dms-source", JSON.stringify(dms.login)) }),
  };
  client.destroy();
  return arns;
}

/** A load balancer that leads to the source. */
export async function makeBalancer(
  moto: Moto,
): Promise<{ readonly balancer: LoadBalancer; readonly listenerArn: string }> {
  const elb = new ElasticLoadBalancingV2Client(clientConfig(moto.options));
  const balancer = await makeLoadBalancer(moto, elb);
  const { source, target } = balancer.groups;
  const listenerArn = await makeListener(elb, balancer, [
    {
      Type: "forward",
      ForwardConfig: {
        TargetGroups: [
          { TargetGroupArn: source, Weight: 100 },
          { TargetGroupArn: target, Weight: 0 },
        ],
        TargetGroupStickinessConfig: { Enabled: false },
      },
    },
  ]);
  elb.destroy();
  return { balancer, listenerArn };
}

/** Services of ECS, whose tasks have had the time to become healthy. */
export async function makeServices(
  fargate: Fargate,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const ecs = new ECSClient(clientConfig(fargate.options));
  await ecs.send(new CreateClusterCommand({ clusterName: CLUSTER }));
  for (const [serviceName, { replicating }] of Object.entries(TASKS)) {
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: serviceName,
        cpu: "1024",
        containerDefinitions: [
          {
            name: serviceName,
            image: "redash/redash:25.8.0",
            essential: true,
            memory: 1024,
            secrets: Object.entries(secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
          },
        ],
      }),
    );
    await ecs.send(
      new CreateServiceCommand({
        cluster: CLUSTER,
        serviceName,
        desiredCount: replicating,
        taskDefinition: serviceName,
        deploymentConfiguration: {
          maximumPercent: serviceName === "scheduler" ? 100 : 200,
          deploymentCircuitBreaker: { enable: true, rollback: true },
        },
      }),
    );
  }
  for (let look = 0; look < 3; look++)
    await ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: Object.keys(TASKS) }));
  ecs.destroy();
}

/** Desired tasks of every service, as moto has them. */
export async function desiredTasks(moto: Moto): Promise<Record<string, number>> {
  const ecs = new ECSClient(clientConfig(moto.options));
  const { services = [] } = await ecs.send(
    new DescribeServicesCommand({ cluster: CLUSTER, services: Object.keys(TASKS) }),
  );
  ecs.destroy();
  return Object.fromEntries(
    services.map(({ serviceName = "", desiredCount = NaN }) => [serviceName, desiredCount]),
  );
}

/** What the program writes into the environment of the function. */
export const describeStack = (
  options: AwsStackOptions,
  made: {
    readonly secrets: Awaited<ReturnType<typeof makeSecrets>>;
    /** Of the secret that `npm run source -- import` has made. */
    readonly keysArn: string;
    readonly groups: LoadBalancer["groups"];
    readonly listenerArn: string;
  },
): AwsWorldDescription => {
  const { source, target, database, applicationRole } = options;
  const { secrets, groups } = made;
  return {
    kind: "aws",
    region: REGION,
    limits: { writeOutageBudgetMs: 30_000, drainDeadlineMs: 20_000, longDeadlineMs: 120_000 },
    stack: "prod",
    mode: "production",
    url: options.url,
    secretKeySecretArn: made.keysArn,
    probeDataSourceId: 1,
    source: {
      instanceId: INSTANCE,
      database: {
        host: source.host,
        port: source.port,
        database,
        applicationRole,
        sslMode: "require",
        secretArn: secrets.source,
      },
      documentName: DOCUMENT,
      targetGroupArn: groups.source,
    },
    target: {
      database: {
        host: target.host,
        port: target.port,
        database,
        applicationRole,
        secretArn: secrets.target,
        urlSecretArn: secrets.url,
        identifier: "redash-database",
        caPem: options.targetCaPem,
      },
      queueUrlSecretArn: secrets.queueUrl,
      replicationGroupId: "redash-queue",
      cluster: CLUSTER,
      services: { servers: ["server"], scheduler: ["scheduler"], workers: ["worker"] },
      wantedTasks: Object.fromEntries(
        Object.entries(TASKS).map(([name, { switched }]) => [name, switched]),
      ),
      targetGroupArn: groups.target,
    },
    traffic: { listenerArn: made.listenerArn },
    journalBucket: BUCKET,
    ...(options.dms?.task && { task: options.dms.task }),
  };
};
