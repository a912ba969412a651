/**
 * The policy pack as the engine runs it: loaded by Pulumi's own loader in a process of its own, and asked over gRPC.
 * The only file of the tests that speaks the engine's protocol.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/analyzer_pb";

const ROOT = join(__dirname, "..", "..");
const DEADLINE_MS = 60_000;

/** What the engine shows of a finding. */
export interface Diagnostic {
  readonly policy: string;
  readonly message: string;
  readonly level: Level | undefined;
}
export interface Given {
  readonly type: string;
  readonly name: string;
  readonly props: Record<string, unknown>;
}

/** The engine's mark of a text that is not known before the update. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** In the order of the protocol's enum. */
const LEVELS = ["advisory", "mandatory", "disabled", "remediate"] as const;
type Level = (typeof LEVELS)[number];

type Callback<Response> = (error: Error | null, response: Response) => void;

export class Analyzer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly client: AnalyzerClient,
  ) {}

  /** @throws Error with what the pack wrote if it does not serve in time */
  static async start(): Promise<Analyzer> {
    const child = spawn(
      process.execPath,
      [
        join(ROOT, "node_modules/@pulumi/pulumi/cmd/run-policy-pack"),
        "127.0.0.1:1",
        join(ROOT, "policies"),
      ],
      { cwd: join(ROOT, "policies"), stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    const port = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`the pack does not serve: ${output}`));
      }, DEADLINE_MS);
      child.stdout.on("data", (data: Buffer) => {
        const [line] = /^\d+$/m.exec(data.toString()) ?? [];
        if (line === undefined) return;
        clearTimeout(timer);
        resolve(line);
      });
      child.on("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`the pack ended with ${String(code)}: ${output}`));
      });
    });
    const credentials = grpc.credentials.createInsecure();
    return new Analyzer(child, new AnalyzerClient(`127.0.0.1:${port}`, credentials));
  }

  async stop(): Promise<void> {
    this.client.close();
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }

  /** Name → enforcement level of every policy. */
  async policies(): Promise<Map<string, Level | undefined>> {
    const info = await inTime<messages.AnalyzerInfo>((...rest) =>
      this.client.getAnalyzerInfo(new Empty(), ...rest),
    );
    return new Map(
      info
        .getPoliciesList()
        .map((policy) => [policy.getName(), LEVELS[policy.getEnforcementlevel()]]),
    );
  }

  /** Hands configuration to a mandatory policy, as `--policy-pack-config` does. */
  async configure(policy: string, properties: Record<string, JavaScriptValue>): Promise<void> {
    const config = new messages.PolicyConfig();
    config.setEnforcementlevel(messages.EnforcementLevel.MANDATORY);
    config.setProperties(Struct.fromJavaScript(properties));
    const request = new messages.ConfigureAnalyzerRequest();
    request.getPolicyconfigMap().set(policy, config);
    await inTime((...rest) => this.client.configure(request, ...rest));
  }

  /** Judges one resource by its inputs, as before it is made. */
  async analyze(given: Given): Promise<Diagnostic[]> {
    const request = fill(new messages.AnalyzeRequest(), given);
    return diagnostics(await inTime((...rest) => this.client.analyze(request, ...rest)));
  }

  /** Judges all resources together, as after a preview. */
  async analyzeStack(given: readonly Given[]): Promise<Diagnostic[]> {
    const request = new messages.AnalyzeStackRequest();
    request.setResourcesList(given.map((it) => fill(new messages.AnalyzerResource(), it)));
    return diagnostics(await inTime((...rest) => this.client.analyzeStack(request, ...rest)));
  }
}

/** A call that ends, one way or the other. */
const inTime = <Response>(
  call: (none: grpc.Metadata, deadline: grpc.CallOptions, done: Callback<Response>) => unknown,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    call(new grpc.Metadata(), { deadline: Date.now() + DEADLINE_MS }, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });

const urnOf = ({ type, name }: Given): string => `urn:pulumi:test::redash::${type}::${name}`;

function fill<Message extends messages.AnalyzeRequest | messages.AnalyzerResource>(
  message: Message,
  given: Given,
): Message {
  const options = new messages.AnalyzerResourceOptions();
  options.setProtect(false);
  message.setType(given.type);
  message.setName(given.name);
  message.setUrn(urnOf(given));
  message.setProperties(Struct.fromJavaScript(given.props as Record<string, JavaScriptValue>));
  message.setOptions(options);
  return message;
}

const diagnostics = (response: messages.AnalyzeResponse): Diagnostic[] =>
  response.getDiagnosticsList().map((it) => ({
    policy: it.getPolicyname(),
    message: it.getMessage(),
    level: LEVELS[it.getEnforcementlevel()],
  }));
