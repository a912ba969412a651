import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { actsOfRehearsal, Deck, ROUND } from "../../../cutover/faults/deck";
import { KIND_NAMES, momentsOf, pairName, pairsOf } from "../../../cutover/faults/kind";
import { TRANSPORTS } from "../../../cutover/ports";
import { ACTS } from "../../../cutover/steps/acts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const names = (deck: Deck, rehearsals: readonly number[]) =>
  rehearsals.flatMap((it) => deck.hand(it).flatMap(({ faults }) => faults.map(pairName)));

describe("the deck of faults", () => {
  for (const transport of TRANSPORTS) {
    it(`deals every fault that can happen exactly once in ${ROUND} rehearsals, by ${transport}`, () => {
      const all = pairsOf(transport).map(pairName);
      assert.equal(new Set(all).size, all.length);
      for (const seed of [1, 7]) {
        assert.deepEqual(names(new Deck(transport, seed), numbers(ROUND)).sort(), [...all].sort());
      }
    });

    it(`has every step of every act, each with at least fourteen kinds, by ${transport}`, () => {
      const pairs = pairsOf(transport);
      assert.deepEqual([...new Set(pairs.map(({ kind }) => kind))].sort(), [...KIND_NAMES].sort());
      for (const { act, step } of momentsOf(transport)) {
        const kinds = pairs.filter((it) => it.act === act && it.step === step);
        assert.ok(kinds.length >= 14, `${act}/${step}: ${kinds.length}`);
      }
    });

    it(`deals an act at most three faults, and a switch at least one, by ${transport}`, () => {
      const deck = new Deck(transport, 1);
      for (const { act, faults } of numbers(ROUND).flatMap((it) => deck.hand(it))) {
        assert.ok(faults.length <= 3, `${act}: ${faults.length}`);
        if (act === "cutover" || act === "rollback") assert.ok(faults.length >= 1, act);
        assert.ok(faults.every((it) => it.act === act && it.draw >= 0 && it.draw < 1));
      }
    });
  }

  it("deals the same for the same seed and rehearsal, and something else for another seed or round", () => {
    const deck = new Deck("logical", 1);
    assert.deepEqual(deck.hand(3), new Deck("logical", 1).hand(3));
    assert.notDeepEqual(names(deck, [3]), names(new Deck("logical", 2), [3]));
    assert.notDeepEqual(names(deck, [3]), names(deck, [3 + ROUND]));
    assert.deepEqual(
      names(deck, numbers(2 * ROUND).slice(ROUND)).sort(),
      names(deck, numbers(ROUND)).sort(),
    );
  });

  it("has each act in one of two rehearsals: one that ends on the target, one that ends where it began", () => {
    assert.deepEqual(new Set([1, 2].flatMap(actsOfRehearsal)), new Set(ACTS));
    assert.equal(actsOfRehearsal(1).at(-1), "finish");
    assert.equal(actsOfRehearsal(2).at(-1), "abort");
  });

  it("has each kind in the table of docs/reliability.md, and no other", () => {
    const page = readFileSync(join(__dirname, "../../../docs/reliability.md"), "utf8");
    const rows = [...page.matchAll(/^\| (`.*?`) \| /gm)].flatMap(([, names = ""]) =>
      names.split(", ").map((name) => name.replaceAll("`", "")),
    );
    assert.deepEqual(rows.sort(), [...KIND_NAMES].sort());
  });

  it("leaves out what makes no sense at a step", () => {
    const at = (kind: string) =>
      pairsOf("logical")
        .filter((it) => it.kind === kind && it.act === "cutover")
        .map(({ step }) => step);
    assert.deepEqual(at("receiver-unhealthy"), [
      "target-ready",
      "target-still-healthy",
      "traffic-to-target",
    ]);
    assert.deepEqual(at("fence-ignored"), [
      "target-has-everything",
      "difference-compared",
      "target-sequences-set",
      "target-replication-turned",
      "traffic-to-target",
    ]);
    assert.deepEqual(
      pairsOf("logical").filter((it) => it.kind === "replication-cut" && it.act === "prepare"),
      [],
    );
    assert.ok(at("worker-killed-in-job").includes("source-queue-drained"));
    assert.ok(!at("worker-killed-in-job").includes("source-fenced"));
  });
});
