import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
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

/** Where AWS is, and how long it is waited for. */
export interface ClientOptions {
  readonly region: string;
  /** Instead of AWS's own address: a server that tests have started. */
  readonly endpoint?: string;
}

/** How every client is made: it sends a request once, because `call` knows which may be sent again. */
export const clientConfig = ({ region, endpoint }: ClientOptions) => ({
  region,
  maxAttempts: 1,
  ...(endpoint === undefined ? {} : { endpoint }),
});

/** A client of every service that a move asks. */
export const awsClients = (options: ClientOptions) => {
  const config = clientConfig(options);
  return {
    cloudWatch: new CloudWatchClient(config),
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

export type AwsClients = ReturnType<typeof awsClients>;
