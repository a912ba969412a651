import { DATABASE } from "./database";
import { DATABASE_ACCESS } from "./databaseAccess";
import { DATABASE_EVENTS } from "./databaseEvents";
import { DMS_RESOURCES } from "./dms";
import { DMS_TASKS } from "./dmsTasks";
import { ECS } from "./ecs";
import { ECS_PROCESSES } from "./ecsProcesses";
import { ECS_SERVICES } from "./ecsServices";
import { FUNCTIONS } from "./functions";
import { IAM } from "./iam";
import { INGRESS } from "./ingress";
import { INSTANCES } from "./instances";
import { KEYS } from "./keys";
import { MOVE } from "./move";
import { NETWORK } from "./network";
import { OBSERVABILITY } from "./observability";
import { PHASES } from "./phase";
import type { Policy, Subject } from "./policy";
import { SECRETS } from "./secrets";
import { STORAGE } from "./storage";
import { VALKEY } from "./valkey";
import { CLUSTER_MODE } from "./valkeyClusterMode";

/** Every subject, in the order of the documentation. A new subject is one file and one line here. */
export const SUBJECTS: readonly Subject[] = [
  CLUSTER_MODE,
  VALKEY,
  PHASES,
  DMS_TASKS,
  DMS_RESOURCES,
  MOVE,
  DATABASE,
  DATABASE_ACCESS,
  DATABASE_EVENTS,
  ECS,
  ECS_PROCESSES,
  ECS_SERVICES,
  INGRESS,
  NETWORK,
  INSTANCES,
  IAM,
  SECRETS,
  KEYS,
  STORAGE,
  OBSERVABILITY,
  FUNCTIONS,
];

export const POLICIES: readonly Policy[] = SUBJECTS.flatMap(({ policies }) => policies);
