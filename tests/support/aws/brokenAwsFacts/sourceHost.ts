import { known } from "../../../../cutover/preflight/fact";
import type { BrokenAwsCase } from "./brokenAwsCase";

const INSTANCE = "i-0123456789abcdef0";

export const SOURCE_HOST_CASES: readonly BrokenAwsCase[] = [
  [
    "source-host-runs",
    "fail",
    ({ host }) => (known(host).state = "stopped"),
    "it is stopped",
    `aws ec2 start-instances --instance-ids ${INSTANCE}`,
  ],
  [
    "source-host-managed",
    "fail",
    ({ agent }) => (known(agent).ping = "ConnectionLost"),
    "its agent is ConnectionLost",
    "install and start amazon-ssm-agent there, give it AmazonSSMManagedInstanceCore, and let it reach ssm, ssmmessages and ec2messages",
  ],
  [
    "source-host-managed",
    "fail",
    ({ agent }) => (known(agent).ping = undefined),
    "its agent was never heard of",
    "install and start amazon-ssm-agent there, give it AmazonSSMManagedInstanceCore, and let it reach ssm, ssmmessages and ec2messages",
  ],
  [
    "source-host-near",
    "fail",
    ({ host }) => (known(host).vpcId = "vpc-2"),
    "the instance is in vpc-2, the tasks in vpc-1",
    "set redash:vpcId to the source's VPC, with subnets of it",
  ],
  [
    "source-host-kept-in",
    "fail",
    ({ description }) => (description.mode = "rehearsal"),
    "it gets out: sg-1: 0.0.0.0/0, address 192.0.2.5",
    `stop it now: aws ec2 stop-instances --instance-ids ${INSTANCE}; then take these away, or let the program make the clone (redash:sourceImageId)`,
  ],
  [
    "source-host-profile",
    "warn",
    ({ host }) => (known(host).profileArn = "arn:aws:iam::123456789012:instance-profile/redash"),
    "its instance profile is arn:aws:iam::123456789012:instance-profile/redash",
    "see which data sources use it (data-sources-movable names them), and give its policies to the tasks by redash:taskPolicyArns",
  ],
  [
    "source-host-metadata",
    "warn",
    ({ host }) => (known(host).givesMetadataFreely = true),
    "it answers without (IMDSv1)",
    `aws ec2 modify-instance-metadata-options --instance-id ${INSTANCE} --http-tokens required, if nothing there is too old for it`,
  ],
  [
    "source-host-boot",
    "warn",
    ({ setup }) => (known(setup).bootUnits = ["docker-compose-up.service"]),
    "enabled: docker-compose-up.service",
    "there: sudo systemctl disable docker-compose-up.service (without --now, which stops Redash); enable it again after abort or source -- undo",
  ],
  [
    "source-host-compose-files",
    "warn",
    ({ setup }) =>
      (known(setup).files = [
        "/opt/redash/compose.yaml",
        "/opt/redash/prod.yaml",
        "old/compose.yaml",
      ]),
    "Compose was given /opt/redash/prod.yaml, old/compose.yaml, by -f or COMPOSE_FILE: then it does not read docker-compose.override.yml by itself",
    "after source -- prepare add /opt/redash/docker-compose.override.yml to COMPOSE_FILE (.env, profile, unit), or as the last -f, until source -- undo",
  ],
  [
    "source-sessions-tried",
    "warn",
    ({ setup }) => (known(setup).triesSessions = false),
    "SQLALCHEMY_ENABLE_POOL_PRE_PING is not true",
    "set it to true in the environment of Redash's services, and type docker compose up -d at a quiet hour; or take one failed request of each web worker",
  ],
];
