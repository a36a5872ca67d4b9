"""SimPy the way its manual teaches it: a process for each job, shared resources between them.

FIFO is SimPy's own `Container`, the multi-server station its `Resource`. SimPy has no backfilling,
so for EASY it is the engine only: a scheduler process that wakes once for each instant.
"""

import simpy


def version():
    return "SimPy " + simpy.__version__


def simulate(jobs, begin):
    """Runs what `begin(env)` sets up; it returns what to do when a job arrives."""
    env = simpy.Environment()
    arrive = begin(env)

    def source():
        for job, (submit, *_) in enumerate(jobs):
            if submit > env.now:
                yield env.timeout(submit - env.now)
            arrive(job)

    env.process(source())
    env.run()


def fifo(jobs, procs):
    starts = [None] * len(jobs)

    def begin(env):
        free = simpy.Container(env, capacity=procs, init=procs)

        def job_process(job):
            _, run, _, need = jobs[job]
            yield free.get(need)
            starts[job] = env.now
            yield env.timeout(run)
            yield free.put(need)

        return lambda job: env.process(job_process(job))

    simulate(jobs, begin)
    return starts


def mmc(jobs, procs):
    starts = [None] * len(jobs)

    def begin(env):
        servers = simpy.Resource(env, capacity=procs)

        def job_process(job):
            with servers.request() as turn:
                yield turn
                starts[job] = env.now
                yield env.timeout(jobs[job][1])

        return lambda job: env.process(job_process(job))

    simulate(jobs, begin)
    return starts


def easy(jobs, procs):
    pool = Pool(jobs, procs, backfills=True)

    def begin(env):
        news = env.event()

        # Told at the same instant, the scheduler still comes after every end and arrival of it:
        # SimPy keeps events of an instant in the order they were scheduled, and those two were
        # scheduled earlier.
        def tell():
            if not news.triggered:
                news.succeed()

        def scheduler():
            nonlocal news
            while True:
                yield news
                news = env.event()
                for job in pool.decide(env.now):
                    env.process(running(job))

        def running(job):
            yield env.timeout(jobs[job][1])
            pool.end(job)
            tell()

        def arrive(job):
            pool.queue.append(job)
            tell()

        env.process(scheduler())
        return arrive

    simulate(jobs, begin)
    return pool.starts
