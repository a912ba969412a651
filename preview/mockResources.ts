import { secret } from "@pulumi/pulumi";
import type { Answer, Asked } from "./mocks";

type Respond = (resource: Asked) => Answer;

const named: Respond = ({ physicalName }) => ({
  id: physicalName,
  state: { name: physicalName, id: physicalName },
});
const idOf =
  (prefix: string): Respond =>
  ({ hex }) => ({ id: `${prefix}-${hex(17)}` });
/** A resource that is part of another one and has no name of its own. */
const part: Respond = ({ name, hex }) => ({ id: `${name}-${hex(7)}` });
const withArn =
  (service: string, resource: (asked: Asked) => string, more?: (asked: Asked) => object): Respond =>
  (asked) => {
    const arn = asked.arn(service, resource(asked));
    return {
      id: asked.physicalName,
      state: { arn, name: asked.physicalName, ...more?.(asked) },
    };
  };
/** A resource whose id is its ARN. */
const arnIsId =
  (service: string, resource: (asked: Asked) => string, more?: (asked: Asked) => object): Respond =>
  (asked) => {
    const arn = asked.arn(service, resource(asked));
    return { id: arn, state: { arn, ...more?.(asked) } };
  };
const securityGroupRule: Respond = ({ hex }) => ({
  id: `sgr-${hex(17)}`,
  state: { securityGroupRuleId: `sgr-${hex(17)}` },
});

/** Answers by resource type, in alphabetical order. */
export const RESOURCES: Readonly<Record<string, Respond>> = {
  "aws:acm/certificate:Certificate": arnIsId(
    "acm",
    ({ hex }) => `certificate/${hex(8)}`,
    ({ inputs }) => ({
      domainValidationOptions: [
        {
          domainName: inputs["domainName"],
          resourceRecordName: `_x.${String(inputs["domainName"])}.`,
          resourceRecordType: "CNAME",
          resourceRecordValue: "_y.acm-validations.aws.",
        },
      ],
    }),
  ),
  "aws:acm/certificateValidation:CertificateValidation": part,
  "aws:cloudwatch/logGroup:LogGroup": withArn(
    "logs",
    ({ physicalName }) => `log-group:${physicalName}`,
  ),
  "aws:cloudwatch/metricAlarm:MetricAlarm": withArn(
    "cloudwatch",
    ({ physicalName }) => `alarm:${physicalName}`,
  ),
  "aws:dms/certificate:Certificate": ({ inputs, hex, arn }) => ({
    id: String(inputs["certificateId"]),
    state: { certificateArn: arn("dms", `cert:${hex(26).toUpperCase()}`) },
  }),
  "aws:dms/endpoint:Endpoint": ({ inputs, hex, arn }) => ({
    id: String(inputs["endpointId"]),
    state: { endpointArn: arn("dms", `endpoint:${hex(26).toUpperCase()}`) },
  }),
  "aws:dms/replicationInstance:ReplicationInstance": ({ inputs, hex, arn }) => ({
    id: String(inputs["replicationInstanceId"]),
    state: { replicationInstanceArn: arn("dms", `rep:${hex(26).toUpperCase()}`) },
  }),
  "aws:dms/replicationSubnetGroup:ReplicationSubnetGroup": ({ inputs }) => ({
    id: String(inputs["replicationSubnetGroupId"]),
  }),
  "aws:dms/replicationTask:ReplicationTask": ({ inputs, hex, arn }) => ({
    id: String(inputs["replicationTaskId"]),
    state: { replicationTaskArn: arn("dms", `task:${hex(26).toUpperCase()}`), status: "ready" },
  }),
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": idOf("sg"),
  "aws:ec2/flowLog:FlowLog": idOf("fl"),
  "aws:ec2/instance:Instance": ({ hex }) => ({
    id: `i-${hex(17)}`,
    state: { privateIp: "10.80.64.10" },
  }),
  "aws:ec2/securityGroup:SecurityGroup": ({ hex, arn }) => ({
    id: `sg-${hex(17)}`,
    state: { arn: arn("ec2", `security-group/sg-${hex(17)}`) },
  }),
  "aws:ec2/vpcEndpoint:VpcEndpoint": idOf("vpce"),
  "aws:ecs/cluster:Cluster": withArn("ecs", ({ physicalName }) => `cluster/${physicalName}`),
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": part,
  "aws:ecs/service:Service": ({ physicalName, arn }) => ({
    id: arn("ecs", `service/${physicalName}`),
    state: { name: physicalName },
  }),
  "aws:ecs/taskDefinition:TaskDefinition": ({ inputs, arn }) => ({
    id: String(inputs["family"]),
    state: { arn: arn("ecs", `task-definition/${String(inputs["family"])}:1`), revision: 1 },
  }),
  "aws:elasticache/parameterGroup:ParameterGroup": named,
  "aws:elasticache/replicationGroup:ReplicationGroup": ({ physicalName, hex, region, arn }) => {
    const short = region.replace(/^(..)-(.).*-(\d)$/, "$1$2$3");
    const host = `${physicalName.toLowerCase()}.${hex(6)}.${short}.cache.amazonaws.com`;
    return {
      id: physicalName.toLowerCase(),
      state: {
        arn: arn("elasticache", `replicationgroup:${physicalName.toLowerCase()}`),
        primaryEndpointAddress: `master.${host}`,
        readerEndpointAddress: `replica.${host}`,
        configurationEndpointAddress: "",
        clusterEnabled: false,
      },
    };
  },
  "aws:elasticache/subnetGroup:SubnetGroup": named,
  "aws:iam/instanceProfile:InstanceProfile": named,
  "aws:iam/role:Role": ({ physicalName }) => ({
    id: physicalName,
    state: { name: physicalName, arn: `arn:aws:iam::123456789012:role/${physicalName}` },
  }),
  "aws:iam/rolePolicy:RolePolicy": part,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": part,
  "aws:kms/alias:Alias": withArn("kms", ({ physicalName }) => `alias/${physicalName}`),
  "aws:kms/key:Key": ({ hex, arn }) => {
    const keyId = `${hex(8)}-0000-4000-8000-${hex(12)}`;
    return { id: keyId, state: { keyId, arn: arn("kms", `key/${keyId}`) } };
  },
  "aws:lambda/function:Function": withArn(
    "lambda",
    ({ physicalName }) => `function:${physicalName}`,
  ),
  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": part,
  "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": part,
  "aws:lb/listener:Listener": arnIsId(
    "elasticloadbalancing",
    ({ hex }) => `listener/app/redash/${hex(16)}/${hex(16)}`,
  ),
  "aws:lb/listenerCertificate:ListenerCertificate": part,
  "aws:lb/listenerRule:ListenerRule": arnIsId(
    "elasticloadbalancing",
    ({ hex }) => `listener-rule/app/shared/${hex(16)}/${hex(16)}/${hex(16)}`,
  ),
  "aws:lb/loadBalancer:LoadBalancer": arnIsId(
    "elasticloadbalancing",
    ({ physicalName, hex }) => `loadbalancer/app/${physicalName}/${hex(16)}`,
    ({ physicalName, hex, region }) => ({
      arnSuffix: `app/${physicalName}/${hex(16)}`,
      dnsName: `${physicalName}-${parseInt(hex(8), 16)}.${region}.elb.amazonaws.com`,
      zoneId: "Z32O12XQLNTSW2",
    }),
  ),
  "aws:lb/targetGroup:TargetGroup": arnIsId(
    "elasticloadbalancing",
    ({ physicalName, hex }) => `targetgroup/${physicalName}/${hex(16)}`,
    ({ physicalName, hex }) => ({ arnSuffix: `targetgroup/${physicalName}/${hex(16)}` }),
  ),
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": part,
  "aws:rds/instance:Instance": ({ inputs, physicalName, hex, region, arn }) => {
    const identifier = (inputs["identifier"] as string | undefined) ?? physicalName;
    const address = `${identifier}.${hex(12)}.${region}.rds.amazonaws.com`;
    return {
      id: `db-${hex(26).toUpperCase()}`,
      state: {
        identifier,
        address,
        endpoint: `${address}:5432`,
        arn: arn("rds", `db:${identifier}`),
        port: inputs["port"] ?? 5432,
        resourceId: `db-${hex(26).toUpperCase()}`,
      },
    };
  },
  "aws:rds/parameterGroup:ParameterGroup": named,
  "aws:rds/subnetGroup:SubnetGroup": named,
  "aws:route53/record:Record": ({ inputs }) => ({
    id: `${String(inputs["zoneId"])}_${String(inputs["name"])}_${String(inputs["type"])}`,
    state: { fqdn: inputs["name"] },
  }),
  "aws:s3/bucket:Bucket": ({ physicalName }) => ({
    id: physicalName,
    state: { bucket: physicalName, arn: `arn:aws:s3:::${physicalName}` },
  }),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": part,
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": part,
  "aws:s3/bucketPolicy:BucketPolicy": part,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": part,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": part,
  "aws:s3/bucketVersioning:BucketVersioning": part,
  "aws:scheduler/schedule:Schedule": withArn(
    "scheduler",
    ({ physicalName }) => `schedule/default/${physicalName}`,
  ),
  "aws:secretsmanager/secret:Secret": ({ physicalName, hex, arn }) => {
    const secret = arn("secretsmanager", `secret:${physicalName}-${hex(6)}`);
    return { id: secret, state: { arn: secret, name: physicalName } };
  },
  "aws:secretsmanager/secretVersion:SecretVersion": ({ inputs, hex }) => {
    const versionId = `${hex(8)}-0000-4000-8000-${hex(12)}`;
    return {
      id: `${String(inputs["secretId"])}|${versionId}`,
      state: { versionId, arn: inputs["secretId"], secretArn: inputs["secretId"] },
    };
  },
  "aws:ssm/document:Document": withArn("ssm", ({ physicalName }) => `document/${physicalName}`),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": securityGroupRule,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": securityGroupRule,
  "awsx:ec2:Vpc": ({ inputs, hex }) => {
    const zones = (inputs["numberOfAvailabilityZones"] as number | undefined) ?? 3;
    const tier = (digit: string) =>
      Array.from({ length: zones }, (_, index) => `subnet-${hex(15)}${digit}${index}`);
    return {
      id: `vpc-${hex(17)}`,
      state: {
        vpcId: `vpc-${hex(17)}`,
        vpc: { id: `vpc-${hex(17)}`, cidrBlock: inputs["cidrBlock"] ?? "10.0.0.0/16" },
        publicSubnetIds: tier("a"),
        privateSubnetIds: tier("b"),
        isolatedSubnetIds: tier("c"),
        eips: Array.from({ length: zones }, (_, index) => ({ publicIp: `192.0.2.${index + 1}` })),
      },
    };
  },
  "random:index/randomId:RandomId": ({ inputs, hex }) => {
    const digits = hex(Number(inputs["byteLength"]) * 2);
    return {
      id: digits,
      state: { hex: digits, dec: String(parseInt(digits, 16)), b64Url: digits },
    };
  },
  "random:index/randomPassword:RandomPassword": ({ inputs, hex }) => ({
    id: "none",
    // Alphanumeric and of the requested length, as with `special: false`; and a secret, as the provider says.
    state: { result: secret(hex(64).repeat(4).slice(0, Number(inputs["length"]))) },
  }),
};
