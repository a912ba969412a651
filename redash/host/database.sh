# shellcheck shell=bash
# The source's PostgreSQL in its container, as its superuser: who is let in without a password on its own socket.

# Sets DATABASE, the running container, SUPERUSER, and DATABASE_NAME, the path of Redash's URL.
find_database() {
  local url
  DATABASE=$(container_of database) || exit
  SUPERUSER=$(variable "$DATABASE" POSTGRES_USER)
  SUPERUSER=${SUPERUSER:-postgres}
  url=$(server_variable REDASH_DATABASE_URL)
  url=${url%%\?*}
  [[ $url == *://*/* ]] || url=postgresql://-/postgres
  DATABASE_NAME=${url##*/}
}

# Runs SQL in Redash's database. Errors are told without the statement, which may hold a verifier. In the official set-up
# the superuser is Redash's own role, which a cutover has made read-only.
sql() {
  docker exec --interactive --user postgres "$DATABASE" psql --no-psqlrc --quiet --no-align --tuples-only \
    --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse --username="$SUPERUSER" --dbname="$DATABASE_NAME" <<<"SET default_transaction_read_only = off;
$1"
}

# A section of the schema, by the container's own pg_dump.
act_schema() {
  local section
  find_project
  find_database
  section=$(given section)
  [[ $section =~ ^(pre|post)-data$ ]] || refuse "$section is no section of a schema"
  docker exec --user postgres "$DATABASE" pg_dump --schema-only --no-owner --no-privileges --schema=public \
    --section="$section" --username="$SUPERUSER" "$DATABASE_NAME"
}

# The data directory's file system, and what WAL takes of it, in bytes.
act_disk() {
  local directory
  find_project
  find_database
  directory=$(sql 'SHOW data_directory') || exit
  docker exec "$DATABASE" df -P -k "$directory" |
    awk 'NR == 2 { printf "total=%.0f\nfree=%.0f\n", $2 * 1024, $4 * 1024 }'
  sql "SELECT 'wal=' || coalesce(sum(size), 0) FROM pg_ls_waldir();
    SELECT 'kept=' || coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0) FROM pg_replication_slots"
  # shellcheck disable=SC2046 # one word for each id
  docker stats --no-stream --format 'memory={{.Name}} {{.MemUsage}}' $(cut -d '|' -f 2 <<<"$CONTAINERS")
}

# The certificate by which PostgreSQL shows who it is: PEM in base64.
server_certificate() {
  local facts directory certificate
  facts=$(sql "SELECT current_setting('data_directory'), current_setting('ssl_cert_file')") || exit
  IFS='|' read -r directory certificate <<<"$facts"
  [[ $certificate == /* ]] || certificate=$directory/$certificate
  docker exec "$DATABASE" cat "$certificate" | base64 --wrap=0
}

# The same for whoever wants to reach it by TLS; empty if it has none.
act_certificate() {
  local ssl certificate=
  find_project
  find_database
  ssl=$(sql 'SHOW ssl') || exit
  if [[ $ssl == on ]]; then
    certificate=$(server_certificate) || exit
  fi
  printf 'certificate=%s\n' "$certificate"
}
