/**
 * What the recorder needs of Pulumi's own modules beyond their typings: a fresh runtime per recording, and the
 * requests that the program sends to the engine. The only file of the preview that touches internals.
 */
import { createHash } from "node:crypto";
import type { Output } from "@pulumi/pulumi";
import * as runtime from "@pulumi/pulumi/runtime";

/** A register request, as the SDK hands it to the monitor. */
export interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getRemote(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getProtect(): boolean | undefined;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    entries(): IterableIterator<[string, { getUrnsList(): string[] }]>;
  };
  getIgnorechangesList(): string[];
  getDeletebeforereplace(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getRetainondelete(): boolean | undefined;
}
interface Response {
  getUrn(): string;
}
type Callback = (error: Error | undefined, response: Response | undefined) => void;

interface Monitor {
  registerResource(request: Request, callback: Callback): Promise<void>;
}

interface State {
  withLocalStorage<T>(callback: () => Promise<T>): Promise<T>;
}
interface Settings {
  getMonitor(): Monitor;
  waitForRPCs(): Promise<void>;
}
interface Rpc {
  readonly specialSigKey: string;
  readonly specialSecretSig: string;
  readonly specialAssetSig: string;
  readonly unknownValue: string;
}
const { specialSigKey, specialSecretSig, specialAssetSig, unknownValue } =
  require("@pulumi/pulumi/runtime/rpc") as Rpc;
const state = require("@pulumi/pulumi/runtime/state") as State;
const settings = require("@pulumi/pulumi/runtime/settings") as Settings;

/** Runs something in a Pulumi runtime of its own, so that recordings in one process do not see each other. */
export const inFreshRuntime = state.withLocalStorage.bind(state);

/** Installs mocks and hands every registration, with the URN it got, to `seen`. */
export async function observe(
  mocks: runtime.Mocks,
  where: { project: string; stack: string; organization: string },
  seen: (request: Request, urn: string) => void,
): Promise<void> {
  await runtime.setMocks(mocks, where.project, where.stack, true, where.organization);
  const monitor = settings.getMonitor();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      if (response !== undefined) seen(request, response.getUrn());
      callback(error, response);
    });
}

/** Resolves when no request is under way, also none that a settled one has caused. */
export async function settled(count: () => number): Promise<void> {
  for (let before = -1; before !== count();) {
    before = count();
    await settings.waitForRPCs();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What stands in a recording in place of a secret, and of what is not known yet. */
export const SECRET = "[secret]";
export const UNKNOWN = "[unknown]";

/** Inputs as plain JSON, with secrets and unknown values marked; the paths of the secrets go to `secretPaths`. */
export function marked(value: unknown, path: string, secretPaths: string[]): unknown {
  if (value === unknownValue) return UNKNOWN;
  if (typeof value !== "object" || value === null) return value;
  const at = (key: string | number) => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(value)) {
    return value.map((element, index) => marked(element, at(index), secretPaths));
  }
  const signature = (value as Record<string, unknown>)[specialSigKey];
  if (signature === specialSecretSig) {
    secretPaths.push(path);
    return SECRET;
  }
  if (signature === specialAssetSig) return fingerprint((value as { text: string }).text);
  return Object.fromEntries(
    Object.entries(value).map(([key, element]) => [key, marked(element, at(key), secretPaths)]),
  );
}

/** What stands in place of an asset, which may be megabytes of code. */
const fingerprint = (text: string) =>
  `${Buffer.byteLength(text)} bytes, sha256 ${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;

/** The value of an output, marked in place of a secret or of what is not known yet. */
export async function resolved(output: Output<unknown>): Promise<unknown> {
  const { isSecret, isKnown, promise } = output as unknown as {
    isSecret: Promise<boolean>;
    isKnown: Promise<boolean>;
    promise: (withUnknowns?: boolean) => Promise<unknown>;
  };
  if (await isSecret) return SECRET;
  return (await isKnown) ? promise() : UNKNOWN;
}
