"""Error bodies that tell how long to wait, compressed: they are understood, and reach the client as
they are. One that is meant to do harm does none."""

import functools
import gzip
import json
import re
import zlib

import support
import vitals

LEADS = "/backend/leads"
CALLS = "/api/public/v1/calls"
LEAD = json.dumps({"phone": "+15551234567"}).encode()
CALL = json.dumps({"agent_id": "agent_default", "to_number": "+15551234567"}).encode()
DECODE = {"gzip": gzip.decompress, "deflate": zlib.decompress}
# Beyond what a 429 without a time makes Leavo's callers wait (60 s).
HURRIED = '[upstream.timeout]\ndeadline = "10s"\nattempt = "5s"\n'

BOMB_BYTES = 10 * 1024 * 1024
BOMBS = 8
GROWTH_MAX = 4 * 1024 * 1024  # of the peak, for so many bombs: they decode to 80 MiB


def compressed(coding):
    return ("--fault", f"gzip encoding={coding}")


def bomb():
    """A valid body of Leavo's that tells to wait for a second, after ten megabytes of nothing."""
    body = '{"success": false, "error": {"details": {"pad": "%s", "retry_after": 1}}}'
    return body % ("0" * BOMB_BYTES)


def peak_bytes(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) * 1024


class Compressed(support.TestCase):
    def create(self, backstop, headers=None):
        headers = {**support.authorization("leavo"), **(headers or {})}
        return backstop.request("POST", LEADS, LEAD, headers)

    def waited_ms(self, simulator):
        first, second = simulator.journal()
        return second["arrived_ms"] - first["answered_ms"]

    def test_a_wait_in_seconds_is_obeyed(self):
        for coding in DECODE:
            with self.subTest(coding=coding):
                fault = "rate_limited retry_after=2 count=1"
                simulator, backstop = self.pair(
                    "--fault", fault, *compressed(coding), api="leavo", upstream=HURRIED
                )
                self.assertEqual(self.create(backstop).status, 201)
                self.assertGreaterEqual(self.waited_ms(simulator), 2000)
                (line,) = backstop.access(1)
                self.assertEqual(line["attempts"][1]["wait_source"], "body")

    def test_a_wait_until_a_date_is_obeyed(self):
        for coding in DECODE:
            with self.subTest(coding=coding):
                fault = "rate_limited retry_after=2 count=1"
                simulator, backstop = self.pair(
                    "--set", "rate_limit_form=body", "--fault", fault, *compressed(coding),
                    api="truedy", upstream=HURRIED,
                )  # fmt: skip
                answer = backstop.request("POST", CALLS, CALL, support.authorization("truedy"))
                self.assertEqual(answer.status, 201)
                self.assertGreaterEqual(self.waited_ms(simulator), 2000)

    def test_the_client_gets_the_very_bytes(self):
        for coding, decode in DECODE.items():
            with self.subTest(coding=coding):
                simulator, backstop = self.pair(
                    "--fault", "rate_limited retry_after=600", *compressed(coding), api="leavo"
                )
                direct = support.send(
                    *simulator.address, "POST", LEADS, LEAD, support.authorization("leavo")
                )
                answer = self.create(backstop)
                self.assertEqual(answer.status, 429)
                self.assertEqual(answer.body, direct.body)
                self.assertEqual(answer.headers["Content-Encoding"], coding)
                retry_after = json.loads(decode(answer.body))["error"]["details"]["retry_after"]
                self.assertEqual(retry_after, 600)
                self.assertGreaterEqual(int(answer.headers["Retry-After"]), 590)

    def test_a_body_that_is_not_what_it_says_does_no_harm(self):
        """It gives no hint, so that the wait is the dialect's 60 s."""
        for body in ("not gzip at all", "\u001f\u008b\u0008 nearly"):
            with self.subTest(body=body):
                simulator, backstop = self.pair(api="leavo", upstream=HURRIED)
                simulator.fault(
                    "status", code=429, body=body, headers={"Content-Encoding": "gzip"}
                )
                answer = self.create(backstop)
                self.assertEqual(answer.status, 429)
                self.assertEqual(answer.body, body.encode())
                self.assertEqual(len(simulator.journal()), 1)


class Bomb(support.TestCase):
    def pair_with_bomb(self, coding, **attributes):
        simulator, backstop = self.pair(
            api="leavo", upstream=HURRIED + "[upstream.rate_limit]\ngate = false\n"
        )
        simulator.fault("status", code=429, body=bomb(), encoding=coding, **attributes)
        return simulator, backstop

    def create(self, backstop):
        return backstop.request("POST", LEADS, LEAD, support.authorization("leavo"))

    def test_memory(self):
        for coding, decode in DECODE.items():
            with self.subTest(coding=coding):
                simulator, backstop = self.pair_with_bomb(coding, skip=BOMBS)
                create = functools.partial(self.create, backstop)
                support.at_once(*[create] * BOMBS)
                before = peak_bytes(backstop)
                answers = support.at_once(*[create] * BOMBS)
                growth = peak_bytes(backstop) - before
                self.figure(f"{BOMBS} {coding} bombs at once: the peak grew by {growth // 1024} KiB")
                if not vitals.sanitized(backstop):  # a sanitizer keeps what is freed
                    self.assertLess(growth, GROWTH_MAX)
                self.assertEqual({answer.status for answer in answers}, {429})
                self.assertEqual(decode(answers[0].body), bomb().encode())
                self.assertEqual(len({answer.body for answer in answers}), 1)
                self.assertEqual(len(simulator.journal()), 2 * BOMBS)

    def test_decision(self):
        """Its retry_after stands behind what is looked at. So the wait is the 60 s of a 429 that
        does not say, or the header's."""
        for coding in DECODE:
            with self.subTest(coding=coding):
                simulator, backstop = self.pair_with_bomb(coding)
                self.assertEqual(self.create(backstop).status, 429)
                self.assertEqual(len(simulator.journal()), 1)
                (line,) = backstop.access(1)
                self.assertIn(line["decision"]["denied"], ("deadline", "max_wait"))

                simulator, backstop = self.pair_with_bomb(
                    coding, count=1, headers={"Retry-After": "1"}
                )
                self.assertEqual(self.create(backstop).status, 201)
                first, second = simulator.journal()
                self.assertGreaterEqual(second["arrived_ms"] - first["answered_ms"], 1000)


if __name__ == "__main__":
    support.main()
