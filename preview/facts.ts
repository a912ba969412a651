import type { RecordedResource } from "./recorder";

type Inputs = RecordedResource["inputs"];
type Facts = (inputs: Inputs) => (string | undefined)[];

const yes = (value: unknown, text: string, otherwise?: string) =>
  value === true ? text : otherwise;
const list = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
const json = (text: unknown): Record<string, unknown>[] =>
  typeof text === "string" && text.startsWith("[") ? list(JSON.parse(text)) : [];
const str = (value: unknown) => String(value);

/** The weights of a forward action, such as "ecs 0 : source 100". */
function weights(actions: unknown): string | undefined {
  const groups = list(actions).flatMap(({ forward }) =>
    list((forward as Inputs | undefined)?.["targetGroups"]),
  );
  const name = (arn: unknown) => /targetgroup\/[^/]*?-(\w+)-[0-9a-f]{7}\//.exec(str(arn))?.[1];
  return groups.length === 0
    ? undefined
    : `weights ${groups.map(({ arn, weight }) => `${name(arn) ?? str(arn)} ${str(weight)}`).join(", ")}`;
}

function container(definition: Record<string, unknown>): string {
  const environment = list(definition["environment"]);
  const variable = (name: string) => environment.find((it) => it["name"] === name)?.["value"];
  const queues = variable("QUEUES");
  const processes = variable("WORKERS_COUNT");
  return [
    `${str(definition["name"])} ${str(definition["memory"])} MiB`,
    queues === undefined ? undefined : `queues ${str(queues)}`,
    processes === undefined ? undefined : `${str(processes)} processes`,
    `${environment.length} variables`,
    `${list(definition["secrets"]).length} secrets`,
    yes(definition["readonlyRootFilesystem"], "read-only root", "writable root"),
    definition["healthCheck"] === undefined ? "no health check" : undefined,
  ]
    .filter((fact) => fact !== undefined)
    .join(" ");
}

const rule: Facts = (it) => [
  it["description"] as string,
  it["ipProtocol"] === "-1" ? "all ports" : `${str(it["ipProtocol"])} ${str(it["fromPort"])}`,
  str(it["cidrIpv4"] ?? it["referencedSecurityGroupId"]),
];

/** What a reviewer wants to know of a resource, by type. Types without an entry show their name alone. */
const FACTS: Readonly<Record<string, Facts>> = {
  "awsx:ec2:Vpc": (it) => [
    str(it["cidrBlock"]),
    `${str(it["numberOfAvailabilityZones"])} zones`,
    `NAT ${str((it["natGateways"] as Inputs | undefined)?.["strategy"])}`,
  ],
  "aws:acm/certificate:Certificate": (it) => [str(it["domainName"])],
  "aws:cloudwatch/logGroup:LogGroup": (it) => [
    `${str(it["retentionInDays"])} days`,
    it["kmsKeyId"] === undefined ? "not encrypted with a key" : "own key",
  ],
  "aws:cloudwatch/metricAlarm:MetricAlarm": (it) => [
    `${str(it["metricName"])} ${it["comparisonOperator"] === "LessThanThreshold" ? "<" : ">"} ${str(it["threshold"])}`,
    `${str(it["evaluationPeriods"])} × ${str(it["period"])} s`,
    `no data is ${str(it["treatMissingData"])}`,
    list(it["alarmActions"]).length === 0 ? "tells nobody" : undefined,
  ],
  "aws:dms/certificate:Certificate": (it) => [str(it["certificateId"])],
  "aws:dms/endpoint:Endpoint": (it) => [
    `${str(it["endpointType"])} ${str(it["engineName"])}`,
    it["sslMode"] === "none" ? "NO TLS" : `TLS ${str(it["sslMode"])}`,
    it["secretsManagerArn"] === undefined ? "PASSWORD IN THE ENDPOINT" : "Secrets Manager",
  ],
  "aws:dms/replicationInstance:ReplicationInstance": (it) => [
    `DMS ${str(it["engineVersion"])}`,
    str(it["replicationInstanceClass"]),
    `${str(it["allocatedStorage"])} GiB`,
    yes(it["multiAz"], "Multi-AZ", "one zone"),
    it["kmsKeyArn"] === undefined ? "not encrypted with a key" : "own key",
    yes(it["publiclyAccessible"], "PUBLIC", "private"),
  ],
  "aws:dms/replicationTask:ReplicationTask": (it) => [
    str(it["migrationType"]),
    yes(it["startReplicationTask"], "STARTS BY ITSELF", "the move starts it"),
  ],
  "aws:ec2/instance:Instance": (it) => [
    str(it["instanceType"]),
    str(it["ami"]),
    yes(it["associatePublicIpAddress"], "PUBLIC ADDRESS", "no public address"),
  ],
  "aws:ec2/vpcEndpoint:VpcEndpoint": (it) => [str(it["serviceName"])],
  "aws:ecs/service:Service": (it) => [
    `${str(it["desiredCount"])} task${it["desiredCount"] === 1 ? "" : "s"}`,
    `rolls ${str(it["deploymentMinimumHealthyPercent"])}-${str(it["deploymentMaximumPercent"])} %`,
    list(it["capacityProviderStrategies"])
      .map(({ capacityProvider, weight }) => `${str(capacityProvider)} ${str(weight)}`)
      .join(", "),
    yes(it["enableExecuteCommand"], "ECS EXEC"),
  ],
  "aws:ecs/taskDefinition:TaskDefinition": (it) => [
    `${str(it["cpu"])} CPU units, ${str(it["memory"])} MiB`,
    str((it["runtimePlatform"] as Inputs | undefined)?.["cpuArchitecture"]),
    str(json(it["containerDefinitions"])[0]?.["image"]),
    ...json(it["containerDefinitions"]).map(container),
  ],
  "aws:elasticache/parameterGroup:ParameterGroup": (it) => [str(it["family"]), parameters(it)],
  "aws:elasticache/replicationGroup:ReplicationGroup": (it) => [
    `${str(it["engine"])} ${str(it["engineVersion"])}`,
    `cluster mode ${str(it["clusterMode"])}`,
    `${str(it["numCacheClusters"])} × ${str(it["nodeType"])}`,
    yes(it["multiAzEnabled"], "Multi-AZ", "one zone"),
    yes(it["transitEncryptionEnabled"], "TLS", "NO TLS"),
    it["authToken"] === undefined ? "NO AUTH" : "AUTH",
    yes(it["atRestEncryptionEnabled"], "encrypted", "NOT ENCRYPTED"),
    `snapshots ${str(it["snapshotRetentionLimit"])} days`,
  ],
  "aws:kms/key:Key": (it) => [
    yes(it["enableKeyRotation"], "rotates", "does not rotate"),
    `deletion window ${str(it["deletionWindowInDays"])} days`,
  ],
  "aws:lambda/function:Function": (it) => [
    str(it["runtime"]),
    `${str(it["memorySize"])} MiB`,
    `${str(it["timeout"])} s`,
    it["vpcConfig"] === undefined ? "OUTSIDE THE VPC" : "in the VPC",
    it["kmsKeyArn"] === undefined ? "not encrypted with a key" : "own key",
  ],
  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (it) => [
    it["maximumRetryAttempts"] === 0 ? "never repeats" : "REPEATS BY ITSELF",
  ],
  "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": (it) => [
    it["recursiveLoop"] === "Allow" ? "may call itself" : "stopped if it calls itself",
  ],
  "aws:lb/listener:Listener": (it) => [
    `${str(it["protocol"])} ${str(it["port"])}`,
    it["sslPolicy"] as string | undefined,
    weights(it["defaultActions"]),
  ],
  "aws:lb/listenerRule:ListenerRule": (it) => [
    `priority ${str(it["priority"])}`,
    weights(it["actions"]),
  ],
  "aws:lb/loadBalancer:LoadBalancer": (it) => [
    yes(it["internal"], "internal", "internet-facing"),
    yes(it["enableDeletionProtection"], "deletion protection"),
    `idle ${str(it["idleTimeout"])} s`,
  ],
  "aws:lb/targetGroup:TargetGroup": (it) => [
    `${str(it["protocol"])} ${str(it["port"])} ${str(it["targetType"])}`,
    `checks ${str((it["healthCheck"] as Inputs | undefined)?.["path"])}`,
  ],
  "aws:rds/instance:Instance": (it) => [
    `${str(it["engine"])} ${str(it["engineVersion"])}`,
    str(it["instanceClass"]),
    `${str(it["allocatedStorage"])} to ${str(it["maxAllocatedStorage"])} GiB ${str(it["storageType"])}`,
    yes(it["multiAz"], "Multi-AZ", "one zone"),
    yes(it["storageEncrypted"], "encrypted", "NOT ENCRYPTED"),
    yes(it["publiclyAccessible"], "PUBLIC", "private"),
    `backups ${str(it["backupRetentionPeriod"])} days`,
    yes(it["deletionProtection"], "deletion protection"),
    yes(it["skipFinalSnapshot"], "no final snapshot", "final snapshot"),
  ],
  "aws:rds/parameterGroup:ParameterGroup": (it) => [str(it["family"]), parameters(it)],
  "aws:route53/record:Record": (it) => [str(it["type"]), str(it["name"])],
  "aws:s3/bucket:Bucket": (it) => [yes(it["forceDestroy"], "goes with its objects")],
  "aws:scheduler/schedule:Schedule": (it) => [
    str(it["scheduleExpression"]),
    str((it["target"] as Inputs | undefined)?.["input"]),
  ],
  "aws:secretsmanager/secret:Secret": (it) => [
    str(it["description"]),
    `recoverable for ${str(it["recoveryWindowInDays"])} days`,
  ],
  "aws:ssm/document:Document": (it) => [
    str(it["documentType"]),
    it["permissions"] === undefined ? "this account's alone" : "SHARED",
  ],
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": rule,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": rule,
};

function parameters(inputs: Inputs): string {
  return list(inputs["parameters"])
    .map(({ name, value }) => `${str(name)}=${str(value)}`)
    .join(", ");
}

/** The facts of a resource, in the order of importance. */
export function factsOf({ type, inputs, protect }: RecordedResource): string[] {
  const facts = FACTS[type]?.(inputs) ?? [];
  return [...facts, protect ? "protected" : undefined].filter(
    (fact) => fact !== undefined && fact !== "",
  ) as string[];
}
