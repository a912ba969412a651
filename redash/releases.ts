/**
 * Head of the migrations (alembic) of the releases whose schema has been seen in a real database; releases between
 * them were monthly snapshots.
 */
const SCHEMA_OF_RELEASE: Readonly<Record<string, string>> = {
  "10.0.0": "89bc7873a3e0",
  "10.1.0": "89bc7873a3e0",
  "25.1.0": "9e8c841d1a30",
  "25.8.0": "db0aca1ebd32",
  "26.3.0": "db0aca1ebd32",
};

/** Head of the migrations of a release; undefined if it is not one of those. */
export const schemaOfRelease = (release: string): string | undefined => SCHEMA_OF_RELEASE[release];

/** Releases with a head of the migrations, oldest first; none if it is unknown. */
export const releasesOfSchema = (head: string): string[] =>
  Object.keys(SCHEMA_OF_RELEASE).filter((release) => SCHEMA_OF_RELEASE[release] === head);
