import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { readReport, reportJson } from "../../../cutover/report/reportFile";
import type { Report } from "../../../cutover/report/report";
import { cutover, rehearsed, START_MS } from "../../support/cutover/reports";

describe("a report on the disk", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "report-test-"));
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const written = (text: string) => {
    const path = join(directory, "report.json");
    writeFileSync(path, text);
    return path;
  };
  const report = rehearsed(cutover("one", START_MS));
  const changed = (change: (value: { acts: Record<string, unknown>[] }) => void) => {
    const value = JSON.parse(reportJson(report)) as { acts: Record<string, unknown>[] };
    change(value);
    return written(JSON.stringify(value));
  };

  it("is read as it was written", () => {
    const read = readReport(written(reportJson(report)));
    assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(report)));
  });

  it("has nothing in it that is no part of the model", () => {
    const secret = { secretKey: "hunter2" };
    const careless = {
      ...report,
      ...secret,
      acts: report.acts.map((act) => ({
        ...act,
        ...secret,
        steps: act.steps.map((step) => ({ ...step, ...secret })),
        users: { ...act.users!, ...secret },
      })),
      ledger: { ...report.ledger!, ...secret },
    } as Report;
    assert.equal(reportJson(careless), reportJson(report));
    assert.doesNotMatch(reportJson(careless), /hunter2|secretKey/);
  });

  it("is refused with the file and the place of what is wrong", () => {
    const hint = "; npm run rehearse writes one to out/rehearsal.json";
    const refused = (path: string, problem: string) => {
      assert.throws(() => readReport(path), { message: `${path} is no report: ${problem}${hint}` });
    };
    refused(join(directory, "absent.json"), "it cannot be read (ENOENT)");
    refused(written("{"), "it is no JSON");
    refused(written("[]"), "Invalid input: expected object, received array");
    refused(
      changed(({ acts }) => (acts[0]!["durationMs"] = "long")),
      "acts.0.durationMs: Invalid input: expected number, received string",
    );
    refused(
      changed(({ acts }) => delete acts[0]!["steps"]),
      "acts.0.steps: Invalid input: expected array, received undefined",
    );
    refused(
      changed(({ acts }) => (acts[0]!["outcome"] = "fine")),
      'acts.0.outcome: Invalid option: expected one of "done"|"undone"|"needs-person"|"paused"|"interrupted"',
    );
  });
});
