import type { Given, HostCommand } from "../adapters/aws/hostCommand";
import { HostFailed, valuesOf } from "../adapters/aws/hostCommand";
import type { Clock } from "../engine/clock";
import { Refusal } from "../engine/refusal";
import { type SourceEnvironment, sourceEnvironment } from "./environment";
import { scramVerifier } from "./scramVerifier";
import { sealed } from "./sealed";
import type { SecretStore } from "./secretStore";

/** PostgreSQL's restart, and the host's own patience with it (redash/host/preparation.sh). */
const RESTART_MS = 540_000;

/** How PostgreSQL shall be reached. */
export interface PreparationOptions {
  /** Addresses that may come, such as the VPC's `10.0.0.0/16`. */
  readonly cidr: string;
  /** Secret with name and password of `redash_mover`. */
  readonly moverSecretArn: string;
  /** The same of `redash_dms`; undefined without DMS. */
  readonly taskSecretArn: string | undefined;
  /** More of what redash/host/preparation.sh knows: address, port, keep_mb, image, plain. */
  readonly more: Given;
}

/** The source's host, as its operator prepares it, with the operator's own credentials. */
export class SourceHost {
  constructor(
    private readonly host: HostCommand,
    private readonly secrets: SecretStore,
    private readonly project: Given,
    private readonly clock: Pick<Clock, "nowMs" | "sleep">,
    private readonly say: (text: string) => void,
  ) {}

  find = (signal: AbortSignal): Promise<string> => this.host.run("find", this.project, signal);

  disk = (signal: AbortSignal): Promise<string> => this.host.run("disk", this.project, signal);

  /** The environment of Redash's server; nobody else can read the command's output. */
  async environment(signal: AbortSignal): Promise<SourceEnvironment> {
    const { publicKey, open } = sealed();
    const given = { ...this.project, key: publicKey };
    return sourceEnvironment(open(await this.host.run("environment", given, signal)));
  }

  /** Writes settings, roles and lines of pg_hba.conf, and restarts PostgreSQL when it is allowed. */
  async prepare(
    { cidr, moverSecretArn, taskSecretArn, more }: PreparationOptions,
    restartAtMs: number,
    signal: AbortSignal,
  ): Promise<string> {
    const verifier = async (arn: string, role: "redash_mover" | "redash_dms") => {
      const { username, password } = await this.secrets.login(arn, signal);
      if (username !== role)
        throw new Refusal(`the secret ${arn} is of ${username}, not of ${role}`);
      return scramVerifier(password);
    };
    const given = {
      ...this.project,
      ...more,
      cidr,
      mover_verifier: await verifier(moverSecretArn, "redash_mover"),
      ...(taskSecretArn !== undefined && {
        task_verifier: await verifier(taskSecretArn, "redash_dms"),
      }),
    };
    this.say("writing settings, roles and who may come; nothing restarts");
    const prepared = await this.host.run("prepare", given, signal, RESTART_MS);
    if (valuesOf(prepared).get("restart")?.[0] !== "due") return prepared;
    await this.until(restartAtMs, signal);
    this.say("restarting PostgreSQL; Redash answers with errors for some seconds");
    return this.host.run("restart", { ...this.project, ...more }, signal, RESTART_MS);
  }

  /** Puts everything back as it was, when a restart is allowed. */
  async undo(restartAtMs: number, signal: AbortSignal): Promise<string> {
    await this.until(restartAtMs, signal);
    this.say("putting everything back; PostgreSQL restarts if it runs with the move's settings");
    return this.host.run("undo", this.project, signal, RESTART_MS);
  }

  private async until(timeMs: number, signal: AbortSignal): Promise<void> {
    const left = timeMs - this.clock.nowMs();
    if (left <= 0) return;
    this.say(
      `waiting for ${new Date(timeMs).toString()}; Ctrl-C ends the wait, and nothing has restarted`,
    );
    await this.clock.sleep(left, signal);
  }
}

/** The certificate of PostgreSQL, PEM, as prepare answers it. @throws HostFailed if it does not */
export function certificateOf(answer: string): string {
  const [encoded = ""] = valuesOf(answer).get("certificate") ?? [];
  const pem = Buffer.from(encoded, "base64").toString("utf8");
  if (!pem.includes("BEGIN CERTIFICATE")) throw new HostFailed("the host gives no certificate");
  return pem;
}
