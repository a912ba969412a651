import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { trust } from "./trust";

/**
 * Roles that AWS DMS finds by these names, one of each per account, with AWS's policies for them.
 * https://docs.aws.amazon.com/dms/latest/userguide/security-iam.html#CHAP_Security.APIRole
 */
const POLICIES = {
  "dms-vpc-role": "AmazonDMSVPCManagementRole",
  "dms-cloudwatch-logs-role": "AmazonDMSCloudWatchLogsRole",
} as const;

/**
 * The roles of the account.
 * @param create whether to make them; otherwise they must exist
 * @returns what must be there before DMS is asked for anything; fails, naming them, if roles are missing
 */
export const dmsRoles = (
  name: string,
  create: boolean,
  parent: pulumi.Resource,
): pulumi.Input<pulumi.Resource[]> => (create ? made(name, parent) : existing(parent));

/** Left behind with the stack: other stacks of the account use them too, and DMS takes no others. */
function made(name: string, parent: pulumi.Resource): pulumi.Resource[] {
  const opts = { parent, retainOnDelete: true, deleteBeforeReplace: true };
  return Object.entries(POLICIES).map(([roleName, policy]) => {
    const role = new iam.Role(
      `${name}-${roleName}`,
      {
        name: roleName,
        description: "AWS DMS, for every stack of this account",
        // No condition: with one, DMS writes no logs (terraform-aws-modules/terraform-aws-dms#84).
        assumeRolePolicy: trust("dms.amazonaws.com"),
      },
      opts,
    );
    // Without the policy DMS says that the role "is not configured properly".
    return new iam.RolePolicyAttachment(
      `${name}-${roleName}`,
      { role: role.name, policyArn: `arn:aws:iam::aws:policy/service-role/${policy}` },
      opts,
    );
  });
}

function existing(parent: pulumi.Resource): pulumi.Output<pulumi.Resource[]> {
  const wanted = Object.keys(POLICIES);
  const { names } = iam.getRolesOutput({ nameRegex: `^(?:${wanted.join("|")})$` }, { parent });
  return names.apply((found) => {
    const missing = wanted.filter((role) => !found.includes(role));
    if (missing.length > 0) {
      throw new pulumi.RunError(
        `AWS DMS needs ${missing.join(" and ")}, which this account lacks; have this stack make both with: pulumi config set redash:dmsCreateRoles true`,
      );
    }
    return [];
  });
}
