import { known } from "../../../../cutover/preflight/fact";
import type { Facts } from "../../../../cutover/preflight/facts/facts";
import type { Draft } from "../soundFacts";
import type { BrokenCase } from "./brokenCase";

const restart = (name: string, value: string | number, onRds = name) =>
  `ALTER SYSTEM SET ${name} = ${value}, then restart PostgreSQL (on RDS: ${onRds} in the parameter group, then reboot)`;
/** Cases of both sides' servers. */
export const SERVER_CASES = (["source", "target"] as const).flatMap((side): BrokenCase[] => {
  const other = side === "source" ? "target" : "source";
  const server = (facts: Draft<Facts>) => known(facts[side].server);
  const replication = (facts: Draft<Facts>) => known(facts[side].replication);
  const needed = side === "source" ? 4 : 2;
  return [
    [
      `${side}-is-primary`,
      "fail",
      (facts) => (server(facts).isStandby = true),
      "it is a standby",
      "give the move the address of the primary",
    ],
    [
      `${side}-wal-level`,
      "fail",
      (facts) => (server(facts).settings.wal_level = "replica"),
      "wal_level is replica",
      restart("wal_level", "logical", "rds.logical_replication = 1"),
    ],
    [
      `${side}-slots`,
      "fail",
      (facts) =>
        (replication(facts).slots = Array.from({ length: 9 }, (_, index) => ({
          name: `standby_${index}`,
          isActive: true,
          keptBytes: 0,
        }))),
      `1 of 10 are free, the move needs ${needed}`,
      restart("max_replication_slots", 9 + needed),
    ],
    [
      `${side}-senders`,
      "fail",
      (facts) => (replication(facts).senders = 10),
      `0 of 10 senders are free, the move needs ${side === "source" ? 3 : 1}`,
      restart("max_wal_senders", side === "source" ? 13 : 11),
    ],
    [
      `${side}-receivers`,
      "fail",
      (facts) => (server(facts).settings.max_logical_replication_workers = "0"),
      `max_logical_replication_workers is 0 and max_worker_processes 8; the move needs ${side === "source" ? "1 and 2" : "3 and 4"}`,
      restart("max_logical_replication_workers", side === "source" ? 1 : 3),
    ],
    [
      `${side}-receivers`,
      "fail",
      (facts) => (server(facts).settings.max_worker_processes = "1"),
      `max_logical_replication_workers is 4 and max_worker_processes 1; the move needs ${side === "source" ? "1 and 2" : "3 and 4"}`,
      restart("max_worker_processes", side === "source" ? 2 : 4),
    ],
    [
      `${side}-origins`,
      "fail",
      (facts) => (replication(facts).origins = 10),
      `0 of 10 are free, the move needs ${side === "source" ? 1 : 3}`,
      restart("max_replication_slots", side === "source" ? 11 : 13),
    ],
    [
      `${side}-may-set-origins`,
      "fail",
      (facts) => (known(facts[side].role).mayAdvanceOrigins = false),
      "mover may not",
      side === "source"
        ? "ALTER ROLE mover SUPERUSER: before PostgreSQL 14 nobody else may"
        : "as a superuser, in this database: GRANT EXECUTE ON FUNCTION pg_replication_origin_advance(text, pg_lsn) TO mover (on RDS: GRANT rds_superuser TO mover)",
    ],
    [
      `${side}-no-timeouts`,
      "fail",
      (facts) => {
        server(facts).settings.statement_timeout = "30000";
        server(facts).settings.transaction_timeout = "60000";
      },
      "statement_timeout is 30000 ms, transaction_timeout is 60000 ms",
      "ALTER ROLE mover SET statement_timeout = 0; ALTER ROLE mover SET transaction_timeout = 0",
    ],
    [
      `${side}-connections`,
      "fail",
      (facts) => (server(facts).freeConnections = 9),
      "9 sessions are free, the move needs 10",
      "end idle sessions, or raise max_connections and restart PostgreSQL",
    ],
    [
      `${side}-reaches-${other}`,
      "fail",
      (facts) =>
        (facts[side].reachesOther = {
          isKnown: true,
          value: { isReached: false, words: "could not connect to the publisher: timeout" },
        }),
      "could not connect to the publisher: timeout",
      `let the ${side}'s server reach the ${other}'s as a subscriber: address, port, security group, pg_hba.conf, password, and a role with REPLICATION`,
    ],
    [
      `${side}-no-leftovers`,
      "fail",
      (facts) => {
        replication(facts).slots = [{ name: "redash_move", isActive: false, keptBytes: 5 }];
        replication(facts).publications = ["analytics", "redash_move"];
        replication(facts).subscriptions = ["redash_move_back"];
        replication(facts).hasMoveSchema = true;
        replication(facts).dmsObjects = ["EVENT TRIGGER awsdms_intercept_ddl", "SCHEMA awsdms"];
      },
      "subscription redash_move_back, slot redash_move, publication redash_move, schema redash_move, EVENT TRIGGER awsdms_intercept_ddl and 1 more",
      `on the ${side}: ALTER SUBSCRIPTION redash_move_back DISABLE; ALTER SUBSCRIPTION redash_move_back SET (slot_name = NONE); DROP SUBSCRIPTION redash_move_back; SELECT pg_drop_replication_slot('redash_move'); DROP PUBLICATION redash_move; DROP SCHEMA redash_move CASCADE; DROP EVENT TRIGGER awsdms_intercept_ddl CASCADE; DROP SCHEMA awsdms CASCADE`,
    ],
  ];
});
