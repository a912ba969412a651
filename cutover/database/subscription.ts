import type pg from "pg";
import { oneRow } from "./database";

export interface NewSubscription {
  readonly name: string;
  readonly publication: string;
  /** libpq keywords, with a password. Never logged. */
  readonly connection: string;
  /** What stands in the brackets after WITH; never `create_slot = true`, which a function may not do. */
  readonly options: string;
}

/**
 * Makes a subscription within the transaction of its caller.
 *
 * The connection has a password, which neither server's log must get. So it travels as a parameter; a function of this
 * transaction hides the statement, which would be the context of a warning (that there is no such publication); and
 * errors are caught here, where the statement is not logged with them. A malformed connection would be quoted by its
 * error, which is therefore not repeated.
 * @returns the server's own words if it cannot be made; nothing if it is
 */
export async function createSubscription(
  client: pg.Client,
  { name, publication, connection, options }: NewSubscription,
): Promise<string | undefined> {
  // Where every statement is logged, its parameters are too.
  await client.query(
    `SELECT set_config('log_statement', 'none', true), set_config('log_min_duration_statement', '-1', true)
      WHERE current_setting('is_superuser') = 'on'`,
  );
  await client.query(
    `SELECT set_config('redash_move.' || key, value, true)
       FROM json_each_text($1) AS given(key, value)`,
    [JSON.stringify({ name, publication, connection, options })],
  );
  await client.query(CREATE);
  const { words } = await oneRow<{ words: string }>(
    client,
    "SELECT current_setting('redash_move.words') AS words",
  );
  return words === "" ? undefined : words.replaceAll(/\s+/g, " ");
}

const CREATE = `
DO $$
DECLARE words text := '';
BEGIN
  BEGIN
    EXECUTE format('CREATE FUNCTION pg_temp.redash_move_subscribe() RETURNS void LANGUAGE sql AS %L', format(
      'CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %I WITH (%s)',
      current_setting('redash_move.name'), current_setting('redash_move.connection'),
      current_setting('redash_move.publication'), current_setting('redash_move.options')));
    PERFORM pg_temp.redash_move_subscribe();
    DROP FUNCTION pg_temp.redash_move_subscribe();
  EXCEPTION
    WHEN query_canceled THEN words := 'no answer in time';
    WHEN syntax_error THEN words := 'the connection is not written as libpq wants it';
    WHEN OTHERS THEN words := SQLERRM;
  END;
  PERFORM set_config('redash_move.words', words, true);
END $$`;
