"""The metrics agree with what the simulator has seen and what the clients were answered."""

import collections
import itertools
import json
import threading

import support
import wire
from support import END, START
from upstream import Upstream

FAST = """
[upstream.retry]
backoff = { base = "20ms", max = "100ms", jitter = "20ms" }
[upstream.retry.budget]
ratio = 1.0
per_second = 10000.0
[upstream.breaker]
enabled = false
"""


class Counters(support.TestCase):
    def drive(self, backstop, calls):
        """Starts and ends so many calls; returns [(path, answer)]."""

        def one(number):
            return (START, backstop.start(f"c{number}")), (END, backstop.end(f"c{number}"))

        answers = support.at_once(*(lambda n=number: one(n) for number in range(calls)))
        return list(itertools.chain.from_iterable(answers))

    def test_attempts_requests_and_retries(self):
        simulator, backstop = self.pair(
            "--fault", "status code=500 probability=0.15",
            "--fault", "status code=503 probability=0.1",
            "--fault", "reset stage=after_processing probability=0.1",
            "--fault", "truncate probability=0.05",
            "--fault", "malformed probability=0.05",
            upstream=FAST,
        )  # fmt: skip
        answers = self.drive(backstop, 30)
        backstop.access(len(answers))
        metrics = backstop.metrics()
        journal = simulator.journal()

        # Attempts: what came whole by its status, the rest by what the fault does to it.
        broken = {"reset": "reset", "truncate": "truncated", "malformed": "malformed"}
        seen = collections.Counter()
        for entry in journal:
            fault = entry["faults"][0].split()[0] if entry["faults"] else ""
            code = "none" if fault in broken else str(entry["status"])
            seen[entry["target"], code, broken.get(fault, "none")] += 1
        counted = collections.Counter()
        for labels, value in metrics.select("backstop_upstream_attempts_total"):
            # A truncated response had a head, and the attempt says which.
            code = "none" if labels["failure"] != "none" else labels["code"]
            counted[labels["route"], code, labels["failure"]] += int(value)
        self.assertEqual(+counted, seen)
        duration = metrics.value("backstop_upstream_attempt_duration_seconds_count")
        self.assertEqual(duration, len(journal))

        # Requests: what the clients got.
        got = collections.Counter()
        for path, answer in answers:
            outcome = {"fallback": "degraded", "local_error": "local_error"}.get(
                answer.headers.get("Backstop-Outcome", ""),
                "ok" if answer.status < 400 else "upstream_error",
            )
            got[path, str(answer.status), outcome] += 1
        counted = collections.Counter()
        for labels, value in metrics.select("backstop_requests_total", method="POST"):
            counted[labels["route"], labels["code"], labels["outcome"]] += int(value)
        self.assertEqual(+counted, got)

        # Retries: every attempt but the first of each exchange; the answers tell the same. What is
        # sent again at once, because a kept connection died (a reset looks like it), is no retry.
        retries = metrics.total("backstop_retries_total")
        told = sum(int(answer.headers["Backstop-Attempts"]) for _, answer in answers)
        self.assertEqual(retries, told - len(answers))
        races = len(journal) - told
        connections = collections.Counter(entry["connection"] for entry in journal)
        on_kept = sum(
            entry["faults"] == ["reset after_processing"] and connections[entry["connection"]] > 1
            for entry in journal
        )
        self.assertLessEqual(races, on_kept)
        waits = metrics.total("backstop_retry_wait_seconds_count", source="backoff")
        self.assertEqual(waits, retries)

        degraded = sum("degraded" in key for key in got.elements())
        self.assertEqual(metrics.total("backstop_degraded_responses_total"), degraded)
        self.assertEqual(
            metrics.value("backstop_idempotency_events_total", event="minted"), len(answers)
        )
        self.assertEqual(metrics.value("backstop_inflight_requests"), 0)
        self.assertEqual(metrics.value("backstop_queue_depth"), 0)
        self.assertEqual(metrics.value("backstop_buffer_bytes"), 0)
        self.figure(f"{len(answers)} requests, {len(journal)} attempts, {int(retries)} retries, "
                    f"{races} races lost, {degraded} degraded: metrics and journal agree")

        # The log tells it a third time.
        lines = backstop.access(len(answers))
        self.assertEqual(len(lines), len(answers))
        self.assertEqual(sum(len(line["attempts"]) for line in lines), len(journal))

    def test_everything_that_can_be_denied(self):
        simulator, backstop = self.pair(upstream=FAST)
        for status, count in ((401, 1), (403, 2), (409, 3)):
            simulator.ask("POST", "reset")
            simulator.fault("status", code=status)
            for number in range(count):
                self.assertEqual(backstop.end(f"c{number}").status, status)
        metrics = backstop.metrics()
        for kind, count in (("auth", 1), ("forbidden", 2), ("conflict", 3), ("payment", 0)):
            found = metrics.total("backstop_denials_total", **{"class": kind})
            self.assertEqual(found, count, kind)

    def test_degraded_by_reason(self):
        reasons = (
            ("unreachable", "reset stage=at_accept"),
            ("server_error", "status code=500"),
            ("rate_limited", "rate_limited retry_after=600"),
            ("quota_exhausted", "status code=402"),
            ("timeout", "hang"),
        )
        for reason, fault in reasons:
            with self.subTest(reason):
                _, backstop = self.pair("--fault", fault, upstream=support.IMPATIENT)
                answer = backstop.start("c")
                self.assertEqual(answer.headers["Backstop-Reason"], reason)
                found = {
                    labels["reason"]: value
                    for labels, value in backstop.metrics().select(
                        "backstop_degraded_responses_total", route=START
                    )
                    if value
                }
                self.assertEqual(found, {reason: 1})

    def test_an_outage_opens_the_breaker(self):
        simulator, backstop = self.pair("--fault", "status code=500", upstream=support.QUICK)
        answers = [backstop.start(f"c{number}") for number in range(4)]
        self.assertTrue(all(support.empty_context(answer) for answer in answers))
        self.assertEqual(answers[-1].headers["Backstop-Reason"], "circuit_open")
        self.assertEqual(answers[-1].headers["Backstop-Attempts"], "0")
        self.assertEqual(len(simulator.journal()), 5)
        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_breaker_state", state="open"), 1)
        self.assertEqual(metrics.value("backstop_breaker_transitions_total", to="open"), 1)

        # It heals: after 5 s one probe, a second, and it is closed.
        simulator.clear_faults()
        healed = support.until(
            lambda: backstop.start("after") and simulator.effects()["calls_started", "after"],
            "a call that goes through again",
        )
        self.assertEqual(healed, 1)
        backstop.start("after2")
        self.assertEqual(backstop.metrics().value("backstop_breaker_state", state="closed"), 1)


class Gauges(support.TestCase):
    def test_they_are_absent_until_the_api_has_told(self):
        _, backstop = self.pair()
        metrics = backstop.metrics()
        for name in (
            "backstop_rate_limit_limit",
            "backstop_rate_limit_remaining",
            "backstop_quota_remaining",
            "backstop_clock_offset_seconds",
        ):
            self.assertIsNone(metrics.value(name), name)
        self.assertEqual(metrics.value("backstop_build_info"), 1)

    def test_limit_and_quota(self):
        simulator = self.simulator("--tier", "starter", "--quota", "5000")
        backstop = self.backstop(support.config(simulator.url))
        for number in range(7):
            answer = backstop.start(f"c{number}")
        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_rate_limit_limit"), 600)
        self.assertEqual(metrics.value("backstop_rate_limit_remaining"), 593)
        self.assertEqual(
            metrics.value("backstop_rate_limit_remaining"),
            int(answer.headers["X-RateLimit-Remaining"]),
        )
        self.assertAlmostEqual(metrics.value("backstop_rate_limit_used_ratio"), 7 / 600)
        self.assertEqual(metrics.value("backstop_quota_remaining"), 4993)

    def test_the_limit_of_a_429(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=600")
        body = json.loads(backstop.end("c").body)
        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_rate_limit_limit"), body["limit"])
        ratio = metrics.value("backstop_rate_limit_used_ratio")
        self.assertAlmostEqual(ratio, body["currentUsage"] / body["limit"])
        closed_until = metrics.value("backstop_gate_until_timestamp_seconds", kind="rate")
        reset_at = metrics.value("backstop_rate_limit_reset_timestamp_seconds")
        self.assertAlmostEqual(closed_until, reset_at, delta=30)
        del simulator

    def test_the_apis_clock(self):
        simulator = self.simulator("--limits", "off", "--clock-offset", "300")
        backstop = self.backstop(support.config(simulator.url))
        for number in range(3):
            backstop.start(f"c{number}")
        offset = backstop.metrics().value("backstop_clock_offset_seconds")
        self.figure(f"an API that is 300 s fast was found to be {offset:.2f} s fast")
        self.assertAlmostEqual(offset, 300, delta=5)


def local(url):
    """The same place as another url."""
    return url.replace("127.0.0.1", "localhost")


class Reloads(support.TestCase):
    def test_a_stream_that_began_before_is_still_told(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def stream(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            over.wait(support.STUCK)
            connection.send(b"0\r\n\r\n")
            connection.close()

        def told():
            metrics = backstop.metrics()
            return (
                metrics.value("backstop_inflight_requests"),
                metrics.value("backstop_connections", state="busy"),
                backstop.status()["upstreams"][0]["in_flight"],
            )

        upstream = Upstream(stream)
        self.addCleanup(upstream.close)
        text = support.config(upstream.url, dialect="http")
        backstop = self.backstop(text)
        client = wire.Client(backstop)
        self.addCleanup(client.close)
        client.send(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.head()[0], 200)
        self.assertEqual(told(), (1, 1, 1))
        other_rules = support.config(upstream.url, support.QUICK, dialect="http")
        other_url = other_rules.replace(upstream.url, local(upstream.url))
        for change in (other_rules, other_url, text):
            backstop.reloaded(lambda text=change: backstop.write(text))
            self.assertEqual(told(), (1, 1, 1))
        over.set()
        self.assertEqual(list(client.chunks()), [])
        support.until(lambda: told() == (0, 0, 0), "it is over")

    def test_transitions_of_a_breaker_that_is_gone_stay(self):
        simulator, backstop = self.pair("--fault", "status code=500", upstream=support.QUICK)
        for number in range(4):
            backstop.start(f"c{number}")
        opened = {"upstream": "sticky-calls", "to": "open"}
        name = "backstop_breaker_transitions_total"
        self.assertEqual(backstop.metrics().value(name, **opened), 1)
        text = backstop.config.read_text()
        moved = text.replace(simulator.url, local(simulator.url))
        renamed = moved.replace('name    = "sticky-calls"', 'name    = "renamed"')
        for change in (moved, renamed):
            backstop.reloaded(lambda text=change: backstop.write(text))
            self.assertEqual(backstop.metrics().value(name, **opened), 1)
        self.assertEqual(backstop.metrics().value(name, upstream="renamed", to="open"), 0)


if __name__ == "__main__":
    support.main()
