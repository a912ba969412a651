import { type Door, openDoor } from "./door";
import type { Moto } from "./moto";

/**
 * ELBv2 in moto, and a load balancer that does what moto has taken: weights of a listener's or a rule's actions, as
 * ModifyListener and ModifyRule are given them (API_ModifyListener, query protocol). By its name it is this machine.
 * @param turned told each target group with weight, after moto has taken it and before the answer
 */
export const openElbDoor = (
  moto: Moto,
  turned: (targetGroupArn: string) => Promise<void>,
): Promise<Door> =>
  openDoor(async (incoming, body, answer) => {
    const came = await fetch(moto.options.endpoint, {
      method: "POST",
      headers: incoming.headers as Record<string, string>,
      body,
    });
    const asked = new URLSearchParams(body);
    if (came.ok && /^Modify(?:Listener|Rule)$/.test(asked.get("Action") ?? ""))
      for (const [name, value] of asked)
        if (name.endsWith(".Weight") && value !== "0")
          await turned(asked.get(name.replace(/Weight$/, "TargetGroupArn")) ?? "");
    answer.writeHead(came.status, { "content-type": "text/xml" });
    answer.end((await came.text()).replace(/(<DNSName>)[^<]*/g, "$1localhost"));
  });
