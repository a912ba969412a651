import { awsClients, type AwsClients } from "../../../cutover/adapters/aws/clients";
import { type Read, readWith } from "../../../cutover/adapters/aws/preflight/facts/read";
import { Moto } from "./moto";
import { quickClock } from "./quickClock";

const LIMIT_MS = 10_000;

/** AWS as moto plays it, with a client of every service, for tests of what preflight reads. */
export class ReadableAws {
  readonly clients: AwsClients;

  private constructor(readonly moto: Moto) {
    this.clients = awsClients(moto.options);
  }

  static async start(): Promise<ReadableAws> {
    return new ReadableAws(await Moto.start());
  }

  /** Each read within its own time limit. */
  readonly read: Read = (...request) =>
    readWith(quickClock(), AbortSignal.timeout(LIMIT_MS))(...request);

  async stop(): Promise<void> {
    for (const client of Object.values(this.clients)) client.destroy();
    await this.moto.stop();
  }
}
