"""What a rate limit's delay does: a long one is answered at once by the fallback, a short one is
waited for and never cut short. Times are the simulator's and backstop's own, on one machine."""

import datetime
import json
import time

import support
from support import END, START


def unix_time(iso):
    return datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


class LongWait(support.TestCase):
    def test_ten_minutes_are_not_slept(self):
        """A 600 s retryAfter against the 5 s deadline of start."""
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=600")
        answer = backstop.start("c")
        answered = time.time()
        self.assertEqual(answer.status, 200)
        self.assertTrue(support.empty_context(answer))
        self.assertEqual(json.loads(answer.body)["call_id"], "c")
        self.assertEqual(answer.headers["Backstop-Outcome"], "fallback")
        self.assertEqual(answer.headers["Backstop-Reason"], "rate_limited")
        (entry,) = simulator.journal(START)
        self.assertEqual(entry["status"], 429)
        left = unix_time(entry["wall"]) + (entry["answered_ms"] - entry["arrived_ms"]) / 1000
        self.figure(f"from the 429 to the client's answer: {(answered - left) * 1000:.1f} ms")
        self.assertLess(answered - left, 600)
        (line,) = backstop.access(1)
        self.assertEqual(line["decision"]["denied"], "max_wait")
        self.assertEqual(line["attempts"][0]["wait_source"], "none")
        took = line["duration_ms"] - line["attempts"][0]["ms"]
        self.figure(f"of that on backstop's clock, all but the attempt: {took:.1f} ms")

        # The gate is closed now: the next call is not even sent.
        second = backstop.start("c2")
        self.assertTrue(support.empty_context(second))
        self.assertEqual(second.headers["Backstop-Attempts"], "0")
        self.assertEqual(len(simulator.journal()), 1)

    def test_what_many_calls_get_while_it_lasts(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=600")
        slowest = 0
        for number in range(50):
            begun = time.monotonic()
            answer = backstop.start(f"c{number}")
            slowest = max(slowest, time.monotonic() - begun)
            self.assertTrue(support.empty_context(answer))
        self.figure(f"slowest of 50 fallbacks, connection and all: {slowest * 1000:.1f} ms")
        self.assertEqual(len(simulator.journal()), 1)
        metrics = backstop.metrics()
        self.assertEqual(
            metrics.value("backstop_degraded_responses_total", reason="rate_limited", route=START),
            50,
        )
        self.assertEqual(metrics.value("backstop_gate_closed", kind="rate"), 1)

    def test_a_route_without_fallback_gets_the_apis_429(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=600")
        answer = backstop.end("c")
        self.assertEqual(answer.status, 429)
        body = json.loads(answer.body)
        self.assertEqual((body["retryAfter"], body["limit"]), (600, 100))
        self.assertEqual(answer.headers["Retry-After"], "600")  # only its body had it
        self.assertNotIn("Backstop-Outcome", answer.headers)
        self.assertEqual(len(simulator.journal(END)), 1)


class ShortWait(support.TestCase):
    def gap(self, simulator, path):
        """From when the first answer left until the second request came, in seconds."""
        first, second = simulator.journal(path)
        self.assertEqual([first["status"], second["status"]], [429, 200])
        return (second["arrived_ms"] - first["answered_ms"]) / 1000

    def test_two_seconds_are_two_seconds(self):
        for attempt in range(3):
            with self.subTest(attempt=attempt):
                simulator, backstop = self.pair("--fault", "rate_limited retry_after=2 count=1")
                answer = backstop.end("c")
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["Backstop-Attempts"], "2")
                gap = self.gap(simulator, END)
                self.figure(f"a retryAfter of 2 s was waited for {gap:.3f} s")
                self.assertGreaterEqual(gap, 2.0)
                (line,) = backstop.access(1)
                self.assertEqual(line["attempts"][1]["wait_source"], "body")

    def test_start_waits_too_where_it_fits_its_deadline(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=2 count=1")
        answer = backstop.start("c")
        self.assertEqual(answer.status, 200)
        self.assertFalse(support.empty_context(answer) if b"hasContext" in answer.body else False)
        self.assertGreaterEqual(self.gap(simulator, START), 2.0)

    def test_a_delay_that_only_a_header_has(self):
        simulator, backstop = self.pair()
        simulator.fault(
            "status", code=429, count=1, headers={"Retry-After": "2"}, body={"error": "slow down"}
        )
        self.assertEqual(backstop.end("c").status, 200)
        self.assertGreaterEqual(self.gap(simulator, END), 2.0)
        (line,) = backstop.access(1)
        self.assertEqual(line["attempts"][1]["wait_source"], "header")

    def test_a_delay_in_a_compressed_body(self):
        simulator, backstop = self.pair("--fault", "gzip")
        simulator.fault("rate_limited", retry_after=2, count=1)
        self.assertEqual(backstop.end("c").status, 200)
        self.assertGreaterEqual(self.gap(simulator, END), 2.0)

    def test_everybody_waits_for_the_same_gate(self):
        """One 429, and whoever comes meanwhile is held back with it, not sent to get its own."""
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=2 count=1")
        answers = support.at_once(
            lambda: backstop.end("first"),
            *(
                lambda number=number: (
                    support.until(lambda: simulator.journal(), "the first request"),
                    support.until(
                        lambda: backstop.metrics().value("backstop_gate_closed", kind="rate"),
                        "the gate closed",
                    ),
                    backstop.end(f"c{number}"),
                )[-1]
                for number in range(5)
            ),
        )
        self.assertEqual([answer.status for answer in answers], [200] * 6)
        entries = simulator.journal(END)
        self.assertEqual([entry["status"] for entry in entries], [429] + [200] * 6)
        self.assertGreaterEqual(entries[1]["arrived_ms"] - entries[0]["answered_ms"], 2000)


if __name__ == "__main__":
    support.main()
