import { describe } from "mocha";
import { cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

type Json = Record<string, unknown>;

describe("policies of the move's own resources", () => {
  const NAME = "redash-migration-function";
  const lambda = (props: Json = {}, name = NAME): Given => ({
    type: "aws:lambda/function:Function",
    name,
    props,
  });
  /** As in a first preview: the function is known by the reference alone. */
  const config = (props: Json = {}, refersTo = NAME): Given => ({
    type: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    name: "config",
    props: {
      functionName: UNKNOWN,
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: 60,
      ...props,
    },
    refersTo: { functionName: refersTo },
  });
  describePolicy("move-acts-once", {
    ...property(config(), "maximumRetryAttempts", {
      right: [0],
      wrong: [undefined, 1, 2, UNKNOWN, HIDDEN],
      beside: [lambda()],
    }),
    ...property(config(), "maximumEventAgeInSeconds", {
      right: [60],
      wrong: [undefined, 21_600, UNKNOWN],
      beside: [lambda()],
    }),
    ...property(lambda(), "reservedConcurrentExecutions", {
      right: [undefined, -1],
      wrong: [0, 1, UNKNOWN],
      beside: [config()],
    }),
    ...cases({
      "finds the config by the function's name": [
        [lambda({ name: "a" }), { ...config({ functionName: "a" }), refersTo: {} }],
      ],
      "refuses a function without": [lambda(), " is repeated when it fails"],
      "refuses a function when only another has one": [
        [lambda(), lambda({}, "other"), config({}, "other")],
        " is repeated when it fails",
      ],
      "leaves a function that is none of a move": [lambda({}, "redash-rotation")],
    }),
  });

  const recursion = (recursiveLoop: unknown, refersTo = NAME): Given => ({
    type: "aws:lambda/functionRecursionConfig:FunctionRecursionConfig",
    name: "recursion",
    props: { functionName: UNKNOWN, recursiveLoop },
    refersTo: { functionName: refersTo },
  });
  const OTHER = "redash-rotation";
  describePolicy("move-goes-on", {
    ...property(recursion("Allow"), "recursiveLoop", {
      right: ["Allow"],
      wrong: [undefined, "Terminate", "", UNKNOWN, HIDDEN],
      beside: [lambda()],
    }),
    ...cases({
      "finds the config by the function's name": [
        [
          lambda({ name: "a" }),
          { ...recursion("Allow"), props: { functionName: "a", recursiveLoop: "Allow" } },
        ],
      ],
      "refuses a move's function without": [lambda(), " is ended when it has called itself"],
      "refuses a move's function when only another has one": [
        [lambda(), lambda({}, OTHER), recursion("Terminate", OTHER)],
        " is ended when it has called itself",
      ],
      "refuses another function that calls itself": [
        [lambda({}, OTHER), recursion("Allow", OTHER)],
        'recursiveLoop is "Allow"',
      ],
      "refuses a function of another program that calls itself": [
        { ...recursion("Allow"), refersTo: {} },
        'recursiveLoop is "Allow"',
      ],
      "accepts another function that is ended": [
        [lambda({}, OTHER), recursion("Terminate", OTHER)],
      ],
      "leaves another function without": [lambda({}, OTHER)],
    }),
  });

  const told = (source: unknown, name = NAME): Given =>
    lambda(
      { environment: { variables: { REDASH_MOVE: JSON.stringify({ kind: "aws", source }) } } },
      name,
    );
  const clear = { database: { sslMode: "none" } };
  describePolicy(
    "move-source-tls",
    cases({
      "accepts a world that does not name it, which is TLS": [told({ database: {} })],
      "accepts a world that demands it": [told({ database: { sslMode: "require" } })],
      "refuses a way in clear": [
        told(clear),
        'environment.variables.REDASH_MOVE.source.database.sslMode is "none"',
      ],
      "refuses another word": [
        told({ database: { sslMode: "prefer" } }),
        'environment.variables.REDASH_MOVE.source.database.sslMode is "prefer"',
      ],
      "refuses what is no JSON": [
        lambda({ environment: { variables: { REDASH_MOVE: "{" } } }),
        "environment.variables.REDASH_MOVE is not JSON",
      ],
      "waits for a world that is made of outputs": [
        lambda({ environment: { variables: { REDASH_MOVE: UNKNOWN } } }),
        "undecided: environment.variables.REDASH_MOVE is not known before the update",
      ],
      "leaves a function that is none of a move": [told(clear, "redash-rotation")],
      "leaves a function that is told of no world": [lambda()],
    }),
  );

  const JOURNAL = "redash-migration-journal";
  const bucket = (name = JOURNAL): Given => ({ type: "aws:s3/bucket:Bucket", name });
  const lifecycle = (expiration: Json | undefined, refersTo = JOURNAL): Given => ({
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    name: "lifecycle",
    props: { bucket: UNKNOWN, rules: [{ status: "Enabled", expiration }] },
    refersTo: { bucket: refersTo },
  });
  describePolicy("move-journal-kept", {
    ...property(lifecycle({ expiredObjectDeleteMarker: true }), "rules.0.expiration.days", {
      right: [undefined, 0],
      wrong: [1, 3650, UNKNOWN],
      beside: [bucket()],
    }),
    ...property(lifecycle({}), "rules.0.expiration.date", {
      right: [undefined],
      wrong: ["2030-01-01", UNKNOWN],
      beside: [bucket()],
    }),
    ...cases({
      "accepts a rule without an end": [[bucket(), lifecycle(undefined)]],
      "leaves a bucket that is none of a move": [
        [bucket("redash-logs"), lifecycle({ days: 30 }, "redash-logs")],
      ],
      "leaves a bucket of somebody else": [{ ...lifecycle({ days: 30 }), refersTo: {} }],
    }),
  });

  describePolicy(
    "move-commands-private",
    property({ type: "aws:ssm/document:Document" }, "permissions", {
      right: [undefined],
      wrong: [{ type: "Share", accountIds: "All" }, { type: "Share", accountIds: "1" }, UNKNOWN],
    }),
  );
});
