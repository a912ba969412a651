import { constants, generateKeyPairSync, privateDecrypt } from "node:crypto";

/** 3072 bits take 318 bytes a block (redash/host/environment.sh). */
const KEY_BITS = 3072;

/** A way to get a text through the output of a command, which AWS keeps, without anybody reading it there. */
export interface Sealed {
  /** Public key, DER in base64. */
  readonly publicKey: string;
  /** @param blocks a line of base64 for each @throws Error if they were made with another key */
  readonly open: (blocks: string) => string;
}

/** Makes a key that lives as long as this process and is in no file. */
export function sealed(): Sealed {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: KEY_BITS });
  return {
    publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    open: (blocks) =>
      Buffer.concat(
        blocks
          .split("\n")
          .filter((line) => line !== "")
          .map((line) =>
            privateDecrypt(
              {
                key: privateKey,
                padding: constants.RSA_PKCS1_OAEP_PADDING,
                oaepHash: "sha256",
              },
              Buffer.from(line, "base64"),
            ),
          ),
      ).toString("utf8"),
  };
}
