# shellcheck shell=bash
# What preflight looks at on this host besides: how Redash comes up here, and what becomes of sessions that end.

# Enabled units of systemd that start a compose project with the host; old machine images of Redash have
# docker-compose-up.service.
boot_units() {
  local unit
  command -v systemctl >/dev/null || return 0
  systemctl list-unit-files --type=service --state=enabled --no-legend --no-pager |
    while read -r unit _; do
      if systemctl cat "$unit" 2>/dev/null | grep -qE '^ExecStart=.*docker[- ]compose'; then echo "$unit"; fi
    done
}

act_inspect() {
  find_project
  echo "directory=$DIRECTORY"
  tr ',' '\n' <<<"$FILES" | sed 's/^/file=/'
  boot_units | sed 's/^/boot_unit=/'
  echo "pool_pre_ping=$(server_variable SQLALCHEMY_ENABLE_POOL_PRE_PING)"
}
