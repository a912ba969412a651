import { absentOr, between, is, matches, not, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { Stack } from "./stack";
import { isMark } from "./value";
import type { View } from "./view";

const INSTANCE = "aws:rds/instance:Instance";
const PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup";
const GENERATED = "random:index/randomPassword:RandomPassword";

/** A rule on RDS instances. */
const onInstance = (policy: Omit<Policy, "types">): Policy => ({ types: [INSTANCE], ...policy });

/** What RDS refuses in a master password; `@` and `/` break a URL as well. A backslash is left to RDS. */
const FORBIDDEN_IN_PASSWORD = /[/"@ ]|[^\x20-\x7e]/;

/** Names that every list of guesses begins with, and those that RDS for PostgreSQL keeps for itself. */
const WELL_KNOWN_NAMES =
  /^(?:postgres|admin|administrator|root|user|master|dbadmin|test|rdsadmin|rds_\w+|pg_\w+)$/i;

/** What a snapshot or another instance brings with it: password, name and storage are theirs. */
const isRestored = (instance: View): boolean =>
  ["snapshotIdentifier", "replicateSourceDb", "restoreToPointInTime"].some(
    (property) => ![undefined, null, ""].includes(instance.get(property) as string),
  );

/** Finds fault with a password that RDS would refuse, without ever printing it. */
function judgePassword(stack: Stack, instance: View, property: "password" | "passwordWo"): void {
  const password = instance.get(property);
  const generator = stack.target(instance, property, GENERATED);
  if (typeof password === "string") {
    if (password.length < 8 || password.length > 128 || FORBIDDEN_IN_PASSWORD.test(password)) {
      instance.wrong(property, '8 to 128 ASCII characters without / " @ and space', "(hidden)");
    }
  } else if (generator === undefined) {
    instance.undecided(property);
  }
  if (generator === undefined) return;
  generator.must("length", between(8, 128, "characters"));
  const characters = generator.get("overrideSpecial");
  if (generator.get("special") === false) return;
  if (characters === undefined || characters === null || characters === "") {
    generator.wrong("special", "false, or an overrideSpecial without / \" @ and space: the default has @"); // prettier-ignore
  } else {
    generator.must("overrideSpecial", not(matches(FORBIDDEN_IN_PASSWORD, ""), 'nothing of / " @ and space')); // prettier-ignore
  }
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** There is a password, known or not; an empty one is none. */
const hasPassword = { ...set, allowed: "a password, passwordWo, or a managed one" };

/** Whether a task of this stack gets a URL that is made of the instance. */
function injectsUrl(stack: Stack, instance: View): boolean {
  const refers = (view: View) =>
    Object.values(view.resource.propertyDependencies).flat().includes(instance.resource.urn);
  return (
    stack.of("aws:secretsmanager/secretVersion:SecretVersion").some(refers) ||
    stack.of("aws:ecs/taskDefinition:TaskDefinition").some((task) => {
      const text = task.get("containerDefinitions");
      return refers(task) || (typeof text === "string" && text.includes("DATABASE_URL"));
    })
  );
}

/** Who may sign in to RDS for PostgreSQL, and how. */
export const DATABASE_ACCESS: Subject = {
  title: "Access to the database",
  policies: [
    {
      id: "database-password",
      title: "The master password is one that RDS and a URL accept.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: 'RDS refuses / " @ and space at update, not at preview; @ and / cut the URL in two, and the part before it reaches logs as a host name.',
      fix: "random.RandomPassword with special: false and length 48.",
      types: [INSTANCE],
      check: (instance) => {
        if (isRestored(instance) || instance.get("manageMasterUserPassword") === true) return;
        if (instance.get("passwordWo") === undefined) instance.must("password", hasPassword);
      },
      checkStack: (stack) => {
        for (const instance of stack.of(INSTANCE)) {
          for (const property of ["password", "passwordWo"] as const) {
            if (![undefined, null, ""].includes(instance.get(property) as string))
              judgePassword(stack, instance, property);
          }
        }
      },
    },
    onInstance({
      id: "database-password-not-rotated-away",
      title: "RDS does not rotate a password that a task holds in its database URL.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "manageMasterUserPassword rotates after 7 days by default, and ECS reads secrets only when a task starts: a REDASH_DATABASE_URL with that password stops working within a week (terraform-aws-rds#547).",
      fix: "password: a random.RandomPassword, in a secret of its own with the whole URL.",
      checkStack: (stack) => {
        for (const instance of stack.of(INSTANCE)) {
          const managed = instance.get("manageMasterUserPassword");
          if ((managed === true || isMark(managed)) && injectsUrl(stack, instance))
            instance.wrong("manageMasterUserPassword", "false, as tasks get a database URL");
        }
      },
    }),
    onInstance({
      id: "database-administrator-name",
      title: "The master user has a name of its own.",
      controls: ["RDS.25"],
      severity: "medium",
      enforcement: "advisory",
      why: "Half of a guessed login is known. A later change replaces the instance by an empty one.",
      fix: 'username: "redash".',
      check: (instance) => {
        if (isRestored(instance)) return;
        instance.must("username", not(matches(WELL_KNOWN_NAMES, ""), "a name that nobody guesses"));
        instance.must("username", set);
      },
    }),
    onInstance({
      id: "database-iam-authentication",
      title: "People can sign in with IAM in place of a shared password.",
      controls: ["RDS.10", "CKV_AWS_161", "AWS-0176"],
      severity: "medium",
      enforcement: "advisory",
      why: "Otherwise whoever must look into the database learns the application's password, which nobody can take back.",
      fix: "iamDatabaseAuthenticationEnabled: true.",
      check: (instance) => {
        instance.must("iamDatabaseAuthenticationEnabled", is(true));
      },
    }),
    onInstance({
      id: "database-port",
      title: "The database does not listen on PostgreSQL's default port.",
      controls: ["RDS.23"],
      severity: "low",
      enforcement: "advisory",
      why: "The control asks for it against untargeted scans. Here no scanner reaches the port, so it is habit and not security.",
      fix: "port: any other from 1150 to 65535, in the URL and the security group as well.",
      check: (instance) => {
        instance.must("port", {
          ...between(1150, 65535),
          allowed: "1150 to 65535 but 5432",
          test: (port) =>
            typeof port === "number" && port >= 1150 && port <= 65535 && port !== 5432,
        });
      },
    }),
    {
      id: "database-proxy-tls",
      title: "A proxy in front of the database wants TLS.",
      controls: ["RDS.43"],
      severity: "high",
      enforcement: "mandatory",
      why: "force_ssl of the database covers the way from the proxy only; the default of the proxy is false.",
      fix: "requireTls: true.",
      types: ["aws:rds/proxy:Proxy"],
      check: (proxy) => {
        proxy.must("requireTls", is(true));
      },
    },
    {
      id: "database-force-ssl",
      title: "The database refuses connections without TLS.",
      controls: ["RDS.38", "CKV2_AWS_69"],
      severity: "high",
      enforcement: "mandatory",
      why: "libpq falls back to clear text where it may. The default of rds.force_ssl is 1 from PostgreSQL 15 on and 0 before (RDS user guide, PostgreSQL.Concepts.General.SSL).",
      fix: 'A parameter group of this stack with rds.force_ssl = "1"; from 15 on saying nothing is right too.',
      types: [INSTANCE, PARAMETER_GROUP],
      check: (resource) => {
        if (resource.type === INSTANCE) {
          // Groups of this stack are judged by themselves.
          resource.must("parameterGroupName", {
            ...absentOr(
              not(matches(/^default\.postgres(?:9|1[0-4])/, ""), "a group with rds.force_ssl = 1"),
            ),
            acceptsUnknown: true,
          });
          return;
        }
        resource.must("family", matches(/^postgres\d+$/, "a family such as postgres17"));
        const major = Number(/^postgres(\d+)$/.exec(text(resource.get("family")))?.[1]);
        const forced = resource
          .each("parameters")
          .find((parameter) => parameter.get("name") === "rds.force_ssl");
        if (forced !== undefined) forced.must("value", is("1", 1));
        else if (major <= 14)
          resource.wrong("parameters", 'one with rds.force_ssl = "1"', "without rds.force_ssl");
      },
    },
  ],
};
