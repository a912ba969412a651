import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";

/** A certificate for `localhost`, which is its own authority, and its key: PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** @param folder where openssl writes it */
export function makeCertificate(folder: string): Certificate {
  const file = (name: string) => join(folder, name);
  const words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost";
  const { status, stderr } = spawnSync(
    "openssl",
    [
      ...words.split(" "),
      "-addext",
      "subjectAltName=DNS:localhost",
      "-keyout",
      file("key.pem"),
      "-out",
      file("certificate.pem"),
    ],
    { encoding: "utf8", timeout: 30_000 },
  );
  if (status !== 0) throw new Error(`openssl makes no certificate: ${stderr}`);
  return {
    certificate: readFileSync(file("certificate.pem"), "utf8"),
    key: readFileSync(file("key.pem"), "utf8"),
  };
}

/** A port with TLS that leads to one without: ElastiCache in front of a Valkey of this machine. */
export async function openTlsDoor(
  { certificate, key }: Certificate,
  port: number,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const server = createServer({ cert: certificate, key }, (secure) => {
    const plain = connect(port, "127.0.0.1");
    secure.pipe(plain).pipe(secure);
    for (const [one, other] of [
      [secure, plain],
      [plain, secure],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      ),
  };
}
