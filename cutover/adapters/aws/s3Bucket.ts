import { addAbortSignal, type Readable } from "node:stream";
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Clock } from "../../engine/clock";
import { type Call, call, CallFailed } from "./call";

/** An object as it was read. */
export interface StoredObject {
  readonly text: string;
  /** Changes with the text; the condition of a write that must not overwrite what somebody else wrote. */
  readonly etag: string;
  /** When it was written, by S3's clock, which has no parts of a second. */
  readonly modifiedMs: number;
}

/** What must hold of an object, or it is not written: that there is none, or that it is the one that was read. */
export type WriteCondition = "absent" | { readonly etag: string } | "none";

/** In the middle of a window nobody waits longer for an answer that S3 gives in a tenth of a second; five tries follow. */
const TRY_MS = 2000;
const PAGE = 100;
const NEXT = "run pulumi up, which makes the bucket";

/**
 * The bucket of journal, lock, progress and phase: small texts. A reader sees every write that has returned before
 * (docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html, "Amazon S3 data consistency model").
 */
export class S3Bucket {
  constructor(
    private readonly client: S3Client,
    readonly name: string,
    private readonly clock: Clock,
  ) {}

  /** @returns nothing if there is none */
  async get(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    try {
      return await call(
        this.asked("s3:GetObject", key, signal),
        async (abortSignal) => {
          const request = new GetObjectCommand({ Bucket: this.name, Key: key });
          const answer = await this.client.send(request, { abortSignal });
          if (answer.Body === undefined) throw new Error("an answer without a body");
          // The client listens to the signal only until the first byte has come.
          addAbortSignal(abortSignal, answer.Body as Readable);
          return {
            text: await answer.Body.transformToString(),
            etag: answer.ETag ?? "",
            modifiedMs: answer.LastModified?.getTime() ?? 0,
          };
        },
        this.clock,
      );
    } catch (error) {
      if (error instanceof CallFailed && error.code === "NoSuchKey") return undefined;
      throw error;
    }
  }

  /**
   * Writes a text and tells what is there then. Whoever gets another text than his own was refused; his own, also after
   * a first answer was lost and the second try found the condition broken by the first.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   */
  async put(
    key: string,
    text: string,
    condition: WriteCondition,
    signal?: AbortSignal,
  ): Promise<Pick<StoredObject, "text" | "etag"> | undefined> {
    try {
      const { ETag } = await call(
        this.asked("s3:PutObject", key, signal),
        (abortSignal) =>
          this.client.send(
            new PutObjectCommand({
              Bucket: this.name,
              Key: key,
              Body: text,
              // The program reads the phase at preview, and of no other type a data source gives the body.
              ContentType: "application/json",
              ...(condition === "absent" ? { IfNoneMatch: "*" } : {}),
              ...(typeof condition === "object" ? { IfMatch: condition.etag } : {}),
            }),
            { abortSignal },
          ),
        this.clock,
      );
      return { text, etag: ETag ?? "" };
    } catch (error) {
      if (!(error instanceof CallFailed) || !BROKEN_CONDITION.test(error.code)) throw error;
      return this.get(key, signal);
    }
  }

  /** Keys that begin with a prefix and come after a key, in their order, page by page. */
  async *keys(prefix: string, after: string, signal?: AbortSignal): AsyncGenerator<string[]> {
    for (let last = after; ;) {
      const request = new ListObjectsV2Command({
        Bucket: this.name,
        Prefix: prefix,
        StartAfter: last,
        MaxKeys: PAGE,
      });
      const { Contents = [], IsTruncated } = await call(
        this.asked("s3:ListBucket", prefix, signal),
        (abortSignal) => this.client.send(request, { abortSignal }),
        this.clock,
      );
      const keys = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
      yield keys;
      const end = keys.at(-1);
      if (IsTruncated !== true || end === undefined) return;
      last = end;
    }
  }

  private asked(action: Call["action"], key: string, signal = new AbortController().signal): Call {
    const on = `${this.name}/${key}`;
    return { action, on, isIdempotent: true, signal, deadlineMs: TRY_MS, next: NEXT };
  }
}

/**
 * 412: another object is there. 409: somebody wrote at the same moment, and nobody knows who won. 404: the object that
 * should be there is gone.
 */
const BROKEN_CONDITION = /^(?:PreconditionFailed|ConditionalRequestConflict|NoSuchKey)$/;
