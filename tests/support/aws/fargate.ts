import type { IncomingMessage, ServerResponse } from "node:http";
import { type Door, openDoor } from "./door";
import type { Moto } from "./moto";

/** How a task ends that should have run, in the words of "Stopped tasks error codes" (Amazon ECS Developer Guide). */
export interface End {
  readonly stopCode: string;
  readonly stoppedReason: string;
  readonly containers?: readonly { name: string; exitCode?: number; reason?: string }[];
}

interface Task {
  readonly taskArn: string;
  readonly group: string;
  desiredStatus: "RUNNING" | "STOPPED";
  lastStatus: string;
  healthStatus: "UNKNOWN" | "HEALTHY" | "UNHEALTHY";
  end?: End;
}

interface Service {
  serviceName: string;
  desiredCount: number;
  runningCount: number;
  pendingCount: number;
  deployments: object[];
}

/** What the operations here read of a request, and of moto's answer. */
interface Asked {
  readonly service?: string;
  readonly desiredCount?: number;
  readonly desiredStatus?: string;
  readonly nextToken?: string;
  readonly tasks?: readonly string[];
}
interface Came {
  readonly services?: Service[];
}

/** "Amazon ECS task lifecycle", as Fargate passes through it. */
const STARTING = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"];
const STOPPING = ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"];

/**
 * The tasks of services, which moto does not run: recorded shapes of ListTasks and DescribeTasks (API_ListTasks,
 * API_DescribeTasks), counts and rollout of DescribeServices (API_Deployment). Everything else is moto's, desired counts
 * too. Each look at services lets every task take one step of its life.
 */
export class Fargate {
  /** Services whose tasks start and never become healthy. */
  readonly sick = new Set<string>();
  /** Services whose rollout does not come to its end. */
  readonly rolling = new Set<string>();
  /** Service → failed tasks after which its circuit breaker gives up. */
  readonly breakers = new Map<string, number>();
  /** Looks for which DescribeServices still says what was before, as an eventually consistent answer may. */
  staleLooks = 0;
  /** ECS gives at most 100 tasks a page. */
  pageSize = 100;
  /** How many steps of its life a task takes between two looks at services. */
  stepsPerLook = 1;
  /** Starts and stops what the tasks of a service are in truth. */
  onScaled: (service: string, desiredCount: number) => Promise<void> = () => Promise.resolve();
  private readonly tasks: Task[] = [];
  private readonly ends: { readonly service: string; readonly end: End }[] = [];
  private made = 0;
  private readonly last = new Map<string, Service>();

  private constructor(
    private readonly moto: Moto,
    private readonly door: () => Door,
  ) {}

  static async start(moto: Moto): Promise<Fargate> {
    const fargate = new Fargate(moto, () => door);
    const door: Door = await openDoor((incoming, body, answer) =>
      fargate.answer(incoming, body, answer),
    );
    return fargate;
  }

  /** For `clientConfig`. */
  get options() {
    return { region: this.moto.options.region, endpoint: this.door().endpoint };
  }

  /** The next task that is started for this service ends so. */
  failNext(service: string, end: End): void {
    this.ends.push({ service, end });
  }

  /** Last statuses of the tasks of a service that have not ended. */
  alive = (service: string): string[] =>
    this.tasks
      .filter(({ group, lastStatus }) => group === `service:${service}` && lastStatus !== "STOPPED")
      .map(({ lastStatus }) => lastStatus);

  stop(): Promise<void> {
    return this.door().stop();
  }

  private async answer(
    incoming: IncomingMessage,
    body: string,
    answer: ServerResponse,
  ): Promise<void> {
    // Through moto's door first: it counts requests, and fails those that a test wants to fail.
    const came = await fetch(this.moto.options.endpoint, {
      method: "POST",
      headers: incoming.headers as Record<string, string>,
      body,
    });
    const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1);
    const text = await came.text();
    const { service = "", desiredCount } = JSON.parse(body) as Asked;
    if (came.ok && operation === "UpdateService" && desiredCount !== undefined)
      await this.onScaled(service, desiredCount);
    answer.writeHead(came.status, {
      "content-type": "application/x-amz-json-1.1",
      ...(came.headers.has("x-amzn-errortype") && {
        "x-amzn-errortype": came.headers.get("x-amzn-errortype")!,
      }),
    });
    answer.end(
      came.ok ? JSON.stringify(this.shaped(operation, JSON.parse(body), JSON.parse(text))) : text,
    );
  }

  private shaped(operation: string | undefined, asked: Asked, came: Came): unknown {
    if (operation === "ListTasks") {
      const of = this.tasks.filter((task) => task.desiredStatus === asked.desiredStatus);
      const first = Number(asked.nextToken ?? 0);
      const next = first + this.pageSize;
      return {
        taskArns: of.slice(first, next).map(({ taskArn }) => taskArn),
        ...(next < of.length && { nextToken: String(next) }),
      };
    }
    if (operation === "DescribeTasks")
      return {
        tasks: this.tasks
          .filter(({ taskArn }) => asked.tasks?.includes(taskArn))
          .map(({ end, ...task }) => ({ ...task, ...end })),
        failures: [],
      };
    if (operation === "DescribeServices")
      return { ...came, services: this.looked(came.services ?? []) };
    return came;
  }

  private looked(services: Service[]): Service[] {
    if (this.staleLooks > 0) {
      this.staleLooks--;
      return services.map(({ serviceName }) => this.last.get(serviceName)!);
    }
    for (const task of this.tasks)
      for (let step = 0; step < this.stepsPerLook; step++) this.step(task);
    for (const service of services) {
      this.count(service);
      this.last.set(service.serviceName, service);
    }
    return services;
  }

  /** Starts or stops tasks until there are as many as desired, and writes their counts into the service. */
  private count(service: Service): void {
    const group = `service:${service.serviceName}`;
    const wanted = () =>
      this.tasks.filter((task) => task.group === group && task.desiredStatus === "RUNNING");
    while (wanted().length < service.desiredCount) {
      const index = this.ends.findIndex((it) => it.service === service.serviceName);
      const end = index === -1 ? undefined : this.ends.splice(index, 1)[0]?.end;
      this.tasks.push({
        taskArn: `arn:aws:ecs:eu-west-1:123456789012:task/redash/${String(++this.made).padStart(32, "0")}`,
        group,
        desiredStatus: "RUNNING",
        lastStatus: STARTING[0]!,
        healthStatus: "UNKNOWN",
        ...(end && { end }),
      });
    }
    for (const task of wanted().slice(service.desiredCount)) {
      task.desiredStatus = "STOPPED";
      task.lastStatus = STOPPING[0]!;
      task.end = {
        stopCode: "ServiceSchedulerInitiated",
        stoppedReason: "Scaling activity initiated by (deployment ecs-svc/1234567890123456789)",
      };
    }
    // Only tasks that run count, while those that shall stop have processes still.
    service.runningCount = wanted().filter(({ lastStatus }) => lastStatus === "RUNNING").length;
    service.pendingCount = wanted().length - service.runningCount;
    service.deployments = [
      {
        status: "PRIMARY",
        desiredCount: service.desiredCount,
        runningCount: service.runningCount,
        pendingCount: service.pendingCount,
        ...this.rollout(service.serviceName),
      },
    ];
  }

  private rollout(service: string): { rolloutState: string; rolloutStateReason?: string } {
    if (this.rolling.has(service)) return { rolloutState: "IN_PROGRESS" };
    const failed = this.tasks.filter(
      ({ group, end, lastStatus }) =>
        group === `service:${service}` && end !== undefined && lastStatus === "STOPPED",
    ).length;
    return failed < (this.breakers.get(service) ?? Infinity)
      ? { rolloutState: "COMPLETED" }
      : {
          rolloutState: "FAILED",
          rolloutStateReason: "ECS deployment circuit breaker: tasks failed to start.",
        };
  }

  private step(task: Task): void {
    if (task.desiredStatus === "STOPPED") {
      task.lastStatus = STOPPING[STOPPING.indexOf(task.lastStatus) + 1] ?? "STOPPED";
      return;
    }
    if (task.lastStatus === "RUNNING") {
      if (!this.sick.has(task.group.replace("service:", ""))) task.healthStatus = "HEALTHY";
      return;
    }
    task.lastStatus = STARTING[STARTING.indexOf(task.lastStatus) + 1] ?? "RUNNING";
    if (task.end !== undefined && task.lastStatus === "ACTIVATING") {
      task.desiredStatus = "STOPPED";
      task.lastStatus = "STOPPED";
    }
  }
}
