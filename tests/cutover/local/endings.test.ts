import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Endings } from "../../../cutover/adapters/local/endings";

describe("endings", () => {
  it("end what came last first, all of it though some fail, and name what failed", async () => {
    const ended: string[] = [];
    const endings = new Endings("rehearsal");
    for (const name of ["world", "users", "probe", "page"])
      endings.add(() => {
        ended.push(name);
        return name === "probe" || name === "users"
          ? Promise.reject(new Error(`the ${name} does not end`))
          : Promise.resolve();
      });
    await assert.rejects(
      endings.all(),
      new Error(
        "not everything of the rehearsal could be removed: the probe does not end; the users does not end",
      ),
    );
    assert.deepEqual(ended, ["page", "probe", "users", "world"]);
    await endings.all();
    assert.equal(ended.length, 4, "something was ended twice");
  });
});
