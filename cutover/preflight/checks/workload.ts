import { schemaOfRelease } from "../../../redash/releases";
import { type Check, fail, pass, warn } from "../check";
import { known } from "../fact";

/** Redash's processes, and the load balancer in front of them. */
export const workloadChecks: readonly Check[] = [
  {
    id: "traffic-to-source",
    title: "Traffic goes to the source",
    why: "Users already write to the target: a copy from the source would be of yesterday.",
    judge: ({ traffic }) => {
      const side = known(traffic.goesTo);
      return side === "source"
        ? pass("to the source")
        : fail(
            `to the ${side}`,
            "if the move is done: npm run move -- finish; if not: npm run move -- status",
          );
    },
  },
  {
    id: "source-healthy",
    title: "The load balancer finds the source healthy",
    why: "A rollback would send users to a server that does not answer.",
    judge: ({ traffic }) => {
      const count = known(traffic.healthySources);
      return count > 0
        ? pass(`healthy targets: ${count}`)
        : fail("no healthy target", "let the load balancer reach GET /ping of the source");
    },
  },
  {
    id: "target-healthy",
    title: "The load balancer finds the target healthy",
    why: "The switch would send users to a server that does not answer.",
    judge: ({ traffic }) => {
      const count = known(traffic.healthyTargets);
      return count > 0
        ? pass(`healthy targets: ${count}`)
        : fail(
            "no healthy target",
            "start the servers of the target, and let the load balancer reach their GET /ping",
          );
    },
  },
  {
    id: "source-servers-run",
    title: "Servers of the source run",
    why: "Users are served by them until the switch, and again after a rollback.",
    judge: ({ source }) => {
      const { running, wanted } = known(source.servers);
      return running >= Math.max(1, wanted)
        ? pass(`${running} running`)
        : fail(`${running} of ${Math.max(1, wanted)} running`, "docker compose up -d server");
    },
  },
  {
    id: "source-workers-run",
    title: "Workers of the source run",
    why: "Without them the queue never drains.",
    judge: ({ source }) => {
      const { running, wanted } = known(source.workers);
      return running >= Math.max(1, wanted)
        ? pass(`${running} running`)
        : fail(`${running} of ${Math.max(1, wanted)} running`, "docker compose up -d");
    },
  },
  {
    id: "source-scheduler-runs",
    title: "One scheduler of the source runs",
    why: "Without one schedules have stopped already; two of them run twice what is due in old versions.",
    judge: ({ source }) => {
      const { running } = known(source.scheduler);
      return running === 1
        ? pass("1 running")
        : warn(`${running} running`, "docker compose up -d --scale scheduler=1 scheduler");
    },
  },
  {
    id: "target-servers-run",
    title: "Servers of the target run",
    why: "Starting them within the switch would take minutes.",
    judge: ({ target }) => {
      const { running, wanted } = known(target.servers);
      return running >= Math.max(1, wanted)
        ? pass(`${running} running`)
        : fail(
            `${running} of ${Math.max(1, wanted)} running`,
            "look at the service's events and at the logs of its tasks",
          );
    },
  },
  {
    id: "target-workers-run",
    title: "Workers of the target run",
    why: "Starting them within the switch would take minutes.",
    judge: ({ target }) => {
      const { running, wanted } = known(target.workers);
      return running >= Math.max(1, wanted)
        ? pass(`${running} running`)
        : fail(
            `${running} of ${Math.max(1, wanted)} running`,
            "look at the service's events and at the logs of its tasks",
          );
    },
  },
  {
    id: "target-scheduler-stopped",
    title: "No scheduler of the target runs",
    why: "Two schedulers with a Redis each run every schedule twice, and write rows that stop replication.",
    judge: ({ target }) => {
      const { running } = known(target.scheduler);
      return running === 0
        ? pass("none")
        : fail(
            `${running} running`,
            "scale the scheduler of the target to 0 (redash:phase replicating does)",
          );
    },
  },
  {
    id: "releases-equal",
    title: "Both sides run the same release of Redash",
    why: "The target's program would meet a schema that it does not know.",
    judge: ({ source, target }) => {
      const [from, to] = [known(source.redash), known(target.redash)];
      const found = `source ${from}, target ${to}`;
      return from === to
        ? pass(found)
        : fail(found, `run ${from} on the target; upgrade after the move`);
    },
  },
  {
    id: "release-fits-schema",
    title: "The source's schema is that of its release",
    why: "Redash never migrates by itself: with another schema requests fail here and there.",
    judge: ({ source, data }) => {
      const release = known(source.redash);
      const wanted = schemaOfRelease(release);
      const versions = known(data.alembic);
      const found = `Redash ${release}, schema ${versions.join(", ") || "none"}`;
      if (wanted === undefined)
        return warn(`${found}; the release's own is not on file`, "rehearse with a copy first");
      return versions.includes(wanted)
        ? pass(found)
        : fail(
            `${found}; its own is ${wanted}`,
            "docker compose run --rm server manage db upgrade, after a backup",
          );
    },
  },
];
