"""Many at once while the API limits, fails, or has another idea of the time: the gate, the breaker,
the retry budget and the clock offset, seen from outside."""

import asyncio
import collections
import email.utils
import json
import math
import time

import load
import support
import upstream
from support import END

ONE_ATTEMPT = """
[upstream.retry]
attempts = 1
"""
HTTP_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def _end(backstop, number, answers):
    client = load.Client(backstop.host, backstop.port)
    begun = time.monotonic()
    answer = await client.post(END, support.end_body(f"c{number}"))
    answers.append((*answer, time.monotonic() - begun))
    await client.close()


def end_at_once(backstop, numbers):
    """Ends so many calls at the same time: [(status, headers, body, seconds)]."""
    answers = []

    async def everybody():
        await asyncio.gather(*(_end(backstop, number, answers) for number in numbers))

    asyncio.run(everybody())
    return answers


class Gate(support.TestCase):
    def limited(self, queue):
        """One request has met a 429 of 2 s and waits; then 1,000 come together."""
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=2 count=1", upstream=queue)
        first, answers = support.at_once(
            lambda: backstop.end("first"),
            lambda: support.until(
                lambda: backstop.metrics().value("backstop_gate_closed", kind="rate"), "a closed gate"
            )
            and end_at_once(backstop, range(1000)),
        )
        self.assertEqual(first.status, 200)
        journal = simulator.journal(END)
        self.assertEqual(journal[0]["status"], 429)
        waited = [(entry["arrived_ms"] - journal[0]["answered_ms"]) / 1000 for entry in journal[1:]]
        self.assertGreaterEqual(min(waited), 2.0)
        self.figure(f"{len(waited)} left after the 429, {min(waited):.3f} to {max(waited):.3f} s later")
        return simulator, answers, waited

    def test_a_thousand_wait_and_are_let_go_one_after_the_other(self):
        simulator, answers, waited = self.limited("[upstream.rate_limit]\nqueue = 1001\n")
        self.assertEqual(collections.Counter(status for status, *_ in answers), {200: 1000})
        self.assertEqual(len(waited), 1001)
        counts = collections.Counter(simulator.effects().values())
        self.assertEqual(counts, {1: 1001})
        # Spread over a second: in no tenth of it did more than a fifth leave.
        tenths = collections.Counter(math.floor(seconds * 10) for seconds in waited)
        self.figure(f"in each tenth of a second: {[count for _, count in sorted(tenths.items())]}")
        self.assertGreaterEqual(max(waited) - min(waited), 0.9)

    def test_who_finds_the_queue_full_is_refused_at_once(self):
        _, answers, waited = self.limited("")
        # A hundred in the queue, and the first, whose retry has a wait of its own.
        self.assertEqual(len(waited), 101)
        refused = [answer for answer in answers if answer[0] != 200]
        self.assertEqual(len(refused), 900)
        for status, headers, body, _ in refused:
            self.assertEqual(status, 429)
            self.assertEqual(headers["backstop-attempts"], "0")
            self.assertIn(headers["retry-after"], ("1", "2"))
            self.assertEqual(json.loads(body)["error"], "Too Many Requests")
        slowest = max(seconds for *_, seconds in refused)
        self.figure(f"slowest of {len(refused)} refusals, all arriving at once: {slowest * 1000:.0f} ms")


class Breaker(support.TestCase):
    def opened(self, config=ONE_ATTEMPT):
        simulator, backstop = self.pair("--fault", "status code=500", upstream=config)
        for number in range(5):
            self.assertEqual(backstop.end(f"c{number}").status, 500)
        return simulator, backstop

    def test_while_open_it_answers_itself_and_says_until_when(self):
        simulator, backstop = self.opened()
        opened = time.monotonic()
        took = []
        for number in range(200):
            begun = time.monotonic()
            answer = backstop.end(f"d{number}")
            took.append(time.monotonic() - begun)
            self.assertEqual(answer.status, 503)
            self.assertEqual(answer.headers["Backstop-Reason"], "circuit_open")
            # It is open for 5 s from the last failure; whole seconds, rounded up.
            left = 5 - (time.monotonic() - opened)
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), math.floor(left))
            self.assertLessEqual(int(answer.headers["Retry-After"]), 5)
        took.sort()
        self.figure(
            f"200 answers while open, connections and all: median {took[100] * 1000:.1f} ms, "
            f"slowest {took[-1] * 1000:.1f} ms"
        )
        lines = backstop.access(205)[5:]
        self.figure(f"slowest on backstop's own clock: {max(line['duration_ms'] for line in lines)} ms")
        self.assertEqual(len(simulator.journal()), 5)

    def test_it_closes_again_once_the_api_answers(self):
        simulator, backstop = self.opened()
        simulator.clear_faults()
        answer = support.until(
            lambda: (answer := backstop.end("probe")).status == 200 and answer, "an answer of the API"
        )
        self.assertEqual(answer.headers["Backstop-Attempts"], "1")
        self.assertEqual(backstop.end("another").status, 200)
        metrics = backstop.metrics()
        for state in ("open", "half_open", "closed"):
            self.assertEqual(metrics.value("backstop_breaker_transitions_total", to=state), 1, state)
        entries = simulator.journal(END)
        self.assertGreaterEqual(entries[5]["arrived_ms"] - entries[4]["answered_ms"], 5000)

    def test_an_application_of_keyless_writes_gets_out_again(self):
        simulator, backstop = self.opened("[upstream.idempotency]\nenabled = false\n")
        simulator.clear_faults()
        support.until(lambda: backstop.end("probe").status == 200, "an answer of the API")
        self.assertTrue(all(not entry.get("idempotency_key") for entry in simulator.journal()))

    def test_nearly_half_failing_evenly_does_not_open_it(self):
        answered = []

        def script(connection):
            while connection.request():
                answered.append(None)
                fails = len(answered) * 49 // 100 > (len(answered) - 1) * 49 // 100
                connection.send(
                    b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n" if fails else HTTP_OK
                )

        api = upstream.Upstream(script)
        self.addCleanup(api.close)
        backstop = self.backstop(support.config(api.url, ONE_ATTEMPT, dialect="http"))
        statuses = collections.Counter(backstop.request("GET", "/x").status for _ in range(1000))
        self.assertEqual(statuses, {200: 510, 500: 490})
        self.assertEqual(backstop.metrics().total("backstop_breaker_transitions_total", to="open"), 0)
        self.assertEqual(api.errors, [])

    def test_a_storm_of_429s_does_not_open_it(self):
        simulator, backstop = self.pair(
            "--fault",
            "rate_limited retry_after=1",
            upstream=ONE_ATTEMPT + "[upstream.rate_limit]\ngate = false\npace = false\n",
        )
        statuses = collections.Counter(backstop.end(f"c{number}").status for number in range(200))
        self.assertEqual(statuses, {429: 200})
        self.assertEqual(len(simulator.journal()), 200)
        self.assertEqual(backstop.metrics().total("backstop_breaker_transitions_total", to="open"), 0)


class RetryStorm(support.TestCase):
    def test_attempts_stay_within_the_budget(self):
        simulator, backstop = self.pair(
            "--fault", "status code=500", upstream=support.QUICK + "[upstream.breaker]\nenabled = false\n"
        )
        begun = time.monotonic()
        results = load.run(backstop, 500, 50)
        took = time.monotonic() - begun
        attempts = len(simulator.journal())
        self.assertEqual(len(results), 1000)
        self.figure(f"1000 requests, all failing, for {took:.1f} s: {attempts} attempts")
        self.assertLessEqual(attempts, 1.2 * 1000 + took + 1)
        metrics = backstop.metrics()
        denied = metrics.select("backstop_retries_denied_total")
        by_reason = {labels["reason"]: int(count) for labels, count in denied if count}
        self.figure(f"denied: {by_reason}")
        self.assertEqual(sum(by_reason.values()), 1000)
        self.assertLessEqual(set(by_reason), {"budget", "attempts", "deadline"})


class OtherClock(support.TestCase):
    """The API's clock is ahead or behind; what it says of times is meant by its own clock."""

    def limited_until(self, ahead, reset_field, **more):
        """Says 429 until three seconds from now, then 200: (seconds late by the API's clock, answer)."""
        state = {}

        def clock():
            return time.time() + ahead

        def script(connection):
            while connection.request():
                if "reset" in state:
                    state["late"] = clock() - state["reset"]
                    connection.send(HTTP_OK)
                    continue
                state["reset"] = math.ceil(clock()) + 3
                head = {"Date": email.utils.formatdate(clock(), usegmt=True), **more}
                head[reset_field[0]] = reset_field[1](state["reset"])
                lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
                connection.send(
                    f"HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\n{lines}\r\n".encode()
                )

        api = upstream.Upstream(script)
        self.addCleanup(api.close)
        backstop = self.backstop(support.config(api.url, dialect="http"))
        answer = backstop.request("GET", "/x")
        self.assertEqual(api.errors, [])
        return state.get("late"), answer

    FIELDS = {
        "epoch": ("RateLimit-Reset", str),
        "date": ("Retry-After", lambda at: email.utils.formatdate(at, usegmt=True)),
    }

    def test_a_reset_is_never_early(self):
        for ahead in (0, 120, -120):
            for kind, field in self.FIELDS.items():
                with self.subTest(ahead=ahead, kind=kind):
                    late, answer = self.limited_until(ahead, field)
                    self.assertEqual(answer.status, 200)
                    self.figure(f"clock {ahead:+} s, reset as {kind}: {late:.3f} s late")
                    self.assertGreaterEqual(late, 0)

    def test_the_date_of_a_cache_or_none_at_all_changes_nothing(self):
        for date, more in (
            (email.utils.formatdate(time.time() - 300, usegmt=True), {"Age": "300"}),
            ("yesterday", {}),
            ("Thu, 01 Jan 1970 00:00:00 GMT", {}),
        ):
            with self.subTest(date=date):
                late, answer = self.limited_until(0, self.FIELDS["epoch"], Date=date, **more)
                self.assertEqual(answer.status, 200)
                self.figure(f"Date {date!r}: {late:.3f} s late")
                self.assertGreaterEqual(late, 0)


if __name__ == "__main__":
    support.main()
