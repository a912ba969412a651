import type { CombinationProblem } from "./combinations/combination";
import { database } from "./combinations/database";
import { image, queues, sizes } from "./combinations/ecs";
import { environment } from "./combinations/environment";
import { ingress } from "./combinations/ingress";
import { migration } from "./combinations/migration";
import { network } from "./combinations/network";
import { queue } from "./combinations/queue";
import type { Values } from "./keys";

const RULES = [
  migration,
  network,
  ingress,
  database,
  queue,
  sizes,
  queues,
  image,
  environment,
] as const;

/** Everything that is wrong with keys taken together. */
export const combinationProblems = (values: Values): CombinationProblem[] =>
  RULES.flatMap((rule) => [...rule(values)]);
