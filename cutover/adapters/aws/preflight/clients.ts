import { DatabaseMigrationServiceClient } from "@aws-sdk/client-database-migration-service";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElastiCacheClient } from "@aws-sdk/client-elasticache";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { RDSClient } from "@aws-sdk/client-rds";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SSMClient } from "@aws-sdk/client-ssm";
import { type ClientOptions, clientConfig } from "../clients";

/** A client of every service that preflight asks. */
export const preflightClients = (options: ClientOptions) => {
  const config = clientConfig(options);
  return {
    dms: new DatabaseMigrationServiceClient(config),
    ec2: new EC2Client(config),
    ecs: new ECSClient(config),
    elastiCache: new ElastiCacheClient(config),
    elb: new ElasticLoadBalancingV2Client(config),
    lambda: new LambdaClient(config),
    quotas: new ServiceQuotasClient(config),
    rds: new RDSClient(config),
    s3: new S3Client({ ...config, forcePathStyle: options.endpoint !== undefined }),
    secrets: new SecretsManagerClient(config),
    ssm: new SSMClient(config),
  };
};

export type PreflightClients = ReturnType<typeof preflightClients>;
