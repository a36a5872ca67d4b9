"""One pool of identical processors: what FIFO and EASY decide, told of arrivals and ends.

Times are whole microseconds. A job is (submit, run, estimate, procs); jobs are known by their
place in the list. All that happens at one instant is told before the pool is asked to decide.
"""

from bisect import bisect_left, insort


class Pool:
    def __init__(self, jobs, procs, backfills):
        self.jobs = jobs
        self.free = procs
        self.backfills = backfills
        self.queue = []
        self.believed_ends = []
        self.starts = [None] * len(jobs)

    def end(self, job):
        _, _, estimate, procs = self.jobs[job]
        self.free += procs
        if self.backfills:
            ends = self.believed_ends
            del ends[bisect_left(ends, (self.starts[job] + estimate, job))]

    def decide(self, now):
        """Starts jobs; returns which."""
        begun = []
        for job in self.queue:
            if self.jobs[job][3] > self.free:
                break
            self._start(job, now, begun)
        del self.queue[: len(begun)]
        if self.backfills and self.queue and self.free:
            self._backfill(now, begun)
        return begun

    def _start(self, job, now, begun):
        _, _, estimate, procs = self.jobs[job]
        self.free -= procs
        self.starts[job] = now
        begun.append(job)
        if self.backfills:
            insort(self.believed_ends, (now + estimate, job))

    def _backfill(self, now, begun):
        """EASY (Lifka 1995): whoever does not delay the head of the queue may pass it."""
        head = self.queue[0]
        shadow, extra = self._reservation(self.jobs[head][3])
        left = [head]
        for job in self.queue[1:]:
            _, _, estimate, procs = self.jobs[job]
            ends_in_time = now + estimate <= shadow
            if procs > self.free or not (ends_in_time or procs <= extra):
                left.append(job)
                continue
            if not ends_in_time:
                extra -= procs
            self._start(job, now, begun)
        self.queue = left

    def _reservation(self, need):
        """When `need` processors are believed free, and how many more there are then."""
        free, shadow = self.free, None
        for end, job in self.believed_ends:
            if free >= need and end > shadow:
                break
            free += self.jobs[job][3]
            shadow = end
        return shadow, free - need
