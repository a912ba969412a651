import * as pulumi from "@pulumi/pulumi";
import { inFreshRuntime, marked, observe, type Request, resolved, settled } from "./internals";
import { answerCall, answerResource, Refused } from "./mocks";

/** One resource as the program asked the engine for it. Plain JSON: secrets and unknown values are marked. */
export interface RecordedResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Whether a provider manages it; a component otherwise. */
  readonly custom: boolean;
  /** Whether another process constructs it (awsx). */
  readonly remote: boolean;
  /** URN of the parent; absent for the stack. */
  readonly parent?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Paths of the inputs that are secrets, such as `authToken` or `containers.0.value`. */
  readonly secretPaths: readonly string[];
  readonly protect: boolean;
  /** URNs that it waits for, explicit or by value. */
  readonly dependsOn: readonly string[];
  /** Input → URNs of the resources whose outputs it is made of, sorted. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly ignoreChanges: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly additionalSecretOutputs: readonly string[];
  readonly retainOnDelete: boolean;
}

export interface Recording {
  /** Sorted by URN. */
  readonly resources: readonly RecordedResource[];
  /** The stack's outputs, secrets marked. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface RecordOptions {
  /** @default redash */
  readonly project?: string;
  readonly stack: string;
  /** The stack config: key with namespace → text, lists and maps as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** The outputs of the last deployment, which a reference to the own stack reads. @default none: a new stack */
  readonly previousOutputs?: Readonly<Record<string, unknown>>;
  /** Type or call → properties that AWS answers otherwise than usual. @default none */
  readonly answers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Call → what AWS refuses it with. @default none */
  readonly refusals?: Readonly<Record<string, string>>;
  /** Whether ids and everything that AWS computes are unknown, as in a first preview. @default false */
  readonly unknowns?: boolean;
}

/**
 * Runs a program under Pulumi's mock monitor and returns what it asked for. Every failure rejects: of the program,
 * of an apply that feeds a resource, of a type or call without an answer.
 */
export function record(program: () => unknown, options: RecordOptions): Promise<Recording> {
  return inFreshRuntime(async () => {
    const { project = "redash", stack, config } = options;
    const resources: RecordedResource[] = [];
    const failures: unknown[] = [];
    const fail = (reason: unknown) => failures.push(reason);
    /** The SDK loses the message of a failed call, so the first failure is kept where it happens. */
    const answered =
      <A, R>(answer: (args: A, options: RecordOptions) => R) =>
      (args: A): R => {
        try {
          return answer(args, options);
        } catch (error) {
          if (!(error instanceof Refused)) fail(error);
          throw error;
        }
      };
    process.on("unhandledRejection", fail);
    try {
      await observe(
        { newResource: answered(answerResource), call: answered(answerCall) },
        { project, stack, organization: "organization" },
        (request, urn) => resources.push(recorded(request, urn)),
      );
      pulumi.runtime.setAllConfig({ ...config });
      let outputs: Recording["outputs"] = {};
      await pulumi.runtime.runInPulumiStack(async () => {
        const found: unknown = await program();
        if (found instanceof pulumi.Resource || found === undefined) return {};
        outputs = await plain(found as Record<string, unknown>);
        return {};
      });
      await settled(() => resources.length);
      resources.sort((one, other) => (one.urn < other.urn ? -1 : 1));
      if (failures.length === 0) return { resources, outputs };
    } catch (error) {
      fail(error);
    } finally {
      // A failed program rejects several promises, and Node reports the unhandled ones a moment later.
      await new Promise((resolve) => setImmediate(resolve));
      process.off("unhandledRejection", fail);
    }
    throw failures[0];
  });
}

function recorded(request: Request, urn: string): RecordedResource {
  const secretPaths: string[] = [];
  const inputs = marked(request.getObject().toJavaScript(), "", secretPaths);
  const parent = request.getParent();
  return {
    type: request.getType(),
    name: request.getName(),
    urn,
    custom: request.getCustom(),
    remote: request.getRemote(),
    ...(parent === "" ? {} : { parent }),
    inputs: inputs as Record<string, unknown>,
    secretPaths,
    protect: request.getProtect() ?? false,
    dependsOn: request.getDependenciesList().sort(),
    propertyDependencies: Object.fromEntries(
      [...request.getPropertydependenciesMap().entries()]
        .map(([property, urns]): [string, string[]] => [property, urns.getUrnsList().sort()])
        .filter(([, urns]) => urns.length > 0)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    ),
    ignoreChanges: request.getIgnorechangesList(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    retainOnDelete: request.getRetainondelete() ?? false,
  };
}

async function plain(outputs: Record<string, unknown>): Promise<Recording["outputs"]> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(outputs)) {
    if (value !== undefined) found[name] = await resolved(pulumi.output(value));
  }
  return found;
}
