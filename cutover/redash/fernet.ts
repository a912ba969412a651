import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  timingSafeEqual,
} from "node:crypto";

/**
 * Encryption of `data_sources.encrypted_options` and `notification_destinations.encrypted_options`, as Redash does it:
 * Fernet (github.com/fernet/spec) under SHA-256 of REDASH_SECRET_KEY (sqlalchemy_utils, FernetEngine). The column
 * holds the token's text as bytes.
 */
export class Fernet {
  private readonly signing: Buffer;
  private readonly encryption: Buffer;

  /** @param secretKey REDASH_SECRET_KEY */
  constructor(secretKey: string) {
    const key = createHash("sha256").update(secretKey).digest();
    this.signing = key.subarray(0, 16);
    this.encryption = key.subarray(16);
  }

  /**
   * @param iv 16 bytes, random but in tests and rehearsals
   * @param seconds time of the token, since the epoch
   */
  encrypt(text: string, iv: Buffer, seconds: number): Buffer {
    const head = Buffer.alloc(9);
    head.writeUInt8(0x80, 0);
    head.writeBigUInt64BE(BigInt(seconds), 1);
    const cipher = createCipheriv("aes-128-cbc", this.encryption, iv);
    const signed = Buffer.concat([head, iv, cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.from(base64Url(Buffer.concat([signed, this.signatureOf(signed)])));
  }

  /** @throws Error if it was encrypted with another key, or is no token; never with a part of it */
  decrypt(token: Buffer): string {
    const bytes = Buffer.from(token.toString("ascii"), "base64url");
    const signed = bytes.subarray(0, -32);
    const isOurs =
      bytes.length >= 73 &&
      bytes[0] === 0x80 &&
      timingSafeEqual(this.signatureOf(signed), bytes.subarray(-32));
    if (!isOurs) throw new Error("it was not encrypted with this key");
    const decipher = createDecipheriv("aes-128-cbc", this.encryption, signed.subarray(9, 25));
    return Buffer.concat([decipher.update(signed.subarray(25)), decipher.final()]).toString("utf8");
  }

  private signatureOf(bytes: Buffer): Buffer {
    return createHmac("sha256", this.signing).update(bytes).digest();
  }
}

/** With padding, which Python's reader insists on. */
const base64Url = (bytes: Buffer) =>
  bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
