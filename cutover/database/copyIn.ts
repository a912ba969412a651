import pg from "pg";

/** What pg calls when the server is ready for rows; its types leave it out (pg/lib/query.js). */
interface Incoming {
  readonly sendCopyFromChunk: (chunk: Buffer) => void;
  readonly endCopyFrom: () => void;
}

/** A COPY from here to the server, of one row of one column. */
class CopyIn extends pg.Query {
  constructor(
    statement: string,
    private readonly value: string,
    done: (error?: Error | null) => void,
  ) {
    super(statement, done);
  }

  handleCopyInResponse(connection: Incoming): void {
    // In the text format of COPY a backslash escapes what follows.
    connection.sendCopyFromChunk(Buffer.from(`${this.value.replaceAll("\\", "\\\\")}\n`));
    connection.endCopyFrom();
  }
}

/**
 * Brings one value to the server as a row, which no server logs, unlike the parameter of a statement.
 * @param statement COPY … FROM STDIN, in its text format
 * @param value without line breaks and tabs, such as JSON
 */
export const copyIn = (client: pg.Client, statement: string, value: string): Promise<void> =>
  new Promise((resolve, reject) => {
    client.query(
      new CopyIn(statement, value, (error) => {
        if (error instanceof Error) reject(error);
        else resolve();
      }),
    );
  });
