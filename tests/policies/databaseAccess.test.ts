import { describe } from "mocha";
import { describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

const instance = (props: Record<string, unknown> = {}): Given => ({
  type: "aws:rds/instance:Instance",
  name: "database",
  props,
});
const HIDDEN_TEXT = { as: "(hidden)" };

describe("policies of access to the database", () => {
  const generator = (props: Record<string, unknown>): Given => ({
    type: "random:index/randomPassword:RandomPassword",
    name: "generator",
    props,
  });
  const generated = (props: Record<string, unknown>): Given[] => [
    { ...instance({ password: HIDDEN }), refersTo: { password: "generator" } },
    generator(props),
  ];
  describePolicy("database-password", {
    ...property(instance(), "password", {
      right: ["Abcdefg8", "a".repeat(128), "with-!#$%^&*()"],
      undecided: [HIDDEN, UNKNOWN],
    }),
    ...property(instance(), "password", {
      ...HIDDEN_TEXT,
      wrong: [
        "Abcdef7",
        "a".repeat(129),
        "slash/slash",
        "at@at1234",
        'quote"quote',
        "a space1",
        "umläut12",
      ],
    }),
    ...property(instance(), "passwordWo", {
      ...HIDDEN_TEXT,
      right: ["Abcdefg8"],
      wrong: ["at@at1234"],
    }),
    ...property(instance(), "password", { wrong: [undefined, ""] }),
    "accepts a managed password": { given: instance({ manageMasterUserPassword: true }) },
    "accepts a restored instance, which brings its own": {
      given: instance({ snapshotIdentifier: UNKNOWN }),
    },
    "accepts a generator of letters and digits": {
      given: generated({ length: 48, special: false }),
    },
    "accepts a generator of harmless characters": {
      given: generated({ length: 48, special: true, overrideSpecial: "-_!" }),
    },
    "refuses a generator's own special characters, @ among them": {
      given: generated({ length: 48 }),
      finds: ["special is not set"],
    },
    "refuses a generator with / of one's own choice": {
      given: generated({ length: 48, overrideSpecial: "-/" }),
      finds: ['overrideSpecial is "-/"'],
    },
    "refuses a generator of too few and of too many": {
      given: [...generated({ length: 7, special: false })],
      finds: ["length is 7"],
    },
    "refuses a generator whose characters are not known": {
      given: generated({ length: 129, overrideSpecial: UNKNOWN }),
      finds: ["length is 129", "overrideSpecial is not known before the update"],
    },
  });

  const version: Given = {
    type: "aws:secretsmanager/secretVersion:SecretVersion",
    props: { secretString: HIDDEN },
    refersTo: { secretString: "database" },
  };
  const task = (containerDefinitions: unknown, refersTo = {}): Given => ({
    type: "aws:ecs/taskDefinition:TaskDefinition",
    props: { containerDefinitions },
    refersTo,
  });
  const URL_TASK = task('[{"secrets":[{"name":"REDASH_DATABASE_URL"}]}]');
  describePolicy("database-password-not-rotated-away", {
    ...property(instance(), "manageMasterUserPassword", {
      right: [false, undefined],
      wrong: [true, UNKNOWN, HIDDEN],
      beside: [version],
    }),
    "accepts a managed password that nobody gets": {
      given: instance({ manageMasterUserPassword: true }),
    },
    "refuses it where a task gets a database URL": {
      given: [instance({ manageMasterUserPassword: true }), URL_TASK],
      finds: ["manageMasterUserPassword is true"],
    },
    "refuses it where a task is made of the instance, whatever it gets": {
      given: [
        instance({ manageMasterUserPassword: true }),
        task(UNKNOWN, { containerDefinitions: "database" }),
      ],
      finds: ["manageMasterUserPassword is true"],
    },
    "accepts it beside a task without a database URL": {
      given: [instance({ manageMasterUserPassword: true }), task("[]")],
    },
    "accepts it beside a secret that is made of something else": {
      given: [instance({ manageMasterUserPassword: true }), { ...version, refersTo: {} }],
    },
  });

  describePolicy("database-administrator-name", {
    ...property(instance(), "username", {
      right: ["redash", "postgresql_owner"],
      wrong: [
        "postgres",
        "Admin",
        "root",
        "rdsadmin",
        "pg_monitor",
        undefined,
        "",
        UNKNOWN,
        HIDDEN,
      ],
    }),
    "leaves a restored instance its name": { given: instance({ snapshotIdentifier: "a" }) },
  });

  describePolicy("database-iam-authentication", {
    ...property(instance(), "iamDatabaseAuthenticationEnabled", {
      right: [true],
      wrong: [false, "true", "yes", 1, undefined, UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("database-port", {
    ...property(instance(), "port", {
      right: [5433, 1150, 65535],
      wrong: [5432, 1149, 65536, "5433", undefined, UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("database-proxy-tls", {
    ...property({ type: "aws:rds/proxy:Proxy" }, "requireTls", {
      right: [true],
      wrong: [false, "true", "false", 1, undefined, UNKNOWN, HIDDEN],
    }),
  });

  const group = (family: unknown, parameters: unknown): Given => ({
    type: "aws:rds/parameterGroup:ParameterGroup",
    props: { family, parameters },
  });
  const forced = (value: unknown) => [{ name: "rds.force_ssl", value }];
  describePolicy("database-force-ssl", {
    "accepts 15 and later, whose default it is": { given: group("postgres15", []) },
    "accepts a group without any parameter from 15 on": { given: group("postgres17", undefined) },
    "refuses 14, whose default is off": {
      given: group("postgres14", [{ name: "work_mem", value: "1" }]),
      finds: ["parameters is without rds.force_ssl"],
    },
    ...property(group("postgres14", forced("1")), "parameters.0.value", {
      right: ["1", 1],
      wrong: ["0", undefined, UNKNOWN],
    }),
    ...property(group("postgres17", forced("1")), "parameters.0.value", {
      right: ["1"],
      wrong: ["0", "off", HIDDEN],
    }),
    "refuses parameters that are not known": {
      given: group("postgres17", UNKNOWN),
      finds: ["parameters is not known before the update"],
    },
    ...property(group("postgres17", []), "family", { wrong: ["aurora-postgresql15", UNKNOWN] }),
    ...property(instance(), "parameterGroupName", {
      right: [undefined, "default.postgres17", "default.postgres15", UNKNOWN],
      wrong: ["default.postgres14", "default.postgres13", "default.postgres9.6"],
    }),
  });
});
