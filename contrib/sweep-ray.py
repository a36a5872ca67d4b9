#!/usr/bin/env python3
"""One sweep as Ray tasks, then merged.

    contrib/sweep-ray.py EXPERIMENT DIR SHARDS

Every task makes one shard, which is many runs. Joins the cluster that RAY_ADDRESS names, else
starts one on this machine. DIR is on a file system all nodes see. Interrupted? Give the same
command again: finished runs are not made twice.
"""

import os
import subprocess
import sys

import ray

COMMAND = os.environ.get("GPUSCHED", "gpusched")


@ray.remote(num_cpus=1)
def sweep(experiment: str, out: str, shard: str) -> str:
    """Makes one shard and returns where it is."""
    place = f"{out}.shards/{shard.replace('/', '-of-')}"
    words = [COMMAND, "sweep", experiment, "--jobs", "1", "--shard", shard, "--out", place]
    ran = subprocess.run(words, capture_output=True, text=True)
    if ran.returncode != 0:
        raise RuntimeError(f"shard {shard}: {ran.stderr}")
    return place


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    # Tasks run in directories of their own.
    experiment, out = (os.path.abspath(path) for path in sys.argv[1:3])
    shards = int(sys.argv[3])
    os.makedirs(f"{out}.shards", exist_ok=True)
    ray.init(log_to_driver=False, include_dashboard=False)
    tasks = [sweep.remote(experiment, out, f"{number}/{shards}") for number in range(1, shards + 1)]
    places = ray.get(tasks)
    ray.shutdown()
    return subprocess.run([COMMAND, "merge", *places, "--out", out]).returncode


if __name__ == "__main__":
    sys.exit(main())
