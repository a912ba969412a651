# shellcheck shell=bash
# Redash's processes on this host, each part by itself.

# How long a part may take to end before it is killed, seconds: gunicorn lets requests finish, supervisord gives workers 10 s.
stop_seconds() {
  case $1 in
    servers) echo 75 ;;
    *) echo 30 ;;
  esac
}
# A process that finds no Redis or no database dies within this time, seconds.
SETTLE_SECONDS=3

given_part() {
  local part
  part=$(given part)
  [[ $part =~ ^(servers|scheduler|workers|nginx)$ ]] || refuse "$part is no part of Redash"
  [[ -n $(containers_of "$part") ]] || refuse "the compose project $PROJECT has no container of its $part"
  echo "$part"
}

print_state() {
  awk -F '|' -v part="$1" '
    $1 == part { wanted++; if ($4 == "running") running++ }
    END { printf "running=%d\nwanted=%d\n", running, wanted }' <<<"$CONTAINERS"
}

act_state() {
  local part
  find_project
  part=$(given_part) || exit
  print_state "$part"
}

# A container with `restart: always` comes back when the host or its docker starts again, also if somebody has stopped
# it: then two schedulers would run every schedule. So its policy goes first.
act_stop() {
  local part ids id policy
  alone
  find_project
  part=$(given_part) || exit
  mkdir -p "$STATE/policies"
  while IFS='|' read -r _ id _ _ policy _; do
    policy=${policy%:0}
    [[ $policy == no ]] || echo "$policy" >"$STATE/policies/$id"
    docker update --restart=no "$id" >/dev/null
  done < <(grep "^$part|" <<<"$CONTAINERS")
  ids=$(containers_of "$part")
  # shellcheck disable=SC2086 # one word for each id
  docker stop -t "$(stop_seconds "$part")" $ids >/dev/null
  find_project
  print_state "$part"
}

act_start() {
  local part id restarts
  alone
  find_project
  part=$(given_part) || exit
  for id in $(containers_of "$part"); do
    docker start "$id" >/dev/null
    if [[ -f $STATE/policies/$id ]]; then
      docker update --restart="$(<"$STATE/policies/$id")" "$id" >/dev/null
      rm "$STATE/policies/$id"
    fi
  done
  restarts=$(restart_counts "$part")
  sleep "$SETTLE_SECONDS"
  find_project
  [[ $(restart_counts "$part") == "$restarts" ]] ||
    fail "the $part end as soon as they begin; docker logs of the containers says why"
  print_state "$part"
}

# shellcheck disable=SC2046 # one word for each id
restart_counts() { docker inspect --format '{{.RestartCount}}' $(containers_of "$1"); }
