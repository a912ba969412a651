import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** As PostgreSQL's own `scram_iterations`. */
export const ITERATIONS = 4096;
const SALT_BYTES = 16;
export const KEY_BYTES = 32;

/**
 * What PostgreSQL keeps of a password (RFC 5803). It is taken in place of the password, which then is in no statement,
 * and so in no server's log.
 * @throws Error if the password has other characters than ASCII's, which clients normalize in different ways
 */
export async function scramVerifier(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
): Promise<string> {
  if (!/^[\x20-\x7e]+$/.test(password))
    throw new Error("the password must be of printable ASCII characters, and not empty");
  const salted = await promisify(pbkdf2)(password, salt, ITERATIONS, KEY_BYTES, "sha256");
  return verifierOf(salted, salt);
}

/** @param salted the password, by PBKDF2 with this salt, `ITERATIONS` and SHA-256, `KEY_BYTES` long */
export function verifierOf(salted: Buffer, salt: Buffer): string {
  const keyOf = (name: string) => createHmac("sha256", salted).update(name).digest();
  const stored = createHash("sha256").update(keyOf("Client Key")).digest("base64");
  const server = keyOf("Server Key").toString("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${stored}:${server}`;
}
