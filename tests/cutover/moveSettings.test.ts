import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { readSettings } from "../../cutover/moveSettings";

const side = {
  database: {
    host: "127.0.0.1",
    port: 5432,
    database: "redash",
    user: "postgres",
    password: "s3cr3t",
  },
  applicationRole: "redash",
  dataDirectory: "/data",
  redisUrl: "redis://:s3cr3t@127.0.0.1:6379/0",
  serverUrl: "http://127.0.0.1:5000",
  secretKey: "s3cr3t",
};
const world = {
  kind: "local",
  source: side,
  target: side,
  front: { url: "http://127.0.0.1:1", controlUrl: "http://127.0.0.1:2" },
  processesUrl: "http://127.0.0.1:3",
};

describe("settings of a move", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "settings-test-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const read = (content: string) => {
    const path = join(folder, "move.json");
    writeFileSync(path, content);
    return readSettings(path);
  };

  it("have defaults for everything but the world", () => {
    const { world: found, ...times } = read(JSON.stringify({ world }));
    assert.deepEqual(found, world);
    assert.deepEqual(times, {
      writeOutageBudgetMs: 60_000,
      drainDeadlineMs: 600_000,
      longDeadlineMs: 86_400_000,
    });
  });

  it("tell every problem at once, with its place and without a secret", () => {
    const wrong = {
      writeOutageBudgetMs: 5,
      drainDeadlineMs: "soon",
      budget: 1,
      world: {
        ...world,
        source: { ...side, redisUrl: "s3cr3t", database: { ...side.database, port: 0 } },
        target: undefined,
      },
    };
    assert.throws(
      () => read(JSON.stringify(wrong)),
      (error: Error) => {
        const [head = "", ...lines] = error.message.split("\n");
        assert.match(head, /move\.json has 6 problems:$/);
        assert.deepEqual(
          lines.map((line) => line.trim().split(":")[0]),
          [
            "writeOutageBudgetMs",
            "drainDeadlineMs",
            "world.source.database.port",
            "world.source.redisUrl",
            "world.target",
            "(everything)",
          ],
        );
        assert.doesNotMatch(error.message, /s3cr3t/);
        return true;
      },
    );
  });

  it("are refused when they are not there, or no JSON, with what to do", () => {
    assert.throws(() => readSettings(join(folder, "none.json")), {
      name: "Refusal",
      message: `there are no settings of a move: ${join(folder, "none.json")} cannot be read (ENOENT); start a world with: npm run world; or name another folder with --state`,
    });
    assert.throws(() => read("{"), { name: "Refusal", message: /move\.json is no JSON$/ });
  });
});
