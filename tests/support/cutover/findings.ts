import type { World } from "../../../cutover/ports";
import type { PreflightContext } from "../../../cutover/preflight/facts/facts";
import { preflight } from "../../../cutover/preflight/preflight";

/** Before anything of a move was done. */
export const CONTEXT: PreflightContext = {
  interrupted: undefined,
  lockHolder: undefined,
  isPrepared: false,
  writeOutageBudgetMs: 5000,
};

/** What a rehearsal's data has on purpose. */
export const ATHENA =
  "data source 4 (Source 4): it has no credentials of its own and uses the instance profile of the source's machine";
/** What preflight finds in a rehearsal where nothing is broken. */
export const ATHENA_ONLY = { "data-sources-movable": `warn: ${ATHENA}` };

/** Check → verdict and what was found, of all that did not pass. */
export async function findings(world: World, context = CONTEXT): Promise<Record<string, string>> {
  const { results } = await preflight(world, context, new AbortController().signal);
  return Object.fromEntries(
    results
      .filter(({ verdict }) => verdict !== "pass")
      .map(({ id, verdict, found }) => [id, `${verdict}: ${found}`]),
  );
}
