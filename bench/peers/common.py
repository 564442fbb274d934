"""What the adapters of Python libraries share: times, memory, one JSON object on standard output."""

import json
import os
import sys
import time


# the task of a process that is measured from its start to this one result; None: all tasks, one after the other
only = sys.argv[5] if len(sys.argv) > 5 else None


def since_start():
    """Milliseconds since the suite started this process."""
    return time.time() * 1000 - float(os.environ.get("SUPERSTEP_BENCH_STARTED", time.time() * 1000))


def resident():
    """Resident bytes of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def absent(how):
    """Says how to install what is missing, and ends."""
    print(json.dumps({"absent": how}))
    sys.exit(0)


def times(runs, run, check):
    """Milliseconds of each run, and what `check` makes of the last result."""
    ms = []
    for _ in range(runs):
        result = None
        started = time.perf_counter()
        result = run()
        ms.append((time.perf_counter() - started) * 1000)
    return {"ms": ms, "check": float(check(result))}


def squares(values):
    """The sum of squares of values scaled to sum to 1."""
    total = sum(values)
    return sum((value / total) ** 2 for value in values)


class Report:
    """What is known so far: said after each task, so that it stays if the next one takes too long.

    Of a process with one task: the milliseconds from its start to the result of that, and nothing else.
    """

    def __init__(self, **measured):
        self.measured = {**measured, "tasks": {}}
        if only is None:
            print(json.dumps(self.measured), flush=True)

    def add(self, task, runs, run, check):
        if only is not None:
            if task == only:
                run()
                print(json.dumps({"endToEndMs": since_start()}), flush=True)
                sys.exit(0)
            return
        self.measured["tasks"][task] = times(runs, run, check)
        print(json.dumps(self.measured), flush=True)
