import * as iam from "@pulumi/aws/iam";
import * as scheduler from "@pulumi/aws/scheduler";
import * as pulumi from "@pulumi/pulumi";
import { WATCH_EVENT, WATCH_EVERY_MINUTES } from "../redash/sourceWatch";
import { trust } from "./trust";

export interface SourceWatchArgs {
  /** The function of the move. */
  readonly functionArn: pulumi.Input<string>;
  readonly accountId: pulumi.Input<string>;
}

/**
 * Has the function look at the source's disk every few minutes, at once for the first time. A look that could not begin
 * within a minute is left out: the next one sees more.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function sourceWatch(
  name: string,
  { functionArn, accountId }: SourceWatchArgs,
  parent: pulumi.Resource,
): void {
  const role = new iam.Role(
    name,
    {
      description: "Redash migration: the schedule that has the source's disk looked at",
      assumeRolePolicy: trust("scheduler.amazonaws.com", accountId),
    },
    { parent },
  );
  const policy = new iam.RolePolicy(
    name,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: functionArn }],
      }),
    },
    { parent },
  );
  new scheduler.Schedule(
    name,
    {
      description: "Redash migration: a look at the source's disk",
      scheduleExpression: `rate(${WATCH_EVERY_MINUTES} minutes)`,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: functionArn,
        roleArn: role.arn,
        input: JSON.stringify(WATCH_EVENT),
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    },
    // Its first look comes at once, and needs the permission.
    { parent, dependsOn: [policy] },
  );
}
