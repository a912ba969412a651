import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { AwsFacts } from "../../../cutover/adapters/aws/preflight/facts/facts";
import { awsPreflightChecks } from "../../../cutover/adapters/aws/preflight/preflight";
import { type CheckResult, judgedAll } from "../../../cutover/preflight/check";
import { known } from "../../../cutover/preflight/fact";
import { preflightChecks } from "../../../cutover/preflight/preflight";
import { BROKEN_AWS } from "../../support/aws/brokenAwsFacts/brokenAwsFacts";
import { soundAwsFacts } from "../../support/aws/soundAwsFacts";
import type { Draft } from "../../support/cutover/soundFacts";
import { unknown } from "../../support/cutover/brokenFacts/brokenCase";

const judgedWith = (
  breakIt: (facts: Draft<AwsFacts>) => void,
  transport: "logical" | "dms" = "dms",
): CheckResult[] => {
  const facts = soundAwsFacts(transport);
  breakIt(facts);
  return judgedAll(awsPreflightChecks, facts, transport);
};
const notPassed = (results: readonly CheckResult[]) =>
  results
    .filter(({ verdict }) => verdict !== "pass")
    .map(({ id, verdict, found, ...rest }) => [
      id,
      verdict,
      found,
      "fix" in rest ? rest.fix : undefined,
    ]);

describe("preflight's checks of AWS", () => {
  for (const transport of ["logical", "dms"] as const) {
    it(`all pass where nothing is wrong (${transport})`, () => {
      const results = judgedWith(() => undefined, transport);
      assert.deepEqual(notPassed(results), []);
      assert.equal(
        results.some(({ id }) => id.startsWith("dms-")),
        transport === "dms",
      );
    });
  }

  it("have ids that no other check has, and words for the runbook", () => {
    const ids = [...preflightChecks, ...awsPreflightChecks].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(awsPreflightChecks.length >= 40);
    for (const { id, title, why } of awsPreflightChecks) {
      assert.match(id, /^[a-z]+(?:-[a-z0-9]+)+$/);
      assert.match(title, /[^.]$/, id);
      assert.match(why, /\.$/, id);
    }
  });

  it("are each shown a world that they refuse", () => {
    const shown = new Set(BROKEN_AWS.map(([id]) => id));
    assert.deepEqual(
      awsPreflightChecks.map(({ id }) => id).filter((id) => !shown.has(id)),
      [],
    );
  });

  for (const [id, verdict, breakIt, found, fix] of BROKEN_AWS) {
    it(`${id}: ${found}`, () => {
      assert.deepEqual(notPassed(judgedWith(breakIt)), [[id, verdict, found, fix]]);
    });
  }

  it("never pass over what AWS has not answered", () => {
    const results = judgedWith((facts) => {
      for (const [name, fact] of Object.entries(facts))
        if (typeof fact === "object" && "isKnown" in fact)
          Object.assign(facts, { [name]: unknown("AccessDeniedException") });
      for (const facts_ of [facts.reached, facts.secrets])
        for (const name of Object.keys(facts_))
          Object.assign(facts_, { [name]: unknown("AccessDeniedException") });
    });
    assert.equal(results.length, awsPreflightChecks.length);
    for (const { id, verdict } of results) assert.match(verdict, /^(?:unknown|fail)$/, id);
  });

  it("ask of a rehearsal neither a standby, nor failover, nor protection", () => {
    const results = judgedWith((facts) => {
      facts.description.mode = "rehearsal";
      known(facts.host).waysOut = [];
      known(facts.host).publicAddress = undefined;
      known(facts.rds).isMultiAz = false;
      known(facts.rds).isDeletionProtected = false;
      known(facts.elastiCache).hasFailover = false;
      known(facts.elastiCache).isMultiAz = false;
      known(facts.elastiCache).nodes.pop();
    });
    assert.deepEqual(notPassed(results), []);
    const found = new Map(results.map((it) => [it.id, it.found]));
    assert.equal(found.get("source-host-kept-in"), "no rule leads out, and no public address");
    assert.equal(found.get("rds-standby"), "none, as rehearsals need none");
  });

  it("warn a rehearsal in one zone, and let it go on", () => {
    const results = judgedWith((facts) => {
      facts.description.mode = "rehearsal";
      known(facts.host).waysOut = [];
      known(facts.host).publicAddress = undefined;
      known(facts.network).zones = ["eu-west-1a"];
    });
    assert.deepEqual(
      notPassed(results).map(([id, verdict]) => [id, verdict]),
      [["tasks-zones", "warn"]],
    );
  });

  it("tell the addresses that owners of data sources must let in", () => {
    const results = judgedWith(() => undefined);
    assert.equal(
      results.find(({ id }) => id === "tasks-way-out")?.found,
      "owners of data sources must let in 192.0.2.7",
    );
  });
});
