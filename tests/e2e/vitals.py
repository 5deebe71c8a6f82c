"""What a running program uses, as Linux tells it: memory, descriptors, processor time."""

import os
import resource

import support

KIB = 1024
MIB = 1024 * KIB


def memory(process):
    """Bytes of the machine's memory that the process occupies now (RSS)."""
    with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Rss:"):
                return int(line.split()[1]) * KIB
    raise AssertionError("smaps_rollup without Rss")


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def processor_seconds(process):
    """Processor time used since its start, by all threads, in the kernel too."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sanitized(process):
    """Memory of a program under a sanitizer says nothing of the program's own."""
    with open(f"/proc/{process.pid}/maps", encoding="ascii") as file:
        return any(name in line for line in file for name in ("libasan", "libtsan"))


def raise_own_limit(wanted):
    """Lets this process, and what it starts, have so many descriptors; returns how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def clients_that_fit(wanted, spare):
    """So many clients, or as many as the machine's limit allows beside `spare` other descriptors."""
    allowed = raise_own_limit(wanted + spare)
    fitting = min(wanted, allowed - spare)
    if fitting < wanted:
        print(f"figure: only {fitting} clients of {wanted}: RLIMIT_NOFILE is {allowed}", flush=True)
    return fitting


class Rest:
    """How backstop is when nobody asks anything of it. Made at such a moment, it can tell later
    whether backstop is so again."""

    GAUGES = ("backstop_connections", "backstop_inflight_requests", "backstop_buffer_bytes",
              "backstop_queue_depth", "backstop_client_connections")  # fmt: skip

    def __init__(self, backstop):
        self._backstop = backstop
        self.descriptors = descriptors(backstop)
        self.gauges = self._read()

    def _read(self):
        metrics = self._backstop.metrics()
        return {name: metrics.total(name) for name in self.GAUGES}

    def wait(self):
        """Waits until everything is as it was."""

        def again():
            return self._read() == self.gauges and descriptors(self._backstop) <= self.descriptors

        try:
            support.until(again, "")
        except AssertionError:
            raise AssertionError(
                f"not as at rest: {self._read()} and {descriptors(self._backstop)} descriptors, "
                f"before {self.gauges} and {self.descriptors}"
            ) from None
