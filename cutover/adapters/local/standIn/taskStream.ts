/** A logical slot, read as PostgreSQL's own subscribers read it: what is committed arrives without being asked for. */
import type pg from "pg";
import { connect, type Endpoint } from "./taskSession";

/** A line of test_decoding, or none: then everything before the place has arrived. */
export interface WalMessage {
  readonly lsn: bigint;
  readonly line: string | undefined;
}

/** What `pg` has of a replication connection, without saying so. */
interface CopyConnection {
  readonly on: (event: "copyData", listener: (message: { chunk: Buffer }) => void) => void;
  readonly sendCopyFromChunk: (chunk: Buffer) => void;
  readonly stream: { pause: () => void; resume: () => void };
}

/** Bytes that wait to be applied; beyond it nothing is read. */
const WAITING_LIMIT_BYTES = 16 * 1024 * 1024;
/** The source ends a reader that is silent for `wal_sender_timeout`, a minute as a rule. */
const STATUS_INTERVAL_MS = 100;

export class WalStream {
  private waiting: WalMessage[] = [];
  private waitingBytes = 0;
  /** 0 confirms nothing: an older source would believe a place that lies before the one it knows. */
  private confirmed = 0n;
  private failure: Error | undefined;
  private isClosed = false;
  private wake: () => void = () => undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly connection: CopyConnection;

  private constructor(
    private readonly client: pg.Client,
    slot: string,
    from: bigint,
  ) {
    this.connection = (client as unknown as { connection: CopyConnection }).connection;
    this.connection.on("copyData", ({ chunk }) => {
      this.receive(chunk);
    });
    const fail = (error: Error) => {
      this.failure ??= error;
      this.wake();
    };
    client.on("end", () => {
      fail(new Error("Connection terminated by the source"));
    });
    client
      .query(
        `START_REPLICATION SLOT ${slot} LOGICAL ${lsnText(from)} ("include-xids" '1', "skip-empty-xacts" '1')`,
      )
      .then(() => {
        fail(new Error("Connection terminated by the source"));
      }, fail);
    this.timer = setInterval(() => {
      this.sendStatus();
    }, STATUS_INTERVAL_MS);
  }

  /** Starts to read after a place; what was committed before it is not sent. */
  static async open(source: Endpoint, slot: string, from: bigint): Promise<WalStream> {
    return new WalStream(await connect(source, "wal"), slot, from);
  }

  /**
   * Waits until something has arrived. @returns it in its order; undefined once the stream is closed
   * @throws the server's error if the connection is lost
   */
  async next(): Promise<readonly WalMessage[] | undefined> {
    while (this.waiting.length === 0) {
      if (this.isClosed) return undefined;
      if (this.failure !== undefined) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const messages = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    this.connection.stream.resume();
    return messages;
  }

  /** Lets the source forget what comes before a place. */
  confirm(lsn: bigint): void {
    this.confirmed = lsn;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    this.wake();
    await this.client.end();
  }

  /** `w`: data that begins at a place; `k`: nothing new up to a place. */
  private receive(chunk: Buffer): void {
    const isData = chunk[0] === 0x77;
    // The parser uses its buffer again: what is kept must be copied, which a text is.
    const line = isData ? chunk.toString("utf8", 25) : undefined;
    this.waiting.push({ lsn: chunk.readBigUInt64BE(1), line });
    this.waitingBytes += chunk.length;
    if (this.waitingBytes > WAITING_LIMIT_BYTES) this.connection.stream.pause();
    this.wake();
  }

  private sendStatus(): void {
    if (this.failure !== undefined) return;
    const status = Buffer.alloc(34);
    status.write("r");
    // Written, flushed and applied are the same: what is applied is in the target's WAL.
    for (const offset of [1, 9, 17]) status.writeBigUInt64BE(this.confirmed, offset);
    this.connection.sendCopyFromChunk(status);
  }
}

export const lsnText = (lsn: bigint): string =>
  `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();

export function readLsn(text: string): bigint {
  const [high = "", low = ""] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
