"""The least that replays a pool in Python: sorted arrivals beside a heap of ends."""

import heapq


def version():
    return "plain loop"


def replay(jobs, procs, backfills):
    pool = Pool(jobs, procs, backfills)
    ends = []
    next_job = 0
    while next_job < len(jobs) or ends:
        now = ends[0][0] if ends else jobs[next_job][0]
        if next_job < len(jobs):
            now = min(now, jobs[next_job][0])
        while ends and ends[0][0] == now:
            pool.end(heapq.heappop(ends)[1])
        while next_job < len(jobs) and jobs[next_job][0] == now:
            pool.queue.append(next_job)
            next_job += 1
        for job in pool.decide(now):
            heapq.heappush(ends, (now + jobs[job][1], job))
    return pool.starts


def fifo(jobs, procs):
    return replay(jobs, procs, backfills=False)


def easy(jobs, procs):
    return replay(jobs, procs, backfills=True)


mmc = fifo
