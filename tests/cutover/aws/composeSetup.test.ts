import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { composeSetup } from "../../../cutover/adapters/aws/composeSetup";
import { MOVE_PARTS } from "../../../redash/hostScript";
import { type ComposeHost, composeHost } from "../../support/host/composeHost";

const never = new AbortController().signal;

describe("how Redash comes up on the source's host", function () {
  this.timeout(120_000);
  let host: ComposeHost;
  before(async () => {
    host = await composeHost();
  });
  after(() => host.remove());

  /** What the script says on a host, by what SSM would hand on of it. */
  const setup = () =>
    composeSetup(
      {
        run: async (act, given) => {
          const { code, stdout, stderr } = await host.act(MOVE_PARTS, act, given);
          assert.equal(code, 0, stderr);
          return gunzipSync(
            Buffer.from(/\n(.*)\nend/.exec(stdout)?.[1] ?? "", "base64"),
          ).toString();
        },
      },
      {},
      never,
    );

  it("is by docker's own policies and the files of its folder, with sessions that are not tried, in the official set-up", async () => {
    writeFileSync(join(host.units, "docker.service"), "[Service]\nExecStart=/usr/bin/dockerd\n");
    assert.deepEqual(await setup(), {
      directory: host.directory,
      files: [join(host.directory, "compose.yaml")],
      bootUnits: [],
      triesSessions: false,
    });
  });

  it("is told where somebody has changed it: units that start it, files by other names, tried sessions", async () => {
    for (const [unit, command] of [
      ["docker-compose-up.service", "/usr/local/bin/docker-compose -f /opt/redash/a.yml up -d"],
      ["redash.service", "-/usr/bin/docker compose up"],
      ["talks-of-it.service", "/bin/true\n# docker compose up"],
    ] as const)
      writeFileSync(join(host.units, unit), `[Service]\nExecStart=${command}\n`);
    for (const container of host.docker.containers) {
      container.configFiles = `${join(host.directory, "compose.yaml")},/etc/redash/prod.yaml`;
      container.environment = [...container.environment, "SQLALCHEMY_ENABLE_POOL_PRE_PING=True"];
    }
    assert.deepEqual(await setup(), {
      directory: host.directory,
      files: [join(host.directory, "compose.yaml"), "/etc/redash/prod.yaml"],
      bootUnits: ["docker-compose-up.service", "redash.service"],
      triesSessions: true,
    });
  });

  it("is not known of an answer that is not whole", async () => {
    const silent = { run: () => Promise.resolve("boot_unit=a.service\n") };
    await assert.rejects(composeSetup(silent, {}, never), {
      message: "the host gives no compose file",
    });
  });
});
