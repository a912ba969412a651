import { known } from "../../../../cutover/preflight/fact";
import type { BrokenAwsCase } from "./brokenAwsCase";

const NEW_GROUP = "make the queue anew with the program of this repository";

export const ELASTI_CACHE_CASES: readonly BrokenAwsCase[] = [
  [
    "cache-available",
    "fail",
    ({ elastiCache }) => {
      known(elastiCache).status = "modifying";
      known(elastiCache).nodes[1]!.status = "rebooting cluster nodes";
    },
    "the group is modifying, redash-queue-002 is rebooting cluster nodes",
    "wait until it is available; its events in ElastiCache say what goes on",
  ],
  [
    "cache-engine",
    "fail",
    ({ elastiCache }) => (known(elastiCache).engine = "redis"),
    "redis 8.1.0",
    NEW_GROUP,
  ],
  [
    "cache-cluster-mode-off",
    "fail",
    ({ elastiCache }) => (known(elastiCache).clusterMode = "compatible"),
    "cluster mode is compatible",
    NEW_GROUP,
  ],
  [
    "cache-cluster-mode-off",
    "fail",
    ({ elastiCache }) => (known(elastiCache).shards = 2),
    "2 shards",
    NEW_GROUP,
  ],
  [
    "cache-tls",
    "fail",
    ({ elastiCache }) => (known(elastiCache).isTlsRequired = false),
    "it also takes others",
    "run pulumi up, which sets transit encryption to required",
  ],
  [
    "cache-password",
    "fail",
    ({ elastiCache }) => (known(elastiCache).hasAuthToken = false),
    "it does not",
    "run pulumi up, which sets an AUTH token",
  ],
  [
    "cache-encrypted",
    "fail",
    ({ elastiCache }) => (known(elastiCache).isEncrypted = false),
    "it is not",
    NEW_GROUP,
  ],
  [
    "cache-failover",
    "fail",
    ({ elastiCache }) => (known(elastiCache).hasFailover = false),
    "it does not",
    "set redash:queueNodes to 2 or more, and run pulumi up",
  ],
  [
    "cache-failover",
    "fail",
    ({ elastiCache }) => (known(elastiCache).isMultiAz = false),
    "only within its zone",
    "set redash:queueNodes to 2 or more, and run pulumi up",
  ],
  [
    "cache-no-pending-changes",
    "fail",
    ({ elastiCache }) => {
      known(elastiCache).pending = ["AuthTokenStatus"];
      known(elastiCache).nodes[0]!.pending = ["EngineVersion"];
    },
    "waiting: AuthTokenStatus, EngineVersion of redash-queue-001",
    "apply them now: aws elasticache modify-replication-group --apply-immediately",
  ],
  [
    "cache-parameters-in-sync",
    "fail",
    ({ elastiCache }) => (known(elastiCache).nodes[1]!.parameterGroup.status = "pending-reboot"),
    "redash-queue-002 is pending-reboot",
    "aws elasticache reboot-cache-cluster --cache-cluster-id redash-queue-002 --cache-node-ids-to-reboot 0001",
  ],
];
