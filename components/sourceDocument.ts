import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ssm from "@pulumi/aws/ssm";
import type * as pulumi from "@pulumi/pulumi";
import { hostDocument } from "../redash/hostDocument";
import { hostScript, MOVE_PARTS } from "../redash/hostScript";

const FOLDER = join(__dirname, "..", "redash", "host");

const script = () => hostScript(MOVE_PARTS, (file) => readFileSync(join(FOLDER, file), "utf8"));

/** The document by which Systems Manager runs the move's own script on the source's host. It is shared with nobody. */
export const sourceDocument = (name: string, parent: pulumi.Resource): pulumi.Output<string> =>
  new ssm.Document(
    name,
    {
      documentType: "Command",
      documentFormat: "JSON",
      targetType: "/AWS::EC2::Instance",
      content: JSON.stringify(hostDocument(script())),
    },
    { parent },
  ).name;
