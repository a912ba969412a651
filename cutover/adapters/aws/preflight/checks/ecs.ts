import { type Check, fail, pass, warn } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed } from "../../../../preflight/wording";
import type { EcsServiceFacts } from "../facts/ecs";
import type { AwsFacts } from "../facts/facts";

/** What is wrong with some of the services, in words. */
const wrong = (
  services: readonly EcsServiceFacts[],
  words: (it: EcsServiceFacts) => string | undefined,
): string[] => services.flatMap((it) => words(it) ?? []);

/** Version of Redash in an image's tag: `redash/redash:25.8.0` and `…:10.1.0.b50633`. */
const releaseOf = (image: string) => /:(\d+\.\d+\.\d+)[^/@]*(?:@.*)?$/.exec(image)?.[1];

/** Redash's services on ECS. */
export const ecsChecks: readonly Check<AwsFacts>[] = [
  {
    id: "ecs-services-active",
    title: "Every service of ECS is active",
    why: "Who is drained or gone cannot be started in the switch.",
    judge: ({ services }) => {
      const all = known(services);
      const problems = wrong(all, ({ name, status }) =>
        status === "ACTIVE" ? undefined : `${name} is ${status}`,
      );
      return problems.length === 0
        ? pass(`${all.length} services`)
        : fail(listed(problems), "run pulumi up, which makes it");
    },
  },
  {
    id: "ecs-services-steady",
    title: "No deployment of ECS is under way, or has failed",
    why: "The switch would send users to tasks that are being replaced.",
    judge: ({ services }) => {
      const problems = wrong(known(services), (it) =>
        it.deployments.length === 1 &&
        it.deployments[0] === "COMPLETED" &&
        it.running === it.desired
          ? undefined
          : `${it.name}: ${it.running} of ${it.desired} tasks, ${it.deployments.join(" and ")} (${it.lastEvent})`,
      );
      return problems.length === 0
        ? pass("all are steady")
        : fail(
            listed(problems),
            "wait for it, or look at the service's events and its tasks' logs",
          );
    },
  },
  {
    id: "ecs-tasks-as-declared",
    title: "Servers and workers of ECS have as many tasks as after the switch",
    why: "What is missing would have to be started within the switch, and start cold.",
    judge: ({ services, description }) => {
      const problems = wrong(
        known(services).filter(({ part }) => part !== "scheduler"),
        ({ name, desired }) => {
          const wanted = description.target.wantedTasks[name] ?? 0;
          return desired >= wanted ? undefined : `${name} has ${desired} of ${wanted}`;
        },
      );
      return problems.length === 0
        ? pass("they have")
        : fail(listed(problems), "run pulumi up with redash:phase replicating");
    },
  },
  {
    id: "ecs-scheduler-at-zero",
    title: "The scheduler of ECS is at zero",
    why: "ECS would start the second one as soon as it can, and every schedule would run twice.",
    judge: ({ services }) => {
      const problems = wrong(
        known(services).filter(({ part }) => part === "scheduler"),
        ({ name, desired }) => (desired === 0 ? undefined : `${name} has ${desired}`),
      );
      return problems.length === 0
        ? pass("no task is wanted")
        : fail(listed(problems), "run pulumi up with redash:phase replicating");
    },
  },
  {
    id: "ecs-scheduler-alone",
    title: "ECS never runs two schedulers at once",
    why: "A deployment that starts the new one first has two for a moment.",
    judge: ({ services }) => {
      const problems = wrong(
        known(services).filter(({ part }) => part === "scheduler"),
        ({ name, mostPercent }) =>
          mostPercent <= 100 ? undefined : `${name} may have ${mostPercent} % of its tasks`,
      );
      return problems.length === 0
        ? pass("the old one goes first")
        : fail(listed(problems), "run pulumi up, which sets its maximum to 100 %");
    },
  },
  {
    id: "ecs-circuit-breaker",
    title: "A deployment of ECS that fails is given up",
    why: "Otherwise it is tried for ever, and start waits until its time is over.",
    judge: ({ services }) => {
      const problems = wrong(known(services), ({ name, hasCircuitBreaker }) =>
        hasCircuitBreaker ? undefined : name,
      );
      return problems.length === 0
        ? pass("every service has a circuit breaker")
        : warn(`${listed(problems)} without one`, "run pulumi up, which sets it");
    },
  },
  {
    id: "ecs-one-image",
    title: "All services of ECS run one image, that of the source's release",
    why: "Two releases do not share a schema: requests and jobs fail here and there.",
    judge: ({ services, move }) => {
      const images = [...new Set(known(services).map(({ image }) => image))];
      const [image = ""] = images;
      if (images.length !== 1)
        return fail(listed(images), "run pulumi up, which gives all of them redash:image");
      const [release, wanted] = [releaseOf(image), known(move.source.redash)];
      if (release === undefined)
        return warn(
          `${image}, whose tag names no release; the source runs ${wanted}`,
          "make sure that it is the same release, or give redash:image a tag that says so",
        );
      return release === wanted
        ? pass(image)
        : fail(`${image}, the source runs ${wanted}`, `set redash:image to ${wanted}`);
    },
  },
  {
    id: "ecs-secrets",
    title: "Tasks of ECS have the secrets that the move checks",
    why: "What preflight has proven of the key and the databases would be true of others than Redash's.",
    judge: ({ services, description }) => {
      const wanted = {
        REDASH_SECRET_KEY: description.secretKeySecretArn,
        REDASH_DATABASE_URL: description.target.database.urlSecretArn,
        REDASH_REDIS_URL: description.target.queueUrlSecretArn,
      };
      const problems = wrong(known(services), ({ name, secrets }) => {
        const others = Object.entries(wanted).filter(
          ([variable, arn]) => secrets[variable] !== arn,
        );
        return others.length === 0
          ? undefined
          : `${name}: ${others.map(([variable]) => variable).join(", ")}`;
      });
      return problems.length === 0
        ? pass(Object.keys(wanted).join(", "))
        : fail(
            `another secret, or none: ${listed(problems)}`,
            "run pulumi up, which gives tasks and move the same ones",
          );
    },
  },
  {
    id: "ecs-sessions-tried",
    title: "Redash on ECS tries a session of the database before it uses it",
    why: "Each session that a failover of RDS ends, or the fence of a rollback, costs a failed request of the process that had it.",
    judge: ({ services }) => {
      const problems = wrong(known(services), ({ name, triesSessions }) =>
        triesSessions ? undefined : name,
      );
      return problems.length === 0
        ? pass("SQLALCHEMY_ENABLE_POOL_PRE_PING is true")
        : warn(
            `SQLALCHEMY_ENABLE_POOL_PRE_PING is not true in ${listed(problems)}`,
            "take it out of redash:environment, if it is there, and run pulumi up, which sets it",
          );
    },
  },
];
