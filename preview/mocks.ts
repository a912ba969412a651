import { createHash } from "node:crypto";
import type { runtime } from "@pulumi/pulumi";
import type { RecordOptions } from "./recorder";
import { RESOURCES } from "./mockResources";

type State = Readonly<Record<string, unknown>>;

/** What an answer may be made from. */
export interface Asked {
  readonly type: string;
  readonly name: string;
  readonly inputs: State;
  readonly region: string;
  readonly stack: string;
  /** AWS's way to name: the logical name and seven hexadecimal digits. */
  readonly physicalName: string;
  /** Hexadecimal digits that are the same in every run. */
  readonly hex: (length: number) => string;
  /** An ARN in the region and account of the preview. */
  readonly arn: (service: string, resource: string) => string;
}
export interface Answer {
  readonly id: string;
  readonly state?: State;
}

/** What AWS refuses, for the program to deal with. */
export class Refused extends Error {
  /** Where the SDK looks for what the engine says. */
  readonly details = this.message;
}

/** The account of AWS's documentation: nobody's. */
const ACCOUNT_ID = "123456789012";

/**
 * The id and the computed properties that AWS would give a resource.
 * @throws for a type that preview/mockResources.ts does not know: an empty answer would look like a working program
 */
export function answerResource(
  args: runtime.MockResourceArgs,
  options: RecordOptions,
): runtime.MockResourceResult {
  const inputs = args.inputs as State;
  if (args.type === "pulumi:pulumi:StackReference") {
    return {
      id: args.name,
      state: { ...inputs, outputs: options.previousOutputs ?? {}, secretOutputNames: [] },
    };
  }
  if (args.custom !== true && !args.type.startsWith("awsx:"))
    return { id: undefined, state: inputs };
  const answer = RESOURCES[args.type];
  if (answer === undefined) {
    throw new Error(`no answer for resource type ${args.type}: add it to preview/mockResources.ts`);
  }
  const { id, state } = answer(asked(args.type, args.name, inputs, options));
  return options.unknowns === true
    ? { id: undefined, state: inputs }
    : { id, state: { ...inputs, ...state, ...options.answers?.[args.type] } };
}

/**
 * What AWS would answer to a data source.
 * @throws for a call that is not known here, or that AWS shall refuse
 */
export function answerCall(
  args: runtime.MockCallArgs,
  options: RecordOptions,
): runtime.MockCallResult {
  const inputs = args.inputs as State;
  const answer = CALLS[args.token];
  if (answer === undefined) {
    throw new Error(`no answer for call ${args.token}: add it to preview/mocks.ts`);
  }
  const refused = options.refusals?.[args.token];
  if (refused !== undefined) throw new Refused(refused);
  return { ...answer(asked(args.token, "", inputs, options)), ...options.answers?.[args.token] };
}

function asked(type: string, name: string, inputs: State, options: RecordOptions): Asked {
  const { stack, config } = options;
  const region = config["aws:region"] ?? "eu-west-1";
  const digest = createHash("sha256")
    .update(`${type} ${name} ${type === name ? JSON.stringify(inputs) : ""}`)
    .digest("hex");
  const hex = (length: number) => digest.slice(0, length);
  return {
    type,
    name,
    inputs,
    region,
    stack,
    hex,
    physicalName: (inputs["name"] as string | undefined) ?? `${name}-${hex(7)}`,
    arn: (service, resource) => `arn:aws:${service}:${region}:${ACCOUNT_ID}:${resource}`,
  };
}

const CALLS: Readonly<Record<string, (call: Asked) => State>> = {
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    accountId: ACCOUNT_ID,
    arn: `arn:aws:iam::${ACCOUNT_ID}:user/preview`,
    userId: "AIDAPREVIEW",
    id: ACCOUNT_ID,
  }),
  "aws:ec2/getInstance:getInstance": ({ inputs }) => ({
    id: inputs["instanceId"],
    instanceId: inputs["instanceId"],
    privateIp: "10.60.10.20",
  }),
  "aws:ec2/getVpc:getVpc": ({ inputs }) => ({
    id: inputs["id"],
    cidrBlock: "10.60.0.0/16",
    enableDnsHostnames: true,
    enableDnsSupport: true,
  }),
  // As an account answers in which somebody has used DMS before.
  "aws:iam/getRoles:getRoles": ({ inputs }) => {
    const names = ["dms-vpc-role", "dms-cloudwatch-logs-role"];
    return {
      ...inputs,
      id: "roles",
      names,
      arns: names.map((name) => `arn:aws:iam::${ACCOUNT_ID}:role/${name}`),
    };
  },
  "aws:lb/getListener:getListener": ({ inputs }) => ({ ...inputs, defaultActions: [] }),
  "aws:lb/getListenerRule:getListenerRule": ({ inputs }) => ({ ...inputs, actions: [] }),
  // As a bucket answers in which the move has recorded nothing yet.
  "aws:s3/getObjects:getObjects": ({ inputs }) => ({ ...inputs, id: inputs["bucket"], keys: [] }),
  "aws:s3/getObject:getObject": ({ inputs }) => ({
    ...inputs,
    id: `${String(inputs["bucket"])}/${String(inputs["key"])}`,
    contentType: "application/json",
    body: "",
  }),
  "aws:secretsmanager/getSecretVersions:getSecretVersions": ({ inputs, hex }) => ({
    arn: inputs["secretId"],
    secretId: inputs["secretId"],
    id: inputs["secretId"],
    versions: [
      {
        versionId: `${hex(8)}-0000-4000-8000-000000000001`,
        versionStages: ["AWSCURRENT"],
        createdTime: "2026-01-01T00:00:00Z",
        lastAccessedDate: "2026-01-01T00:00:00Z",
      },
    ],
  }),
};
