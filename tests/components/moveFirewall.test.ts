import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { RedashMigrationArgs } from "../../components/RedashMigration";
import { recordMigration } from "../support/migration";
import { MIGRATION_ARGS } from "../support/migrationArgs";
import { only } from "../support/recordings";

describe("the firewall of the move's function", () => {
  /** Every rule of the function, as "group -> peer port". */
  const rules = async (changes: Partial<RedashMigrationArgs> = {}) => {
    const recording = await recordMigration(changes);
    const own = only(recording, "SecurityGroupEgressRule", "redash-migration-function-to-https")
      .inputs["securityGroupId"];
    const side = (id: unknown) => (id === own ? "function" : String(id));
    return recording.resources
      .filter(({ type }) => type.startsWith("aws:vpc/securityGroup"))
      .map(({ type, inputs }) => {
        assert.deepEqual([inputs["ipProtocol"], inputs["toPort"]], ["tcp", inputs["fromPort"]]);
        const arrow = type.includes("Ingress") ? "<-" : "->";
        const peer = inputs["referencedSecurityGroupId"] ?? inputs["cidrIpv4"];
        return `${side(inputs["securityGroupId"])} ${arrow} ${side(peer)} ${String(inputs["fromPort"])}`;
      })
      .sort();
  };
  const INSIDE = [
    "function -> sg-database 5432",
    "sg-database <- function 5432",
    "function -> sg-queue 6379",
    "sg-queue <- function 6379",
    "function -> 0.0.0.0/0 443",
    "sg-load-balancer <- function 443",
  ];
  const OF_SOURCE = ["function -> sg-source 5433", "sg-source <- function 5433"];

  it("leads to both databases, the queue and Redash, and lets nobody in", async () => {
    assert.deepEqual(await rules(), [...INSIDE, ...OF_SOURCE].sort());
  });

  it("leads to a source's address where the group is not known, whose owner lets it in", async () => {
    const { securityGroupId, ...source } = MIGRATION_ARGS.source;
    assert.equal(securityGroupId, "sg-source");
    assert.deepEqual(
      await rules({ source }),
      [...INSIDE, "function -> 10.60.10.20/32 5433"].sort(),
    );
  });

  it("reaches AWS by endpoints where there are some", async () => {
    assert.deepEqual(
      await rules({ endpointsSecurityGroupId: "sg-endpoints" }),
      [...INSIDE, ...OF_SOURCE, "sg-endpoints <- function 443"].sort(),
    );
  });

  it("reaches an internet-facing load balancer by its public name, so from the NAT gateways; an internal one never", async () => {
    const loadBalancer = {
      ...MIGRATION_ARGS.loadBalancer,
      natAddresses: ["192.0.2.1", "192.0.2.2"],
    };
    assert.deepEqual(
      await rules({ loadBalancer }),
      [
        ...INSIDE,
        ...OF_SOURCE,
        "sg-load-balancer <- 192.0.2.1/32 443",
        "sg-load-balancer <- 192.0.2.2/32 443",
      ].sort(),
    );
    assert.deepEqual(
      await rules({ loadBalancer: { ...loadBalancer, scheme: "internal" } }),
      [...INSIDE, ...OF_SOURCE].sort(),
    );
  });
});
