import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import pg from "pg";
import { scramVerifier } from "../../../cutover/source/scramVerifier";
import { certificateOf } from "../../../cutover/source/sourceHost";
import { MOVE_PARTS, SOURCE_PARTS } from "../../../redash/hostScript";
import { type ComposeHost, composeHost } from "../../support/host/composeHost";

const REFUSED = 10;
const PASSWORD = "aPasswordOfTheMover1";

for (const compose of ["v1", "v2"] as const) {
  describe(`PostgreSQL of a host with Compose ${compose}`, function () {
    this.timeout(600_000);
    let host: ComposeHost;
    let given: Record<string, string>;
    let untouched: Record<string, string>;
    const files = () => {
      const data = join(host.database.directory, "data");
      const all = [
        join(data, "postgresql.conf"),
        join(data, "postgresql.auto.conf"),
        join(data, "pg_hba.conf"),
        join(data, "redash-move.crt"),
        join(data, "redash-move.key"),
        ...readdirSync(host.directory).map((name) => join(host.directory, name)),
      ];
      return Object.fromEntries(
        all
          .filter((file) => existsSync(file))
          .map((file) => {
            const { uid, gid, mode } = statSync(file);
            const sum = createHash("sha256").update(readFileSync(file)).digest("hex");
            return [file, `${uid} ${gid} ${mode} ${sum}`];
          }),
      );
    };
    before(async () => {
      host = await composeHost({ compose });
      given = {
        cidr: "127.0.0.0/8",
        keep_mb: "2000",
        port: String(host.database.port),
        mover_verifier: scramVerifier(PASSWORD),
      };
      untouched = files();
    });
    after(() => host.remove());
    const asked = async (
      act: string,
      more: Record<string, string> = {},
      parts: readonly string[] = SOURCE_PARTS,
    ) => {
      const ran = await host.act(parts, act, { ...given, ...more });
      assert.equal(ran.code, 0, ran.stderr);
      return gunzipSync(
        Buffer.from(/\n(.*)\nend/.exec(ran.stdout)?.[1] ?? "", "base64"),
      ).toString();
    };
    const refused = async (act: string, more: Record<string, string>, words: RegExp) => {
      const ran = await host.act(SOURCE_PARTS, act, { ...given, ...more });
      assert.match(ran.stderr, words);
      assert.equal(ran.code, REFUSED);
    };
    const login = (user: string, ssl: pg.ClientConfig["ssl"]) => {
      const client = new pg.Client({
        host: "127.0.0.1",
        port: host.database.port,
        database: "postgres",
        user,
        password: PASSWORD,
        ...(ssl !== undefined && { ssl }),
      });
      client.on("error", () => undefined);
      return client.connect().then(
        async () => {
          const { rows } = await client.query<{ rolsuper: boolean }>(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
          );
          await client.end();
          return rows[0]?.rolsuper;
        },
        (error: unknown) => (error as Error).message,
      );
    };

    it("is refused what would go wrong, and is left as it was", async () => {
      await refused("prepare", { cidr: "anywhere" }, /^anywhere is no range of addresses/);
      await refused("prepare", { keep_mb: "10" }, /the move wants 1024 MB at least/);
      await refused(
        "prepare",
        { mover_verifier: PASSWORD },
        /^the password of redash_mover must come as a verifier/,
      );
      await refused("restart", {}, /^there is nothing that a restart would make count/);
      const postgres = host.docker.container("postgres");
      const { mounts } = postgres;
      postgres.mounts = [];
      await refused("prepare", {}, /is in no volume: it would end with its container/);
      postgres.mounts = mounts.map((it) => ({ ...it, name: "0123456789abcdef".repeat(4) }));
      await refused("prepare", {}, /in a volume without a name/);
      postgres.mounts = mounts;
      assert.equal(await asked("undo"), "undone=nothing\n");
      assert.deepEqual(files(), untouched);
    });

    it("has no certificate to be known by before it is prepared", async () => {
      assert.equal(await asked("certificate", {}, MOVE_PARTS), "certificate=\n");
    });

    it("is prepared without a restart, twice the same", async () => {
      const first = await asked("prepare");
      assert.match(first, /^restart=due$/m);
      const left = files();
      assert.match(await asked("prepare"), /^restart=due$/m);
      assert.deepEqual(files(), left);
      assert.deepEqual(
        host.docker.calls.filter((call) => call.startsWith("compose")),
        [],
      );
      assert.equal(
        readFileSync(join(host.directory, "docker-compose.override.yml"), "utf8"),
        [
          "# Made by the move to AWS (npm run source -- prepare), taken away by undo.",
          ...(compose === "v1" ? ['version: "2"'] : []),
          "services:",
          "  postgres:",
          "    ports:",
          `      - "127.0.0.1:${host.database.port}:${host.database.port}"`,
          "",
        ].join("\n"),
      );
    });

    it("takes the settings with one restart, and lets the mover in by TLS alone", async () => {
      const answer = await asked("restart");
      const again = await asked("restart");
      assert.equal(again, answer);
      assert.deepEqual(
        host.docker.calls.filter((call) => call.startsWith("compose")),
        ["compose stop postgres", "compose rm postgres", "compose up postgres"],
      );
      assert.deepEqual(
        answer.split("\n").filter((line) => !line.startsWith("certificate=")),
        [
          "address=127.0.0.1",
          `port=${host.database.port}`,
          "restart=no",
          "max_replication_slots=20",
          "max_slot_wal_keep_size=2000MB",
          "max_wal_senders=20",
          "ssl=on",
          "wal_level=logical",
          "wal_sender_timeout=1min",
          "",
        ],
      );
      const ca = certificateOf(answer);
      assert.equal(await login("redash_mover", { ca }), true);
      assert.match(
        String(await login("redash_mover", undefined)),
        /pg_hba.conf rejects connection/,
      );
    });

    it("tells the move by which certificate it is known, and the move believes no other", async () => {
      const ca = certificateOf(await asked("certificate", {}, MOVE_PARTS));
      assert.equal(ca, certificateOf(await asked("restart")));
      // As the move has it: pinned, whatever name is in it.
      const checkServerIdentity = () => undefined;
      assert.equal(await login("redash_mover", { ca, checkServerIdentity }), true);
      const [other] = rootCertificates;
      assert.match(
        String(await login("redash_mover", { ca: other, checkServerIdentity })),
        /^self-signed certificate$/,
      );
    });

    it("is not put back while a replication slot would keep it from starting", async () => {
      const client = await host.administrator();
      await client.query("SELECT pg_create_logical_replication_slot('redash_move', 'pgoutput')");
      await refused(
        "undo",
        {},
        /^replication slots are still there: redash_move ; run npm run move/,
      );
      await client.query("SELECT pg_drop_replication_slot('redash_move')");
      await client.end();
    });

    it("is not put back over a change of somebody else", async () => {
      const hba = join(host.database.directory, "data", "pg_hba.conf");
      const ours = readFileSync(hba);
      writeFileSync(hba, `${ours.toString()}# mine\n`);
      await refused("undo", {}, /pg_hba.conf has been changed since prepare/);
      await refused("prepare", {}, /pg_hba.conf has been changed since prepare/);
      writeFileSync(hba, ours);
    });

    it("is put back byte by byte, with a restart and without the roles, also twice, also if it is fenced", async () => {
      const fencing = await host.administrator();
      await fencing.query("ALTER ROLE postgres SET default_transaction_read_only = on");
      await fencing.end();
      assert.equal(await asked("undo"), "undone=everything\n");
      assert.deepEqual(files(), untouched);
      assert.equal(existsSync(join(host.kept, "before")), false);
      assert.equal(await asked("undo"), "undone=nothing\n");
      const client = await host.administrator();
      const { rows } = await client.query(
        "SELECT current_setting('wal_level') AS level, (SELECT count(*)::int FROM pg_roles WHERE rolname LIKE 'redash%') AS roles",
      );
      assert.deepEqual(rows, [{ level: "replica", roles: 0 }]);
      await client.end();
      assert.deepEqual(host.docker.container("postgres").ports, []);
    });

    it("is put back after a prepare that was broken off, without a restart that it does not need", async () => {
      await asked("prepare", { task_verifier: scramVerifier(PASSWORD) });
      // As if it had died before its end.
      rmSync(join(host.kept, "before", "left"));
      rmSync(join(host.directory, "docker-compose.override.yml"));
      host.docker.calls = [];
      assert.equal(await asked("undo"), "undone=everything\n");
      assert.deepEqual(host.docker.calls, []);
      assert.deepEqual(files(), untouched);
    });

    it("goes back by itself if Compose cannot make its container", async () => {
      await asked("prepare");
      host.docker.failingUps = 1;
      const ran = await host.act(SOURCE_PARTS, "restart", given);
      assert.match(
        ran.stderr,
        /no such image[^]*did not take the new settings and runs with the old/,
      );
      assert.equal(ran.code, 1);
      assert.deepEqual(files(), untouched);
      assert.equal(host.docker.container("postgres").status, "running");
    });

    it("that did not come up at all is started by undo", async () => {
      await asked("prepare");
      host.docker.failingUps = 2;
      const ran = await host.act(SOURCE_PARTS, "restart", given);
      assert.match(ran.stderr, /PostgreSQL started neither with the new settings nor with the old/);
      assert.equal(ran.code, 1);
      assert.throws(() => host.docker.container("postgres"));
      assert.equal(await asked("undo"), "undone=everything\n");
      assert.deepEqual(files(), untouched);
      assert.equal(host.docker.container("postgres").status, "running");
    });

    it("is refused beside an override file of somebody else, and needs none if its port is published", async () => {
      const theirs = join(host.directory, "docker-compose.override.yml");
      writeFileSync(theirs, "services: {}\n");
      await refused(
        "prepare",
        {},
        /is an override file of your own, and Compose reads one; add to/,
      );
      const postgres = host.docker.container("postgres");
      postgres.ports = [`127.0.0.1:${host.database.port}:${host.database.port}`];
      await refused(
        "prepare",
        { image: "postgres-pglogical:13" },
        /set the image in the compose file/,
      );
      await asked("prepare", { plain: "yes" });
      assert.equal(readFileSync(theirs, "utf8"), "services: {}\n");
      // Without TLS too, as it was named.
      assert.equal(await login("redash_mover", undefined), true);
      assert.equal(await asked("undo"), "undone=everything\n");
      assert.equal(readFileSync(theirs, "utf8"), "services: {}\n");
      rmSync(theirs);
      postgres.ports = [];
    });

    it("is not renewed with an image that it does not run now, of a moved tag or a changed file", async () => {
      const { image } = host.docker.container("postgres");
      host.docker.images.set(image, "sha256:newer");
      await refused(
        "prepare",
        {},
        /would run another image than now: pgautoupgrade\S+ is not sha256:/,
      );
      host.docker.images.clear();
      const [file = ""] = readdirSync(host.directory);
      const path = join(host.directory, file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace(image, "pgautoupgrade/pgautoupgrade:18-alpine"));
      await refused("prepare", {}, /: pgautoupgrade\/pgautoupgrade:18-alpine is not sha256:/);
      writeFileSync(path, text);
      await asked("prepare");
      host.docker.images.set(image, "sha256:newer");
      await refused("restart", {}, /would run another image than now/);
      host.docker.images.clear();
      await asked("undo");
    });

    it("may get another image with the same restart, and loses it with undo", async () => {
      await asked("prepare", { image: "postgres-pglogical:13" });
      assert.equal(host.docker.calls.at(-1), "pull postgres-pglogical:13");
      await asked("restart");
      assert.equal(host.docker.container("postgres").image, "postgres-pglogical:13");
      await asked("undo");
      assert.equal(
        host.docker.container("postgres").image,
        "pgautoupgrade/pgautoupgrade:13-alpine",
      );
      assert.deepEqual(files(), untouched);
    });

    it("goes back by itself if it does not take the settings", async () => {
      await asked("prepare");
      // A compose file whose command says otherwise does the same.
      const auto = join(host.database.directory, "data", "postgresql.auto.conf");
      writeFileSync(auto, readFileSync(auto, "utf8").replace("'logical'", "'replica'"));
      const ran = await host.act(SOURCE_PARTS, "restart", given);
      assert.match(
        ran.stderr,
        /PostgreSQL did not take the new settings and runs with the old ones/,
      );
      assert.equal(ran.code, 1);
      assert.deepEqual(files(), untouched);
      assert.equal(host.docker.container("postgres").status, "running");
    });
  });
}
