import { z } from "zod";
import { awsWorldDescription } from "../adapters/aws/description";
import { Refusal } from "../engine/refusal";

/** What the function is asked for. */
const request = z.strictObject({ act: z.string() });

/**
 * What Lambda calls. The world comes with the function's environment, which holds names and ARNs only.
 * @throws Refusal for an act that the function does not know
 */
export const handler = (event: unknown): Promise<never> => {
  awsWorldDescription.parse(JSON.parse(process.env["REDASH_MOVE"] ?? "null"));
  const { act } = request.parse(event);
  return Promise.reject(new Refusal(`the function of the move knows no act ${act}`));
};
