#!/usr/bin/env bash
# One sweep as shards under GNU parallel, then merged.
#
#   contrib/sweep-parallel.sh EXPERIMENT DIR SHARDS [options of parallel …]
#
# Every shard makes many runs; give at least as many shards as there are processors. Options go to
# parallel: `--sshlogin host1,host2` spreads the shards over hosts that share this directory.
# Interrupted? Give the same command again: finished runs are not made twice.
set -euo pipefail
if [ $# -lt 3 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
experiment=$1 out=$2 shards=$3
shift 3
command=${GPUSCHED:-gpusched}

mkdir -p "$out.shards"
seq "$shards" | parallel --will-cite --halt now,fail=1 "$@" \
  "$command" sweep "$(printf %q "$experiment")" --jobs 1 --shard "{}/$shards" \
  --out "$(printf %q "$out.shards")/{}-of-$shards" '>' /dev/null
parts=()
for number in $(seq "$shards"); do parts+=("$out.shards/$number-of-$shards"); done
"$command" merge "${parts[@]}" --out "$out"
