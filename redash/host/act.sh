#!/bin/bash
# An act of the move on the host of the source (SSM Run Command, as root).
set -euo pipefail

printf 'this host knows no act %s\n' "${1:-}" >&2
exit 10
