import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  type Service,
} from "@aws-sdk/client-ecs";
import { isOn } from "../../../../../redash/environment";
import type { Part } from "../../../../ports";
import type { AwsWorldDescription } from "../../description";
import { found, type Read } from "./read";

/** A service of ECS with the task definition that it runs. */
export interface EcsServiceFacts {
  readonly name: string;
  readonly part: Part;
  readonly status: string;
  readonly desired: number;
  readonly running: number;
  /** States of its deployments, the newest first: one that is `COMPLETED` if nothing is under way. */
  readonly deployments: readonly string[];
  readonly lastEvent: string;
  /** Whether a deployment that fails is rolled back. */
  readonly hasCircuitBreaker: boolean;
  /** Most tasks during a deployment, percent of the desired ones. */
  readonly mostPercent: number;
  readonly subnetIds: readonly string[];
  readonly image: string;
  /** CPU units of a task; 1024 are a vCPU. */
  readonly cpuUnits: number;
  /** Variable → ARN of the secret that it is made of, without a key in it. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether it tries a session of the database before it uses it (SQLALCHEMY_ENABLE_POOL_PRE_PING). */
  readonly triesSessions: boolean;
}

/** DescribeServices takes ten at a time. */
const SERVICES_PER_CALL = 10;
const PARTS = ["servers", "scheduler", "workers"] as const;

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html */
export async function ecsFacts(
  read: Read,
  client: ECSClient,
  { cluster, services }: Pick<AwsWorldDescription["target"], "cluster" | "services">,
): Promise<readonly EcsServiceFacts[]> {
  const names = PARTS.flatMap((part) => services[part]);
  const all: Service[] = [];
  for (let start = 0; start < names.length; start += SERVICES_PER_CALL) {
    const some = names.slice(start, start + SERVICES_PER_CALL);
    const answer = await read("ecs:DescribeServices", some.join(", "), (abortSignal) =>
      client.send(new DescribeServicesCommand({ cluster, services: some }), { abortSignal }),
    );
    all.push(...(answer.services ?? []));
  }
  return Promise.all(
    PARTS.flatMap((part) =>
      services[part].map(async (name): Promise<EcsServiceFacts> => {
        const service = found(
          all.find(({ serviceName, serviceArn }) => name === serviceName || name === serviceArn),
          `service ${name} of ECS`,
        );
        return { ...serviceOf(name, part, service), ...(await taskOf(read, client, service)) };
      }),
    ),
  );
}

const serviceOf = (name: string, part: Part, service: Service) => ({
  name,
  part,
  status: service.status ?? "",
  desired: service.desiredCount ?? 0,
  running: service.runningCount ?? 0,
  deployments: (service.deployments ?? []).map(({ rolloutState = "" }) => rolloutState),
  lastEvent: service.events?.[0]?.message ?? "",
  hasCircuitBreaker: service.deploymentConfiguration?.deploymentCircuitBreaker?.enable ?? false,
  mostPercent: service.deploymentConfiguration?.maximumPercent ?? 200,
  subnetIds: service.networkConfiguration?.awsvpcConfiguration?.subnets ?? [],
});

async function taskOf(read: Read, client: ECSClient, { taskDefinition = "" }: Service) {
  const answer = await read("ecs:DescribeTaskDefinition", taskDefinition, (abortSignal) =>
    client.send(new DescribeTaskDefinitionCommand({ taskDefinition }), { abortSignal }),
  );
  const task = found(answer.taskDefinition, `task definition ${taskDefinition}`);
  const containers = task.containerDefinitions ?? [];
  // The last one is Redash's own; what comes before it prepares the task (components/containers.ts).
  const redash = containers.at(-1);
  return {
    image: redash?.image ?? "",
    cpuUnits: Number(task.cpu ?? 0),
    secrets: Object.fromEntries(
      containers.flatMap(({ secrets = [] }) =>
        secrets.map(({ name = "", valueFrom = "" }) => [name, withoutKey(valueFrom)]),
      ),
    ),
    triesSessions: isOn(
      redash?.environment?.find(({ name }) => name === "SQLALCHEMY_ENABLE_POOL_PRE_PING")?.value,
    ),
  };
}

/** `arn:aws:secretsmanager:region:account:secret:name-suffix:key:stage:version` up to its name. */
const withoutKey = (valueFrom: string) => valueFrom.split(":").slice(0, 7).join(":");
