import * as pulumi from "@pulumi/pulumi";
import { secret, type Secret } from "./secret";

/** How a role reaches a PostgreSQL server. */
export interface Connection {
  readonly host: pulumi.Input<string>;
  readonly port: number;
  readonly username: string;
  readonly password: pulumi.Input<string>;
}

export interface ConnectionSecretArgs {
  /** Whose credentials they are, and for what. */
  readonly description: string;
  readonly connection: Connection;
  readonly keyArn: pulumi.Input<string>;
  readonly secretRecoveryWindowDays: number;
}

/**
 * A connection in Secrets Manager, as JSON with the keys that AWS DMS reads. Not protected: it ends with the move, and
 * a protected one would stop the update that ends it.
 * https://docs.aws.amazon.com/dms/latest/userguide/security_iam_secretsmanager.html
 */
export const connectionSecret = (
  name: string,
  { connection, ...args }: ConnectionSecretArgs,
  parent: pulumi.Resource,
): Secret =>
  secret(
    name,
    {
      ...args,
      value: pulumi.jsonStringify({
        username: connection.username,
        password: connection.password,
        host: connection.host,
        port: connection.port,
      }),
      protect: false,
    },
    parent,
  );
