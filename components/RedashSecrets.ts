import { getSecretVersionsOutput } from "@pulumi/aws/secretsmanager/getSecretVersions";
import * as pulumi from "@pulumi/pulumi";
import { password, secret, secretArnOf } from "./secret";

export interface RedashSecretsArgs {
  /**
   * A secret with the source's REDASH_COOKIE_SECRET and REDASH_SECRET_KEY as JSON keys `cookieSecret` and
   * `secretKey`. With other values nobody stays signed in, and no data source's credentials can be decrypted.
   *
   * @default none: both are generated, which a change replaces; every credential would be lost
   */
  readonly imported?: { readonly secretArn: string } | undefined;
  /**
   * Whether to generate the password of a first administrator.
   *
   * @default none
   */
  readonly administrator?: object | undefined;
  /**
   * Other secrets, made outside of the stack, that processes get: variable → `valueFrom`.
   *
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  readonly keyArn: pulumi.Input<string>;
  readonly secretRecoveryWindowDays: number;
  readonly protect: boolean;
}

/** How a task gets a secret: its ARN, and the JSON key in it as ECS writes it. */
export interface InjectedSecret {
  readonly arn: pulumi.Output<string>;
  /** `<arn>:<JSON key>::`, or the ARN of a plain text. */
  readonly valueFrom: pulumi.Output<string>;
}

/** Redash's own secrets. Imported ones are only named here: their values never enter the program or its state. */
export class RedashSecrets extends pulumi.ComponentResource {
  readonly cookieSecret: InjectedSecret;
  readonly secretKey: InjectedSecret;
  readonly administratorPassword: InjectedSecret | undefined;
  /** Changes when the cookie secret or the secret key does. */
  readonly versionId: pulumi.Output<string>;
  /** One for each secret of `environment`; changes when that does. */
  readonly environmentVersionIds: pulumi.Output<string>[];

  constructor(name: string, args: RedashSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redash:index:RedashSecrets", name, {}, opts);
    const application = args.imported
      ? imported(args.imported.secretArn, this)
      : generated(name, args, this);

    this.cookieSecret = jsonKey(application.arn, "cookieSecret");
    this.secretKey = jsonKey(application.arn, "secretKey");
    this.versionId = application.versionId;
    const others = Object.values(args.environment ?? {}).map(secretArnOf);
    this.environmentVersionIds = [...new Set(others)]
      .sort()
      .map((secretArn) =>
        currentVersionId(secretArn, "a value for it (docs/settings.md, secretEnvironment)", this),
      );
    this.administratorPassword = args.administrator && administratorPassword(name, args, this);
    this.registerOutputs({
      cookieSecret: this.cookieSecret,
      secretKey: this.secretKey,
      ...(this.administratorPassword && { administratorPassword: this.administratorPassword }),
      versionId: this.versionId,
      environmentVersionIds: this.environmentVersionIds,
    });
  }
}

const jsonKey = (arn: pulumi.Output<string>, key: string): InjectedSecret => ({
  arn,
  valueFrom: pulumi.interpolate`${arn}:${key}::`,
});

const imported = (secretArn: string, parent: pulumi.Resource) => ({
  arn: pulumi.output(secretArn),
  versionId: currentVersionId(
    secretArn,
    '{"cookieSecret": …, "secretKey": …} of the source into it (docs/settings.md, sourceSecretsArn)',
    parent,
  ),
});

/** Asks for version ids only. A data source that reads the value would write it into the state. */
function currentVersionId(
  secretArn: string,
  missing: string,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const { versions } = getSecretVersionsOutput({ secretId: secretArn }, { parent });
  return versions.apply((found) => {
    const current = found.find(({ versionStages }) => versionStages.includes("AWSCURRENT"));
    if (current === undefined)
      throw new pulumi.RunError(`the secret ${secretArn} has no value yet; put ${missing}`);
    return current.versionId;
  });
}

function generated(name: string, args: RedashSecretsArgs, parent: pulumi.Resource) {
  const opts = { parent, protect: args.protect };
  return secret(
    `${name}-application`,
    {
      ...args,
      description: "Redash: cookieSecret signs sessions, secretKey encrypts data sources",
      value: pulumi.jsonStringify({
        cookieSecret: password(`${name}-cookie-secret`, 64, opts),
        secretKey: password(`${name}-secret-key`, 64, opts),
      }),
    },
    parent,
  );
}

function administratorPassword(
  name: string,
  args: RedashSecretsArgs,
  parent: pulumi.Resource,
): InjectedSecret {
  const { arn } = secret(
    `${name}-administrator`,
    {
      ...args,
      description: "Redash: password of the first administrator, until it is changed",
      value: password(`${name}-administrator`, 32, { parent, protect: args.protect }),
    },
    parent,
  );
  return { arn, valueFrom: arn };
}
