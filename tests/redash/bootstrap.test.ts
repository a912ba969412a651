import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { systemClock, until } from "../../cutover/engine/clock";
import { BOOTSTRAP_SCRIPT, WAIT_FOR_ADMINISTRATOR_SCRIPT } from "../../redash/bootstrap";
import { runPython } from "../support/pythonScript";

/**
 * Stand-ins for the two modules that the scripts import, over a database that is a JSON file. They prove what the
 * scripts ask and in which order; that Redash's own commands do what their names say was read in
 * redash/cli/{database,users}.py, and is not proven here.
 */
const PSYCOPG2 = `
import json, os
class Error(Exception): pass
class Cursor:
    def execute(self, text):
        state = json.load(open(os.environ["STATE"]))
        if "FROM users" in text: open(os.environ["STATE"] + ".asked", "w")
        if "advisory_lock" in text: state["calls"].append("lock"); json.dump(state, open(os.environ["STATE"], "w"))
        elif "FROM users" in text and not state["tables"]: raise Error("relation users does not exist")
        self.row = [state["users"] if "FROM users" in text else state["organizations"]]
    def fetchone(self): return self.row
class Connection:
    def cursor(self): return Cursor()
def connect(url, **options):
    assert url == "postgresql://db"
    return Connection()
`;
const CLI = `
import json, os
class Manager:
    def main(self, args, standalone_mode):
        state = json.load(open(os.environ["STATE"]))
        state["calls"].append(" ".join(args))
        if args[1] == "create_tables": state["tables"] = True
        elif state["fails"] and args[1] == "create_root": state["organizations"] = 1
        else: state["organizations"], state["users"] = 1, 1
        json.dump(state, open(os.environ["STATE"], "w"))
manager = Manager()
`;

describe("the first start of a greenfield stack", () => {
  let folder: string;
  const environment = () => ({
    PYTHONPATH: folder,
    STATE: join(folder, "state.json"),
    REDASH_DATABASE_URL: "postgresql://db",
    ADMINISTRATOR_EMAIL: "sre@acme.io",
    ADMINISTRATOR_NAME: "Ada Lovelace",
    ADMINISTRATOR_PASSWORD: "s3cret",
  });
  const EMPTY = { tables: false, users: 0, organizations: 0, fails: false, calls: [] as string[] };
  const state = () => JSON.parse(readFileSync(join(folder, "state.json"), "utf8")) as typeof EMPTY;
  const given = (values: Partial<typeof EMPTY>) => {
    writeFileSync(join(folder, "new.json"), JSON.stringify({ ...EMPTY, ...values }));
    // At once, or a script that polls might read half of it.
    renameSync(join(folder, "new.json"), join(folder, "state.json"));
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
    mkdirSync(join(folder, "redash"));
    writeFileSync(join(folder, "psycopg2.py"), PSYCOPG2);
    writeFileSync(join(folder, "redash", "__init__.py"), "");
    writeFileSync(join(folder, "redash", "cli.py"), CLI);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("makes the schema, then organization and administrator, under a lock", async () => {
    given({});
    assert.equal((await runPython(BOOTSTRAP_SCRIPT, environment())).code, 0);
    assert.deepEqual(state().calls, [
      "lock",
      "database create_tables",
      "users create_root --password=s3cret sre@acme.io Ada Lovelace",
    ]);
  });

  it("changes nothing when run again", async () => {
    given({ tables: true, users: 3, organizations: 1 });
    assert.equal((await runPython(BOOTSTRAP_SCRIPT, environment())).code, 0);
    assert.deepEqual(state().calls, ["lock", "database create_tables"]);
  });

  it("adds only the administrator after a crash between organization and user", async () => {
    given({ tables: true, organizations: 1 });
    assert.equal((await runPython(BOOTSTRAP_SCRIPT, environment())).code, 0);
    assert.equal(
      state().calls.at(-1),
      "users create --admin --password=s3cret sre@acme.io Ada Lovelace",
    );
  });

  it("fails when no administrator exists afterwards", async () => {
    given({ fails: true });
    const { code, stderr } = await runPython(BOOTSTRAP_SCRIPT, environment());
    assert.equal(code, 1);
    assert.match(stderr, /the administrator was not created/);
  });

  it("prints no password", async () => {
    given({});
    const { stdout, stderr } = await runPython(BOOTSTRAP_SCRIPT, environment());
    assert.ok(!`${stdout}${stderr}`.includes("s3cret"));
  });

  it("lets a server start once the administrator exists", async () => {
    given({ tables: true, users: 1 });
    assert.equal((await runPython(WAIT_FOR_ADMINISTRATOR_SCRIPT, environment())).code, 0);
  });

  it("keeps a server waiting while tables or administrator are missing", async () => {
    given({});
    const waiting = runPython(WAIT_FOR_ADMINISTRATOR_SCRIPT, environment());
    await until(() => Promise.resolve(existsSync(join(folder, "state.json.asked"))), {
      clock: systemClock,
      signal: AbortSignal.timeout(20_000),
    });
    given({ tables: true, users: 1 });
    const { code, stdout } = await waiting;
    assert.equal(code, 0);
    assert.equal(stdout, "waiting for the administrator: Error\n");
  });
});
