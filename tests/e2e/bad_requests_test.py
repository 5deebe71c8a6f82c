"""Bad requests: each gets a clear answer, in the API's envelope, and backstop goes on."""

import json
import os
import socket
import time

import support
from support import END, START

HEAD = b"Host: localhost\r\nAuthorization: Bearer sk_test_valid\r\n"
DERIVED = "[upstream.idempotency]\nderive = true\n"


class BadRequests(support.TestCase):
    def assert_goes_on(self, backstop):
        self.calls = getattr(self, "calls", 0) + 1
        self.assertEqual(backstop.start(f"next_{self.calls}").status, 200)

    def parse(self, received):
        """(status, head in lower case, body) of the one response that was received."""
        head, separator, body = received.partition(b"\r\n\r\n")
        self.assertTrue(separator, received)
        return int(head.split()[1]), head.decode().lower(), body

    def assert_refused(self, received, status):
        found, head, body = self.parse(received)
        self.assertEqual(found, status, received)
        envelope = json.loads(body)
        self.assertTrue(envelope["error"] and envelope["message"])
        self.assertIn("backstop-outcome: local_error", head)
        self.assertIn("backstop-reason: bad_request", head)
        self.assertIn("proxy-status: backstop; error=", head)
        self.assertIn("x-should-retry: false", head)
        self.assertIn("connection: close", head)
        if status == 400:
            self.assertTrue(envelope["details"]["issues"][0]["message"])
        return envelope

    def test_what_is_not_http(self):
        """Refused before it reaches a route; nothing of it reaches the API."""
        simulator, backstop = self.pair()
        long = b"a" * 17000
        cases = (
            ("garbage", os.urandom(3000).translate(None, b"\r\n") + b"\r\n\r\n", 400),
            ("a TLS hello", bytes.fromhex("16030100a5010000a10303") + b"\0" * 200 + b"\r\n", 400),
            ("no version", b"POST " + START.encode() + b"\r\n" + HEAD + b"\r\n", 400),
            ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("no Host", b"POST /v1/calls/start HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400),
            ("two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("a blank before the colon", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("a NUL", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
            ("a bare LF", b"GET / HTTP/1.1\nHost: a\n\n", 400),
            ("obs-fold", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
            ("two lengths", b"POST / HTTP/1.1\r\n" + HEAD
             + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
            ("a length and chunked", b"POST / HTTP/1.1\r\n" + HEAD
             + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("a negative length", b"POST / HTTP/1.1\r\n" + HEAD
             + b"Content-Length: -1\r\n\r\n", 400),
            ("an unknown coding", b"POST / HTTP/1.1\r\n" + HEAD
             + b"Transfer-Encoding: gzip\r\n\r\n", (400, 501)),
            ("a long line", b"GET /" + long + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 414),
            ("a long field", b"GET / HTTP/1.1\r\n" + HEAD + b"X: " + long + b"\r\n\r\n", 431),
            ("many fields", b"GET / HTTP/1.1\r\n" + HEAD + b"X: y\r\n" * 200 + b"\r\n", 431),
            ("TRACE", b"TRACE / HTTP/1.1\r\n" + HEAD + b"\r\n", 405),
            ("CONNECT", b"CONNECT api:443 HTTP/1.1\r\n" + HEAD + b"\r\n", 501),
        )  # fmt: skip
        for name, data, status in cases:
            with self.subTest(name):
                received = backstop.raw(data)
                if isinstance(status, tuple):
                    self.assertIn(self.parse(received)[0], status)
                    status = self.parse(received)[0]
                self.assert_refused(received, status)
                self.assert_goes_on(backstop)
        self.assertEqual(len(simulator.journal()), len(cases))
        self.assertEqual({entry["status"] for entry in simulator.journal()}, {200})
        errors = backstop.metrics().total("backstop_client_errors_total")
        self.assertEqual(errors, len(cases))

    def test_half_a_head(self):
        """Cut off by the client: nothing to answer. Never finished: 408."""
        simulator, backstop = self.pair(top='[limits]\nclient_head = "300ms"')
        half = b"POST /v1/calls/start HTTP/1.1\r\nHost: loc"
        self.assertEqual(backstop.raw(half, half_close=True), b"")
        self.assert_goes_on(backstop)
        self.assert_refused(backstop.raw(half), 408)
        self.assert_goes_on(backstop)
        self.assertEqual(len(simulator.journal()), 2)

    def test_half_a_body(self):
        simulator, backstop = self.pair(top='[limits]\nclient_body_idle = "300ms"')
        half = b"POST /v1/calls/start HTTP/1.1\r\n" + HEAD + b"Content-Length: 100\r\n\r\nhalf"
        self.assertEqual(backstop.raw(half, half_close=True), b"")
        self.assert_goes_on(backstop)
        self.assert_refused(backstop.raw(half), 408)
        self.assert_goes_on(backstop)
        self.assertEqual(len(simulator.journal()), 2)

    def test_a_chunked_body_that_is_wrong(self):
        simulator, backstop = self.pair()
        head = b"POST /v1/calls/end HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        for name, body in (
            ("a size that is no number", b"zz\r\nab\r\n0\r\n\r\n"),
            ("a size that is negative", b"-1\r\nab\r\n0\r\n\r\n"),
            ("a size that overflows", b"fffffffffffffffff\r\nab\r\n0\r\n\r\n"),
            ("more bytes than the size", b"2\r\nabc\r\n0\r\n\r\n"),
        ):
            with self.subTest(name):
                self.assert_refused(backstop.raw(head + body), 400)
                self.assert_goes_on(backstop)
        self.assertEqual({name for name, _ in simulator.effects()}, {"calls_started"})

    def test_no_body(self):
        """The API's to judge: 400, once, also with derived keys, which find nothing to read."""
        for upstream in ("", DERIVED):
            for framing in (b"", b"Content-Length: 0\r\n"):
                with self.subTest(upstream=upstream, framing=framing):
                    simulator, backstop = self.pair(upstream=upstream)
                    status, head, body = self.parse(
                        backstop.raw(
                            b"POST /v1/calls/start HTTP/1.1\r\n" + HEAD
                            + b"Connection: close\r\n" + framing + b"\r\n"
                        )
                    )
                    self.assertEqual(status, 400)
                    self.assertEqual(json.loads(body)["message"], "Validation failed")
                    self.assertNotIn("backstop-outcome", head)
                    (entry,) = simulator.journal()
                    self.assertTrue(entry["idempotency_key"])
                    self.assert_goes_on(backstop)

    def test_bad_json_with_derived_keys(self):
        """No id can be found, so the key is minted; the API judges the body."""
        bodies = (
            b"not JSON", b'{"call_id": ', b"[]", b"null", b'{"call_id": null}', b'{"call_id": {}}',
            b'{"call_id": ""}', b"\xff\xfe\x00", b"[" * 5000, b'{"call_id": "\xff"}',
        )  # fmt: skip
        simulator, backstop = self.pair(upstream=DERIVED)
        for body in bodies:
            with self.subTest(body=body[:40]):
                simulator.ask("POST", "reset")
                answer = backstop.request("POST", START, body, support.AUTHORIZATION)
                self.assertEqual(answer.status, 400)
                self.assertNotIn("Backstop-Outcome", answer.headers)
                (entry,) = simulator.journal()
                self.assertTrue(entry["idempotency_key"])
                self.assertEqual(entry["body_sha256"], support.sha256(body))
                self.assert_goes_on(backstop)
        events = backstop.metrics()
        name = "backstop_idempotency_events_total"
        self.assertEqual(events.value(name, event="minted"), len(bodies))
        self.assertEqual(events.value(name, event="derived"), len(bodies))  # of who came next

    def test_bad_json_where_a_fallback_wants_a_value_of_it(self):
        _, backstop = self.pair("--fault", "rate_limited retry_after=600")
        long = b'{"call_id": "' + b"x" * 5000 + b'"}'
        for body in (b"not JSON", b"", b'{"call_id": ["x"]}', long):
            with self.subTest(body=body[:40]):
                answer = backstop.request("POST", START, body, support.AUTHORIZATION)
                self.assertEqual(answer.status, 200)
                self.assertTrue(support.empty_context(answer))
                self.assertIsNone(json.loads(answer.body)["call_id"])

    def test_two_mebibytes(self):
        """Too large to be kept: it flows through, once, with keys minted or derived."""
        body = support.end_body("c", variables={"x": "y" * (2 * 1024 * 1024)})
        for upstream in ("", DERIVED):
            with self.subTest(upstream=upstream):
                simulator, backstop = self.pair(upstream=upstream)
                answer = backstop.request("POST", END, body, support.AUTHORIZATION)
                self.assertEqual(answer.status, 200, answer.body)
                (entry,) = simulator.journal()
                self.assertEqual(entry["body_bytes"], len(body))
                self.assertEqual(entry["body_sha256"], support.sha256(body))
                self.assertTrue(entry["idempotency_key"])
                self.assert_goes_on(backstop)

    def test_two_mebibytes_cannot_be_sent_again(self):
        body = support.end_body("c", variables={"x": "y" * (2 * 1024 * 1024)})
        simulator, backstop = self.pair("--fault", "status code=500 count=1")
        answer = backstop.request("POST", END, body, support.AUTHORIZATION)
        self.assertEqual(answer.status, 500)
        self.assertEqual(len(simulator.journal()), 1)
        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_retries_denied_total", reason="body"), 1)
        self.assertEqual(metrics.value("backstop_buffer_bytes"), 0)
        self.assert_goes_on(backstop)

    def test_too_large(self):
        simulator, backstop = self.pair(top='[limits]\nbody_bytes = "100KiB"')
        body = support.end_body("c", variables={"x": "y" * 200_000})
        head = b"POST /v1/calls/end HTTP/1.1\r\n" + HEAD
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        coding = b"Transfer-Encoding: chunked\r\n\r\n"
        chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        self.assert_refused(backstop.raw(head + length + body), 413)
        self.assert_goes_on(backstop)
        self.assert_refused(backstop.raw(head + coding + chunks), 413)
        self.assert_goes_on(backstop)
        self.assertNotIn(("calls_ended", "c"), simulator.effects())

    def test_a_client_that_leaves(self):
        """In the middle of a wait: it ends. In the middle of an attempt: its outcome is known."""
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=60 count=1")
        body = support.end_body("c")
        request = (
            b"POST /v1/calls/end HTTP/1.1\r\n" + HEAD
            + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        )  # fmt: skip
        with socket.create_connection((backstop.host, backstop.port), support.STUCK) as client:
            client.sendall(request)
            support.until(
                lambda: backstop.metrics().value("backstop_gate_closed", kind="rate"), "the 429"
            )
        begun = time.monotonic()
        (line,) = backstop.access(1)
        self.assertEqual((line["status"], line["outcome"]), (499, "aborted"))
        self.assertLess(time.monotonic() - begun, 50)

        simulator, backstop = self.pair("--fault", "latency ms=500 count=1")
        with socket.create_connection((backstop.host, backstop.port), support.STUCK) as client:
            client.sendall(request)
            support.until(simulator.journal, "the request at the API")
        (line,) = backstop.access(1)
        self.assertEqual(line["attempts"][0]["code"], 200)
        self.assertEqual(simulator.effects()["calls_ended", "c"], 1)


if __name__ == "__main__":
    support.main()
