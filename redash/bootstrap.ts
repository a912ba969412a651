/**
 * A new installation gets its schema and its first administrator from one container, in the scheduler's task,
 * of which there is never more than one; a server waits for the administrator before it listens. So no two
 * tasks race, and there is no moment in which a visitor could claim the instance through /setup
 * (redash/handlers/setup.py lets anybody who comes first).
 *
 * Both scripts run on the Python of the image. The password comes by environment from Secrets Manager and is
 * handed to Redash's own command in process: never in argv, where ECS, CloudTrail and `ps` would show it.
 */

/** How long a server task waits for the administrator before it gives up and is started anew. */
const BOOTSTRAP_TIMEOUT_SECONDS = 900;

/** Creates what is missing, and only that: safe to run again after any interruption. */
export const BOOTSTRAP_SCRIPT = [
  "import os, psycopg2",
  "from redash.cli import manager",
  "run = lambda *args: manager.main(args=list(args), standalone_mode=False)",
  'db = psycopg2.connect(os.environ["REDASH_DATABASE_URL"])',
  "db.autocommit = True",
  "sql = db.cursor()",
  "def ask(question):",
  "    sql.execute(question)",
  "    return sql.fetchone()[0]",
  'sql.execute("SELECT pg_advisory_lock(7236727)")',
  // create_tables does nothing once a Redash table exists (redash/cli/database.py).
  'run("database", "create_tables")',
  "email, name = os.environ['ADMINISTRATOR_EMAIL'], os.environ['ADMINISTRATOR_NAME']",
  "password = '--password=' + os.environ['ADMINISTRATOR_PASSWORD']",
  'if not ask("SELECT count(*) FROM users"):',
  // create_root commits the organization before the user; after a crash between the two only the user is missing.
  "    if ask(\"SELECT count(*) FROM organizations WHERE slug = 'default'\"):",
  '        run("users", "create", "--admin", password, email, name)',
  "    else:",
  '        run("users", "create_root", password, email, name)',
  'assert ask("SELECT count(*) FROM users"), "the administrator was not created"',
].join("\n");

/** Returns once the administrator exists; exits 1 after the time limit, so that ECS starts the task anew. */
export const WAIT_FOR_ADMINISTRATOR_SCRIPT = [
  "import os, sys, time, psycopg2",
  `deadline = time.time() + ${BOOTSTRAP_TIMEOUT_SECONDS}`,
  "while time.time() < deadline:",
  "    try:",
  '        db = psycopg2.connect(os.environ["REDASH_DATABASE_URL"], connect_timeout=5)',
  "        sql = db.cursor()",
  '        sql.execute("SELECT count(*) FROM users")',
  "        if sql.fetchone()[0]: sys.exit(0)",
  '        reason = "no administrator yet"',
  "    except psycopg2.Error as error: reason = type(error).__name__",
  '    print("waiting for the administrator:", reason, flush=True)',
  "    time.sleep(3)",
  "sys.exit(1)",
].join("\n");
