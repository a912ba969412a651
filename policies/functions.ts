import { absentOr, is, matches, not, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { View } from "./view";

const FUNCTION = "aws:lambda/function:Function";
const PERMISSION = "aws:lambda/permission:Permission";
const FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl";

/** Runtimes that AWS patches beyond 2026 (Lambda developer guide, runtimes). */
const RUNTIMES = [
  "nodejs22.x",
  "nodejs24.x",
  "python3.11",
  "python3.12",
  "python3.13",
  "python3.14",
  "ruby3.3",
  "ruby3.4",
  "java17",
  "java21",
  "java25",
  "dotnet10",
  "provided.al2023",
];

/** Names of variables that hold a secret itself, not the place where one lies. */
const SECRET_NAME =
  /(?:password|passwd|secret|token|api_?key|private_?key|credential|database_url|redis_url|dsn)/i;
const PLACE_NAME = /(?:_arn|_name|_id|_path|_prefix)$/i;
const CREDENTIAL = /:\/\/[^/\s:]*:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b/;

/** A rule on functions. */
const onFunction = (policy: Omit<Policy, "types">): Policy => ({ types: [FUNCTION], ...policy });

const isSet = (view: View, property: string): boolean =>
  ![undefined, null, ""].includes(view.get(property) as string);

/** Bytes of all variables as JSON, which is how Lambda measures them; undefined while one is not known. */
function environmentBytes(variables: unknown): number | undefined {
  if (typeof variables !== "object" || variables === null) return undefined;
  const isKnown = Object.values(variables).every((value) => typeof value === "string");
  return isKnown ? new TextEncoder().encode(JSON.stringify(variables)).length : undefined;
}

/** Lambda. */
export const FUNCTIONS: Subject = {
  title: "Functions (Lambda)",
  policies: [
    {
      id: "functions-private",
      title: "Nobody outside the account calls a function.",
      controls: ["Lambda.1", "CKV_AWS_258", "CKV_AWS_301", "CKV_AWS_364", "AWS-0067"],
      severity: "critical",
      enforcement: "mandatory",
      why: "A service's name alone admits everybody's bucket, topic or rule; a URL without authorisation admits the internet.",
      fix: "principal: a service with sourceArn or sourceAccount; authorizationType: AWS_IAM.",
      types: [PERMISSION, FUNCTION_URL],
      check: (resource) => {
        if (resource.type === FUNCTION_URL) {
          resource.must("authorizationType", is("AWS_IAM"));
          return;
        }
        const principal = resource.get("principal");
        resource.must("principal", { ...not(is("*"), "an account, an ARN or a service"), acceptsUnknown: true }); // prettier-ignore
        const isService = typeof principal === "string" && principal.endsWith(".amazonaws.com");
        if (isService && !isSet(resource, "sourceArn") && !isSet(resource, "sourceAccount"))
          resource.wrong("sourceArn", "the ARN of what calls it, or a sourceAccount");
        if (resource.get("functionUrlAuthType") !== undefined)
          resource.must("functionUrlAuthType", is("AWS_IAM"));
      },
    },
    onFunction({
      id: "functions-runtime",
      title: "A function's runtime gets patches.",
      controls: ["Lambda.2", "CKV_AWS_363"],
      severity: "medium",
      enforcement: "mandatory",
      why: "AWS blocks updates of functions with a runtime that has ended.",
      fix: 'runtime: "nodejs22.x" or "python3.13"; or an image.',
      check: (it) => {
        if (it.get("packageType") === "Image") it.must("runtime", absentOr(is("")));
        else it.must("runtime", is(...RUNTIMES));
      },
    }),
    onFunction({
      id: "functions-zones",
      title: "A function in a VPC has subnets in two zones.",
      controls: ["Lambda.5"],
      severity: "medium",
      enforcement: "mandatory",
      why: "With one subnet, its zone's outage stops what the function does.",
      fix: "vpcConfig.subnetIds: two or more.",
      check: (it) => {
        if (!isSet(it, "vpcConfig")) return;
        it.must("vpcConfig.subnetIds", {
          allowed: "at least two subnets",
          test: (list) => Array.isArray(list) && list.length >= 2,
          acceptsUnknown: true,
        });
        it.must("vpcConfig.securityGroupIds", {
          allowed: "at least one security group",
          test: (list) => Array.isArray(list) && list.length > 0,
          acceptsUnknown: true,
        });
      },
    }),
    onFunction({
      id: "functions-in-vpc",
      title: "A function lies in the VPC.",
      controls: ["Lambda.3", "CKV_AWS_117"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Outside of it a function reaches neither database nor queue, unless these are open to the internet; what it sends passes no firewall and is in no flow log.",
      fix: "vpcConfig with subnetIds and securityGroupIds.",
      check: (it) => {
        it.must("vpcConfig", set);
      },
    }),
    onFunction({
      id: "functions-environment-fits",
      title: "A function's environment fits into Lambda's 4 KB.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "Lambda refuses more at update, not at preview, and measures the variables as JSON: each quotation mark in a value counts twice (Lambda quotas; terraform-aws-github-runner#3594).",
      fix: "Less in it: shorter names, or a place to read it from.",
      check: (it) => {
        const variables: unknown = it.get("environment.variables");
        const bytes = environmentBytes(variables);
        if (bytes === undefined) {
          if (variables !== undefined) it.undecided("environment.variables");
        } else if (bytes > 4096)
          it.wrong("environment.variables", "at most 4096 bytes as JSON", `${bytes} bytes`);
      },
    }),
    onFunction({
      id: "functions-no-secret-in-environment",
      title: "No secret stands in a function's environment.",
      controls: ["CKV_AWS_45", "CKV_AWS_173"],
      severity: "critical",
      enforcement: "mandatory",
      why: "Whoever may describe the function reads its environment, in the console as well.",
      fix: "The secret's ARN in the environment, and secretsmanager:GetSecretValue in the role; kmsKeyArn for the rest.",
      check: (it) => {
        if (!isSet(it, "environment")) return;
        it.must("kmsKeyArn", set);
        const variables: unknown = it.get("environment.variables");
        if (typeof variables === "object" && variables !== null) {
          for (const [name, value] of Object.entries(variables)) {
            const isNamed = SECRET_NAME.test(name) && !PLACE_NAME.test(name);
            const isShaped = typeof value === "string" && CREDENTIAL.test(value);
            if (isNamed || isShaped)
              it.wrong(`environment.variables.${name}`, "the ARN of a secret", "a secret");
          }
        } else if (variables !== undefined)
          it.wrong("environment.variables", "variables that are known before the update");
      },
    }),
    onFunction({
      id: "functions-failures-kept",
      title: "What a function fails to do is kept or told.",
      controls: ["CKV_AWS_116"],
      severity: "low",
      enforcement: "advisory",
      why: "Lambda tries an event three times and then drops it without a word.",
      fix: "deadLetterConfig.targetArn: a queue or topic.",
      check: (it) => {
        it.must("deadLetterConfig.targetArn", set);
      },
    }),
    {
      id: "functions-workflow-logged",
      title: "A workflow logs what it did.",
      controls: ["StepFunctions.1", "CKV_AWS_285"],
      severity: "medium",
      enforcement: "mandatory",
      why: "The history of an express workflow is nowhere else, and that of a standard one goes after 90 days.",
      fix: 'loggingConfiguration: { level: "ALL" or "ERROR", logDestination: a log group\'s ARN and ":*" }.',
      types: ["aws:sfn/stateMachine:StateMachine"],
      check: (machine) => {
        machine.must("loggingConfiguration.level", is("ALL", "ERROR", "FATAL"));
        machine.must("loggingConfiguration.logDestination", {
          ...matches(/:\*$/, 'the ARN of a log group and ":*"'),
          acceptsUnknown: true,
        });
      },
    },
  ],
};
