import { createServer, type AddressInfo, type Socket, connect } from "node:net";

/** A way to a port of this machine on which every answer comes later than it would. */
export interface DelayedPort {
  readonly port: number;
  /** Milliseconds by which what comes in is held up; may be changed at any time. */
  delayMs: number;
  readonly close: () => Promise<void>;
}

/** Hands on what comes in after a time; what goes back is not held up, so each question costs that time once. */
export async function delayedPort(to: number, delayMs: number): Promise<DelayedPort> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      open.add(socket);
      // Whoever is cut off notices by the end of the other half.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    // One after the other, or what came last would overtake the rest when the delay becomes shorter.
    const waiting: (() => void)[] = [];
    const later = (hand: () => void) => {
      if (way.delayMs === 0 && waiting.length === 0) {
        hand();
        return;
      }
      waiting.push(hand);
      setTimeout(() => waiting.shift()?.(), way.delayMs);
    };
    near.on("data", (chunk) => {
      later(() => far.write(chunk));
    });
    near.on("end", () => {
      later(() => far.end());
    });
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const way: DelayedPort = {
    port: (server.address() as AddressInfo).port,
    delayMs,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return way;
}
