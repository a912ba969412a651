import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { ASSESSMENT_FOLDER } from "../redash/dms";
import { trust } from "./trust";

export interface AssessmentRoleArgs {
  /** Bucket of the assessments, encrypted with the key. */
  readonly bucketArn: pulumi.Output<string>;
  readonly keyArn: pulumi.Input<string>;
  readonly regionName: string;
}

/**
 * The role by which AWS DMS writes its premigration assessment into a folder of the bucket.
 * https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.AssessmentReport.Prerequisites.html
 * @returns its ARN, once it may write
 */
export function assessmentRole(
  name: string,
  { bucketArn, keyArn, regionName }: AssessmentRoleArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const role = new iam.Role(
    name,
    {
      description: "Redash migration: AWS DMS writes its assessment",
      // As AWS has it, without a condition. Nobody can hand over a role of another account.
      assumeRolePolicy: trust("dms.amazonaws.com"),
    },
    { parent },
  );
  const policy = new iam.RolePolicy(
    name,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:PutObjectTagging"],
            Resource: pulumi.interpolate`${bucketArn}/${ASSESSMENT_FOLDER}/*`,
          },
          {
            Effect: "Allow",
            Action: ["s3:ListBucket", "s3:GetBucketLocation"],
            Resource: bucketArn,
          },
          {
            Effect: "Allow",
            Action: ["kms:Decrypt", "kms:GenerateDataKey"],
            Resource: keyArn,
            Condition: { StringEquals: { "kms:ViaService": `s3.${regionName}.amazonaws.com` } },
          },
        ],
      }),
    },
    { parent },
  );
  return pulumi.all([role.arn, policy.id]).apply(([arn]) => arn);
}
