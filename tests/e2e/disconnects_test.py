"""Clients that vanish and upstreams that fail, at every point of an exchange and often: nothing of
them stays behind, and who comes next is served."""

import collections
import os
import select
import threading

import support
import upstream
import vitals
import wire

# How often each happens; TOGETHER of them at a time. Fewer under sanitizers (see CMakeLists.txt).
TIMES = int(os.environ.get("CALLS", "10000")) // 20
TOGETHER = 25
# What half of TIMES may leave behind: a heap is never quite as it was, and this is 16 KiB for each.
# A connection that is kept by mistake takes its buffers, 8 KiB and more, its socket and its coroutine.
SLACK = 4 * vitals.MIB

CONFIG = """
[upstream.pool]
idle = "100ms"
[upstream.breaker]
enabled = false
[upstream.timeout]
deadline = "90s"
[upstream.retry]
attempts = {attempts}
backoff = {{ base = "30s", factor = 1.0, max = "30s", jitter = "0ms" }}
budget = {{ ratio = 1.0, per_second = 1000.0, window = "10s" }}
"""

GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
OK = wire.OK
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Case(wire.WireCase):
    def serve(self, script, attempts):  # pylint: disable=arguments-differ
        self.upstream = upstream.Upstream(script)
        self.addCleanup(self.upstream.close)
        self.growths = {}
        self.proxy = self.backstop(
            support.config(self.upstream.url, CONFIG.format(attempts=attempts), dialect="http")
        )

    def next_is_served(self):
        self.assertEqual(self.proxy.request("GET", "/ok").status, 200)

    def often(self, name, once, rest):
        """Does once(count) until it was done TIMES, and looks for what stays behind."""
        sizes = []
        for half in (TIMES // 2, TIMES - TIMES // 2):
            for done in range(0, half, TOGETHER):
                once(min(TOGETHER, half - done))
            self.next_is_served()
            rest.wait()
            sizes.append(vitals.memory(self.proxy))
        growth = sizes[1] - sizes[0]
        self.growths[name] = growth
        if not vitals.sanitized(self.proxy):
            self.assertLess(growth, SLACK)

    def at_rest(self):
        """Every buffer that is kept for the next one has been made by now."""
        self.next_is_served()
        support.until(lambda: self.proxy.metrics().total("backstop_connections") == 0, "no connection")
        return vitals.Rest(self.proxy), vitals.memory(self.proxy)

    def finish(self, before):
        worst = max(self.growths, key=self.growths.get)
        self.figure(
            f"memory after {len(self.growths)} points, {TIMES} times each: "
            f"{(vitals.memory(self.proxy) - before) // vitals.KIB:+} KiB; most in a second half: "
            f"{self.growths[worst] // vitals.KIB:+} KiB, {worst}"
        )
        self.assertEqual(self.proxy.metrics().total("backstop_internal_errors_total"), 0)


# --- how the test knows that backstop has come so far with all of these clients -----------------


def gauge(test, count, name, **labels):
    return test.proxy.metrics().total(name, **labels) == count


def connected(test, clients):
    support.until(lambda: gauge(test, len(clients), "backstop_client_connections"), "all are accepted")


def begun(test, clients):
    support.until(lambda: gauge(test, len(clients), "backstop_inflight_requests"), "all have begun")


def asked(test, clients):
    support.until(lambda: len(test.reached) == len(clients), "all have reached the upstream")


def sleeping(test, clients):
    asked(test, clients)
    begun(test, clients)
    support.until(lambda: gauge(test, 0, "backstop_connections", state="busy"), "all attempts have ended")


def answered(_, clients):
    for client in clients:
        if not select.select([client.socket], [], [], support.STUCK)[0]:
            raise AssertionError("no byte of an answer")


def within(_, clients):
    for client in clients:
        client.head()
        client.line()
        client.exactly(1)


def served(_, clients):
    for client in clients:
        client.response()


class Clients(Case):
    PUT = b"PUT %s HTTP/1.1\r\nHost: x\r\n"
    POINTS = {
        "before a byte": (b"", connected),
        "in the head": (b"GET /ok HTTP/1.1\r\nHos", connected),
        "before the body": (PUT % b"/ok" + b"Content-Length: 10\r\n\r\n", begun),
        "in a body that is kept": (PUT % b"/ok" + b"Content-Length: 10\r\n\r\nhalf", begun),
        "in a body too large to keep": (PUT % b"/hold" + b"Content-Length: 9999999\r\n\r\nhalf", asked),
        "in a chunk": (PUT % b"/hold" + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf", asked),
        "between chunks": (PUT % b"/hold" + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", asked),
        "while the upstream thinks": (GET % b"/hold", asked),
        "while a write is under way": (b"POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", asked),
        "in the wait for a retry": (GET % b"/fail", sleeping),
        "in the answer": (GET % b"/endless", within),
        "before reading the answer": (GET % b"/ok", answered),
        "before reading an answer that does not fit": (GET % b"/large", answered),
        "with the next request sent": (GET % b"/ok" + GET % b"/hold", asked),
        "after the answer": (GET % b"/ok", served),
    }

    def script(self, connection):
        while True:
            while b"\r\n\r\n" not in connection.data:
                if not connection.receive():
                    return
            path = connection.data.split(b" ")[1]
            if path != b"/ok":
                self.reached.append(path)
            if path == b"/hold":
                self.go_on.wait(support.STUCK)
            if not connection.request():
                return
            if path == b"/fail":
                connection.send(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
            elif path == b"/large":
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + bytes(8_000_000))
            elif path == b"/endless":
                connection.send(CHUNKED + b"4\r\nmore\r\n")
                self.go_on.wait(support.STUCK)
                while True:
                    connection.send(b"4\r\nmore\r\n")
            else:
                connection.send(OK)

    def vanish(self, count, data, there, by_reset):
        self.reached = []
        self.go_on = threading.Event()
        clients = [wire.Client(self.proxy) for _ in range(count)]
        for client in clients:
            client.send(data)
        there(self, clients)
        for client in clients:
            if by_reset:
                upstream.reset(client.socket)
            client.close()
        self.go_on.set()
        support.until(lambda: gauge(self, 0, "backstop_client_connections"), "all have left")

    def test_leave_nothing_behind(self):
        self.serve(self.script, attempts=3)
        rest, before = self.at_rest()
        for name, (data, there) in self.POINTS.items():
            for how in ("FIN", "RST"):
                with self.subTest(name, how=how):
                    self.often(
                        f"{name}, {how}",
                        lambda count: self.vanish(count, data, there, how == "RST"),
                        rest,
                    )
        self.finish(before)


class Upstreams(Case):
    """Each point: what the upstream says before it fails, and what the client gets: a whole answer
    with this status, or one that is cut. What follows an answer is nobody's."""

    CUT = "cut"
    LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(70_000)
    POINTS = {
        "with nothing said": (b"", 502),
        "in the status line": (b"HTTP/1.1 2", 502),
        "in the head": (b"HTTP/1.1 200 OK\r\nContent-Le", 502),
        "after an interim head": (b"HTTP/1.1 100 Continue\r\n\r\n", 502),
        "in a small body": (OK[:-1], 502),
        "in a large body": (LARGE, CUT),
        "in a chunk's size": (CHUNKED + b"4\r\nmore\r\n4", CUT),
        "in a chunk": (CHUNKED + b"9\r\nhalf", CUT),
        "before the last chunk": (CHUNKED + b"4\r\nmore\r\n", CUT),
        "in the trailers": (CHUNKED + b"4\r\nmore\r\n0\r\nX-T: ", CUT),
        "after garbage": (b"SSH-2.0-OpenSSH_9.2\r\n", 502),
        "after a bad chunk": (CHUNKED + b"4\r\nmore\r\n0x4\r\nmore\r\n", CUT),
    }
    # The next request may be on its way by then, and is sent again on another connection.
    BEHIND = {
        "after the answer": (OK, 200),
        "after an answer and more": (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200),
    }

    def script(self, connection):
        """Fails as self.fault says: (before the request is read?, what is said, by RST?)."""
        early, said, by_reset = self.fault or (False, b"", False)
        while self.fault is None:
            if not connection.request():
                return
            if self.fault is None:
                connection.send(OK)
        if not early and connection.request():
            connection.send(said)
        if by_reset:
            connection.reset()

    @staticmethod
    def outcome(client):
        try:
            status, _, body = client.response()
        except AssertionError:
            return Upstreams.CUT
        return status if status != 200 or body == b"ok" else body

    def meet(self, count, expected):
        clients = [wire.Client(self.proxy) for _ in range(count)]
        for client in clients:
            client.send(GET % b"/fails")
        outcomes = collections.Counter(self.outcome(client) for client in clients)
        for client in clients:
            client.close()
        self.assertEqual(outcomes, {expected: count})

    def fail_often(self, name, fault, expected, rest):
        def once(count):
            self.fault = fault
            self.meet(count, expected)
            self.fault = None

        self.often(name, once, rest)

    def test_leave_nothing_behind(self):
        self.fault = None
        self.serve(self.script, attempts=1)
        rest, before = self.at_rest()
        for how in ("FIN", "RST"):
            with self.subTest("before reading", how=how):
                self.fail_often(f"before reading, {how}", (True, b"", how == "RST"), 502, rest)
            for name, (said, expected) in self.POINTS.items():
                with self.subTest(name, how=how):
                    fault = (False, said, how == "RST")
                    self.fail_often(f"{name}, {how}", fault, expected, rest)
        self.finish(before)

    def test_behind_an_answer_leave_nothing_behind(self):
        self.fault = None
        self.serve(self.script, attempts=3)
        rest, before = self.at_rest()
        for how in ("FIN", "RST"):
            for name, (said, expected) in self.BEHIND.items():
                with self.subTest(name, how=how):
                    self.fail_often(f"{name}, {how}", (False, said, how == "RST"), expected, rest)
        self.finish(before)

    def test_that_refuse_leave_nothing_behind(self):
        def once(count):
            self.upstream.close()
            self.meet(count, 502)
            self.upstream = upstream.Upstream(self.script, self.upstream.port)

        self.fault = None
        self.serve(self.script, attempts=1)
        rest, before = self.at_rest()
        self.often("refusing", once, rest)
        self.upstream.close()
        self.finish(before)


if __name__ == "__main__":
    support.main()
