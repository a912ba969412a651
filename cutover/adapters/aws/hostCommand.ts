import { gunzipSync } from "node:zlib";
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationResult,
  SendCommandCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { ACT_TIMEOUT_SECONDS } from "../../../redash/hostDocument";
import { type HostAct, hostCommands } from "../../../redash/hostScript";
import type { Clock } from "../../engine/clock";
import { Refusal } from "../../engine/refusal";
import { call, CallFailed } from "./call";

/** What an act is given: names and values of one line each. Never a secret: SSM keeps it for 30 days. */
export type Given = Readonly<Record<string, string>>;

export interface HostCommandOptions {
  readonly client: SSMClient;
  readonly instanceId: string;
  /**
   * The document that the program has made, which runs one script and no other; or a script, by AWS-RunShellScript,
   * which only an operator may send.
   */
  readonly by: { readonly documentName: string } | { readonly script: string };
  readonly clock: Pick<Clock, "sleep" | "monotonicMs">;
}

/** An act that was begun on the host and has not come to its end there. */
export class HostFailed extends Error {}

/** How long SSM may take to hand a command to the host, seconds; its least is 30. */
const DELIVERY_SECONDS = 60;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;
const CANCEL_MS = 10_000;
/** Exit code by which a script says that it has changed nothing (redash/host/act.sh). */
const REFUSED = 10;
const UNMANAGED =
  "the instance must run with SSM's agent, reach SSM, and have a role with AmazonSSMManagedInstanceCore";

/**
 * Acts on the host of the source, by SSM Run Command. A command whose answer was lost is sent again: every script may
 * run twice, and those that change something wait for each other.
 */
export class HostCommand {
  constructor(private readonly options: HostCommandOptions) {}

  /**
   * Runs an act to its end.
   * @param deadlineMs for all of it, milliseconds; then it is cancelled
   * @returns what it prints
   * @throws Refusal if the host has changed nothing; HostFailed if it has not come to its end; CallFailed of SSM itself
   */
  async run(
    act: HostAct,
    given: Given,
    signal: AbortSignal,
    deadlineMs = 120_000,
  ): Promise<string> {
    let part = partOf(await this.output(act, given, signal, deadlineMs), act);
    let text = part.text;
    while (text.length < part.total) {
      const next = { name: part.name, offset: String(text.length) };
      part = partOf(await this.output("part", next, signal, deadlineMs), act);
      if (part.text === "") throw new HostFailed(`${act}: its answer ends too early`);
      text += part.text;
    }
    return gunzipSync(Buffer.from(text, "base64")).toString("utf8");
  }

  private async output(
    act: HostAct,
    given: Given,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<string> {
    const { client, instanceId, clock } = this.options;
    const on = instanceId;
    const request = new SendCommandCommand(this.request(act, given, deadlineMs));
    const sent = await call(
      { action: "ssm:SendCommand", on, isIdempotent: true, signal, next: UNMANAGED },
      (abortSignal) => client.send(request, { abortSignal }),
      clock,
    );
    const commandId = sent.Command?.CommandId ?? "";
    const end = clock.monotonicMs() + deadlineMs;
    let isOver = false;
    try {
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
        await clock.sleep(pause, signal);
        const answer = await this.invocation(commandId, signal);
        if (answer !== undefined && !RUNNING.has(answer.Status ?? "Pending")) {
          isOver = true;
          return outputOf(answer, act, instanceId);
        }
        if (clock.monotonicMs() > end) {
          throw new HostFailed(
            `${act} on ${instanceId}: ${answer?.StatusDetails ?? "not delivered"} after ${deadlineMs} ms, and cancelled; every act may be run again`,
          );
        }
      }
    } catch (error) {
      if (!isOver) await this.cancel(commandId, error);
      throw error;
    }
  }

  private request(act: HostAct, given: Given, deadlineMs: number) {
    const { instanceId, by } = this.options;
    const payload = payloadOf(given);
    return {
      InstanceIds: [instanceId],
      TimeoutSeconds: DELIVERY_SECONDS,
      Comment: `Redash's move: ${act}`,
      ...("documentName" in by
        ? { DocumentName: by.documentName, Parameters: { act: [act], payload: [payload] } }
        : {
            DocumentName: "AWS-RunShellScript",
            Parameters: {
              commands: hostCommands(by.script, act, payload),
              executionTimeout: [
                String(Math.max(ACT_TIMEOUT_SECONDS, Math.ceil(deadlineMs / 1000))),
              ],
            },
          }),
    };
  }

  /** Undefined as long as SSM does not know the command yet, which it has just taken. */
  private async invocation(
    CommandId: string,
    signal: AbortSignal,
  ): Promise<GetCommandInvocationResult | undefined> {
    const { client, instanceId: InstanceId, clock } = this.options;
    try {
      return await call(
        { action: "ssm:GetCommandInvocation", on: InstanceId, isIdempotent: true, signal },
        (abortSignal) =>
          client.send(new GetCommandInvocationCommand({ CommandId, InstanceId }), { abortSignal }),
        clock,
      );
    } catch (error) {
      if (error instanceof CallFailed && error.code === "InvocationDoesNotExist") return undefined;
      throw error;
    }
  }

  /** Tells the host to end what nobody waits for any more. @throws Error with both reasons if that fails too */
  private async cancel(CommandId: string, reason: unknown): Promise<void> {
    const { client, instanceId, clock } = this.options;
    // Not the step's signal: that one may have ended it.
    const signal = AbortSignal.timeout(CANCEL_MS);
    try {
      await call(
        { action: "ssm:CancelCommand", on: instanceId, isIdempotent: true, signal },
        (abortSignal) =>
          client.send(new CancelCommandCommand({ CommandId, InstanceIds: [instanceId] }), {
            abortSignal,
          }),
        clock,
      );
    } catch (error) {
      throw new HostFailed(
        `${(reason as Error).message}; and the command ${CommandId} goes on on ${instanceId}: ${(error as Error).message}`,
        { cause: reason },
      );
    }
  }
}

const RUNNING: ReadonlySet<string> = new Set(["Pending", "InProgress", "Delayed", "Cancelling"]);

/**
 * What a command says that is over, by its status and the details of it.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 */
function outputOf(answer: GetCommandInvocationResult, act: string, instanceId: string): string {
  const { Status, StatusDetails = "", ResponseCode, StandardOutputContent = "" } = answer;
  if (Status === "Success") return StandardOutputContent;
  const words = (answer.StandardErrorContent ?? "").trim().split("\n").slice(-5).join("; ");
  const details = StatusDetails.replaceAll(" ", "");
  if (details === "Failed" && ResponseCode === REFUSED)
    throw new Refusal(`${act} on ${instanceId}: ${words}`);
  throw new HostFailed(`${act} on ${instanceId}: ${meaningOf(details)}${words && `: ${words}`}`);
}

function meaningOf(details: string): string {
  switch (details) {
    case "Failed":
      return "it failed on the host";
    case "ExecutionTimedOut":
      return "it took too long on the host and was ended; every act may be run again";
    case "DeliveryTimedOut":
    case "Undeliverable":
    case "Terminated":
      return `it has not reached the host (${details}): ${UNMANAGED}`;
    case "Cancelled":
      return "somebody has cancelled it; every act may be run again";
    default:
      return `SSM says ${details}`;
  }
}

/** Lines name=value, in base64. */
function payloadOf(given: Given): string {
  const lines = Object.entries(given).map(([name, value]) => {
    if (/[\r\n]/.test(value)) throw new Error(`${name} has more than one line`);
    return `${name}=${value}\n`;
  });
  return Buffer.from(lines.join("")).toString("base64");
}

/**
 * A part of an answer (redash/host/act.sh). SSM keeps the first 24,000 characters of an output, and says nothing of it.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
 */
function partOf(output: string, act: string) {
  const found = /^(\S+) \d+ (\d+)\n([A-Za-z0-9+/=]*)\nend\s*$/.exec(output);
  if (found === null) throw new HostFailed(`${act}: its output is not whole`);
  const [, name = "", total = "", text = ""] = found;
  return { name, total: Number(total), text };
}

/** Lines name=value of an answer; a name that comes again has several values. */
export function valuesOf(answer: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const line of answer.split("\n")) {
    const at = line.indexOf("=");
    if (at === -1) continue;
    const name = line.slice(0, at);
    values.set(name, [...(values.get(name) ?? []), line.slice(at + 1)]);
  }
  return values;
}

/** @throws HostFailed if an answer lacks it, or if it is none */
export function numberOf(values: ReadonlyMap<string, readonly string[]>, name: string): number {
  const [text = ""] = values.get(name) ?? [];
  if (!/^\d+$/.test(text)) throw new HostFailed(`the host gives no number for ${name}`);
  return Number(text);
}
