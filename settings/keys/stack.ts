import { z } from "zod";
import { type Mode, MODES, type Phase, PHASES } from "../../redash/phase";
import { byMode, required } from "../key";

export const stackKeys = {
  mode: required<Mode>({
    type: "string",
    description:
      "What the stack is for: a rehearsal of the move on a copy, or production. Decides the defaults in the table of modes.",
    schema: z.enum(MODES),
    allowed: MODES.join(", "),
    example: "rehearsal",
  }),
  phase: required<Phase>({
    type: "string",
    description:
      "How far the move has come (docs/architecture.md, Phases). A new stack begins as `greenfield`, or as `replicating` for a move. From then on `cutover`, `rollback` and `finish` of `npm run move` record `switched`, `replicating` and `complete`, and preview and update refuse any other value until this key follows, with the command that sets it: an update never turns users.",
    effect:
      "moves traffic, the scheduler and the migration's resources as the table of phases says",
    schema: z.enum(PHASES),
    allowed: PHASES.join(", "),
    example: "replicating",
  }),
  protectData: byMode({
    type: "boolean",
    description:
      "Whether databases, secrets, keys and the load balancer are protected against deletion, and leave a final snapshot.",
    schema: z.boolean(),
    allowed: "true, false",
    modeDefault: { rehearsal: false, production: true },
    example: true,
  }),
  secretRecoveryWindowDays: byMode({
    type: "integer",
    unit: "days",
    description: "How long a deleted secret can be recovered; 0 deletes it at once.",
    schema: z
      .number()
      .int()
      .refine((days) => days === 0 || (days >= 7 && days <= 30)),
    allowed: "0, or 7 to 30",
    modeDefault: { rehearsal: 0, production: 30 },
    example: 30,
  }),
};
