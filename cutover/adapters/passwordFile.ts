import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs something that starts a program of PostgreSQL, to which the password is told by a file that nobody else may
 * read: arguments and environment are seen by others. The file is gone when the work has ended.
 * @param work gets the environment of that program
 * @throws what the work throws
 */
export async function withPasswordFile<T>(
  password: string,
  work: (environment: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "redash-password-"));
  try {
    const file = join(folder, "pgpass");
    // Whatever server the program is sent to: it is sent to one only.
    const line = `*:*:*:*:${password.replace(/[\\:]/g, "\\$&")}\n`;
    // libpq ignores a file that others may read.
    await writeFile(file, line, { mode: 0o600 });
    // A password in our own environment would be taken instead.
    return await work({ ...process.env, PGPASSWORD: undefined, PGPASSFILE: file });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
