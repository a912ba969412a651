import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A port of this machine at which a service of AWS is asked, as the SDK's AWS_ENDPOINT_URL names it. */
export interface Door {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** @param serve what answers a request, whose body has come; a request that it fails at gets no answer */
export async function openDoor(
  serve: (incoming: IncomingMessage, body: string, answer: ServerResponse) => Promise<void>,
): Promise<Door> {
  const server = createServer((incoming, answer) => {
    (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      await serve(incoming, Buffer.concat(chunks).toString(), answer);
    })().catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
