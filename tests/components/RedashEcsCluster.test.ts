import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { RedashEcsCluster, type RedashEcsClusterArgs } from "../../components/RedashEcsCluster";
import { record, type Recording } from "../../preview/recorder";
import { only } from "../support/recordings";
import { DEFAULT_WORKERS } from "../../redash/processes";
import { serverHealthScript, workerHealthScript } from "../../redash/health";

const ARGS: RedashEcsClusterArgs = {
  image: "redash/redash:25.8.0",
  architecture: "X86_64",
  regionName: "eu-west-1",
  accountId: "111122223333",
  subnetIds: ["subnet-a", "subnet-b"],
  securityGroupId: "sg-tasks",
  targetGroupArn: pulumi.output("arn:aws:elasticloadbalancing:eu-west-1:111122223333:tg"),
  keyArn: "arn:aws:kms:eu-west-1:111122223333:key/k",
  logRetentionDays: 30,
  environment: { REDASH_HOST: "https://redash.acme.io" },
  secrets: {
    REDASH_DATABASE_URL: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf",
    REDASH_SECRET_KEY:
      "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf:secretKey::",
    REDASH_COOKIE_SECRET:
      "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf:cookieSecret::",
  },
  secretVersionIds: ["v1", "v2"],
  server: { cpu: 1024, memoryMib: 2048, count: 2, webWorkers: 4 },
  scheduler: { cpu: 256, memoryMib: 1024, count: 1 },
  workers: DEFAULT_WORKERS,
  workerCapacityWeights: { onDemand: 1, spot: 0 },
};
const BOOTSTRAP = {
  email: "sre@acme.io",
  name: "Ada",
  passwordValueFrom: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:admin-AbCdEf",
};

const recorded = (changes: Partial<RedashEcsClusterArgs> = {}): Promise<Recording> =>
  record(() => new RedashEcsCluster("redash", { ...ARGS, ...changes }), {
    stack: "test",
    config: {},
  });

const service = (recording: Recording, role: string) =>
  only(recording, "Service", `redash-${role}-service`);

interface ContainerJson {
  readonly name: string;
  readonly environment: { name: string; value: string }[];
  readonly secrets: { name: string; valueFrom: string }[];
  readonly memory: number;
  readonly [key: string]: unknown;
}
function containers(recording: Recording, role: string): ContainerJson[] {
  const task = only(recording, "TaskDefinition", `redash-${role}-task`);
  return JSON.parse(task.inputs["containerDefinitions"] as string) as ContainerJson[];
}
const variable = (container: ContainerJson | undefined, name: string) =>
  container?.environment.find((it) => it.name === name)?.value;

const ROLES = ["server", "scheduler", "worker-adhoc", "worker-scheduled", "worker-default"];

describe("RedashEcsCluster", () => {
  it("makes one service, task definition and log group per process, and nothing else", async () => {
    const { resources } = await recorded();
    const count = (type: string) => resources.filter((it) => it.type === type).length;
    assert.equal(count("aws:ecs/service:Service"), ROLES.length);
    assert.equal(count("aws:ecs/taskDefinition:TaskDefinition"), ROLES.length);
    assert.equal(count("aws:cloudwatch/logGroup:LogGroup"), ROLES.length);
    assert.deepEqual([...new Set(resources.map((it) => it.type))].sort(), [
      "aws:cloudwatch/logGroup:LogGroup",
      "aws:ecs/cluster:Cluster",
      "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
      "aws:ecs/service:Service",
      "aws:ecs/taskDefinition:TaskDefinition",
      "aws:iam/role:Role",
      "aws:iam/rolePolicy:RolePolicy",
      "pulumi:pulumi:Stack",
      "redash:index:RedashEcsCluster",
    ]);
  });

  it("runs exactly one scheduler, never two: the old one goes first and no rebalancing starts another", async () => {
    const { inputs } = service(await recorded(), "scheduler");
    assert.equal(inputs["desiredCount"], 1);
    assert.equal(inputs["deploymentMinimumHealthyPercent"], 0);
    assert.equal(inputs["deploymentMaximumPercent"], 100);
    assert.equal(inputs["availabilityZoneRebalancing"], "DISABLED");
  });

  it("runs no scheduler while another one serves the data", async () => {
    const recording = await recorded({ scheduler: { ...ARGS.scheduler, count: 0 } });
    assert.equal(service(recording, "scheduler").inputs["desiredCount"], 0);
  });

  it("rolls the other services without a gap", async () => {
    const recording = await recorded();
    for (const role of ROLES.filter((it) => it !== "scheduler")) {
      const { inputs } = service(recording, role);
      assert.equal(inputs["deploymentMinimumHealthyPercent"], 100, role);
      assert.equal(inputs["deploymentMaximumPercent"], 200, role);
      assert.equal(inputs["availabilityZoneRebalancing"], "ENABLED", role);
    }
  });

  it("waits for steady state, rolls back by itself, has no public address and no launch type", async () => {
    const recording = await recorded();
    for (const role of ROLES) {
      const { inputs } = service(recording, role);
      assert.equal(inputs["waitForSteadyState"], true);
      assert.deepEqual(inputs["deploymentCircuitBreaker"], { enable: true, rollback: true });
      assert.deepEqual(inputs["networkConfiguration"], {
        subnets: ["subnet-a", "subnet-b"],
        securityGroups: ["sg-tasks"],
        assignPublicIp: false,
      });
      assert.equal(inputs["platformVersion"], "LATEST");
      assert.equal(inputs["enableExecuteCommand"], false);
      assert.ok(!("launchType" in inputs));
      assert.ok(!("forceNewDeployment" in inputs));
    }
  });

  it("puts only the server behind the load balancer, with time to start", async () => {
    const recording = await recorded();
    assert.deepEqual(service(recording, "server").inputs["loadBalancers"], [
      {
        targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:tg",
        containerName: "server",
        containerPort: 5000,
      },
    ]);
    assert.equal(service(recording, "server").inputs["healthCheckGracePeriodSeconds"], 120);
    for (const role of ROLES.filter((it) => it !== "server")) {
      assert.ok(!("loadBalancers" in service(recording, role).inputs), role);
      assert.ok(!("healthCheckGracePeriodSeconds" in service(recording, role).inputs), role);
    }
  });

  it("uses Spot for workers only, and only when told", async () => {
    const recording = await recorded({ workerCapacityWeights: { onDemand: 0, spot: 1 } });
    const providers = (role: string) =>
      service(recording, role).inputs["capacityProviderStrategies"];
    assert.deepEqual(providers("server"), [{ capacityProvider: "FARGATE", weight: 1 }]);
    assert.deepEqual(providers("scheduler"), [{ capacityProvider: "FARGATE", weight: 1 }]);
    assert.deepEqual(providers("worker-adhoc"), [{ capacityProvider: "FARGATE_SPOT", weight: 1 }]);
    assert.deepEqual(
      service(await recorded(), "worker-adhoc").inputs["capacityProviderStrategies"],
      [{ capacityProvider: "FARGATE", weight: 1 }],
    );
  });

  it("starts services after the cluster has its capacity providers", async () => {
    const recording = await recorded();
    const { urn } = only(recording, "ClusterCapacityProviders", "redash-capacity");
    for (const role of ROLES) assert.ok(service(recording, role).dependsOn.includes(urn), role);
  });

  it("gives each kind of worker its queues, divided by spaces, and its number of processes", async () => {
    const recording = await recorded();
    const queues = ["worker-adhoc", "worker-scheduled", "worker-default"].map((role) => {
      const [container] = containers(recording, role);
      return [variable(container, "QUEUES"), variable(container, "WORKERS_COUNT")];
    });
    assert.deepEqual(queues, [
      ["queries", "2"],
      ["scheduled_queries schemas", "1"],
      ["periodic emails default", "1"],
    ]);
  });

  it("checks each container by what it tells of this task", async () => {
    const recording = await recorded();
    const check = (role: string) =>
      containers(recording, role)[0]?.["healthCheck"] as { command: string[] };
    assert.deepEqual(check("server").command, ["CMD", "python", "-c", serverHealthScript(5000)]);
    assert.deepEqual(check("worker-adhoc").command, ["CMD", "python", "-c", workerHealthScript()]);
    for (const role of ROLES) {
      const text = JSON.stringify(check(role));
      assert.ok(!text.includes("workers_healthcheck") && !text.includes("rq healthcheck"), role);
    }
  });

  it("runs without root, on a read-only root with a writable /tmp, under a hard memory limit", async () => {
    const recording = await recorded();
    for (const role of ROLES) {
      const [container] = containers(recording, role);
      assert.equal(container?.["user"], "1000:1000");
      assert.equal(container["readonlyRootFilesystem"], true);
      assert.deepEqual(container["linuxParameters"], {
        initProcessEnabled: true,
        tmpfs: [{ containerPath: "/tmp", size: 256, mountOptions: ["mode=1777"] }],
      });
      assert.equal(variable(container, "HOME"), "/tmp");
      assert.equal(typeof container.memory, "number");
    }
  });

  it("injects secrets by ARN and has none in plain environment", async () => {
    const recording = await recorded();
    for (const role of ROLES) {
      const [container] = containers(recording, role);
      assert.deepEqual(container?.secrets, [
        {
          name: "REDASH_COOKIE_SECRET",
          valueFrom: ARGS.secrets["REDASH_COOKIE_SECRET"],
        },
        { name: "REDASH_DATABASE_URL", valueFrom: ARGS.secrets["REDASH_DATABASE_URL"] },
        { name: "REDASH_SECRET_KEY", valueFrom: ARGS.secrets["REDASH_SECRET_KEY"] },
      ]);
      assert.deepEqual(
        container.environment.filter(({ name }) => /SECRET_KEY|COOKIE|_URL$/.test(name)),
        [],
      );
    }
  });

  it("starts new tasks when a secret has a new version", async () => {
    const before = containers(await recorded(), "server")[0];
    const after = containers(await recorded({ secretVersionIds: ["v1", "v3"] }), "server")[0];
    assert.equal(variable(before, "SECRETS_VERSION"), "v1 v2");
    assert.equal(variable(after, "SECRETS_VERSION"), "v1 v3");
  });

  it("lets the execution role read exactly its secrets and write exactly its logs", async () => {
    const recording = await recorded();
    const { inputs } = only(recording, "RolePolicy", "redash-execution");
    const policy = JSON.parse(inputs["policy"] as string) as {
      Statement: { Action: string | string[]; Resource: string | string[]; Condition?: unknown }[];
    };
    const [secrets, key, logs] = policy.Statement;
    assert.equal(policy.Statement.length, 3);
    assert.deepEqual(secrets, {
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: [
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf",
      ],
    });
    assert.equal(key?.Action, "kms:Decrypt");
    assert.deepEqual(key.Condition, {
      StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com" },
    });
    assert.deepEqual(logs?.Action, ["logs:CreateLogStream", "logs:PutLogEvents"]);
    assert.equal(logs.Resource.length, ROLES.length);
  });

  it("gives data-source permissions to workers alone", async () => {
    const policyArn = "arn:aws:iam::111122223333:policy/athena";
    const recording = await recorded({ taskPolicyArns: [policyArn] });
    const { resources } = recording;
    const attachments = resources.filter((it) => it.type.endsWith("RolePolicyAttachment"));
    assert.equal(attachments.length, 1);
    const worker = only(recording, "Role", "redash-worker-task");
    assert.ok(attachments[0]?.dependsOn.includes(worker.urn));
    assert.equal(attachments[0]?.inputs["policyArn"], policyArn);
  });

  it("pulls from ECR with that repository's permission, and from elsewhere with none", async () => {
    const actions = async (image: string) => {
      const recording = await recorded({ image });
      return String(only(recording, "RolePolicy", "redash-execution").inputs["policy"]);
    };
    assert.ok(!(await actions("redash/redash:25.8.0")).includes("ecr:"));
    assert.ok(
      (await actions("111122223333.dkr.ecr.eu-west-1.amazonaws.com/redash:25.8.0")).includes(
        '"Resource":"arn:aws:ecr:eu-west-1:111122223333:repository/redash"',
      ),
    );
  });

  it("opens ECS Exec only when asked, and then with a writable root", async () => {
    const recording = await recorded({ executeCommand: true });
    for (const role of ROLES) {
      assert.equal(service(recording, role).inputs["enableExecuteCommand"], true);
      assert.equal(containers(recording, role)[0]?.["readonlyRootFilesystem"], false);
    }
    const policies = recording.resources.filter((it) => it.name.endsWith("-exec"));
    assert.deepEqual(policies.map((it) => it.name).sort(), [
      "redash-task-exec",
      "redash-worker-task-exec",
    ]);
    for (const { inputs } of policies) {
      const { Statement } = JSON.parse(String(inputs["policy"])) as {
        Statement: { Action: unknown; Resource: unknown }[];
      };
      assert.deepEqual(Statement[0], {
        Effect: "Allow",
        Action: "kms:Decrypt",
        Resource: ARGS.keyArn,
      });
    }
  });

  it("makes schema and administrator in the scheduler's task alone, and lets servers wait for it", async () => {
    const recording = await recorded({ bootstrap: BOOTSTRAP });
    const names = (role: string) => containers(recording, role).map(({ name }) => name);
    assert.deepEqual(names("scheduler"), ["bootstrap", "scheduler"]);
    assert.deepEqual(names("server"), ["wait-for-administrator", "server"]);
    assert.deepEqual(names("worker-adhoc"), ["worker"]);
    const [bootstrap, scheduler] = containers(recording, "scheduler");
    assert.deepEqual(scheduler?.["dependsOn"], [
      { containerName: "bootstrap", condition: "SUCCESS" },
    ]);
    assert.equal(bootstrap?.["essential"], false);
    assert.deepEqual(
      bootstrap.secrets.find(({ name }) => name === "ADMINISTRATOR_PASSWORD"),
      { name: "ADMINISTRATOR_PASSWORD", valueFrom: BOOTSTRAP.passwordValueFrom },
    );
    const others = [...containers(recording, "server"), scheduler];
    assert.ok(!others.some((it) => JSON.stringify(it).includes("ADMINISTRATOR_PASSWORD")));
  });

  it("keeps the limits of all containers within their task", async () => {
    for (const bootstrap of [undefined, BOOTSTRAP]) {
      const recording = await recorded(bootstrap === undefined ? {} : { bootstrap });
      for (const role of ROLES) {
        const task = only(recording, "TaskDefinition", `redash-${role}-task`);
        const sum = containers(recording, role).reduce((total, { memory }) => total + memory, 0);
        assert.equal(sum, Number(task.inputs["memory"]), role);
      }
    }
  });

  it("refuses sizes that Fargate does not have, all at once, before it makes anything", async () => {
    await assert.rejects(
      recorded({
        server: { ...ARGS.server, memoryMib: 1024 },
        scheduler: { ...ARGS.scheduler, cpu: 300 },
      }),
      /server has 1024\/1024; Fargate allows memory of 2048 to 8192 MiB in steps of 1024 with 1024 CPU units; scheduler has 300\/1024; Fargate allows cpu of 256/,
    );
  });
});
