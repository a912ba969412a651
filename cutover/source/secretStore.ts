import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { z } from "zod";
import { call, CallFailed } from "../adapters/aws/call";
import type { Clock } from "../engine/clock";
import { Refusal } from "../engine/refusal";

/** Secrets Manager, with an operator's own credentials. */
export class SecretStore {
  constructor(
    private readonly client: SecretsManagerClient,
    private readonly clock: Pick<Clock, "sleep">,
  ) {}

  /**
   * Makes a secret what it should be. One that is so already is left alone: a new version would start every task anew.
   * @param name of a new one, or of the one that an earlier run has made
   * @param keyId KMS key of a new one; undefined for AWS's own
   */
  async keep(
    name: string,
    content: Readonly<Record<string, string>>,
    keyId: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly arn: string; readonly isChanged: boolean }> {
    const SecretString = JSON.stringify(content);
    const old = await this.current(name, signal);
    if (old === undefined) {
      const made = await call(
        { action: "secretsmanager:CreateSecret" as const, on: name, isIdempotent: false, signal },
        (abortSignal) =>
          this.client.send(
            new CreateSecretCommand({
              Name: name,
              Description: "Redash: imported from the source of the move",
              SecretString,
              ...(keyId !== undefined && { KmsKeyId: keyId }),
            }),
            { abortSignal },
          ),
        this.clock,
      );
      return { arn: made.ARN ?? "", isChanged: true };
    }
    if (old.text === SecretString) return { arn: old.arn, isChanged: false };
    await call(
      { action: "secretsmanager:PutSecretValue" as const, on: name, isIdempotent: true, signal },
      (abortSignal) =>
        this.client.send(new PutSecretValueCommand({ SecretId: name, SecretString }), {
          abortSignal,
        }),
      this.clock,
    );
    return { arn: old.arn, isChanged: true };
  }

  /** Name and password in a secret of a connection (components/connectionSecret.ts). @throws Refusal if it is none */
  async login(
    arn: string,
    signal: AbortSignal,
  ): Promise<{ readonly username: string; readonly password: string }> {
    const found = await this.current(arn, signal);
    const parsed = z
      .object({ username: z.string().min(1), password: z.string().min(1) })
      .safeParse(json(found?.text));
    if (!parsed.success)
      throw new Refusal(
        `the secret ${arn} holds no username and password; run pulumi up in the phase replicating, which makes it`,
      );
    return parsed.data;
  }

  private async current(secretId: string, signal: AbortSignal) {
    try {
      const { ARN = "", SecretString } = await call(
        { action: "secretsmanager:GetSecretValue", on: secretId, isIdempotent: true, signal },
        (abortSignal) =>
          this.client.send(new GetSecretValueCommand({ SecretId: secretId }), { abortSignal }),
        this.clock,
      );
      return { arn: ARN, text: SecretString };
    } catch (error) {
      if (error instanceof CallFailed && error.code === "ResourceNotFoundException")
        return undefined;
      throw error;
    }
  }
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    // Said by the caller, without what is in it.
    return undefined;
  }
}
