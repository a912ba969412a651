import { BACK, CHANGES, FORWARD, type SideName } from "../../ports";
import { type Check, fail, pass } from "../check";
import { known } from "../fact";
import type { Facts } from "../facts/facts";
import type { ServerFacts } from "../facts/server";
import { listed } from "../wording";

/** A setting that is a number; 0 where the server's version lacks it. */
const setting = ({ settings }: ServerFacts, name: keyof ServerFacts["settings"]) =>
  Number(settings[name] ?? 0);

/** How a setting is changed that takes effect with a restart only. */
const restartWith = (name: string, value: string | number, onRds = name) =>
  `ALTER SYSTEM SET ${name} = ${value}, then restart PostgreSQL (on RDS: ${onRds} in the parameter group, then reboot)`;

/** Connections that the move and the servers of Redash open. */
const CONNECTIONS = 10;
/** Settings that end whatever takes long. */
const TIMEOUTS = [
  "statement_timeout",
  "lock_timeout",
  "idle_session_timeout",
  "transaction_timeout",
] as const;

/** Tables that are copied at a time, each with a slot and a sender on the source, and a worker and an origin on the target. */
const copies = (facts: Facts) =>
  facts.transport === "logical"
    ? setting(known(facts.target.server), "max_sync_workers_per_subscription")
    : 0;

/** Slots that the move will still make on a side. */
function slotsToMake(facts: Facts, side: SideName): number {
  const own = side === "source" ? [FORWARD, CHANGES] : [BACK, CHANGES];
  const made = known(facts[side].replication).slots.filter(({ name }) => own.includes(name));
  const task = side === "source" && facts.transport === "dms" ? 1 : 0;
  return own.length - made.length + task + (side === "source" ? copies(facts) : 0);
}

/** What must be so of the PostgreSQL server of either side. */
export const serverChecks = (side: SideName): readonly Check[] => {
  const other: SideName = side === "source" ? "target" : "source";
  return [
    {
      id: `${side}-reachable`,
      title: `The ${side}'s database answers`,
      why: "Nothing can be moved, or checked.",
      judge: (facts) => {
        const { server } = facts[side];
        return server.isKnown
          ? pass(`PostgreSQL ${server.value.version}`)
          : fail(
              server.reason,
              `let this machine reach it: address, port, firewall or security group, pg_hba.conf, password`,
            );
      },
    },
    {
      id: `${side}-is-primary`,
      title: `The ${side}'s database takes writes`,
      why: "A standby neither makes tables nor keeps slots.",
      judge: (facts) =>
        known(facts[side].server).isStandby
          ? fail("it is a standby", "give the move the address of the primary")
          : pass("it is a primary"),
    },
    {
      id: `${side}-wal-level`,
      title: `The ${side} writes WAL that can be decoded`,
      why:
        side === "source"
          ? "Changes made during the copy could not be followed."
          : "There would be no way back after the switch.",
      judge: (facts) => {
        const level = known(facts[side].server).settings.wal_level ?? "not set";
        return level === "logical"
          ? pass("wal_level is logical")
          : fail(
              `wal_level is ${level}`,
              restartWith("wal_level", "logical", "rds.logical_replication = 1"),
            );
      },
    },
    {
      id: `${side}-slots`,
      title: `The ${side} has free replication slots`,
      why: "Replication, or the watch over changes, could not begin.",
      judge: (facts) => {
        const most = setting(known(facts[side].server), "max_replication_slots");
        const used = known(facts[side].replication).slots.length;
        const needed = slotsToMake(facts, side);
        const found = `${most - used} of ${most} are free, the move needs ${needed}`;
        return most - used >= needed
          ? pass(found)
          : fail(found, restartWith("max_replication_slots", used + needed));
      },
    },
    {
      id: `${side}-senders`,
      title: `The ${side} can send to one more subscriber`,
      why: "The subscriber would be refused, and try again for ever.",
      judge: (facts) => {
        const most = setting(known(facts[side].server), "max_wal_senders");
        const used = known(facts[side].replication).senders;
        const needed = 1 + (side === "source" ? copies(facts) : 0);
        const found = `${most - used} of ${most} senders are free, the move needs ${needed}`;
        return most - used >= needed
          ? pass(found)
          : fail(found, restartWith("max_wal_senders", used + needed));
      },
    },
    {
      id: `${side}-receivers`,
      title: `The ${side} has workers to receive with`,
      why: "A subscription without a free worker waits without an error.",
      judge: (facts) => {
        const server = known(facts[side].server);
        const needed = 1 + (side === "target" ? copies(facts) : 0);
        const workers = setting(server, "max_logical_replication_workers");
        // One is PostgreSQL's own launcher of them.
        const processes = setting(server, "max_worker_processes") - 1;
        const found = `max_logical_replication_workers is ${workers} and max_worker_processes ${processes + 1}; the move needs ${needed} and ${needed + 1}`;
        if (workers < needed)
          return fail(found, restartWith("max_logical_replication_workers", needed));
        if (processes < needed) return fail(found, restartWith("max_worker_processes", needed + 1));
        return pass(found);
      },
    },
    {
      id: `${side}-origins`,
      title: `The ${side} can remember from where it receives`,
      why: "Up to PostgreSQL 17 each subscription and each table that is copied takes one of max_replication_slots here too.",
      judge: (facts) => {
        const server = known(facts[side].server);
        const most = setting(server, "max_replication_slots");
        const { origins, subscriptions } = known(facts[side].replication);
        const own = subscriptions.filter((name) => name === FORWARD || name === BACK).length;
        const needed = 1 - own + (side === "target" ? copies(facts) : 0);
        const found = `${most - origins} of ${most} are free, the move needs ${needed}`;
        return most - origins >= needed
          ? pass(found)
          : fail(found, restartWith("max_replication_slots", origins + needed));
      },
    },
    {
      id: `${side}-may-set-origins`,
      title: `The moving role of the ${side} may say from where on it receives`,
      why: "Where a slot was moved to is lost if its server crashes; the other side would be sent its own rows, and stop for ever.",
      judge: (facts) => {
        const { name, mayAdvanceOrigins } = known(facts[side].role);
        if (mayAdvanceOrigins) return pass(`${name} may`);
        if (known(facts[side].server).major < 14)
          return fail(
            `${name} may not`,
            `ALTER ROLE ${name} SUPERUSER: before PostgreSQL 14 nobody else may`,
          );
        return fail(
          `${name} may not`,
          `as a superuser, in this database: GRANT EXECUTE ON FUNCTION pg_replication_origin_advance(text, pg_lsn) TO ${name}${side === "target" ? ` (on RDS: GRANT rds_superuser TO ${name})` : ""}`,
        );
      },
    },
    {
      id: `${side}-no-timeouts`,
      title: `No setting of the ${side} ends what takes long`,
      why: "The copy of a large table would be ended in the middle, again and again.",
      judge: (facts) => {
        const server = known(facts[side].server);
        const set = TIMEOUTS.filter((name) => setting(server, name) > 0);
        const { name: role } = known(facts[side].role);
        const found = set.map((name) => `${name} is ${setting(server, name)} ms`);
        return set.length === 0
          ? pass(`none for ${role}`)
          : fail(listed(found), set.map((name) => `ALTER ROLE ${role} SET ${name} = 0`).join("; "));
      },
    },
    {
      id: `${side}-connections`,
      title: `The ${side} lets more sessions in`,
      why: "The move, or Redash itself, would be refused with too many clients.",
      judge: (facts) => {
        const free = known(facts[side].server).freeConnections;
        const found = `${free} sessions are free, the move needs ${CONNECTIONS}`;
        return free >= CONNECTIONS
          ? pass(found)
          : fail(found, "end idle sessions, or raise max_connections and restart PostgreSQL");
      },
    },
    {
      id: `${side}-reaches-${other}`,
      title: `The ${side}'s server can receive from the ${other}'s`,
      why:
        side === "target"
          ? "The subscription connects from server to server, which no connection from this machine proves."
          : "There would be no way back: after the switch the source subscribes to the target.",
      judge: (facts) => {
        const { isReached, words } = known(facts[side].reachesOther);
        return isReached
          ? pass("it connects, and may replicate")
          : fail(
              words,
              `let the ${side}'s server reach the ${other}'s as a subscriber: address, port, security group, pg_hba.conf, password, and a role with REPLICATION`,
            );
      },
    },
    {
      id: `${side}-no-leftovers`,
      title: `Nothing of an earlier move is left on the ${side}`,
      why: "Old slots fill the disk with WAL, and old subscriptions write into the new data.",
      judge: (facts) => {
        const { slots, publications, subscriptions, hasMoveSchema, dmsObjects } = known(
          facts[side].replication,
        );
        const isOwn = (name: string) => /^(?:redash_move|pg_\d+_sync_)/.test(name);
        const ours = [
          ...subscriptions.filter(isOwn).map((name) => ({
            what: `subscription ${name}`,
            removal: `ALTER SUBSCRIPTION ${name} DISABLE; ALTER SUBSCRIPTION ${name} SET (slot_name = NONE); DROP SUBSCRIPTION ${name}`,
          })),
          ...slots
            .filter(({ name }) => isOwn(name))
            .map(({ name }) => ({
              what: `slot ${name}`,
              removal: `SELECT pg_drop_replication_slot('${name}')`,
            })),
          ...publications.filter(isOwn).map((name) => ({
            what: `publication ${name}`,
            removal: `DROP PUBLICATION ${name}`,
          })),
          ...(hasMoveSchema
            ? [{ what: "schema redash_move", removal: "DROP SCHEMA redash_move CASCADE" }]
            : []),
        ];
        const dms = dmsObjects.map((what) => ({ what, removal: `DROP ${what} CASCADE` }));
        const { isPrepared } = facts.context;
        const all = [
          ...(isPrepared ? [] : ours),
          ...(isPrepared && facts.transport === "dms" ? [] : dms),
        ];
        if (all.length > 0)
          return fail(
            listed(all.map(({ what }) => what)),
            `on the ${side}: ${all.map(({ removal }) => removal).join("; ")}`,
          );
        return pass(isPrepared ? "only what this move has made" : "nothing");
      },
    },
  ];
};
