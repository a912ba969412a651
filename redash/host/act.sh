#!/bin/bash
# How an act of the move comes to this host, and its answer back (SSM Run Command, as root). The parts of
# redash/host/ are one script when they run; this one is the first, and its last line calls run_act.
set -euo pipefail
export LC_ALL=C
umask 077

# What the move keeps here: files as they were before it changed them, restart policies, answers that are fetched in parts.
STATE=${REDASH_MOVE_STATE:-/var/lib/redash-move}
# SSM hands on the first 24,000 characters of an output.
PART_CHARACTERS=20000
LOCK_SECONDS=300

# Ends an act that has changed nothing. The caller tells it from a failure by the exit code.
refuse() {
  printf '%s\n' "$*" >&2
  exit 10
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# A parameter, of the lines name=value that came with the act; empty if it is not among them.
given() { sed -n "s/^$1=//p" <<<"$GIVEN"; }

# Lets one act at a time change something: a command whose answer was lost is sent again while the first one runs.
alone() {
  exec 9>"$STATE/lock"
  flock --wait "$LOCK_SECONDS" 9 ||
    fail "another act of the move has been at work on this host for $LOCK_SECONDS s; look for it with: ps -ef"
}

# A part of an answer: its name, where the part begins, how long all of it is; the part; and an end, which is missing
# if somebody has cut it.
print_part() {
  local name=$1 offset=$2 text
  [[ $name =~ ^[a-z_]+-[0-9]+$ && $offset =~ ^[0-9]+$ && -f $STATE/answers/$name ]] ||
    refuse "there is no answer $name on this host any more"
  text=$(<"$STATE/answers/$name")
  printf '%s %s %s\n%s\nend\n' "$name" "$offset" "${#text}" "${text:offset:PART_CHARACTERS}"
}

run_act() {
  local act=$1 name
  GIVEN=$(base64 --decode)
  mkdir -p "$STATE/answers"
  find "$STATE/answers" -type f -mmin +60 -delete
  if [[ $act == part ]]; then
    print_part "$(given name)" "$(given offset)"
    return
  fi
  declare -F "act_$act" >/dev/null || refuse "this host knows no act $act"
  name=$act-$(date +%s%N)
  "act_$act" </dev/null | gzip -9 --no-name | base64 --wrap=0 >"$STATE/answers/$name"
  print_part "$name" 0
}
