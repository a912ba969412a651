import { createHash } from "node:crypto";
import * as dms from "@pulumi/aws/dms";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { endpointSettings } from "../redash/dms";
import { trust } from "./trust";

/** One end of a replication task. */
export interface EndpointEnd {
  /** Secret with username, password, host and port. */
  readonly secretArn: pulumi.Input<string>;
  readonly databaseName: string;
}

export interface DmsEndpointsArgs {
  /** Beginning of the ids, one of its own for each stack. */
  readonly id: pulumi.Output<string>;
  readonly source: EndpointEnd & {
    /** `none` sends every row and the password's hash in clear: only in a network that nobody else uses. */
    readonly sslMode: "none" | "require";
  };
  readonly target: EndpointEnd & {
    /**
     * Certificates of RDS's authorities, PEM. With them DMS checks who the database is, not only encrypts.
     *
     * @default none
     */
    readonly caPem?: string | undefined;
  };
  readonly keyArn: pulumi.Input<string>;
  readonly regionName: string;
  readonly accountId: pulumi.Input<string>;
}

/** Both ends of a replication task, by their ARNs. */
export interface DmsEndpoints {
  readonly sourceArn: pulumi.Output<string>;
  readonly targetArn: pulumi.Output<string>;
}

/** The endpoints, and the role with which DMS reads their credentials: none of these stands in an endpoint. */
export function dmsEndpoints(
  name: string,
  args: DmsEndpointsArgs,
  parent: pulumi.Resource,
): DmsEndpoints {
  const opts = { parent, deleteBeforeReplace: true };
  const secretsManagerAccessRoleArn = accessRoleArn(name, args, parent);
  const endpoint = (
    side: "source" | "target",
    { secretArn, databaseName }: EndpointEnd,
    tls: { sslMode: string; certificateArn?: pulumi.Input<string> },
  ) =>
    new dms.Endpoint(
      `${name}-${side}`,
      {
        endpointId: pulumi.interpolate`${args.id}-${side}`,
        endpointType: side,
        engineName: "postgres",
        databaseName,
        secretsManagerArn: secretArn,
        secretsManagerAccessRoleArn,
        ...tls,
        kmsKeyArn: args.keyArn,
        postgresSettings: { ...endpointSettings(side) },
      },
      opts,
    ).endpointArn;
  const { caPem } = args.target;
  const targetTls =
    caPem === undefined
      ? { sslMode: "require" }
      : {
          sslMode: "verify-full",
          certificateArn: new dms.Certificate(
            `${name}-target`,
            {
              // Another text is another certificate, made before the endpoint lets the old one go: AWS deletes none in use.
              certificateId: pulumi.interpolate`${args.id}-target-${fingerprint(caPem)}`,
              certificatePem: caPem,
            },
            { parent },
          ).certificateArn,
        };
  return {
    sourceArn: endpoint("source", args.source, { sslMode: args.source.sslMode }),
    targetArn: endpoint("target", args.target, targetTls),
  };
}

const fingerprint = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** Resolves once DMS may read: it tries when an endpoint is made. */
function accessRoleArn(
  name: string,
  { source, target, keyArn, regionName, accountId }: DmsEndpointsArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const role = new iam.Role(
    `${name}-secrets`,
    {
      description: "AWS DMS: reads the credentials of its endpoints",
      // The regional name is the one that asks for secrets.
      assumeRolePolicy: trust(["dms.amazonaws.com", `dms.${regionName}.amazonaws.com`], accountId),
    },
    { parent },
  );
  const policy = new iam.RolePolicy(
    `${name}-secrets`,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            Resource: [source.secretArn, target.secretArn],
          },
          { Effect: "Allow", Action: ["kms:Decrypt", "kms:DescribeKey"], Resource: keyArn },
        ],
      }),
    },
    { parent },
  );
  return pulumi.all([role.arn, policy.id]).apply(([arn]) => arn);
}
