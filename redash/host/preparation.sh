# shellcheck shell=bash
# The acts that make the source's PostgreSQL ready to be followed, and take that away again. Each may be broken off at any
# place and run again. Nothing needs a restart to be written; act_restart makes it count, at the operator's time.

# Everything but the restart. Settings that are there already are not touched.
act_prepare() {
  local facts address port inner version ssl roles cidr image keep_mb free_kb published=theirs
  alone
  find_project
  find_database
  find_data
  refuse_foreign_change
  facts=$(sql "SELECT current_setting('server_version_num'), current_setting('port'), current_setting('ssl'),
    (SELECT count(*) FROM pg_roles WHERE rolname IN ('$MOVER', '$TASK'))") || exit
  IFS='|' read -r version inner ssl roles <<<"$facts"
  # As preflight, but before an outage that would be for nothing.
  ((version >= 120000)) ||
    refuse "PostgreSQL before 12 prints doubles otherwise than the new side, so no comparison would agree; bring the source to a newer one first (it is $version)"
  cidr=$(given cidr)
  [[ $cidr =~ ^[0-9]+(\.[0-9]+){3}/[0-9]+$ ]] || refuse "$cidr is no range of addresses (--cidr)"
  address=$(own_address) || exit
  port=$(given port)
  port=${port:-5432}
  [[ -d $BACKUP || $roles == 0 ]] ||
    refuse "there is a role $MOVER or $TASK that prepare has not made; drop it, then run prepare again"
  assert_verifier "$MOVER" "$(given mover_verifier)"
  [[ -z $(given task_verifier) ]] || assert_verifier "$TASK" "$(given task_verifier)"
  if needs_override "$address" "$port" "$inner"; then published=ours; fi
  image=$(given image)
  if [[ -n $image ]]; then
    # Not while PostgreSQL is down.
    docker pull --quiet "$image" >&2 || refuse "docker cannot pull $image"
  else
    assert_same_image
  fi
  free_kb=$(df -P -k "$DATA" | awk 'NR == 2 { print $4 }')
  keep_mb=$(given keep_mb)
  keep_mb=${keep_mb:-$((free_kb / 2048))}
  ((keep_mb >= WAL_KEEP_LEAST_MB)) ||
    refuse "the source's disk has $((free_kb / 1024)) MB free, of which WAL may take $keep_mb MB; the move wants $WAL_KEEP_LEAST_MB MB at least: enlarge the disk"

  back_up
  # Until it is written again below, nobody knows what this run leaves.
  rm -f "$BACKUP/left"
  make_role "$MOVER" "$(given mover_verifier)"
  [[ -z $(given task_verifier) ]] || make_role "$TASK" "$(given task_verifier)"
  # Theirs stays, if they have one.
  [[ $ssl == on && ! -f $DATA/$CERTIFICATE ]] || make_certificate "$address"
  set_parameters "$version" "$keep_mb"
  {
    host_lines "$cidr"
    cat "$BACKUP/hba"
  } | write_data pg_hba.conf
  [[ $published == theirs ]] || write_override "$address" "$port" "$inner"
  remember
  sql 'SELECT pg_reload_conf()' >/dev/null
  # The server reads its files again a moment later.
  sleep 1
  print_preparation "$address" "$port"
}

# A second attempt may begin while an abandoned first one still holds its slots, so twice as many as a move needs. DMS wants
# a timeout of 10 s to 5 minutes (CHAP_Source.PostgreSQL). Beyond max_slot_wal_keep_size, from PostgreSQL 13 on, a slot is
# lost instead of the disk.
set_parameters() {
  local version=$1 keep_mb=$2 statements
  statements="ALTER SYSTEM SET wal_level = 'logical';
    ALTER SYSTEM SET wal_sender_timeout = '60s';"
  ((version < 130000)) || statements+="ALTER SYSTEM SET max_slot_wal_keep_size = '${keep_mb}MB';"
  [[ ! -f $DATA/$CERTIFICATE ]] || statements+="ALTER SYSTEM SET ssl_cert_file = '$CERTIFICATE';
    ALTER SYSTEM SET ssl_key_file = '$KEY';
    ALTER SYSTEM SET ssl = on;"
  sql "$statements
    SELECT format('ALTER SYSTEM SET %I = 20', name) FROM pg_settings
     WHERE name IN ('max_replication_slots', 'max_wal_senders') AND setting::int < 20 \gexec"
}

# What another server must know, and whether a restart is due.
print_preparation() {
  local address=$1 port=$2 facts level pending inner certificate restart=no
  facts=$(sql "SELECT current_setting('wal_level'), (SELECT count(*) FROM pg_settings WHERE pending_restart),
    current_setting('port')") || exit
  IFS='|' read -r level pending inner <<<"$facts"
  [[ $level == logical && $pending == 0 ]] || restart=due
  is_published "$address" "$port" "$inner" || restart=due
  certificate=$(server_certificate) || exit
  printf 'address=%s\nport=%s\nrestart=%s\ncertificate=%s\n' "$address" "$port" "$restart" "$certificate"
  sql "SELECT name || '=' || current_setting(name) FROM pg_settings
       WHERE name IN ('wal_level', 'max_replication_slots', 'max_wal_senders', 'max_slot_wal_keep_size', 'wal_sender_timeout', 'ssl')
       ORDER BY name"
}

# A new container, because a published port belongs to it: the old one ends in its own time, so that PostgreSQL need not
# recover. Removed before the new one is made, since Compose v1 cannot exchange a container under a newer docker
# (KeyError: 'ContainerConfig').
renew_database() {
  local service
  service=$(<"$BACKUP/service")
  if database_runs; then
    find_database
    sql CHECKPOINT
  fi
  # In words of its own: whoever asks whether it worked has switched off that a failure ends the script.
  compose stop -t "$RESTART_SECONDS" "$service" >&2 || return 1
  compose rm -f "$service" >&2 || return 1
  compose up -d --no-deps "$service" >&2 || return 1
  await_database
}

database_runs() { [[ -n $(awk -F '|' '$1 == "database" && $4 == "running"' <<<"$CONTAINERS") ]]; }

# @returns 1 if it does not answer in time
await_database() {
  local end=$((SECONDS + RESTART_SECONDS))
  while ((SECONDS < end)); do
    find_project
    if database_runs; then
      find_database
      # What it answers until it is up is no news.
      if sql 'SELECT 1' >/dev/null 2>&1; then return 0; fi
    fi
    sleep 1
  done
  return 1
}

# Restarts PostgreSQL if that is due. If it does not come up so, everything is put back and it is started as it was.
act_restart() {
  local address port lines
  alone
  find_project
  [[ -f $BACKUP/left ]] || refuse "there is nothing that a restart would make count: run prepare to its end first"
  find_data
  if database_runs; then find_database; fi
  address=$(own_address) || exit
  port=$(given port)
  port=${port:-5432}
  # Broken off in the middle of a restart, it is not running.
  # Hours may have gone by.
  if database_runs && ! is_own_image; then assert_same_image; fi
  if ! database_runs || ! lines=$(print_preparation "$address" "$port") || grep -qx 'restart=due' <<<"$lines"; then
    if ! renew_database || ! lines=$(print_preparation "$address" "$port") || grep -qx 'restart=due' <<<"$lines"; then
      put_all_back
      renew_database || fail "PostgreSQL started neither with the new settings nor with the old ones, which are back: docker logs of its container says why"
      forget
      fail "PostgreSQL did not take the new settings and runs with the old ones again; does the compose file give it some by its command (-c wal_level=…)?"
    fi
  fi
  printf '%s\n' "$lines"
}

put_all_back() {
  local name file
  while read -r name file; do put_back "$name" "$file"; done < <(changed_files)
}

# Takes the roles away, with what they own in Redash's database handed to the superuser.
drop_roles() {
  local role roles
  roles=$(sql "SELECT rolname FROM pg_roles WHERE rolname IN ('$MOVER', '$TASK')") || exit
  for role in $roles; do
    sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$role'" >/dev/null
    sql "REASSIGN OWNED BY $role TO CURRENT_USER; DROP OWNED BY $role; DROP ROLE $role"
  done
}

forget() {
  drop_roles
  rm -rf "$BACKUP"
}

# Whether PostgreSQL has begun since prepare, with what that had written. (Before 17, pending_restart stays when a setting
# is what it was again.)
is_restart_due() {
  database_runs || return 0
  find_database
  sql 'SELECT pg_reload_conf()' >/dev/null
  [[ $(sql 'SELECT pg_postmaster_start_time()') != "$(<"$BACKUP/started")" ]]
}

# Puts everything back, byte by byte, and restarts PostgreSQL if it runs with the new settings.
act_undo() {
  local slots name file renewed=yes
  alone
  find_project
  if [[ ! -d $BACKUP ]]; then
    echo "undone=nothing"
    return
  fi
  find_data
  refuse_foreign_change
  # With one of them PostgreSQL would not start at the old wal_level.
  slots=$(find "$DATA/pg_replslot" -mindepth 1 -maxdepth 1 -printf '%f ')
  [[ -z $slots ]] || refuse "replication slots are still there: $slots; run npm run move -- finish, or abort, first"
  put_all_back
  is_restart_due || renewed=no
  [[ $renewed == no ]] || renew_database || fail "PostgreSQL does not start with its old settings, which are back: docker logs of its container says why"
  while read -r name file; do
    [[ $(sum_of "$file") == "$(sum_of "$BACKUP/$name")" ]] || fail "$file is not what it was; its copy is $BACKUP/$name"
  done < <(changed_files)
  forget
  echo "undone=everything"
}
