import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { commandsIn, isDoneBy, nextCommand, outcomeOf } from "../../../cutover/faults/operator";

const DUE = "due: npm run move -- finish, or npm run move -- rollback";

describe("a person who does what the program says", () => {
  it("runs the act again that was undone, if it is among those that are due", () => {
    assert.deepEqual(nextCommand(DUE, "rollback", "undone"), { act: "rollback", more: [] });
    assert.deepEqual(nextCommand(DUE, "abort", "undone"), { act: "finish", more: [] });
  });

  it("runs what is named first where a person is needed", () => {
    const text = `take the switch back: npm run move -- rollback\ndue: npm run move -- cutover`;
    assert.deepEqual(nextCommand(text, "cutover", "needs-person"), { act: "rollback", more: [] });
  });

  it("types options that are named, and leaves out a look at the status", () => {
    assert.deepEqual(
      commandsIn(
        "look at it with: npm run move -- status; then take it up with: npm run move -- cutover --resume",
      ),
      [{ act: "cutover", more: ["--resume"] }],
    );
  });

  it("does not know what to do if no command is named", () => {
    assert.equal(nextCommand("something is wrong", "verify", "needs-person"), undefined);
  });

  it("takes an act for done that was killed when nothing was left to do", () => {
    const status = (last: string) =>
      `verify     done          2 min ago\n${last}\ntraffic goes to the target\n${DUE}`;
    assert.ok(isDoneBy(status("cutover    done          0 min ago"), "cutover"));
    for (const last of [
      "cutover    interrupted   0 min ago  it was killed",
      "rollback   done          0 min ago",
    ])
      assert.ok(!isDoneBy(status(last), "cutover"), last);
    assert.ok(!isDoneBy(DUE, "cutover"));
  });

  it("reads the exit code", () => {
    assert.deepEqual(
      [null, 0, 1, 2, 3].map((code) => outcomeOf({ code })),
      ["killed", "done", "done", "undone", "needs-person"],
    );
    assert.throws(() => outcomeOf({ code: 64 }), { message: "exit code 64" });
  });
});
