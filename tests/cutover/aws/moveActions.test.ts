import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import ts from "typescript";
import { MOVE_ACTIONS } from "../../../redash/moveActions";

const ROOT = join(__dirname, "..", "..", "..");
/** Client of the SDK → the service in the words of IAM (Service Authorization Reference). */
const SERVICES: Readonly<Record<string, string>> = {
  cloudwatch: "cloudwatch",
  "database-migration-service": "dms",
  ec2: "ec2",
  ecs: "ecs",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  elasticache: "elasticache",
  lambda: "lambda",
  rds: "rds",
  s3: "s3",
  "secrets-manager": "secretsmanager",
  "service-quotas": "servicequotas",
  ssm: "ssm",
};
/** Operations that IAM calls otherwise. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "lambda:Invoke": "lambda:InvokeFunction",
  "s3:ListObjectsV2": "s3:ListBucket",
};
/** What knows retries, time limits and errors: `call`, and `read` of preflight, which is made of it. */
const SENDERS: ReadonlySet<string> = new Set(["call", "read"]);

describe("what the function of the move may do", () => {
  const files = globSync("cutover/{adapters/aws,function}/**/*.ts", { cwd: ROOT })
    .sort()
    .map((name) =>
      ts.createSourceFile(
        name,
        readFileSync(join(ROOT, name), "utf8"),
        ts.ScriptTarget.Latest,
        true,
      ),
    );
  const nodes = (node: ts.Node): ts.Node[] => [node, ...node.getChildren().flatMap(nodes)];

  /** Operations of AWS that a file imports, in the words of IAM. */
  const operations = (file: ts.SourceFile): string[] =>
    file.statements.filter(ts.isImportDeclaration).flatMap((it) => {
      const client = /^@aws-sdk\/client-(.*)$/.exec(
        (it.moduleSpecifier as ts.StringLiteral).text,
      )?.[1];
      const bindings = it.importClause?.namedBindings;
      if (client === undefined || bindings === undefined || !ts.isNamedImports(bindings)) return [];
      return bindings.elements.flatMap(({ name }) => {
        const operation = /^(.*)Command$/.exec(name.text)?.[1];
        if (operation === undefined) return [];
        const action = `${SERVICES[client] ?? client}:${operation}`;
        return [OTHERWISE[action] ?? action];
      });
    });

  it("is every action that an adapter has a request for, and no other", () => {
    assert.deepEqual(
      [...new Set(files.flatMap(operations))].sort(),
      Object.keys(MOVE_ACTIONS).sort(),
    );
  });

  it("is named in each file by the very actions whose requests it sends", () => {
    for (const file of files) {
      const named = nodes(file)
        .filter(ts.isStringLiteral)
        .map(({ text }) => text)
        .filter((text) => text in MOVE_ACTIONS);
      // The command line invokes the function with the rights of whoever runs it.
      const sent = operations(file).filter(() => !file.fileName.endsWith("remoteMove.ts"));
      assert.deepEqual([...new Set(named)].sort(), [...new Set(sent)].sort(), file.fileName);
    }
  });

  it("is asked of AWS by `call` alone, but for the invocation that an operator's own rights allow", () => {
    const isWithinSender = (node: ts.Node): boolean =>
      (ts.isCallExpression(node) &&
        ts.isIdentifier(node.expression) &&
        SENDERS.has(node.expression.text)) ||
      (!ts.isSourceFile(node) && isWithinSender(node.parent));
    const sends = files.flatMap((file) =>
      nodes(file)
        .filter(ts.isCallExpression)
        .filter(
          ({ expression }) =>
            ts.isPropertyAccessExpression(expression) && expression.name.text === "send",
        ),
    );
    assert.ok(sends.length >= Object.keys(MOVE_ACTIONS).length, String(sends.length));
    assert.deepEqual(
      sends.filter((it) => !isWithinSender(it)).map((it) => it.getSourceFile().fileName),
      ["cutover/adapters/aws/remoteMove.ts"],
    );
  });
});
