/** How AWS DMS treats PostgreSQL's types. */

/** Types by their rows in `pg_type`: one match is enough. */
export interface TypeSet {
  /** `typname`. */
  readonly names: readonly string[];
  /** `typtype`, such as `e` for an enum. */
  readonly kinds: readonly string[];
  /** `typcategory`, such as `A` for an array. */
  readonly categories: readonly string[];
}

/** Whether a type is one of a set. */
export const isOneOf = (
  { names, kinds, categories }: TypeSet,
  type: { readonly name: string; readonly kind: string; readonly category: string },
): boolean =>
  names.includes(type.name) || kinds.includes(type.kind) || categories.includes(type.category);

/**
 * What DMS treats as a LOB. A row that changes arrives without its LOBs, which an update brings afterwards: on the
 * target such a column must not be NOT NULL.
 * https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html#CHAP_Source-PostgreSQL-DataTypes
 */
export const LOB_TYPES: TypeSet = {
  names: [
    "text",
    "json",
    "jsonb",
    "bytea",
    "xml",
    "hstore",
    "tsvector",
    "tsquery",
    "path",
    "polygon",
  ],
  kinds: ["c"],
  categories: ["A"],
};

/**
 * What DMS leaves out between two PostgreSQLs, even where it is a LOB as well.
 * https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html#CHAP_Source-PostgreSQL-DataTypes
 */
export const UNMIGRATED_TYPES: TypeSet = {
  names: ["tsvector", "tsquery", "inet", "macaddr", "line", "lseg", "box", "path", "circle"],
  kinds: ["e", "r", "c"],
  categories: [],
};
