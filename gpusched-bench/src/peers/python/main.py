"""Reads the work from standard input, replays it, and writes how long that took."""

import json
import platform
import sys
import time


def main():
    work = json.load(sys.stdin)
    jobs = [tuple(job) for job in work["jobs"]]
    replay = globals()[work["case"]]
    least = None
    for _ in range(work["runs"]):
        before = time.process_time()
        starts = replay(jobs, work["procs"])
        seconds = time.process_time() - before
        least = seconds if least is None else min(least, seconds)
    implementation = platform.python_implementation() + " " + platform.python_version()
    json.dump(
        {
            "version": version() + ", " + implementation,
            "seconds": least,
            "starts": starts,
        },
        sys.stdout,
    )


main()
