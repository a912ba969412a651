import type pg from "pg";
import { copyIn } from "./copyIn";
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
 * The connection has a password, which neither server's log must get. So it travels as a row, because a server that logs
 * every statement logs parameters too, and who is no superuser cannot stop it; a function of this transaction hides the
 * statement, which would be the context of a warning (that there is no such publication); and errors are caught here,
 * where the statement is not logged with them. A malformed connection would be quoted by its error, which is therefore
 * not repeated.
 * @returns the server's own words if it cannot be made; nothing if it is
 */
export async function createSubscription(
  client: pg.Client,
  { name, publication, connection, options }: NewSubscription,
): Promise<string | undefined> {
  await client.query("CREATE TEMPORARY TABLE redash_move_given (it json) ON COMMIT DROP");
  await copyIn(
    client,
    "COPY redash_move_given FROM STDIN",
    JSON.stringify({ name, publication, connection, options }),
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
DECLARE words text := ''; given json;
BEGIN
  SELECT it INTO STRICT given FROM pg_temp.redash_move_given;
  BEGIN
    EXECUTE format('CREATE FUNCTION pg_temp.redash_move_subscribe() RETURNS void LANGUAGE sql AS %L', format(
      'CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %I WITH (%s)',
      given ->> 'name', given ->> 'connection', given ->> 'publication', given ->> 'options'));
    PERFORM pg_temp.redash_move_subscribe();
    DROP FUNCTION pg_temp.redash_move_subscribe();
  EXCEPTION
    WHEN query_canceled THEN words := 'no answer in time';
    WHEN syntax_error THEN words := 'the connection is not written as libpq wants it';
    WHEN OTHERS THEN words := SQLERRM;
  END;
  PERFORM set_config('redash_move.words', words, true);
END $$`;
