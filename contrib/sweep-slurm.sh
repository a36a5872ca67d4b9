#!/usr/bin/env bash
# One sweep as a Slurm job array, then merged.
#
#   contrib/sweep-slurm.sh EXPERIMENT DIR SHARDS [options of sbatch …]
#
# One task makes one shard, which is many runs: starting a task costs Slurm a second or two, so
# choose SHARDS such that each takes a minute or more. Options go to sbatch: `--partition short
# --cpus-per-task 4 --time 30`. DIR is on a file system all nodes see.
# Interrupted or requeued? Give the same command again: finished runs are not made twice.
set -euo pipefail
if [ $# -lt 3 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
experiment=$1 out=$2 shards=$3
shift 3
command=${GPUSCHED:-gpusched}

mkdir -p "$out.shards"
# The number of shards is not taken from Slurm: an array that is submitted again for its missing
# tasks alone would count fewer.
task="exec $(printf '%q' "$command") sweep $(printf '%q' "$experiment") \
--jobs \${SLURM_CPUS_PER_TASK:-1} --shard \$SLURM_ARRAY_TASK_ID/$shards \
--out $(printf '%q' "$out.shards")/\$SLURM_ARRAY_TASK_ID-of-$shards"
sbatch --wait --job-name gpusched-sweep --array "1-$shards" \
  --output "$out.shards/%a-of-$shards.log" "$@" --wrap "$task"
parts=()
for number in $(seq "$shards"); do parts+=("$out.shards/$number-of-$shards"); done
"$command" merge "${parts[@]}" --out "$out"
