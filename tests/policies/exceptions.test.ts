import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { evaluate } from "../../policies/evaluate";
import type { Exception } from "../../policies/exception";
import { EXCEPTIONS } from "../../policies/exceptions";
import { POLICIES } from "../../policies/pack";
import { resources } from "./support/cases";

const GROUP = "aws:elasticache/replicationGroup:ReplicationGroup";
const EXCEPTION: Exception = {
  policy: "valkey-snapshots",
  project: "redash",
  stack: "test",
  resource: "redash-queue",
  reason: "a queue of drills, made anew every day",
  owner: "sre@acme.io",
  expires: "2026-12-31",
};
const judged = (
  exceptions: readonly Exception[],
  names: readonly string[] = ["redash-queue"],
  today = "2026-06-30",
) => {
  const policy = POLICIES.filter(({ id }) => id === "valkey-snapshots");
  const given = names.map((name) => ({ type: GROUP, name, props: { snapshotRetentionLimit: 0 } }));
  const { violations, excepted, exceptionProblems } = evaluate(
    policy,
    resources(given),
    exceptions,
    today,
  );
  return {
    violations: violations.map(({ resource }) => resource.name),
    excepted: excepted.map(({ violation }) => violation.resource.name),
    problems: exceptionProblems.map(({ problem }) => problem),
  };
};

describe("exceptions", () => {
  it("cover a violation of their policy, on their resource, in their stack", () => {
    assert.deepEqual(judged([EXCEPTION]), {
      violations: [],
      excepted: ["redash-queue"],
      problems: [],
    });
  });

  it("cover nothing else", () => {
    assert.deepEqual(judged([EXCEPTION], ["redash-queue", "other-queue"]).violations, [
      "other-queue",
    ]);
  });

  it("may have a star in resource and stack, and take every other character for itself", () => {
    const many = { ...EXCEPTION, resource: "redash-*", stack: "t*t" };
    assert.deepEqual(judged([many], ["redash-queue", "redash-2", "x-redash-3"]).excepted, [
      "redash-queue",
      "redash-2",
    ]);
    assert.deepEqual(judged([{ ...EXCEPTION, resource: "redash.queue" }]).excepted, []);
  });

  it("hold on their last day, and are violations themselves from the next day on", () => {
    assert.deepEqual(judged([EXCEPTION], undefined, "2026-12-31").excepted, ["redash-queue"]);
    assert.deepEqual(judged([EXCEPTION], undefined, "2027-01-01"), {
      violations: ["redash-queue"],
      excepted: [],
      problems: ["it expired on 2026-12-31"],
    });
  });

  it("are violations when they cover nothing", () => {
    assert.deepEqual(judged([{ ...EXCEPTION, resource: "gone" }]).problems, [
      "it covers nothing; remove it",
    ]);
  });

  it("are not looked at in another stack or project", () => {
    assert.deepEqual(judged([{ ...EXCEPTION, stack: "prod" }]), {
      violations: ["redash-queue"],
      excepted: [],
      problems: [],
    });
    assert.deepEqual(judged([{ ...EXCEPTION, project: "other" }]).problems, []);
  });

  const wrong: [change: Partial<Exception>, problem: string][] = [
    [{ policy: "valkey-snapshot" }, "there is no such policy (docs/policies.md lists them)"],
    [{ reason: " " }, "reason is missing"],
    [{ owner: "" }, "owner is missing"],
    [{ expires: "next year" }, 'expires is "next year", not a day such as 2027-06-30'],
    [{ expires: "2026-13-40" }, 'expires is "2026-13-40", not a day such as 2027-06-30'],
  ];
  for (const [change, problem] of wrong) {
    it(`are violations when ${problem}`, () => {
      assert.deepEqual(judged([{ ...EXCEPTION, ...change }]).problems, [problem]);
    });
  }

  it("of ours are few, and sound", () => {
    assert.ok(EXCEPTIONS.length <= 10);
    const ids = new Set(POLICIES.map(({ id }) => id));
    for (const { policy, reason } of EXCEPTIONS) {
      assert.ok(ids.has(policy), policy);
      assert.ok(reason.length > 20, policy);
    }
  });
});
