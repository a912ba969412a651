import * as pulumi from "@pulumi/pulumi";
import { derived } from "./settings/derived";
import type { Values } from "./settings/keys";
import { type Problem, problemText } from "./settings/problem";
import { readSettings } from "./settings/read";

/**
 * Everything that a stack says, judged and typed. docs/settings.md lists the keys with type, unit, default and
 * what differs between rehearsal and production; settings/keys/ is their source.
 */
export type Settings = Values &
  ReturnType<typeof derived> & {
    /** AWS region of the stack (`aws:region`). */
    readonly region: string;
  };

let examplesAccepted = false;
let notices: string[] = [];

/** For the offline preview only: values that are still examples become notices instead of errors. */
export function acceptExampleValues(): void {
  examplesAccepted = true;
}

/** The notices since the last call. */
export function takeNotices(): string[] {
  const taken = notices;
  notices = [];
  return taken;
}

/**
 * Reads and judges the stack config; the only reader there is.
 * @returns frozen settings
 * @throws pulumi.RunError with every problem at once: key, value, what is allowed, the fix
 */
export function loadSettings(): Settings {
  // Of a reading that failed nobody may have taken them.
  notices = [];
  const stack = pulumi.getStack();
  const config = pulumi.runtime.allConfig();
  const { values, problems, examples } = readSettings(config);
  const region = config["aws:region"];
  const all: Problem[] = [...problems];
  if (region === undefined || !/^(?!cn-|us-(?:gov|iso))[a-z]{2}(?:-[a-z]+)+-\d$/.test(region)) {
    all.push({
      key: "aws:region",
      value: region,
      allowed: "an AWS region outside China and GovCloud, such as eu-west-1",
      fix: "pulumi config set aws:region eu-west-1",
    });
  }
  if (examplesAccepted) {
    notices.push(...examples.map(({ key, value }) => `${key} is still an example: ${value ?? ""}`));
  } else {
    all.push(...examples);
  }
  if (all.length > 0 || values === undefined || region === undefined) {
    throw new pulumi.RunError(problemText(stack, all));
  }
  return Object.freeze({ ...values, ...derived(values), region });
}
