import * as secretsmanager from "@pulumi/aws/secretsmanager";
import * as random from "@pulumi/random";
import * as pulumi from "@pulumi/pulumi";

export interface SecretArgs {
  /** What it holds, without the value. */
  readonly description: string;
  readonly value: pulumi.Input<string>;
  readonly keyArn: pulumi.Input<string>;
  /** Days between deletion and the end; 0 deletes at once. Names are generated, so a new stack never collides. */
  readonly secretRecoveryWindowDays: number;
  readonly protect: boolean;
}
export interface Secret {
  /** Resolves once there is a value: ECS refuses to start a task with an empty secret. */
  readonly arn: pulumi.Output<string>;
  /** Changes with the value; ECS reads secrets only when a task starts, so tasks must roll with this. */
  readonly versionId: pulumi.Output<string>;
}

/** One secret in Secrets Manager with its value. */
export function secret(name: string, args: SecretArgs, parent: pulumi.Resource): Secret {
  const { id } = new secretsmanager.Secret(
    name,
    {
      description: args.description,
      kmsKeyId: args.keyArn,
      recoveryWindowInDays: args.secretRecoveryWindowDays,
    },
    { parent, protect: args.protect },
  );
  const version = new secretsmanager.SecretVersion(
    name,
    { secretId: id, secretString: pulumi.secret(args.value) },
    { parent },
  );
  return { arn: version.secretArn, versionId: version.versionId };
}

/**
 * Letters and digits only: RDS refuses `/ " @`, ElastiCache most others, and `#` or `/` breaks a URL.
 * A change of the length replaces it, and whatever it opens.
 */
export function password(
  name: string,
  length: number,
  { parent, protect }: { parent: pulumi.Resource; protect: boolean },
): pulumi.Output<string> {
  return new random.RandomPassword(
    name,
    // Each kind at least once: 48 characters of 62 kinds without a digit would fail a password policy by chance.
    { length, special: false, minLower: 1, minUpper: 1, minNumeric: 1 },
    { parent, protect },
  ).result;
}

/** `arn:…:secret:name-AbCdEf:key::` → `arn:…:secret:name-AbCdEf`. */
export const secretArnOf = (valueFrom: string): string =>
  valueFrom.split(":").slice(0, 7).join(":");
