import { known } from "../../../../cutover/preflight/fact";
import { unknown } from "../../cutover/brokenFacts/brokenCase";
import type { BrokenAwsCase } from "./brokenAwsCase";

export const MOVE_ITSELF_CASES: readonly BrokenAwsCase[] = [
  [
    "function-ready",
    "fail",
    ({ moveFunction }) => (known(moveFunction).lastUpdate = "InProgress"),
    "it is Active, its last update InProgress",
    "wait a minute, or run pulumi up again",
  ],
  [
    "function-time-limit",
    "fail",
    ({ moveFunction }) => (known(moveFunction).limitSeconds = 60),
    "60 s",
    "run pulumi up, which sets it to 900 s",
  ],
  [
    "journal-versioned",
    "fail",
    (facts) => (facts.versioning = { isKnown: true, value: undefined }),
    "versioning is off",
    "run pulumi up, which switches it on",
  ],
  [
    "secrets-readable",
    "fail",
    ({ secrets }) => (secrets.queueUrl = unknown("AccessDeniedException: no kms:Decrypt")),
    "queueUrl: AccessDeniedException: no kms:Decrypt",
    "let the function's role read them, and use their key: pulumi up, or ask the key's owner",
  ],
  [
    "redash-has-its-role",
    "fail",
    ({ secrets }) => (secrets.databaseUrl = { isKnown: true, value: "redash" }),
    "it names redash, not redash_app",
    "run pulumi up, which writes the URL anew, and starts tasks with it",
  ],
  [
    "redash-has-its-role",
    "fail",
    ({ secrets }) => (secrets.databaseUrl = { isKnown: true, value: undefined }),
    "it names nobody, not redash_app",
    "run pulumi up, which writes the URL anew, and starts tasks with it",
  ],
];
