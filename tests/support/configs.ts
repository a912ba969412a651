import type { Mode, Phase } from "../../redash/phase";

type Config = Readonly<Record<string, string>>;

const ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret";

/** A new VPC, a clone as the source, a certificate made in a zone. */
const REHEARSAL: Config = {
  "aws:region": "eu-west-1",
  "redash:mode": "rehearsal",
  "redash:sourceImageId": "ami-0a1b2c3d4e5f60718",
  "redash:sourceSecretsArn": `${ARN}:staging-AbCdEf`,
  "redash:probeDataSourceId": "1",
  "redash:host": "redash-staging.acme.io",
  "redash:hostedZoneId": "Z08193412ABCDEFGHIJKL",
  "redash:administratorEmail": "sre@acme.io",
};

/** An existing VPC, the living host as the source, a certificate by ARN. */
const PRODUCTION: Config = {
  "aws:region": "eu-west-1",
  "redash:mode": "production",
  "redash:vpcId": "vpc-0a1b2c3d4e5f60718",
  "redash:publicSubnetIds": '["subnet-0a1b2c3d4e5f60711","subnet-0a1b2c3d4e5f60712"]',
  "redash:privateSubnetIds": '["subnet-0a1b2c3d4e5f60713","subnet-0a1b2c3d4e5f60714"]',
  "redash:isolatedSubnetIds": '["subnet-0a1b2c3d4e5f60715","subnet-0a1b2c3d4e5f60716"]',
  "redash:sourceInstanceId": "i-0a1b2c3d4e5f60718",
  "redash:sourceSecurityGroupId": "sg-0a1b2c3d4e5f60718",
  "redash:sourceSecretsArn": `${ARN}:prod-AbCdEf`,
  "redash:probeDataSourceId": "1",
  "redash:host": "redash.acme.io",
  "redash:certificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1f2e",
  "redash:administratorEmail": "sre@acme.io",
};

/** A sound stack config without any example value in it: a real run would take it. */
export const soundConfig = (mode: Mode, phase: Phase, changes: Config = {}): Config => ({
  ...(mode === "rehearsal" ? REHEARSAL : PRODUCTION),
  "redash:phase": phase,
  ...changes,
});

/** Changes after which DMS carries the rows. */
export const BY_DMS = { "redash:transport": "dms", "redash:dmsLargestLobBytes": "8000000" };
