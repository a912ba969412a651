import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { describePolicy, findings, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

const lambda = (props: Record<string, unknown> = {}): Given => ({
  type: "aws:lambda/function:Function",
  props,
});

describe("policies of functions", () => {
  const permission = (props: Record<string, unknown> = {}): Given => ({
    type: "aws:lambda/permission:Permission",
    props: { principal: "123456789012", ...props },
  });
  const service = permission({ principal: "events.amazonaws.com", sourceArn: UNKNOWN });
  describePolicy("functions-private", {
    ...property(permission(), "principal", {
      right: ["123456789012", "arn:aws:iam::123456789012:role/a", UNKNOWN],
      wrong: ["*"],
    }),
    ...property(service, "sourceArn", { right: ["arn:a", UNKNOWN], wrong: [undefined, ""] }),
    "accepts a service of an account": {
      given: permission({ principal: "s3.amazonaws.com", sourceAccount: "123456789012" }),
    },
    ...property(permission(), "functionUrlAuthType", { wrong: ["NONE", UNKNOWN] }),
    ...property({ type: "aws:lambda/functionUrl:FunctionUrl" }, "authorizationType", {
      right: ["AWS_IAM"],
      wrong: ["NONE", undefined, UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("functions-runtime", {
    ...property(lambda(), "runtime", {
      right: ["nodejs22.x", "python3.13", "provided.al2023"],
      wrong: ["nodejs18.x", "python3.8", "go1.x", undefined, UNKNOWN, HIDDEN],
    }),
    ...property(lambda({ packageType: "Image" }), "runtime", {
      right: [undefined, ""],
      wrong: ["nodejs22.x"],
    }),
  });

  const vpc = lambda({ vpcConfig: { subnetIds: ["a", "b"], securityGroupIds: [UNKNOWN] } });
  describePolicy("functions-zones", {
    ...property(vpc, "vpcConfig.subnetIds", {
      right: [["a", "b"], [UNKNOWN, UNKNOWN, UNKNOWN], UNKNOWN],
      wrong: [["a"], [], undefined],
    }),
    ...property(vpc, "vpcConfig.securityGroupIds", { right: [UNKNOWN], wrong: [[], undefined] }),
    "leaves a function outside of a VPC": { given: lambda() },
  });

  describePolicy("functions-in-vpc", {
    ...property(lambda(), "vpcConfig", {
      right: [{ subnetIds: ["a", "b"], securityGroupIds: ["c"] }, UNKNOWN],
      wrong: [undefined, ""],
    }),
  });

  const environment = (variables: unknown) => lambda({ environment: { variables } });
  /** Bytes as Lambda measures them: `{"A":"…"}` is eight besides the value. */
  const ofBytes = (bytes: number) => environment({ A: "a".repeat(bytes - 8) });
  describePolicy("functions-environment-fits", {
    "accepts what just fits": { given: ofBytes(4096) },
    "refuses a byte more": {
      given: ofBytes(4097),
      finds: ["environment.variables is 4097 bytes"],
    },
    "counts a quotation mark in a value twice, as Lambda does": {
      given: environment({ A: '"'.repeat(2045) }),
      finds: ["environment.variables is 4098 bytes"],
    },
    "counts bytes, not letters": {
      given: environment({ A: "é".repeat(2045) }),
      finds: ["environment.variables is 4098 bytes"],
    },
    "accepts a function without environment": { given: lambda() },
    ...property(environment({}), "environment.variables", { undecided: [UNKNOWN, HIDDEN] }),
    "waits for a value that is made of outputs": {
      given: environment({ A: UNKNOWN }),
      finds: ["undecided: environment.variables is an object"],
    },
  });

  const withVariables = (variables: unknown) =>
    lambda({ kmsKeyArn: UNKNOWN, environment: { variables } });
  const plain = withVariables({ LOG_LEVEL: "info" });
  const secret = (name: string, values: readonly unknown[]) =>
    property(withVariables({}), `environment.variables.${name}`, { wrong: values, as: "a secret" });
  describePolicy("functions-no-secret-in-environment", {
    "accepts plain settings": { given: plain },
    "accepts a function without environment": { given: lambda() },
    "accepts an environment without variables": {
      given: lambda({ kmsKeyArn: "k", environment: {} }),
    },
    ...property(withVariables({}), "environment.variables.DATABASE_URL_SECRET_ARN", {
      right: ["arn:aws:secretsmanager:a", UNKNOWN],
    }),
    ...secret("REDASH_DATABASE_URL", ["x", UNKNOWN, HIDDEN]),
    ...secret("SLACK_TOKEN", ["x"]),
    ...secret("BROKER", ["redis://:hunter22@queue:6379/0", "AKIAABCDEFGHIJKLMNOP"]),
    ...property(plain, "kmsKeyArn", { wrong: [undefined, ""] }),
    ...property(plain, "environment.variables", { wrong: [UNKNOWN, HIDDEN] }),
  });

  it("never prints the secret that it found", () => {
    const { violations } = findings("functions-no-secret-in-environment", {
      given: withVariables({ BROKER: "redis://:hunter22@queue:6379/0" }),
    });
    assert.deepEqual(
      violations.map(({ property: at, found, allowed }) => [at, found, allowed]),
      [["environment.variables.BROKER", "a secret", "the ARN of a secret"]],
    );
  });

  describePolicy("functions-failures-kept", {
    ...property(lambda(), "deadLetterConfig.targetArn", {
      right: ["arn:aws:sqs:eu-west-1:1:dead", "arn:aws:sns:eu-west-1:1:dead", UNKNOWN, HIDDEN],
      wrong: [undefined, ""],
    }),
    ...property(lambda(), "deadLetterConfig", {
      right: [UNKNOWN],
      wrong: [undefined, {}],
      at: "deadLetterConfig.targetArn",
      as: "not set",
    }),
  });

  const logged = { level: "ALL", logDestination: UNKNOWN };
  const machine: Given = {
    type: "aws:sfn/stateMachine:StateMachine",
    props: { loggingConfiguration: logged },
  };
  describePolicy("functions-workflow-logged", {
    ...property(machine, "loggingConfiguration.level", {
      right: ["ALL", "ERROR", "FATAL"],
      wrong: ["OFF", undefined, UNKNOWN, HIDDEN],
    }),
    ...property(machine, "loggingConfiguration.logDestination", {
      right: ["arn:aws:logs:eu-west-1:1:log-group:a:*"],
      wrong: ["arn:aws:logs:eu-west-1:1:log-group:a", undefined],
    }),
  });
});
