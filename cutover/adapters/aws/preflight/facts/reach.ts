import { lookup } from "node:dns/promises";
import { connect } from "node:net";

/** How long a connection within a region may take, milliseconds. */
export const CONNECT_LIMIT_MS = 3000;
const HTTPS_PORT = 443;

/** Services that the move calls, by the beginning of their addresses. */
export const SERVICES = [
  "ssm",
  "secretsmanager",
  "s3",
  "ecs",
  "elasticloadbalancing",
  "dms",
  "monitoring",
] as const;
export type Service = (typeof SERVICES)[number];

/** https://docs.aws.amazon.com/general/latest/gr/rande.html */
export const hostOf = (service: Service, region: string): string =>
  `${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;

/** Addresses of a name, as a process of this VPC finds them. @throws Error if it has none */
export async function addressesOf(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address).sort();
}

/**
 * Opens a connection, and closes it.
 * @throws Error if nobody takes it within CONNECT_LIMIT_MS
 */
export const connects = (host: string, signal: AbortSignal, port = HTTPS_PORT): Promise<true> =>
  new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)]);
    const socket = connect({ host, port, signal: limit });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      const words = limit.aborted
        ? `no connection within ${CONNECT_LIMIT_MS / 1000} s`
        : error.message;
      reject(new Error(`${host}:${port}: ${words}`));
    });
  });
