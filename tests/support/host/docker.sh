#!/bin/bash
# Asks the test what docker would say: exit code, and how many lines of words follow. Code `exec` is followed by a program
# and its arguments, which are run here, so that they have this input and this output.
exec 3<>"/dev/tcp/127.0.0.1/$FAKE_DOCKER_PORT"
printf '%s\0' "${0##*/}" "$@" $'\x04' >&3
read -r code <&3
mapfile -t -d '' words <&3
if [[ $code == exec ]]; then exec env "${words[@]}"; fi
if ((code == 0)); then printf '%s' "${words[@]}"; else printf '%s\n' "${words[@]}" >&2; fi
exit "$code"
