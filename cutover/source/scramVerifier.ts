import { pbkdf2Sync, randomBytes } from "node:crypto";
import { ITERATIONS, KEY_BYTES, verifierOf } from "../database/scram";

/**
 * What PostgreSQL keeps of a password, so that the password itself goes into no command.
 * https://www.postgresql.org/docs/current/catalog-pg-authid.html
 * @throws Error if it has other characters than ASCII's printable ones, which would have to be normalized first
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  if (!/^[\x21-\x7e]+$/.test(password))
    throw new Error("the password has characters that are neither letters, digits nor signs");
  return verifierOf(pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, "sha256"), salt);
}
