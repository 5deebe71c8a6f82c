"""What is particular to Levrage, Leavo and Truedy, and not told by their error guides' examples."""

import functools
import http.client
import json
import os

import support

NUMBER = "+15551234567"
CALL = {
    "truedy": ("/api/public/v1/calls", {"agent_id": "agent_default", "to_number": NUMBER}),
    "levrage": ("/v1/calls", {"agent_id": "agent_default", "phone_number": NUMBER}),
}
PLACED = {("calls_placed", NUMBER): 1}
# No chance in the waits, so that they are what the rule says.
EXACT = '[upstream.retry]\nbackoff = { base = "50ms", max = "1s", jitter = "0ms" }\n'
HURRIED = '[upstream.timeout]\ndeadline = "5s"\nattempt = "2s"\n'


class ThreeApis(support.TestCase):
    def place(self, backstop, api, headers=None):
        path, body = CALL[api]
        headers = {**support.authorization(api), **(headers or {})}
        return backstop.request("POST", path, json.dumps(body).encode(), headers)

    def gap_ms(self, simulator):
        first, second = simulator.journal()
        return second["arrived_ms"] - first["answered_ms"]


class Truedy(ThreeApis):
    def test_a_lost_response_is_fetched_again_by_its_key(self):
        for lost in ("reset stage=after_processing", "truncate", "reset stage=mid_body",
                     "status code=502 stage=after_processing", "malformed"):  # fmt: skip
            for own in ({}, {"X-Idempotency-Key": "my own"}):
                with self.subTest(lost=lost, own=own):
                    simulator, backstop = self.pair(
                        "--fault", lost + " count=1", api="truedy", upstream=support.QUICK
                    )
                    answer = self.place(backstop, "truedy", own)
                    self.assertEqual(answer.status, 201)
                    self.assertEqual(answer.headers["Backstop-Attempts"], "2")
                    self.assertEqual(json.loads(answer.body)["data"]["to_number"], NUMBER)
                    self.assertEqual(dict(simulator.effects()), PLACED)
                    first, second = simulator.journal()
                    self.assertTrue(first["idempotency_key"])
                    self.assertEqual(first["idempotency_key"], second["idempotency_key"])
                    self.assertEqual(second["note"], "replayed")
                    if own:
                        self.assertEqual(first["idempotency_key"], "my own")

    def test_a_402_is_told_and_counted_by_its_reason(self):
        simulator = self.simulator("--api", "truedy", "--set", "credits=0")
        backstop = self.backstop(support.config(simulator.url, dialect="truedy"))
        answer = self.place(backstop, "truedy")
        details = json.loads(answer.body)["error"]["details"]
        self.assertEqual((details["balance"], details["required"]), (0, 1))
        reasons = ["trial_not_started", "trial_expired", "subscription_inactive"]
        for reason in reasons:
            simulator.settings(billing=reason)
            answer = self.place(backstop, "truedy")
            self.assertEqual(answer.status, 402)
            self.assertEqual(json.loads(answer.body)["error"]["details"]["reason"], reason)
        metrics = backstop.metrics()
        for reason in reasons + ["insufficient_credits"]:
            labels = {"class": "payment", "reason": reason}
            self.assertEqual(metrics.value("backstop_denials_total", **labels), 1, reason)
        self.assertEqual([entry["status"] for entry in simulator.journal()], [402] * 4)
        self.assertEqual(dict(simulator.effects()), {})

    def test_both_forms_of_a_429_are_waited_for(self):
        for form in ("headers", "body"):
            with self.subTest(form=form):
                simulator, backstop = self.pair(
                    "--set", f"rate_limit_form={form}",
                    "--fault", "rate_limited retry_after=2 count=1", api="truedy",
                )  # fmt: skip
                self.assertEqual(self.place(backstop, "truedy").status, 201)
                self.assertGreaterEqual(self.gap_ms(simulator), 2000)
                self.assertEqual(dict(simulator.effects()), PLACED)

    def test_a_failed_provider_is_passed_on_with_its_request_id(self):
        simulator, backstop = self.pair("--set", "provider=down", api="truedy", upstream=EXACT)
        answer = self.place(backstop, "truedy")
        self.assertEqual(answer.status, 502)
        body = json.loads(answer.body)
        self.assertEqual(body["error"]["code"], "provider_error")
        self.assertEqual(len(simulator.journal()), 3)
        (line,) = backstop.access(1)
        self.assertIn(body["meta"]["request_id"], json.dumps(line))


class Levrage(ThreeApis):
    def retried_after(self, status):
        fault = f"status code={status} count=1"
        simulator, backstop = self.pair("--fault", fault, api="levrage", upstream=EXACT)
        answer = self.place(backstop, "levrage")
        self.assertEqual(answer.status, 200)
        self.assertEqual(dict(simulator.effects()), PLACED)
        return self.gap_ms(simulator)

    def test_each_status_is_retried_as_the_guide_says(self):
        """502 "after 1-2 seconds", 503 "wait 30+ seconds", 500 and 504 with backoff; at once, for
        the half minute."""
        waits = {500: 50, 502: 1000, 503: 30_000, 504: 50}
        gaps = support.at_once(*[functools.partial(self.retried_after, status) for status in waits])
        for (status, wait), gap in zip(waits.items(), gaps):
            self.figure(f"{status}: {gap} ms")
            self.assertGreaterEqual(gap, wait, status)

    def test_a_504_is_retried_with_a_longer_timeout(self):
        """Answers take 1.5 s, an attempt has 1 s: in vain, but for the one after a 504."""
        upstream = EXACT + '[upstream.timeout]\nattempt = "1s"\n'
        slow = ("--fault", "latency ms=1500 skip=1 stage=before_processing")
        simulator, backstop = self.pair(
            "--fault", "status code=504 count=1", *slow, api="levrage", upstream=upstream
        )
        self.assertEqual(self.place(backstop, "levrage").status, 200)
        self.assertEqual([entry["status"] for entry in simulator.journal()], [504, 200])

        simulator, backstop = self.pair(
            "--fault", "status code=502 count=1", *slow, api="levrage", upstream=upstream
        )
        self.assertEqual(self.place(backstop, "levrage").status, 504)
        self.assertEqual(len(simulator.journal()), 2)

    def test_one_gate_for_all_keys_behind_an_address(self):
        keys = '{"lev_a": "a", "lev_b": "b"}'
        simulator, backstop = self.pair(
            "--set", f"keys={keys}", "--fault", "rate_limited retry_after=600 count=1",
            api="levrage",
        )  # fmt: skip
        for key in ("lev_a", "lev_b"):
            answer = self.place(backstop, "levrage", {"Authorization": f"Bearer {key}"})
            self.assertEqual(answer.status, 429)
            self.assertTrue(answer.headers["X-RateLimit-Reset"].isdigit())
        self.assertEqual(len(simulator.journal()), 1)

    def test_quota_exceeded_is_final(self):
        simulator = self.simulator("--api", "levrage", "--set", "credits=0")
        backstop = self.backstop(support.config(simulator.url, dialect="levrage"))
        answer = self.place(backstop, "levrage")
        self.assertEqual(answer.status, 402)
        self.assertEqual(json.loads(answer.body)["error"]["code"], "quota_exceeded")
        self.assertEqual(len(simulator.journal()), 1)


class Leavo(ThreeApis):
    STREAM = "/backend/conversations/stream"

    def test_a_429_that_does_not_say_is_a_minute(self):
        """More than this deadline has: the answer comes at once, and says so."""
        simulator, backstop = self.pair(
            "--set", "rate_limit_form=silent", "--fault", "rate_limited",
            api="leavo", upstream=HURRIED,
        )  # fmt: skip
        body = json.dumps({"phone": NUMBER}).encode()
        headers = support.authorization("leavo")
        first = backstop.request("POST", "/backend/leads", body, headers)
        self.assertEqual(first.status, 429)
        self.assertEqual(json.loads(first.body)["error"]["code"], "RATE_LIMIT_EXCEEDED")
        (line,) = backstop.access(1)
        self.assertIn(line["decision"]["denied"], ("deadline", "max_wait"))
        self.figure(f"answered after {line['duration_ms']} ms")

        refused = backstop.request("POST", "/backend/leads", body, headers)
        self.assertEqual(refused.headers["Backstop-Outcome"], "local_error")
        for wait in (
            int(refused.headers["Retry-After"]),
            json.loads(refused.body)["error"]["details"]["retry_after"],
        ):
            self.assertGreater(wait, 50)
            self.assertLessEqual(wait, 60)
        self.assertEqual(len(simulator.journal()), 1)

    def test_the_stream_flows(self):
        """Each event as it comes: the answer has no end, so that nothing could be held back."""
        simulator, backstop = self.pair("--set", "heartbeat_ms=50", api="leavo")
        connection = http.client.HTTPConnection(
            backstop.host, backstop.port, timeout=support.STUCK
        )
        self.addCleanup(connection.close)
        connection.request("GET", f"{self.STREAM}?token={support.KEYS['leavo']}")
        stream = connection.getresponse()
        self.assertEqual(stream.status, 200)
        self.assertEqual(stream.headers["Content-Type"], "text/event-stream")

        def event():
            lines = {}
            while True:
                line = stream.readline().decode().rstrip("\n")
                if not line:
                    return lines
                name, _, value = line.partition(": ")
                lines[name] = value

        self.assertEqual(event()["event"], "connected")
        for _ in range(5):
            self.assertEqual(event()["event"], "heartbeat")
        message = json.dumps({"lead_id": "lead_default", "message": "na\u00efve"}).encode()
        headers = support.authorization("leavo")
        sent = backstop.request("POST", "/backend/messages/send", message, headers)
        self.assertEqual(sent.status, 201)
        found = event()
        while found["event"] == "heartbeat":
            found = event()
        self.assertEqual(found["event"], "message")
        self.assertEqual(json.loads(found["data"])["message"], "na\u00efve")
        self.assertEqual(event()["event"], "heartbeat")
        self.assertNotIn(support.KEYS["leavo"], "\n".join(backstop.lines))

    def test_an_upload_arrives_byte_for_byte(self):
        """Also one too large to be kept for resending."""
        simulator, backstop = self.pair(api="leavo")
        for size in (0, 1, 300_000, 3_000_000):
            with self.subTest(size=size):
                file = os.urandom(size)
                body = (
                    b"--mark\r\nContent-Disposition: form-data; name=\"lead_id\"\r\n\r\n"
                    b"lead_default\r\n--mark\r\nContent-Disposition: form-data; name=\"file\"; "
                    b"filename=\"a.bin\"\r\n\r\n" + file + b"\r\n--mark--\r\n"
                )
                headers = {
                    **support.authorization("leavo"),
                    "Content-Type": "multipart/form-data; boundary=mark",
                }
                answer = backstop.request("POST", "/backend/messages/media", body, headers)
                self.assertEqual(answer.status, 201, answer.body)
                data = json.loads(answer.body)["data"]
                self.assertEqual(data["size"], size)
                self.assertEqual(data["sha256"], support.sha256(file))
                entry = simulator.journal()[-1]
                self.assertEqual(entry["body_bytes"], len(body))
                self.assertEqual(entry["body_sha256"], support.sha256(body))


if __name__ == "__main__":
    support.main()
