import * as pulumi from "@pulumi/pulumi";

/**
 * The document by which a service of AWS may assume a role.
 * @param service its principal, such as "lambda.amazonaws.com", or several
 * @param accountId on whose behalf alone (confused deputy). @default anybody's: not every service says whose
 */
export const trust = (
  service: string | readonly string[],
  accountId?: pulumi.Input<string>,
): pulumi.Output<string> =>
  pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        ...(accountId !== undefined && {
          Condition: { StringEquals: { "aws:SourceAccount": accountId } },
        }),
      },
    ],
  });
