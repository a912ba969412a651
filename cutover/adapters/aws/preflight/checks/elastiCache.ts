import { type Check, fail, pass } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed } from "../../../../preflight/wording";
import type { AwsFacts } from "../facts/facts";

const NEW_GROUP = "make the queue anew with the program of this repository";

/** The managed queue, as ElastiCache describes it. */
export const elastiCacheChecks: readonly Check<AwsFacts>[] = [
  {
    id: "cache-available",
    title: "ElastiCache has nothing to do with the group and its nodes",
    why: "A change that is under way may fail over within the move, and jobs at work would be lost.",
    judge: ({ elastiCache }) => {
      const { status, nodes } = known(elastiCache);
      const busy = [{ id: "the group", status }, ...nodes].filter(
        (it) => it.status !== "available",
      );
      return busy.length === 0
        ? pass(`${nodes.length} nodes`)
        : fail(
            listed(busy.map((it) => `${it.id} is ${it.status}`)),
            "wait until it is available; its events in ElastiCache say what goes on",
          );
    },
  },
  {
    id: "cache-engine",
    title: "The queue is Valkey",
    why: "The program makes no other, and nothing else was rehearsed.",
    judge: ({ elastiCache }) => {
      const { engine, nodes } = known(elastiCache);
      const found = `${engine} ${nodes[0]?.version ?? ""}`.trim();
      return engine === "valkey" ? pass(found) : fail(found, NEW_GROUP);
    },
  },
  {
    id: "cache-cluster-mode-off",
    title: "Cluster mode of ElastiCache is disabled, and not only compatible",
    why: "RQ fails with it at every job (CROSSSLOT), and from compatible on there is no way back.",
    judge: ({ elastiCache }) => {
      const { clusterMode, shards } = known(elastiCache);
      if (clusterMode !== "disabled") return fail(`cluster mode is ${clusterMode}`, NEW_GROUP);
      return shards === 1 ? pass("disabled, one shard") : fail(`${shards} shards`, NEW_GROUP);
    },
  },
  {
    id: "cache-tls",
    title: "ElastiCache takes connections by TLS alone",
    why: "The password and every query would travel in clear.",
    judge: ({ elastiCache }) =>
      known(elastiCache).isTlsRequired
        ? pass("required")
        : fail("it also takes others", "run pulumi up, which sets transit encryption to required"),
  },
  {
    id: "cache-password",
    title: "ElastiCache asks for a password",
    why: "Whoever is in the VPC could read jobs, and put some of his own into the queue.",
    judge: ({ elastiCache }) =>
      known(elastiCache).hasAuthToken
        ? pass("it does")
        : fail("it does not", "run pulumi up, which sets an AUTH token"),
  },
  {
    id: "cache-encrypted",
    title: "ElastiCache is encrypted at rest",
    why: "It cannot be switched on later without a new group.",
    judge: ({ elastiCache }) =>
      known(elastiCache).isEncrypted ? pass("it is") : fail("it is not", NEW_GROUP),
  },
  {
    id: "cache-failover",
    title: "The queue of production fails over to another zone",
    why: "With one node its end is the end of every job, and Redash stands still until there is a new one.",
    judge: ({ elastiCache, description }) => {
      const { hasFailover, isMultiAz, zones } = known(elastiCache);
      if (hasFailover && isMultiAz) return pass(`between ${zones.join(", ")}`);
      return description.mode === "rehearsal"
        ? pass("not, as rehearsals need no second node")
        : fail(
            hasFailover ? "only within its zone" : "it does not",
            "set redash:queueNodes to 2 or more, and run pulumi up",
          );
    },
  },
  {
    id: "cache-no-pending-changes",
    title: "No change of ElastiCache waits for its window",
    why: "It would restart nodes, perhaps in the middle of the move.",
    judge: ({ elastiCache }) => {
      const { pending, nodes } = known(elastiCache);
      const waiting = [
        ...pending,
        ...nodes.flatMap((node) => node.pending.map((name) => `${name} of ${node.id}`)),
      ];
      return waiting.length === 0
        ? pass("none")
        : fail(
            `waiting: ${listed(waiting)}`,
            "apply them now: aws elasticache modify-replication-group --apply-immediately",
          );
    },
  },
  {
    id: "cache-parameters-in-sync",
    title: "The parameter group of ElastiCache is in effect",
    why: "Without noeviction jobs are thrown away when memory is short.",
    judge: ({ elastiCache }) => {
      const { nodes } = known(elastiCache);
      const waiting = nodes.filter((it) => it.parameterGroup.status !== "in-sync");
      return waiting.length === 0
        ? pass(nodes[0]?.parameterGroup.name ?? "no nodes")
        : fail(
            listed(waiting.map((it) => `${it.id} is ${it.parameterGroup.status}`)),
            `aws elasticache reboot-cache-cluster --cache-cluster-id ${waiting[0]?.id ?? ""} --cache-node-ids-to-reboot 0001`,
          );
    },
  },
];
