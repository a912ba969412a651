# shellcheck shell=bash
# The source's PostgreSQL in its container, as its superuser: who is let in without a password on its own socket.

superuser() {
  local name
  name=$(variable "$1" POSTGRES_USER)
  echo "${name:-postgres}"
}

# Name of Redash's database: the path of its URL.
redash_database() {
  local url
  url=$(server_variable REDASH_DATABASE_URL)
  url=${url%%\?*}
  [[ $url == *://*/* ]] || url=postgresql://-/postgres
  echo "${url##*/}"
}

# Runs SQL in Redash's database. Errors are told without the statement, which may hold a verifier.
sql() {
  local container
  container=$(container_of database) || exit
  docker exec --interactive --user postgres "$container" psql --no-psqlrc --quiet --no-align --tuples-only \
    --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse --username="$(superuser "$container")" --dbname="$(redash_database)" <<<"$1"
}

# A section of the schema, by the container's own pg_dump.
act_schema() {
  local container section
  find_project
  section=$(given section)
  [[ $section =~ ^(pre|post)-data$ ]] || refuse "$section is no section of a schema"
  container=$(container_of database) || exit
  docker exec --user postgres "$container" pg_dump --schema-only --no-owner --no-privileges --schema=public \
    --section="$section" --username="$(superuser "$container")" "$(redash_database)"
}

# The data directory's file system, and what WAL takes of it, in bytes.
act_disk() {
  local container directory
  find_project
  container=$(container_of database) || exit
  directory=$(sql 'SHOW data_directory') || exit
  docker exec "$container" df -P -k "$directory" |
    awk 'NR == 2 { printf "total=%.0f\nfree=%.0f\n", $2 * 1024, $4 * 1024 }'
  sql "SELECT 'wal=' || coalesce(sum(size), 0) FROM pg_ls_waldir()"
  sql "SELECT 'kept=' || coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0) FROM pg_replication_slots"
  # shellcheck disable=SC2046 # one word for each id
  docker stats --no-stream --format 'memory={{.Name}} {{.MemUsage}}' $(cut -d '|' -f 2 <<<"$CONTAINERS")
}
