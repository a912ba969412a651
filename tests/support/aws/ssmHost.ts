import type { IncomingMessage, ServerResponse } from "node:http";
import type { ComposeHost, Ran } from "../host/composeHost";
import { type Door, openDoor } from "./door";
import { type Moto, REGION } from "./moto";

/** A command that moto has taken. */
interface Command {
  /** Undefined as long as it runs. */
  ended?: Ran;
  isCancelled: boolean;
}

/** How a command is reported instead of how it ended. */
export interface Report {
  readonly Status: string;
  readonly StatusDetails: string;
  readonly ResponseCode?: number;
  readonly StandardErrorContent?: string;
}

/**
 * SSM Run Command with an agent on a host: moto takes commands and fails as it is told to, the lines run on the host,
 * and what GetCommandInvocation answers is a recorded shape, because moto knows of no output. The shape, with
 * 24,000 characters of output and 8,000 of errors, is that of
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
 */
export class SsmHost {
  /** What was sent, in order. */
  readonly parameters: Readonly<Record<string, readonly string[]>>[] = [];
  readonly cancelled: string[] = [];
  /** What commands have written, which SSM keeps. */
  readonly outputs: string[] = [];
  /** Instead of what is so, for the next commands. */
  readonly reports: Report[] = [];
  /** How many looks at a command say that SSM does not know it yet. */
  unknownLooks = 0;
  private readonly commands = new Map<string, Command>();
  private readonly running: Promise<void>[] = [];

  private constructor(
    private readonly moto: Moto,
    private readonly host: ComposeHost | undefined,
    private readonly documents: Readonly<Record<string, readonly string[]>>,
    private readonly door: () => Door,
  ) {}

  /**
   * @param host undefined: nothing is run, and every command needs a report
   * @param documents name → lines, with `{{ act }}` and `{{ payload }}`, as the program makes them
   */
  static async start(
    moto: Moto,
    host?: ComposeHost,
    documents: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<SsmHost> {
    const it = new SsmHost(moto, host, documents, () => door);
    const door: Door = await openDoor((incoming, body, answer) => it.pass(incoming, body, answer));
    return it;
  }

  /** For `clientConfig`. */
  get options() {
    return { region: REGION, endpoint: this.door().endpoint };
  }

  /** Waits for what still runs on the host. */
  settled = async (): Promise<void> => {
    await Promise.all(this.running);
  };

  async stop(): Promise<void> {
    await this.settled();
    await this.door().stop();
  }

  private async pass(
    incoming: IncomingMessage,
    body: string,
    answer: ServerResponse,
  ): Promise<void> {
    const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1);
    if (operation === "CancelCommand") {
      // moto does not know it.
      this.cancelled.push((JSON.parse(body) as { CommandId: string }).CommandId);
      answer.end("{}");
      return;
    }
    const came = await fetch(this.moto.options.endpoint, {
      method: "POST",
      headers: incoming.headers as Record<string, string>,
      body,
    });
    let text = await came.text();
    let { status } = came;
    if (came.ok && operation === "SendCommand") this.begin(body, text);
    if (came.ok && operation === "GetCommandInvocation") [status, text] = this.look(body);
    answer.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
    answer.end(text);
  }

  private begin(sent: string, taken: string): void {
    const { DocumentName, Parameters } = JSON.parse(sent) as {
      DocumentName: string;
      Parameters: Record<string, string[]>;
    };
    const { CommandId } = (JSON.parse(taken) as { Command: { CommandId: string } }).Command;
    this.parameters.push(Parameters);
    const command: Command = { isCancelled: false };
    this.commands.set(CommandId, command);
    const lines =
      this.documents[DocumentName]?.map((line) =>
        line
          .replaceAll("{{ act }}", Parameters["act"]?.[0] ?? "")
          .replaceAll("{{ payload }}", Parameters["payload"]?.[0] ?? ""),
      ) ?? Parameters["commands"];
    if (this.host === undefined || lines === undefined) return;
    this.running.push(
      this.host.runLines(lines).then((ended) => {
        command.ended = ended;
        this.outputs.push(ended.stdout, ended.stderr);
      }),
    );
  }

  private look(asked: string): [number, string] {
    const { CommandId, InstanceId } = JSON.parse(asked) as {
      CommandId: string;
      InstanceId: string;
    };
    if (this.unknownLooks > 0) {
      this.unknownLooks -= 1;
      return [400, JSON.stringify({ __type: "InvocationDoesNotExist", message: "" })];
    }
    const shape = {
      CommandId,
      InstanceId,
      Comment: "",
      DocumentName: "AWS-RunShellScript",
      DocumentVersion: "$DEFAULT",
      PluginName: "aws:runShellScript",
      StandardOutputUrl: "",
      StandardErrorUrl: "",
      CloudWatchOutputConfig: { CloudWatchLogGroupName: "", CloudWatchOutputEnabled: false },
    };
    const [report] = this.reports;
    if (report !== undefined) {
      if (!["Pending", "InProgress"].includes(report.Status)) this.reports.shift();
      return [200, JSON.stringify({ ...shape, ResponseCode: -1, ...report })];
    }
    const ended = this.commands.get(CommandId)?.ended;
    return [
      200,
      JSON.stringify(
        ended === undefined
          ? { ...shape, Status: "InProgress", StatusDetails: "InProgress", ResponseCode: -1 }
          : {
              ...shape,
              Status: ended.code === 0 ? "Success" : "Failed",
              StatusDetails: ended.code === 0 ? "Success" : "Failed",
              ResponseCode: ended.code,
              StandardOutputContent: ended.stdout.slice(0, 24_000),
              StandardErrorContent: ended.stderr.slice(0, 8000),
            },
      ),
    ];
  }
}
