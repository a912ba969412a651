import { isCarried, LARGEST_LOB_BYTES } from "../../../redash/dms";
import { releasesOfSchema } from "../../../redash/releases";
import { type Check, fail, pass, type Judgement, warn } from "../check";
import type { Proof } from "../../database/proof";
import { known } from "../fact";
import { listed, size } from "../wording";

/** What holds passes with its own words. */
const proven = ({ holds, found }: Proof, fix: string): Judgement =>
  holds ? pass(found) : fail(found, fix);

/** How much of its numbers a sequence may have used. */
const USED = { warn: 0.8, fail: 0.99 } as const;
/** A message of replication holds 1 GB, and bytes are written with two digits each, texts with escapes. */
const LARGEST_VALUE_BYTES = 500e6;

/** The rows of the source's database. */
export const dataChecks: readonly Check[] = [
  {
    id: "redash-schema",
    title: "The source's database is of a known release of Redash",
    why: "A move with an unknown schema has not been rehearsed; several rows mean a migration that broke off.",
    judge: ({ data }) => {
      const versions = known(data.alembic);
      const [version] = versions;
      if (version === undefined)
        return fail(
          "there is no table alembic_version, or nothing in it",
          "give the move the database of REDASH_DATABASE_URL",
        );
      if (versions.length > 1)
        return fail(
          `alembic_version has ${versions.length} rows: ${listed(versions)}`,
          "finish the upgrade of Redash first: docker compose run --rm server manage db upgrade",
        );
      const releases = releasesOfSchema(version);
      return releases.length === 0
        ? warn(
            `${version} is of no known release`,
            "rehearse with a copy of this database, or upgrade Redash first",
          )
        : pass(`${version}, that of ${releases.join(" and ")}`);
    },
  },
  {
    id: "foreign-keys-hold",
    title: "Every foreign key holds",
    why: "With a row that has no parent the constraint cannot be made on the target.",
    judge: ({ data }) =>
      proven(
        known(data.foreignKeys),
        "delete or correct these rows; ALTER TABLE … VALIDATE CONSTRAINT … those that are not validated",
      ),
  },
  {
    id: "triggers-fire",
    title: "Triggers of the source fire as usual",
    why: "A disabled one is disabled on the target too, where search then finds nothing new.",
    judge: ({ data }) =>
      proven(
        known(data.triggers),
        "ALTER TABLE … ENABLE TRIGGER …; session_replication_role = origin in postgresql.conf",
      ),
  },
  {
    id: "sequences-ahead",
    title: "Every sequence is above every id",
    why: "New rows of the source fail with a duplicate key already.",
    judge: ({ data }) =>
      proven(
        known(data.sequencesAhead),
        "SELECT setval('…', (SELECT max(id) FROM …)) for each of them",
      ),
  },
  {
    id: "sequences-left",
    title: "Sequences have numbers left",
    why: "The move leaves some out, and at the end of integer no row can be written any more.",
    judge: ({ data }) => {
      const used = known(data.sequences)
        .map(({ name, lastValue, limit }) => ({ name, share: lastValue / limit }))
        .sort((one, other) => other.share - one.share);
      const [most] = used;
      if (most === undefined) return pass("no sequence");
      const words = ({ name, share }: (typeof used)[number]) =>
        `${name} has used ${Math.floor(share * 100)} %`;
      const near = used.filter(({ share }) => share >= USED.warn);
      if (near.length === 0) return pass(words(most));
      const fix = `ALTER TABLE … ALTER COLUMN id TYPE bigint; ALTER SEQUENCE ${most.name} AS bigint`;
      return (most.share >= USED.fail ? fail : warn)(listed(near.map(words)), fix);
    },
  },
  {
    id: "values-fit",
    title: "Every value fits into a message of replication",
    why: "PostgreSQL holds 1 GB at a time; replication stops for ever at a larger row.",
    judge: ({ data }) => {
      const [largest] = known(data.largestValues);
      if (largest === undefined) return pass("no values");
      const found = `the largest is ${size(largest.bytes)} in ${largest.table}.${largest.column}`;
      return largest.bytes <= LARGEST_VALUE_BYTES
        ? pass(found)
        : fail(found, `delete this row of ${largest.table}; Redash makes query results anew`);
    },
  },
  {
    id: "lobs-fit",
    title: "AWS DMS can carry every value whole",
    why: "Larger ones would be cut off, or stop the task.",
    transport: "dms",
    judge: ({ data }) => {
      const values = known(data.largestValues).filter(({ table }) => !isCarried(table));
      const [largest] = values;
      if (largest === undefined) return pass("no values");
      const found = `the largest is ${size(largest.bytes)} in ${largest.table}.${largest.column}, the limit ${size(LARGEST_LOB_BYTES)}`;
      return largest.bytes <= LARGEST_LOB_BYTES
        ? pass(`${found}; redash:dmsLargestLobBytes is ${largest.bytes}, or more`)
        : fail(found, "delete old query results in Redash, or move with transport logical");
    },
  },
  {
    id: "source-key-decrypts",
    title: "Every credential decrypts with the source's key",
    why: "The move would carry data sources that nobody can use.",
    judge: ({ data }) =>
      proven(
        known(data.bySourceKey),
        "give the move REDASH_SECRET_KEY of the source, or its REDASH_COOKIE_SECRET where it has none",
      ),
  },
  {
    id: "target-key-decrypts",
    title: "Every credential decrypts with the target's key",
    why: "Every page that touches a data source would fail after the switch.",
    judge: ({ data }) =>
      proven(
        known(data.byTargetKey),
        "import the source's REDASH_SECRET_KEY into the target's secret, and start its tasks anew",
      ),
  },
  {
    id: "data-sources-movable",
    title: "Data sources are not bound to the old machine",
    why: "Their queries would fail after the switch.",
    judge: ({ data }) => {
      const bound = known(data.boundDataSources);
      return bound.length === 0
        ? pass("none is")
        : warn(
            bound
              .map(({ id, name, reason }) => `data source ${id} (${name}): ${reason}`)
              .join("; "),
            "give them addresses and credentials that work from the new home, before the move",
          );
    },
  },
];
