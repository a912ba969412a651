import assert from "node:assert/strict";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { ecsWorkload } from "../../../cutover/adapters/aws/ecsWorkload";
import type { Clock } from "../../../cutover/engine/clock";
import type { Part } from "../../../cutover/ports";
import { type End, Fargate } from "../../support/aws/fargate";
import { Moto } from "../../support/aws/moto";
import { quickClock } from "../../support/aws/quickClock";

const IMAGE = "redash/redash:25.8.0";
const OPTIONS = {
  cluster: "redash",
  services: { servers: ["server"], scheduler: ["scheduler"], workers: ["adhoc", "scheduled"] },
  wantedTasks: { server: 2, scheduler: 1, adhoc: 2, scheduled: 1 },
};
const NO_IMAGE: End = {
  stopCode: "TaskFailedToStart",
  stoppedReason: "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
};
const EXITED: End = {
  stopCode: "EssentialContainerExited",
  stoppedReason: "Essential container in task exited",
  containers: [{ name: "scheduler", exitCode: 137, reason: "OutOfMemoryError: Container killed" }],
};

describe("a workload of ECS services", function () {
  this.timeout(120_000);
  let moto: Moto;
  let fargate: Fargate;
  let ecs: ECSClient;
  let clock: Clock;
  before(async () => {
    moto = await Moto.start();
  });
  after(() => moto.stop());
  beforeEach(async () => {
    await moto.reset();
    fargate = await Fargate.start(moto);
    ecs = new ECSClient(clientConfig(fargate.options));
    clock = quickClock();
    await ecs.send(new CreateClusterCommand({ clusterName: "redash" }));
  });
  afterEach(async () => {
    ecs.destroy();
    await fargate.stop();
  });

  const signal = () => AbortSignal.timeout(60_000);
  /** Services with so many tasks, which have had the time to become healthy. */
  const made = async (counts: Readonly<Record<string, number>> = {}, image = IMAGE) => {
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "redash",
        containerDefinitions: [
          { name: "wait", image: "redash/wait:1.0.0", essential: false, memory: 128 },
          { name: "server", image, essential: true, memory: 1024 },
        ],
      }),
    );
    const all = { server: 2, scheduler: 0, adhoc: 0, scheduled: 0, ...counts };
    for (const [serviceName, desiredCount] of Object.entries(all))
      await ecs.send(
        new CreateServiceCommand({
          cluster: "redash",
          serviceName,
          desiredCount,
          taskDefinition: "redash",
        }),
      );
    for (let look = 0; look < 6; look++)
      await ecs.send(
        new DescribeServicesCommand({ cluster: "redash", services: Object.keys(all) }),
      );
    moto.requests.length = 0;
    return ecsWorkload(ecs, OPTIONS, clock);
  };
  const desired = async () => {
    const services = ["server", "scheduler", "adhoc", "scheduled"];
    const { services: found = [] } = await ecs.send(
      new DescribeServicesCommand({ cluster: "redash", services }),
    );
    return Object.fromEntries(
      found.map(({ serviceName = "", desiredCount }) => [serviceName, desiredCount]),
    );
  };
  const writes = () => moto.requests.filter((request) => request === "ecs:UpdateService").length;

  describe("its state", () => {
    it("counts the tasks that run and are well, of all that the part shall have", async () => {
      const workload = await made({ adhoc: 2 });
      const state = (part: Part) => workload.state(part, signal());
      assert.deepEqual(await state("servers"), { running: 2, wanted: 2 });
      assert.deepEqual(await state("workers"), { running: 2, wanted: 3 });
      assert.deepEqual(await state("scheduler"), { running: 0, wanted: 1 });
    });

    it("does not count a server whose health check fails", async () => {
      fargate.sick.add("server");
      const workload = await made();
      assert.deepEqual(fargate.alive("server"), ["RUNNING", "RUNNING"]);
      assert.deepEqual(await workload.state("servers", signal()), { running: 0, wanted: 2 });
    });

    it("counts a scheduler that is not well, because a second one must be ruled out", async () => {
      fargate.sick.add("scheduler");
      const workload = await made({ scheduler: 1 });
      assert.deepEqual(await workload.state("scheduler", signal()), { running: 1, wanted: 1 });
    });

    it("reads all pages of tasks", async () => {
      fargate.pageSize = 2;
      const workload = await made({ adhoc: 2, scheduled: 1 });
      assert.deepEqual(await workload.state("workers", signal()), { running: 3, wanted: 3 });
      assert.equal(moto.requests.filter((request) => request === "ecs:ListTasks").length, 4);
    });

    it("names a service that is not there", async () => {
      const workload = ecsWorkload(ecs, OPTIONS, clock);
      await assert.rejects(workload.state("workers", signal()), {
        message:
          "cluster redash has no active service adhoc, scheduled; run pulumi up, which makes it",
      });
    });
  });

  describe("a start", () => {
    it("gives each service of the part its tasks, and returns when all are well", async () => {
      const workload = await made();
      await workload.start("workers", signal());
      assert.deepEqual(await desired(), { server: 2, scheduler: 0, adhoc: 2, scheduled: 1 });
      assert.deepEqual(await workload.state("workers", signal()), { running: 3, wanted: 3 });
    });

    it("of what runs changes nothing", async () => {
      const workload = await made({ scheduler: 1 });
      await workload.start("scheduler", signal());
      assert.deepEqual(fargate.alive("scheduler"), ["RUNNING"]);
    });

    it("is not taken in by an answer that is older than the start", async () => {
      const workload = await made();
      fargate.staleLooks = 3;
      await workload.start("scheduler", signal());
      assert.deepEqual(await workload.state("scheduler", signal()), { running: 1, wanted: 1 });
    });

    it("goes on when tasks fail twice and the third one comes up", async () => {
      const workload = await made();
      fargate.failNext("scheduler", NO_IMAGE);
      fargate.failNext("scheduler", NO_IMAGE);
      await workload.start("scheduler", signal());
      assert.deepEqual(fargate.alive("scheduler"), ["RUNNING"]);
    });

    it("fails when three tasks have ended, and says why each did", async () => {
      const workload = await made();
      for (const end of [NO_IMAGE, NO_IMAGE, EXITED]) fargate.failNext("scheduler", end);
      await assert.rejects(workload.start("scheduler", signal()), {
        message:
          "service scheduler does not start: 3 tasks have ended (CannotPullContainerError: pull image manifest has been retried 5 time(s) | Essential container in task exited; scheduler, exit code 137, OutOfMemoryError: Container killed); look at the logs of its tasks",
      });
    });

    it("does not count tasks that had failed before, or were told to stop", async () => {
      const workload = await made();
      for (const end of [EXITED, EXITED, EXITED]) fargate.failNext("scheduler", end);
      await assert.rejects(workload.start("scheduler", signal()), /3 tasks have ended/);
      await workload.stop("scheduler", signal());
      await workload.start("scheduler", signal());
      assert.deepEqual(await workload.state("scheduler", signal()), { running: 1, wanted: 1 });
    });

    it("counts tasks whose health check has failed", async () => {
      const workload = await made();
      const unhealthy: End = {
        stopCode: "ServiceSchedulerInitiated",
        stoppedReason: "Task failed container health checks",
      };
      for (let task = 0; task < 3; task++) fargate.failNext("adhoc", unhealthy);
      await assert.rejects(
        workload.start("workers", signal()),
        /service adhoc does not start: 3 tasks have ended \(Task failed container health checks\)/,
      );
    });

    it("fails when the circuit breaker has given up, with its words and the task's", async () => {
      const workload = await made();
      fargate.breakers.set("scheduler", 1);
      fargate.failNext("scheduler", NO_IMAGE);
      await assert.rejects(workload.start("scheduler", signal()), {
        message:
          "service scheduler does not start: ECS deployment circuit breaker: tasks failed to start. (CannotPullContainerError: pull image manifest has been retried 5 time(s)); look at the logs of its tasks",
      });
    });

    it("waits while a rollout is under way, and no longer than four minutes", async () => {
      const workload = await made();
      fargate.rolling.add("scheduler");
      const start = clock.monotonicMs();
      await assert.rejects(workload.start("scheduler", signal()), {
        message:
          "after 240 s scheduler: 1 of 1 tasks run and are well, its rollout is IN_PROGRESS; look at the service's events and at the logs of its tasks",
      });
      const tookMs = clock.monotonicMs() - start;
      assert.ok(tookMs >= 240_000 && tookMs < 300_000, `${tookMs} ms`);
    });

    it("names the service whose tasks never become well", async () => {
      const workload = await made();
      fargate.sick.add("scheduled");
      await assert.rejects(workload.start("workers", signal()), {
        message:
          "after 240 s scheduled: 0 of 1 tasks run and are well, its rollout is COMPLETED; look at the service's events and at the logs of its tasks",
      });
    });

    it("that was denied half-way names the missing action, and is done by the next one", async () => {
      const workload = await made();
      moto.failNext(/UpdateService/, { code: "ThrottlingException", status: 400 });
      await workload.start("scheduler", signal());
      assert.equal(writes(), 2);
      // The first of two is carried out, the second is not.
      let seen = 0;
      const second = { test: (name: string) => name === "ecs:UpdateService" && ++seen === 2 };
      moto.failNext(second as RegExp, { code: "AccessDeniedException", status: 400 });
      await assert.rejects(workload.start("workers", signal()), {
        message:
          "ecs:UpdateService on scheduled: AccessDeniedException: as the test wants it; the role may not do it: run pulumi up, which gives it ecs:UpdateService, or ask who owns the key or the service control policy",
      });
      assert.deepEqual(await desired(), { server: 2, scheduler: 1, adhoc: 2, scheduled: 0 });
      await workload.start("workers", signal());
      assert.deepEqual(await desired(), { server: 2, scheduler: 1, adhoc: 2, scheduled: 1 });
    });

    it("is sent again when its answer was lost", async () => {
      const workload = await made();
      moto.failNext(/UpdateService/, "answer-lost");
      await workload.start("scheduler", signal());
      assert.equal(writes(), 2);
      assert.deepEqual(fargate.alive("scheduler"), ["RUNNING"]);
    });

    it("ends at once when its step is told to end", async () => {
      const workload = await made();
      moto.failNext(/DescribeServices/, "silent");
      const controller = new AbortController();
      setTimeout(() => {
        controller.abort(new Error("it took longer than 300000 ms"));
      }, 500);
      await assert.rejects(workload.start("scheduler", controller.signal), {
        message: "it took longer than 300000 ms",
      });
    });
  });

  describe("a stop", () => {
    it("leaves no task, and returns only when the processes of the last one have ended", async () => {
      const workload = await made({ scheduler: 1, adhoc: 2, scheduled: 1 });
      await workload.stop("workers", signal());
      assert.deepEqual(await desired(), { server: 2, scheduler: 1, adhoc: 0, scheduled: 0 });
      // ECS counted none of them as running from the first look on.
      for (const service of ["adhoc", "scheduled"])
        for (const status of fargate.alive(service)) assert.equal(status, "DEPROVISIONING");
      assert.deepEqual(await workload.state("workers", signal()), { running: 0, wanted: 3 });
      assert.deepEqual(fargate.alive("scheduler"), ["RUNNING"]);
    });

    it("of what does not run changes nothing", async () => {
      const workload = await made();
      await workload.stop("scheduler", signal());
      assert.deepEqual(await workload.state("scheduler", signal()), { running: 0, wanted: 1 });
    });

    it("is not taken in by an answer that is older than the stop", async () => {
      const workload = await made({ scheduler: 1 });
      fargate.staleLooks = 3;
      await workload.stop("scheduler", signal());
      assert.equal((await workload.state("scheduler", signal())).running, 0);
    });

    it("waits no longer than 110 seconds", async () => {
      const workload = await made({ scheduler: 1 });
      fargate.staleLooks = Infinity;
      await assert.rejects(workload.stop("scheduler", signal()), {
        message:
          "after 110 s scheduler: tasks still at work: 1; look at the service's events and at the logs of its tasks",
      });
    });

    it("refuses to stop servers", async () => {
      const workload = await made();
      await assert.rejects(workload.stop("servers", signal()), {
        message: "servers on ECS are never stopped: they must be warm for the next switch",
      });
      assert.deepEqual(moto.requests, []);
    });
  });

  describe("its version", () => {
    for (const [image, version] of [
      [IMAGE, "25.8.0"],
      ["redash/redash:10.1.0.b50633", "10.1.0"],
      [
        `123456789012.dkr.ecr.eu-west-1.amazonaws.com/redash:26.3.0@sha256:${"a".repeat(64)}`,
        "26.3.0",
      ],
    ] as const) {
      it(`is ${version} for the image ${image.slice(0, 70)}`, async () => {
        assert.equal(await (await made({}, image)).version(signal()), version);
      });
    }

    it("is unknown for an image by digest alone, which is refused", async () => {
      const image = `redash/redash@sha256:${"a".repeat(64)}`;
      const workload = await made({}, image);
      await assert.rejects(workload.version(signal()), {
        message: `image ${image} does not say which release of Redash it is; set redash:image to one with a tag, as redash/redash:25.8.0 or name:25.8.0@sha256:…`,
      });
    });
  });
});
