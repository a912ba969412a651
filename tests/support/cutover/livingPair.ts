import { LiveWriter } from "./liveWriter";
import { Pair } from "./pair";
import { twoServers, type TwoServers } from "./twoServers";

/** A pair, and somebody who writes without a pause. */
export class LivingPair extends Pair {
  readonly writer: LiveWriter;

  private constructor(servers: TwoServers) {
    super(servers);
    this.writer = new LiveWriter(servers);
  }

  static override async start(): Promise<LivingPair> {
    return new LivingPair(await twoServers()).replicated();
  }

  override async end(): Promise<void> {
    await this.writer.stop();
    await super.end();
  }
}
