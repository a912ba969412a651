import { bucketOf, part } from "./bucket";
import { absent, absentOr, is } from "./constraint";
import type { Subject } from "./policy";

const FUNCTION = "aws:lambda/function:Function";
const INVOKE_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig";
const RECURSION_CONFIG = "aws:lambda/functionRecursionConfig:FunctionRecursionConfig";
const DOCUMENT = "aws:ssm/document:Document";
const LIFECYCLE = part("LifecycleConfiguration");

/** What a move has for itself, by its name. */
const isOfMove = ({ name }: { readonly name: string }) => name.includes("-migration-");

/** Function, journal and documents of a move. */
export const MOVE: Subject = {
  title: "The move's own function, journal and commands (Lambda, S3, Systems Manager)",
  policies: [
    {
      id: "move-acts-once",
      title: "An act of a move is never repeated by Lambda, nor started late.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "Lambda runs a function that was called asynchronously three times if it fails, and keeps a call that it could not start for six hours: a cutover would happen again, or at night (Lambda developer guide, asynchronous invocation).",
      fix: "A FunctionEventInvokeConfig with maximumRetryAttempts 0 and maximumEventAgeInSeconds 60; no reserved concurrency, which makes calls wait.",
      types: [FUNCTION, INVOKE_CONFIG],
      checkStack: (stack) => {
        const configs = stack.of(INVOKE_CONFIG);
        for (const it of stack.of(FUNCTION).filter(isOfMove)) {
          const own = configs.find(
            (config) =>
              stack.target(config, "functionName", FUNCTION)?.resource.urn === it.resource.urn,
          );
          if (own === undefined)
            it.wrong("", "one with a FunctionEventInvokeConfig", "repeated when it fails");
          own?.must("maximumRetryAttempts", is(0));
          own?.must("maximumEventAgeInSeconds", is(60));
          it.must("reservedConcurrentExecutions", absentOr(is(-1)));
        }
      },
    },
    {
      id: "move-goes-on",
      title: "A move goes on in as many functions as it needs, and no other function calls itself.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "Lambda ends a function that has called itself about 16 times, which a copy of some hours has; any other one does so by mistake, and is paid for until somebody sees it (Lambda developer guide, recursive loop detection).",
      fix: 'A FunctionRecursionConfig with recursiveLoop "Allow" for the function of the move, and none for others.',
      types: [FUNCTION, RECURSION_CONFIG],
      checkStack: (stack) => {
        const configs = stack.of(RECURSION_CONFIG).map((config) => ({
          config,
          of: stack.target(config, "functionName", FUNCTION),
        }));
        for (const it of stack.of(FUNCTION).filter(isOfMove)) {
          if (!configs.some(({ of }) => of?.resource.urn === it.resource.urn))
            it.wrong("", "one with a FunctionRecursionConfig", "ended when it has called itself");
        }
        for (const { config, of } of configs) {
          const wanted = of !== undefined && isOfMove(of) ? "Allow" : "Terminate";
          config.must("recursiveLoop", is(wanted));
        }
      },
    },
    {
      id: "move-source-tls",
      title: "A move speaks TLS with the source's PostgreSQL.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "By this way, and that of replication, all data of Redash crosses the network, with the transport logical as with DMS; a source that was prepared has a certificate.",
      fix: "redash:sourceDatabaseSslMode require; none only by an exception with its reason.",
      types: [FUNCTION],
      check: (it) => {
        if (!isOfMove(it)) return;
        // What the function is told of the world; without the word it demands TLS.
        const world = it.json("environment.variables.REDASH_MOVE");
        world?.must("source.database.sslMode", absentOr(is("require")));
      },
    },
    {
      id: "move-journal-kept",
      title: "Nothing in a move's journal ends by its age.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "The journal says how far the move has come, and the lock who works on it: a move that has forgotten would begin again, on a database with users.",
      fix: "expiration: { expiredObjectDeleteMarker: true }; the bucket ends with the phase complete.",
      types: LIFECYCLE,
      checkStack: (stack) => {
        for (const lifecycle of stack.of(...LIFECYCLE)) {
          const bucket = bucketOf(stack, lifecycle);
          if (bucket === undefined || !isOfMove(bucket)) continue;
          for (const rule of lifecycle.each("rules")) {
            rule.must("expiration.days", absentOr(is(0)));
            rule.must("expiration.date", absent);
          }
        }
      },
    },
    {
      id: "move-commands-private",
      title: "A document of Systems Manager belongs to this account alone.",
      controls: ["SSM.4"],
      severity: "critical",
      enforcement: "mandatory",
      why: "It shows how the host is built, where its secrets lie and what the move does there; whoever changes a shared one runs it as root.",
      fix: "No permissions.",
      types: [DOCUMENT],
      check: (document) => {
        document.must("permissions", absent);
      },
    },
  ],
};
