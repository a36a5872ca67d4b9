#!/usr/bin/env bash
# Starts every launcher that can be started here and compares the bytes with those of a plain sweep.
#
#   contrib/test-launchers.sh [GPUSCHED]
#
# Slurm and GNU parallel are Debian's `slurmctld slurmd slurm-client munge parallel` (Slurm's
# daemons want root), Ray is `pip install ray` for the python3 on the path, or for $RAY_PYTHON.
# What is not there is skipped, and said.
set -euo pipefail
cd "$(dirname "$0")/.."
GPUSCHED=$(realpath "${1:-target/release/gpusched}")
export GPUSCHED
contrib=$PWD/contrib
work=$(mktemp -d)
started=()
passed=0 failed=0 skipped=0

cleanup() {
  # Only what was started here, by its number.
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  sleep 1
  rm -rf "$work"
}
trap cleanup EXIT

same() { # NAME DIR
  if diff -r "$work/plain" "$2"; then
    echo "ok       $1: the bytes of a plain sweep"
    passed=$((passed + 1))
  else
    echo "FAILED   $1: other bytes"
    failed=$((failed + 1))
  fi
}

broken() { # NAME
  echo "FAILED   $1: it did not run"
  failed=$((failed + 1))
}

all() { # COMMAND …
  local name
  for name in "$@"; do command -v "$name" > /dev/null || return 1; done
}

skip() { # NAME WHY
  echo "skipped  $1: $2"
  skipped=$((skipped + 1))
}

cat > "$work/experiment.yaml" <<'YAML'
base: { trace: builtin:sample, limit: 400 }
axes:
  queueing: [fifo, easy, sjf]
  placement: [best-fit, random]
seeds: 8
arrivals: { order: shuffle }
YAML
"$GPUSCHED" sweep "$work/experiment.yaml" --out "$work/plain" > /dev/null

# --- GNU parallel
if all parallel; then
  if "$contrib/sweep-parallel.sh" "$work/experiment.yaml" "$work/by parallel" 5 -j2; then
    same "GNU parallel" "$work/by parallel"
  else
    broken "GNU parallel"
  fi
else
  skip "GNU parallel" "no parallel on the path"
fi

# --- Slurm: one controller, one node, both this host, without systemd or accounting.
slurm() {
  local at=$work/slurm host
  host=$(hostname -s)
  mkdir -p "$at/munge" "$at/state" "$at/spool"
  # munge takes a key and a socket only from directories nobody else may write to.
  chmod 711 "$work" "$at" "$at/munge"
  dd if=/dev/urandom of="$at/munge/key" bs=128 count=1 status=none
  chmod 400 "$at/munge/key"
  munged --foreground --force --num-threads 2 --key-file "$at/munge/key" \
    --socket "$at/munge/socket" --pid-file "$at/munge/pid" \
    --seed-file "$at/munge/seed" --log-file "$at/munge/log" &
  started+=($!)
  cat > "$at/slurm.conf" <<CONF
ClusterName=launchers
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$at/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$at/slurmctld.pid
SlurmdPidFile=$at/slurmd.pid
SlurmctldLogFile=$at/slurmctld.log
SlurmdLogFile=$at/slurmd.log
StateSaveLocation=$at/state
SlurmdSpoolDir=$at/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
MpiDefault=none
ReturnToService=2
SwitchType=switch/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=10 State=UP
CONF
  export SLURM_CONF=$at/slurm.conf
  for _ in $(seq 30); do [ -S "$at/munge/socket" ] && break; sleep 1; done
  slurmctld -D &
  started+=($!)
  slurmd -D &
  started+=($!)
  for _ in $(seq 60); do
    [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && break
    sleep 1
  done
  sinfo
  timeout 300 "$contrib/sweep-slurm.sh" "$work/experiment.yaml" "$work/by slurm" 4
}
if all slurmctld slurmd sbatch munged; then
  if slurm > "$work/slurm.out" 2>&1; then
    tail -n 1 "$work/slurm.out"
    same Slurm "$work/by slurm"
  else
    cat "$work/slurm.out"
    tail -n 20 "$work"/slurm/*.log "$work/by slurm.shards"/*.log 2>/dev/null || true
    broken Slurm
  fi
else
  skip Slurm "no slurmctld, slurmd, sbatch or munged on the path"
fi

# --- Ray: a cluster of its own, which ends with the driver that started it.
python=${RAY_PYTHON:-python3}
if "$python" -c 'import ray' 2>/dev/null; then
  if "$python" "$contrib/sweep-ray.py" "$work/experiment.yaml" "$work/by ray" 4 \
    > "$work/ray.out" 2>&1; then
    tail -n 1 "$work/ray.out"
    same Ray "$work/by ray"
  else
    cat "$work/ray.out"
    broken Ray
  fi
else
  skip Ray "$python has no module ray"
fi

# --- Kubernetes: no cluster here; the command of the container, with its paths put here.
sed -n '/args:/,/resources:/p' "$contrib/sweep-kubernetes.yaml" | sed '1,2d;$d' \
  | sed "s|/results|$work/kubernetes|g; s|exec gpusched|exec $GPUSCHED|" > "$work/container.sh"
mkdir -p "$work/kubernetes"
cp "$work/experiment.yaml" "$work/kubernetes/"
for index in $(seq 0 7); do
  JOB_COMPLETION_INDEX=$index /bin/sh -e "$work/container.sh" > /dev/null 2>> "$work/kubernetes.out"
done
"$GPUSCHED" merge "$work"/kubernetes/shards/*-of-8 --out "$work/by kubernetes"
same "the command of the Indexed Job (no cluster was started)" "$work/by kubernetes"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
