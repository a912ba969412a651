import type { KindName } from "../kind";
import type { Strike } from "../strike";
import {
  deadlock,
  fenceIgnored,
  longTransaction,
  receiverUnhealthy,
  schedulerByHand,
  workerKilled,
} from "./application";
import {
  clockJumped,
  deadlineTooShort,
  journalFull,
  killedAfterStep,
  killedInStep,
  secondOperator,
} from "./engine";
import { databaseKilled, networkSlow, queueKilled, replicationCut } from "./servers";

/** How each kind of fault happens. */
export const STRIKES: Readonly<Record<KindName, Strike>> = {
  "engine-killed-in-step": killedInStep,
  "engine-killed-after-step": killedAfterStep,
  "source-database-killed": databaseKilled("source"),
  "target-database-killed": databaseKilled("target"),
  "source-queue-killed": queueKilled("source"),
  "target-queue-killed": queueKilled("target"),
  "worker-killed-in-job": workerKilled,
  "long-transaction": longTransaction,
  "replication-cut": replicationCut,
  "network-slow": networkSlow,
  "clock-jumped": clockJumped,
  "journal-disk-full": journalFull,
  deadlock,
  "second-operator": secondOperator,
  "deadline-too-short": deadlineTooShort,
  "receiver-unhealthy": receiverUnhealthy,
  "fence-ignored": fenceIgnored,
  "scheduler-by-hand": schedulerByHand,
};
