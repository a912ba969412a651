import type { Phase } from "../../redash/phase";
import type { Step } from "../engine/step";
import type { World } from "../ports";

/**
 * Tells the program, last of all, how far the move has come: from then on it refuses a config that would send users
 * back. None where there is no program.
 */
export const phaseRecorded = ({ phase: record }: World, phase: Phase): readonly Step[] =>
  record === undefined
    ? []
    : [
        {
          id: "phase-recorded",
          title: `The program knows that the move is at \`${phase}\``,
          watch: "the next preview: it wants `redash:phase` to follow",
          deadlineMs: 60_000,
          estimateMs: 100,
          apply: async ({ signal }) => {
            await record.record(phase, signal);
            return { phase };
          },
        },
      ];
