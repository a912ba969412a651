import {
  type DmsArgs,
  RedashMigration,
  type RedashMigrationArgs,
} from "../../components/RedashMigration";
import { record, type Recording } from "../../preview/recorder";
import { hiddenText } from "./hiddenText";
import { DMS_ARGS, MIGRATION_ARGS } from "./migrationArgs";
import { only } from "./recordings";

interface Options {
  /** As in a first preview, which knows no id. */
  readonly unknowns?: boolean;
  /** What AWS answers. */
  readonly answers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
const migration = (changes: Partial<RedashMigrationArgs>) =>
  new RedashMigration("redash", { ...MIGRATION_ARGS, ...changes });

/** Records a migration in phase replicating, in a stack that gives out all that it does. */
export const recordMigration = (
  changes: Partial<RedashMigrationArgs> = {},
  options: Options = {},
): Promise<Recording> =>
  record(
    () => {
      const { sourceSecretArn, targetSecretArn, dms, move } = migration(changes);
      return {
        phase: "replicating",
        mode: "production",
        ...dms,
        dmsSourceSecretArn: dms?.sourceSecretArn,
        sourceSecretArn,
        targetSecretArn,
        ...move,
      };
    },
    { stack: "prod", config: {}, ...options },
  );

/** The same by transport `dms`. */
export const recordDms = (changes: Partial<DmsArgs> = {}, options: Options = {}) =>
  recordMigration({ dms: { ...DMS_ARGS, ...changes } }, options);

/** A text that a recording hides, as the migration computes it. */
export const hidden = (
  what: Parameters<typeof hiddenText>[1],
  changes: Partial<RedashMigrationArgs>,
): Promise<string> => hiddenText(() => migration(changes), what);

/** What a secret of the migration holds. */
export const secretText = async (name: string, changes: Partial<RedashMigrationArgs>) =>
  JSON.parse(await hidden(["SecretVersion", name, "secretString"], changes)) as unknown;

/** The inputs of an alarm on the migration. */
export const alarm = (recording: Recording, role: string) =>
  only(recording, "MetricAlarm", `redash-migration-${role}`).inputs;
