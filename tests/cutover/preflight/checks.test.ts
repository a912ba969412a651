import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type CheckResult, judgedAll } from "../../../cutover/preflight/check";
import { known } from "../../../cutover/preflight/fact";
import type { Facts } from "../../../cutover/preflight/facts/facts";
import { preflightChecks, reportOf } from "../../../cutover/preflight/preflight";
import { checkTexts } from "../../../cutover/preflight/text";
import { type Draft, soundFacts } from "../../support/cutover/soundFacts";
import { BLINDING, BROKEN } from "../../support/cutover/brokenFacts/brokenFacts";

const judgedWith = (
  breakIt: (facts: Draft<Facts>) => void,
  transport: Facts["transport"] = "logical",
) => {
  const facts = soundFacts(transport);
  breakIt(facts);
  return reportOf(judgedAll(preflightChecks, facts, transport));
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

describe("preflight's checks", () => {
  for (const transport of ["logical", "dms"] as const) {
    it(`all pass where nothing is wrong (${transport})`, () => {
      const { outcome, results } = judgedWith(() => undefined, transport);
      assert.deepEqual(notPassed(results), []);
      assert.equal(outcome, "ready");
      assert.deepEqual(
        results.map(({ id }) => id),
        preflightChecks
          .filter((it) => (it.transport ?? transport) === transport)
          .map((it) => it.id),
      );
    });
  }

  it("have ids of their own, and words for the runbook", () => {
    const ids = preflightChecks.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { id, title, why } of preflightChecks) {
      assert.match(id, /^[a-z]+(?:-[a-z]+)*$/);
      assert.match(title, /[^.]$/, id);
      assert.match(why, /\.$/, id);
    }
  });

  it("are each shown a world that they refuse", () => {
    const shown = new Set([...BROKEN, ...BLINDING].map(([id]) => id));
    assert.deepEqual(
      preflightChecks.map(({ id }) => id).filter((id) => !shown.has(id)),
      [],
    );
  });

  for (const [id, verdict, breakIt, found, fix, transport = "logical"] of BROKEN) {
    it(`${id}: ${found}`, () => {
      const { outcome, results } = judgedWith(breakIt, transport);
      assert.deepEqual(notPassed(results), [[id, verdict, found, fix]]);
      assert.equal(outcome, verdict === "warn" ? "ready-with-warnings" : "refused");
    });
  }

  for (const [id, , breakIt, found, fix] of BLINDING) {
    it(`${id}: ${found}; what depends on it is unknown, and never passes`, () => {
      const { outcome, results } = judgedWith(breakIt);
      const others = notPassed(results).filter(([it]) => it !== id);
      assert.deepEqual(
        notPassed(results).filter(([it]) => it === id),
        [[id, "fail", found, fix]],
      );
      for (const [, verdict, words, next] of others) {
        assert.equal(verdict, "unknown");
        assert.equal(words, found);
        assert.equal(next, "remove what this error names, and run preflight again");
      }
      assert.equal(outcome, "refused");
    });
  }

  it("that cannot be judged refuse the move", () => {
    const { outcome, results } = judgedWith(({ source }) => {
      source.storage = { isKnown: false, reason: "no answer within 15 s" };
    });
    assert.deepEqual(notPassed(results), [
      [
        "source-disk",
        "unknown",
        "no answer within 15 s",
        "remove what this error names, and run preflight again",
      ],
    ]);
    assert.equal(outcome, "refused");
  });

  it("pass over a fault of their own to whoever runs them", () => {
    assert.throws(
      () =>
        judgedWith((facts) => {
          facts.data.sequences = { isKnown: true, value: undefined as never };
        }),
      TypeError,
    );
  });

  it("take what this move has made for no leftover, and a target full of it for prepared", () => {
    const { results } = judgedWith((facts) => {
      facts.context.isPrepared = true;
      known(facts.source.replication).slots = [
        { name: "redash_move", isActive: true, keptBytes: 0 },
        { name: "redash_move_changes", isActive: false, keptBytes: 100 },
      ];
      known(facts.source.replication).publications = ["redash_move"];
      known(facts.source.replication).hasMoveSchema = true;
      known(facts.target.replication).subscriptions = ["redash_move"];
      known(facts.target.replication).hasMoveSchema = true;
      known(facts.target.role).application!.settings = ["default_transaction_read_only=on"];
      known(facts.target.catalog).tables = known(facts.source.catalog).tables;
    });
    assert.deepEqual(notPassed(results), []);
    const found = new Map(results.map((it) => [it.id, it.found]));
    assert.equal(found.get("target-empty"), "prepared by this move");
    assert.equal(found.get("source-no-leftovers"), "only what this move has made");
    assert.equal(found.get("source-slots"), "8 of 10 are free, the move needs 2");
  });

  it("tell a database that is no Redash's, or of an unknown release, from a known one", () => {
    const { results } = judgedWith((facts) => {
      facts.data.alembic = { isKnown: true, value: [] };
    });
    assert.deepEqual(notPassed(results), [
      [
        "schema-known",
        "warn",
        "its columns are not on file, so they were not compared",
        "rehearse with a copy of this database",
      ],
      [
        "redash-schema",
        "fail",
        "there is no table alembic_version, or nothing in it",
        "give the move the database of REDASH_DATABASE_URL",
      ],
      [
        "release-fits-schema",
        "fail",
        "Redash 25.8.0, schema none; its own is db0aca1ebd32",
        "docker compose run --rm server manage db upgrade, after a backup",
      ],
    ]);
    const unknown = judgedWith((facts) => {
      facts.data.alembic = { isKnown: true, value: ["640888ce445d"] };
      facts.source.redash = { isKnown: true, value: "9.0.0-beta" };
      facts.target.redash = { isKnown: true, value: "9.0.0-beta" };
    });
    assert.equal(unknown.outcome, "ready-with-warnings");
    assert.deepEqual(
      notPassed(unknown.results).map(([id, , found]) => [id, found]),
      [
        ["schema-known", "its columns are not on file, so they were not compared"],
        ["redash-schema", "640888ce445d is of no known release"],
        [
          "release-fits-schema",
          "Redash 9.0.0-beta, schema 640888ce445d; the release's own is not on file",
        ],
      ],
    );
  });

  it("tell the bytes that the task of AWS DMS must be made for", () => {
    const { results } = judgedWith(() => undefined, "dms");
    assert.equal(
      results.find(({ id }) => id === "lobs-fit")?.found,
      "the largest is 20.0 MB in query_results.data, the limit 35.0 MB; redash:dmsLargestLobBytes is 20000000, or more",
    );
  });

  it("take a session of AWS DMS for no stranger's", () => {
    const { results } = judgedWith(({ source }) => {
      known(source.activity).connectedRoles = ["dms", "mover", "redash"];
    }, "dms");
    assert.deepEqual(notPassed(results), []);
  });

  it("know a suspended worker, which RQ forgets, from a missing one", () => {
    const { results } = judgedWith((facts) => {
      facts.target.isSuspended = { isKnown: true, value: true };
      delete known(facts.target.consumers)["emails"];
    });
    assert.deepEqual(notPassed(results), [
      [
        "target-queues-consumed",
        "warn",
        "no worker listens to emails, or it is not listed because the queue is suspended",
        "give a worker kind these queues, and start it: emails",
      ],
    ]);
  });

  it("tell a reason once that leaves many unknown, and every finding of the others", () => {
    const fix = "remove what this error names, and run preflight again";
    const result = (
      id: string,
      verdict: "pass" | "warn" | "unknown",
      found: string,
    ): CheckResult =>
      verdict === "pass"
        ? { id, title: id, verdict, found }
        : { id, title: id, verdict, found, fix };
    assert.deepEqual(
      checkTexts([
        result("a", "unknown", "no answer"),
        result("b", "unknown", "no answer"),
        result("c", "unknown", "denied"),
        result("d", "warn", "no answer"),
        result("e", "pass", "none"),
        result("f", "pass", "none"),
      ]),
      [
        `  unknown  a: no answer\n           → ${fix}`,
        "  unknown  b: as a",
        `  unknown  c: denied\n           → ${fix}`,
        `  warn     d: no answer\n           → ${fix}`,
        "  pass     e: none",
        "  pass     f: none",
      ],
    );
  });
});
