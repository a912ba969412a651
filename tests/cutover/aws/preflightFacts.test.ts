import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { CreateSubnetCommand, CreateVpcCommand } from "@aws-sdk/client-ec2";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { CreateBucketCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import { after, before, beforeEach, describe, it } from "mocha";
import { dmsInstanceQuota } from "../../../cutover/adapters/aws/preflight/facts/dms";
import { ecsFacts } from "../../../cutover/adapters/aws/preflight/facts/ecs";
import { gatherAwsFacts } from "../../../cutover/adapters/aws/preflight/facts/facts";
import {
  bucketVersioning,
  functionFacts,
  secretRole,
} from "../../../cutover/adapters/aws/preflight/facts/moveItself";
import { quota } from "../../../cutover/adapters/aws/preflight/facts/quotas";
import { rdsStorageQuota } from "../../../cutover/adapters/aws/preflight/facts/rds";
import { addressesOf, connects, hostOf } from "../../../cutover/adapters/aws/preflight/facts/reach";
import { agentFacts } from "../../../cutover/adapters/aws/preflight/facts/sourceHost";
import { awsChecks } from "../../../cutover/adapters/aws/preflight/preflight";
import { known } from "../../../cutover/preflight/fact";
import { REGION } from "../../support/aws/moto";
import { quickClock } from "../../support/aws/quickClock";
import { ReadableAws } from "../../support/aws/readableAws";
import { awsDescription } from "../../support/aws/soundAwsFacts";
import { soundFacts } from "../../support/cutover/soundFacts";

describe("facts of AWS", function () {
  this.timeout(120_000);
  let aws: ReadableAws;
  before(async () => {
    aws = await ReadableAws.start();
  });
  beforeEach(() => aws.moto.reset());
  after(() => aws.stop());

  it("of services are their counts, deployments, image and the secrets of their tasks", async () => {
    const { ecs } = aws.clients;
    await ecs.send(new CreateClusterCommand({ clusterName: "redash" }));
    const { Vpc } = await aws.clients.ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
    const { Subnet } = await aws.clients.ec2.send(
      new CreateSubnetCommand({ VpcId: Vpc!.VpcId, CidrBlock: "10.0.0.0/24" }),
    );
    const subnets = [Subnet!.SubnetId!];
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "redash",
        cpu: "512",
        memory: "1024",
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        containerDefinitions: [
          { name: "bootstrap", image: "first" },
          {
            name: "redash",
            image: "redash/redash:25.8.0",
            environment: [{ name: "SQLALCHEMY_ENABLE_POOL_PRE_PING", value: "true" }],
            secrets: [
              {
                name: "REDASH_SECRET_KEY",
                valueFrom: "arn:aws:secretsmanager:eu-west-1:1:secret:key-1a:secretKey::",
              },
              {
                name: "REDASH_DATABASE_URL",
                valueFrom: "arn:aws:secretsmanager:eu-west-1:1:secret:url-2b",
              },
            ],
          },
        ],
      }),
    );
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "plain",
        containerDefinitions: [{ name: "redash", image: "redash/redash:25.8.0", memory: 1024 }],
      }),
    );
    const names = Array.from({ length: 11 }, (_, index) => `worker-${index}`);
    for (const serviceName of ["server", "scheduler", ...names])
      await ecs.send(
        new CreateServiceCommand({
          cluster: "redash",
          serviceName,
          taskDefinition: serviceName === "scheduler" ? "plain" : "redash",
          desiredCount: 0,
          launchType: "FARGATE",
          networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [] } },
        }),
      );
    aws.moto.requests.length = 0;
    const services = { servers: ["server"], scheduler: ["scheduler"], workers: names };
    const found = await ecsFacts(aws.read, ecs, { cluster: "redash", services });
    assert.equal(aws.moto.requests.filter((it) => it === "ecs:DescribeServices").length, 2);
    assert.deepEqual(
      found.map(({ part }) => part),
      ["servers", "scheduler", ...names.map(() => "workers")],
    );
    assert.deepEqual(found[0], {
      name: "server",
      part: "servers",
      status: "ACTIVE",
      desired: 0,
      running: 0,
      deployments: ["COMPLETED"],
      lastEvent: "",
      hasCircuitBreaker: false,
      mostPercent: 200,
      subnetIds: subnets,
      image: "redash/redash:25.8.0",
      cpuUnits: 512,
      secrets: {
        REDASH_SECRET_KEY: "arn:aws:secretsmanager:eu-west-1:1:secret:key-1a",
        REDASH_DATABASE_URL: "arn:aws:secretsmanager:eu-west-1:1:secret:url-2b",
      },
      triesSessions: true,
    });
    assert.deepEqual(
      found.map(({ triesSessions }) => triesSessions),
      found.map(({ name }) => name !== "scheduler"),
    );
    await assert.rejects(
      ecsFacts(aws.read, ecs, { cluster: "redash", services: { ...services, servers: ["web"] } }),
      { message: "service web of ECS is not there; run pulumi up, which makes it" },
    );
  });

  it("of quotas are what is used, and what is the most", async () => {
    // Recorded shapes: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeAccountAttributes.html
    aws.moto.answerNext(
      /rds:DescribeAccountAttributes/,
      `<DescribeAccountAttributesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeAccountAttributesResult><AccountQuotas>
         <AccountQuota><AccountQuotaName>DBInstances</AccountQuotaName><Used>1</Used><Max>40</Max></AccountQuota>
         <AccountQuota><AccountQuotaName>AllocatedStorage</AccountQuotaName><Used>150</Used><Max>100000</Max></AccountQuota>
       </AccountQuotas></DescribeAccountAttributesResult></DescribeAccountAttributesResponse>`,
    );
    assert.deepEqual(await rdsStorageQuota(aws.read, aws.clients.rds), {
      used: 150,
      most: 100_000,
    });
    // https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeAccountAttributes.html
    aws.moto.answerNext(/dms:DescribeAccountAttributes/, {
      AccountQuotas: [
        { AccountQuotaName: "ReplicationInstances", Used: 2, Max: 60 },
        { AccountQuotaName: "AllocatedStorage", Used: 100, Max: 30_000 },
      ],
    });
    assert.deepEqual(await dmsInstanceQuota(aws.read, aws.clients.dms), { used: 2, most: 60 });
    // https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    aws.moto.answerNext(/GetServiceQuota/, { Quota: { QuotaCode: "L-3032A538", Value: 6 } });
    assert.equal(await quota(aws.read, aws.clients.quotas, "fargateVcpus"), 6);
    assert.deepEqual(aws.moto.bodiesOf("servicequotas:GetServiceQuota"), [
      { ServiceCode: "fargate", QuotaCode: "L-3032A538" },
    ]);
  });

  it("of the host's agent are whether it was ever heard of", async () => {
    // Recorded shape: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html
    aws.moto.answerNext(/DescribeInstanceInformation/, {
      InstanceInformationList: [{ PingStatus: "Online", AgentVersion: "3.3.1" }],
    });
    const id = "i-0123456789abcdef0";
    assert.deepEqual(await agentFacts(aws.read, aws.clients.ssm, id), {
      ping: "Online",
      version: "3.3.1",
    });
    aws.moto.answerNext(/DescribeInstanceInformation/, { InstanceInformationList: [] });
    assert.deepEqual(await agentFacts(aws.read, aws.clients.ssm, id), {
      ping: undefined,
      version: "",
    });
  });

  it("of the move itself are its bucket, its function, and who a URL names, never a password", async () => {
    const { s3, secrets, lambda } = aws.clients;
    await s3.send(
      new CreateBucketCommand({
        Bucket: "redash-journal",
        CreateBucketConfiguration: { LocationConstraint: REGION },
      }),
    );
    assert.equal(await bucketVersioning(aws.read, s3, "redash-journal"), undefined);
    await s3.send(
      new PutBucketVersioningCommand({
        Bucket: "redash-journal",
        VersioningConfiguration: { Status: "Enabled" },
      }),
    );
    assert.equal(await bucketVersioning(aws.read, s3, "redash-journal"), "Enabled");
    // Recorded shape: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
    aws.moto.answerNext(/\/functions\/redash-move\/configuration/, {
      State: "Active",
      LastUpdateStatus: "Successful",
      Timeout: 900,
    });
    assert.deepEqual(await functionFacts(aws.read, lambda, "redash-move"), {
      state: "Active",
      lastUpdate: "Successful",
      limitSeconds: 900,
    });
    const secret = async (Name: string, SecretString: string) =>
      (await secrets.send(new CreateSecretCommand({ Name, SecretString }))).ARN!;
    const url = await secret("url", "postgresql://redash_app:hidden@host:5432/redash");
    assert.equal(await secretRole(aws.read, secrets, url), "redash_app");
    const key = await secret("key", "no URL at all");
    assert.equal(await secretRole(aws.read, secrets, key), undefined);
    aws.moto.failNext(/GetSecretValue/, { code: "AccessDeniedException", status: 400 });
    await assert.rejects(secretRole(aws.read, secrets, url), (error: Error) => {
      assert.match(error.message, /gives it secretsmanager:GetSecretValue/);
      assert.doesNotMatch(error.message, /hidden/);
      return true;
    });
  });

  describe("of the way to AWS", () => {
    let server: Server;
    before(async () => {
      server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });

    it("are whether somebody takes the connection", async () => {
      const never = new AbortController().signal;
      const { port } = server.address() as AddressInfo;
      assert.equal(await connects("127.0.0.1", never, port), true);
      await new Promise((resolve) => server.close(resolve));
      await assert.rejects(connects("127.0.0.1", never, port), {
        message: `127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
      });
      const name = "no-such-host.invalid";
      await assert.rejects(connects(name, never), new RegExp(`^Error: ${name}:443: `));
    });

    it("are of a name those that this machine finds", async () => {
      assert.ok((await addressesOf("localhost")).includes("127.0.0.1"));
      await assert.rejects(addressesOf("no-such-host.invalid"), /no-such-host\.invalid/);
    });

    it("name the service in its region", () => {
      assert.equal(hostOf("dms", "eu-west-1"), "dms.eu-west-1.amazonaws.com");
      assert.equal(hostOf("s3", "cn-north-1"), "s3.cn-north-1.amazonaws.com.cn");
    });
  });

  it("that nobody gives are unknown to the checks, and a step that is told to end ends", async () => {
    const options = {
      description: awsDescription(),
      clients: aws.clients,
      host: { run: () => Promise.reject(new Error("the host does not answer")) },
      clock: quickClock(),
      functionName: "redash-move",
    };
    aws.moto.failNext(/rds:DescribeDBInstances/, { code: "AccessDenied", status: 403 });
    const facts = await gatherAwsFacts(options, soundFacts("dms"), AbortSignal.timeout(60_000));
    assert.throws(() => known(facts.rds), /gives it rds:DescribeDBInstances/);
    assert.equal(facts.services.isKnown, false);
    assert.deepEqual(facts.setup, { isKnown: false, reason: "the host does not answer" });
    const results = await awsChecks(options)(soundFacts("logical"), AbortSignal.timeout(60_000));
    assert.equal(results.find(({ id }) => id === "rds-available")?.verdict, "unknown");
    assert.equal(results.find(({ id }) => id === "reaches-ssm")?.verdict, "fail");
    assert.equal(
      results.some(({ id }) => id.startsWith("dms-")),
      false,
    );
    await assert.rejects(
      awsChecks(options)(soundFacts("logical"), AbortSignal.abort(new Error("Ctrl-C"))),
      /^Error: Ctrl-C$/,
    );
  });
});
