import { type Check, fail, pass, warn } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed } from "../../../../preflight/wording";
import type { AwsFacts } from "../facts/facts";

/** The EC2 host of the source. */
export const sourceHostChecks: readonly Check<AwsFacts>[] = [
  {
    id: "source-host-runs",
    title: "The source's instance runs",
    why: "Nothing of the source can be asked, or moved.",
    judge: ({ host, description }) => {
      const { state } = known(host);
      return state === "running"
        ? pass(description.source.instanceId)
        : fail(
            `it is ${state}`,
            `aws ec2 start-instances --instance-ids ${description.source.instanceId}`,
          );
    },
  },
  {
    id: "source-host-managed",
    title: "Systems Manager reaches the source's instance",
    why: "The move stops and starts Redash there by Run Command alone.",
    judge: ({ agent }) => {
      const { ping, version } = known(agent);
      return ping === "Online"
        ? pass(`agent ${version}`)
        : fail(
            ping === undefined ? "its agent was never heard of" : `its agent is ${ping}`,
            "install and start amazon-ssm-agent there, give it AmazonSSMManagedInstanceCore, and let it reach ssm, ssmmessages and ec2messages",
          );
    },
  },
  {
    id: "source-host-near",
    title: "The source's instance is in the VPC of Redash's tasks",
    why: "Target groups take an instance of their own VPC only, and replication has rules for that one.",
    judge: ({ host, network }) => {
      const { vpcId } = known(host);
      const { vpcIds } = known(network);
      return vpcIds.length === 1 && vpcIds[0] === vpcId
        ? pass(vpcId)
        : fail(
            `the instance is in ${vpcId}, the tasks in ${listed(vpcIds)}`,
            "set redash:vpcId to the source's VPC, with subnets of it",
          );
    },
  },
  {
    id: "source-host-kept-in",
    title: "The source of a rehearsal reaches nothing but the VPC",
    why: "A copy of a living Redash runs its schedules, and mails and alerts real people.",
    judge: ({ host, description }) => {
      const { waysOut, publicAddress } = known(host);
      if (description.mode === "production") return pass("not asked: it is the living one");
      const ways = [
        ...waysOut,
        ...(publicAddress === undefined ? [] : [`address ${publicAddress}`]),
      ];
      return ways.length === 0
        ? pass("no rule leads out, and no public address")
        : fail(
            `it gets out: ${listed(ways)}`,
            `stop it now: aws ec2 stop-instances --instance-ids ${description.source.instanceId}; then take these away, or let the program make the clone (redash:sourceImageId)`,
          );
    },
  },
  {
    id: "source-host-profile",
    title: "The source's instance gives Redash no permissions of its own",
    why: "Athena, S3 and CloudWatch data sources without keys use the host's, which tasks do not have.",
    judge: ({ host }) => {
      const { profileArn } = known(host);
      return profileArn === undefined
        ? pass("no instance profile")
        : warn(
            `its instance profile is ${profileArn}`,
            "see which data sources use it (data-sources-movable names them), and give its policies to the tasks by redash:taskPolicyArns",
          );
    },
  },
  {
    id: "source-host-metadata",
    title: "The source's instance gives its metadata only with a token",
    why: "A data source that reads URLs could read the host's credentials.",
    judge: ({ host, description }) =>
      known(host).givesMetadataFreely
        ? warn(
            "it answers without (IMDSv1)",
            `aws ec2 modify-instance-metadata-options --instance-id ${description.source.instanceId} --http-tokens required, if nothing there is too old for it`,
          )
        : pass("it does (IMDSv2)"),
  },
  {
    id: "source-host-boot",
    title: "Nothing but docker itself starts Redash with the source's host",
    why: "A reboot would start scheduler and workers that the move has stopped, and every schedule would run twice.",
    judge: ({ setup }) => {
      const { bootUnits } = known(setup);
      return bootUnits.length === 0
        ? pass("no unit of systemd does")
        : warn(
            `enabled: ${listed(bootUnits)}`,
            `there: sudo systemctl disable ${bootUnits.join(" ")} (without --now, which stops Redash); enable it again after abort or source -- undo`,
          );
    },
  },
  {
    id: "source-host-compose-files",
    title: "Whoever types up on the source's host reads the file that prepare writes there",
    why: "PostgreSQL would come up without the port at which the move reaches it, and replication would stand still.",
    judge: ({ setup }) => {
      const { files, directory } = known(setup);
      const others = files.filter((file) => !isReadByItself(file, directory));
      return others.length === 0
        ? pass(files.join(", "))
        : warn(
            `Compose was given ${listed(others)}, by -f or COMPOSE_FILE: then it does not read ${OVERRIDE} by itself`,
            `after source -- prepare add ${directory}/${OVERRIDE} to COMPOSE_FILE (.env, profile, unit), or as the last -f, until source -- undo`,
          );
    },
  },
  {
    id: "source-sessions-tried",
    title: "Redash on the source tries a session of the database before it uses it",
    why: "Each session that the fence ends costs a failed request of the web worker that had it.",
    judge: ({ setup }) =>
      known(setup).triesSessions
        ? pass("SQLALCHEMY_ENABLE_POOL_PRE_PING is true")
        : warn(
            "SQLALCHEMY_ENABLE_POOL_PRE_PING is not true",
            "set it to true in the environment of Redash's services, and type docker compose up -d at a quiet hour; or take one failed request of each web worker",
          ),
  },
];

/** What prepare writes (redash/host/compose.sh). */
const OVERRIDE = "docker-compose.override.yml";
/** Names that Compose reads by itself in its folder, when it is given no file. */
const READ_BY_ITSELF = /^(?:docker-)?compose(?:\.override)?\.ya?ml$/;

/** Compose before 2 gives paths as they were typed. */
function isReadByItself(file: string, directory: string): boolean {
  const name = file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file;
  return READ_BY_ITSELF.test(name);
}
