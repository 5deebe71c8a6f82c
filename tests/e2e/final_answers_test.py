"""Answers that a retry cannot help are passed on after one attempt, byte for byte; and a 402 on
start is the empty context."""

import json

import support
from support import END, START

# Odd on purpose: what is parsed and written anew would not look like this.
ODD = '{ "error" :"Odd\\u0020Error",\t"message": "na\u00efve \u260e",  "n": 1.50e+2, "n": 2 }\n'
FAILS_ONCE = "status code=500 count=1"
STATUSES = (400, 401, 402, 403, 404, 409, 405, 410, 418, 422)


class PassedOn(support.TestCase):
    def test_one_attempt_and_the_very_bytes(self):
        simulator, backstop = self.pair()
        for status in STATUSES:
            for path, send in ((START, backstop.start), (END, backstop.end), ("/v1/other", None)):
                if status == 402 and path == START:
                    continue  # the one that degrades: below
                with self.subTest(status=status, path=path):
                    simulator.ask("POST", "reset")
                    simulator.fault(
                        "status", code=status, body=ODD, headers={"X-Odd": "a,b;  c", "X-Empty": ""}
                    )
                    if send:
                        answer = send("c")
                    else:
                        answer = backstop.request("GET", path, headers=support.AUTHORIZATION)
                    self.assertEqual(answer.status, status)
                    self.assertEqual(answer.body, ODD.encode())
                    self.assertEqual(answer.headers["X-Odd"], "a,b;  c")
                    self.assertEqual(answer.headers["X-Empty"], "")
                    self.assertEqual(answer.headers["Backstop-Attempts"], "1")
                    self.assertNotIn("Backstop-Outcome", answer.headers)
                    self.assertNotIn("X-Should-Retry", answer.headers)
                    (entry,) = simulator.journal()
                    self.assertEqual(entry["status"], status)

    def test_compressed_errors_too(self):
        simulator, backstop = self.pair()
        for coding in ("gzip", "deflate"):
            for status in (400, 401, 409):
                with self.subTest(coding=coding, status=status):
                    simulator.ask("POST", "reset")
                    simulator.fault("status", code=status, encoding=coding, body=ODD)
                    body = support.end_body("c")
                    direct = support.send(
                        *simulator.address, "POST", END, body, support.AUTHORIZATION
                    )
                    answer = backstop.end("c")
                    self.assertEqual(answer.body, direct.body)
                    self.assertNotEqual(answer.body, ODD.encode())
                    self.assertEqual(answer.headers["Content-Encoding"], coding)
                    self.assertEqual(len(simulator.journal()), 2)

    def test_nothing_is_lost_or_added_but_what_is_told(self):
        """Every field of the API's answer comes through, and only ours are added."""
        simulator, backstop = self.pair()
        for name, body in (("200", support.start_body("c")), ("400", b"{}")):
            with self.subTest(name):
                simulator.ask("POST", "reset")
                direct = support.send(
                    *simulator.address, "POST", START, body, support.AUTHORIZATION
                )
                simulator.ask("POST", "reset")
                ours = backstop.request("POST", START, body, support.AUTHORIZATION)
                self.assertEqual(ours.status, direct.status)
                self.assertEqual(self.fields(direct) - self.fields(ours), set())
                added = {name for name, _ in self.fields(ours) - self.fields(direct)}
                self.assertEqual(added, {"backstop-attempts"})

    @staticmethod
    def fields(answer):
        """Without those that differ from one answer to the next, or belong to the connection."""
        ignored = {"date", "content-length", "connection", "keep-alive"}
        fields = {(name.lower(), value) for name, value in answer.headers.items()}
        return {field for field in fields if field[0] not in ignored}

    def test_the_apis_own_errors(self):
        """Not faults: what the simulated API answers by itself."""
        simulator, backstop = self.pair()
        self.assertEqual(backstop.start("c").status, 200)
        cases = (
            (400, lambda: backstop.request("POST", START, b"{}", support.AUTHORIZATION)),
            (400, lambda: backstop.request("POST", START, b"not JSON", support.AUTHORIZATION)),
            (401, lambda: backstop.start("d", {"Authorization": "Bearer sk_test_revoked"})),
            (401, lambda: backstop.start("d", {"Content-Type": "application/json"})),
            (404, lambda: backstop.request("GET", "/v1/nothing", b"", support.AUTHORIZATION)),
            (405, lambda: backstop.request("GET", START, b"", support.AUTHORIZATION)),
            (409, lambda: backstop.start("c")),
        )
        for number, (status, ask) in enumerate(cases):
            with self.subTest(number=number, status=status):
                before = len(simulator.journal())
                answer = ask()
                self.assertEqual(answer.status, status)
                self.assertEqual(len(simulator.journal()) - before, 1)
                self.assertIn("message", json.loads(answer.body))

    def test_what_arrives_is_what_was_sent(self):
        """The request's bytes and fields, on the first attempt and on the second."""
        simulator, backstop = self.pair("--fault", FAILS_ONCE, upstream=support.QUICK)
        body = b' {"call_id":"c" ,"customer_ref":"r","variables":{"n":"\xc3\xaf","x":1.50e+2}}\r\n'
        trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        headers = {**support.AUTHORIZATION, "X-Own": "a,b;  c", "traceparent": trace}
        path = END + "?a=%2F&b=c%20d&&"
        self.assertEqual(backstop.request("POST", path, body, headers).status, 200)
        first, second = simulator.journal()
        for entry in (first, second):
            self.assertEqual(entry["body_sha256"], support.sha256(body))
            self.assertEqual(entry["target"], path)
            fields = dict(map(tuple, entry["headers"]))
            for name, value in headers.items():
                self.assertEqual(fields[name], value)
            self.assertEqual(fields["Via"], "1.1 backstop")
            self.assertEqual(fields["Host"], f"{simulator.address[0]}:{simulator.address[1]}")
        self.assertEqual(first["headers"], second["headers"])
        self.assertTrue(first["idempotency_key"])

    def test_a_clients_own_key_is_never_overwritten(self):
        simulator, backstop = self.pair("--fault", FAILS_ONCE, upstream=support.QUICK)
        headers = {**support.AUTHORIZATION, "X-Idempotency-Key": "my own"}
        self.assertEqual(backstop.start("c", headers).status, 200)
        self.assertEqual([e["idempotency_key"] for e in simulator.journal()], ["my own"] * 2)

    def test_each_exchange_has_a_key_of_its_own(self):
        """So that starting the same call twice is told by the API, as its guide says."""
        simulator, backstop = self.pair()
        self.assertEqual([backstop.start("c").status for _ in range(2)], [200, 409])
        self.assertEqual(len({e["idempotency_key"] for e in simulator.journal()}), 2)

    def test_derived_keys_make_an_applications_resend_the_same_request(self):
        simulator, backstop = self.pair(upstream="[upstream.idempotency]\nderive = true")
        first, second = backstop.start("c"), backstop.start("c")
        self.assertEqual([first.status, second.status], [200, 200])
        self.assertEqual(first.body, second.body)
        self.assertEqual(len({e["idempotency_key"] for e in simulator.journal()}), 1)
        self.assertEqual(simulator.effects()["calls_started", "c"], 1)


class Quota(support.TestCase):
    """A 402: the month's quota is gone."""

    def test_start_goes_on_without_context(self):
        simulator = self.simulator("--quota", "0")
        backstop = self.backstop(support.config(simulator.url))
        answer = backstop.start("c")
        self.assertEqual(answer.status, 200)
        self.assertTrue(support.empty_context(answer))
        self.assertEqual(json.loads(answer.body)["call_id"], "c")
        self.assertEqual(answer.headers["Backstop-Outcome"], "fallback")
        self.assertEqual(answer.headers["Backstop-Reason"], "quota_exhausted")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["Backstop-Attempts"], "1")
        self.assertIn("backstop; error=", answer.headers["Proxy-Status"])
        self.assertIn("received-status=402", answer.headers["Proxy-Status"])
        (entry,) = simulator.journal()
        self.assertEqual(entry["status"], 402)

        metrics = backstop.metrics()
        self.assertEqual(metrics.total("backstop_denials_total", **{"class": "payment"}), 1)
        labels = {"route": START, "reason": "quota_exhausted"}
        self.assertEqual(metrics.value("backstop_degraded_responses_total", **labels), 1)
        self.assertEqual(metrics.value("backstop_quota_remaining"), 0)
        labels = {"route": START, "method": "POST", "code": "200", "outcome": "degraded"}
        self.assertEqual(metrics.value("backstop_requests_total", **labels), 1)
        labels = {"route": START, "code": "402", "failure": "none"}
        self.assertEqual(metrics.value("backstop_upstream_attempts_total", **labels), 1)
        (line,) = backstop.access(1)
        self.assertEqual((line["outcome"], line["reason"]), ("degraded", "quota_exhausted"))

    def test_end_is_told(self):
        simulator = self.simulator("--quota", "0")
        backstop = self.backstop(support.config(simulator.url))
        answer = backstop.end("c")
        self.assertEqual(answer.status, 402)
        self.assertEqual(json.loads(answer.body)["quota_remaining"], 0)
        self.assertNotIn("Backstop-Outcome", answer.headers)
        self.assertEqual(len(simulator.journal()), 1)
        denials = backstop.metrics().total("backstop_denials_total", **{"class": "payment"})
        self.assertEqual(denials, 1)

    def test_with_fallbacks_off_start_is_told_too(self):
        simulator = self.simulator("--quota", "0")
        backstop = self.backstop(
            support.config(simulator.url, upstream="[upstream.fallback]\nenabled = false")
        )
        self.assertEqual(backstop.start("c").status, 402)


class KeysOfClients(support.TestCase):
    def test_one_that_goes_no_further_is_none(self):
        """A field that Connection names ends here: the write needs another key, or it would be sent again without."""
        simulator, backstop = self.pair("--fault", "reset stage=after_processing count=1", upstream=support.QUICK)
        headers = {**support.AUTHORIZATION, "X-Idempotency-Key": "k1", "Connection": "x-idempotency-key"}
        self.assertEqual(backstop.start("c", headers).status, 200)
        first, second = simulator.journal()
        self.assertTrue(first["idempotency_key"])
        self.assertEqual(first["idempotency_key"], second["idempotency_key"])
        self.assertEqual(backstop.access(1)[0]["idempotency"], "minted")


if __name__ == "__main__":
    support.main()
