"""Every case of a request: what is refused, and what the upstream's strict reader understands."""

import json

import http_forward_cases
import http_framing_cases
import http_head_cases
import http_play
import strict
import support
from http_cases import Answered, Forwarded, Refused, Unfinished
from wire import OK, PATIENT_LIMITS, PATIENT_UPSTREAM, WireCase, answers

GROUPS = (*http_head_cases.GROUPS, *http_framing_cases.GROUPS, *http_forward_cases.GROUPS)
NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
AS_NEXT = Forwarded("GET /next")


class Requests(http_play.Cuts, WireCase):
    def test_after_a_request_that_was_served(self):
        """What the last exchange on a connection left behind is no part of the next one."""
        self.play(lambda data, name: http_play.whole(data), before=self.ask_first)

    def test_behind_a_request_in_one_piece(self):
        self.play(lambda data, name: [NEXT + data], behind=(AS_NEXT,))

    def ask_first(self, client):
        client.send(NEXT)
        self.is_forwarded(AS_NEXT, client)

    def play(self, cut, before=lambda client: None, behind=()):
        """Before a case its client does `before`; what `cut` puts before it comes to `behind`."""
        self.seen = []

        def script(connection):
            while request := connection.request():
                self.seen.append((*request, connection.trailers))
                connection.send(OK)

        self.serve(script, PATIENT_UPSTREAM, PATIENT_LIMITS)
        refusals = 0
        for case in http_play.cases_of(GROUPS):
            refusals += sum(isinstance(outcome, Refused) for outcome in case.outcomes)
            self.assertTrue(self.proxy.running(), f"it ended before {case.name!r}")
            with self.subTest(case.name):
                try:
                    client = self.client()
                    before(client)
                    self.check(case, client, cut, behind)
                finally:
                    client.close()
                    self.settle()
        errors = self.proxy.metrics()
        refused = errors.total("backstop_client_errors_total") - errors.total(
            "backstop_client_errors_total", kind="disconnect"
        )
        self.assertEqual(refused, refusals, "one count for each refusal")

    def test_in_two_pieces_cut_anywhere(self):
        self.serve(answers(OK), PATIENT_UPSTREAM, PATIENT_LIMITS)
        pair = (
            b"POST /a HTTP/1.1\r\nHost: x\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"
            b"\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        )
        for cut in range(1, len(pair)):
            with self.subTest(pair[:cut]):
                client = self.client()
                http_play.send_apart(client.socket, [pair[:cut], pair[cut:]])
                self.assertEqual([client.response()[0], client.response()[0]], [200, 200])
                client.close()

    def settle(self):
        """Nothing of one case is taken for the next one's."""
        client = self.client()
        client.send(NEXT)
        self.assertEqual(client.response()[0], 200, "the next client is served")
        client.close()
        self.seen.clear()
        self.upstream.errors.clear()

    def check(self, case, client, cut, behind):
        unfinished = isinstance(case.outcomes[-1], Unfinished)
        try:
            pieces = cut(case.data, case.name)
            http_play.send_apart(client.socket, pieces if unfinished else http_play.followed(pieces, NEXT))
            if unfinished:
                client.half_close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all sent; the answer is what counts
        for outcome in (*behind, *case.outcomes):
            getattr(self, "is_" + type(outcome).__name__.lower())(outcome, client, case)
        last = case.outcomes[-1]
        if isinstance(last, Answered) or (isinstance(last, Forwarded) and not last.closes):
            self.is_forwarded(AS_NEXT, client)
        else:
            client.ended()
        self.assertEqual(client.data, b"", "nothing behind it is answered")
        self.assertEqual(self.seen, [], "nothing else goes upstream")
        self.assertEqual(self.upstream.errors, [])

    def is_refused(self, expected, client, case):
        method = "HEAD" if case.data.startswith(b"HEAD") else "GET"
        status, fields, body = client.response(method)
        while status < 200:
            status, fields, body = client.response(method)
        self.assertEqual(status, expected.status, body)
        self.assertEqual(json.loads(body)["status"], status)
        self.assertEqual(fields["content-type"], ["application/problem+json"])
        self.assertEqual(fields["connection"], ["close"])
        self.assertEqual(fields["backstop-outcome"], ["local_error"])
        self.assertEqual(fields["x-should-retry"], ["false"])
        self.assertTrue(fields["proxy-status"][0].startswith("backstop; error="))
        self.assertTrue(strict.DATE.fullmatch(fields["date"][0]))
        if expected.early:
            self.assertEqual(fields["backstop-attempts"], ["0"])

    def is_forwarded(self, expected, client, case=None):
        status, fields, body = client.response()
        while status == 100:
            status, fields, body = client.response()
        self.assertEqual((status, body), (200, b"ok"), "the upstream's answer")
        line, arrived, body, trailers = self.seen.pop(0)
        self.assertEqual(line, expected.line + " HTTP/1.1")
        self.assertEqual(strict.values(arrived, "host"), [f"127.0.0.1:{self.upstream.port}"])
        self.assertEqual(", ".join(strict.values(arrived, "via")), expected.via)
        others = [field for field in arrived if field[0].lower() not in ("host", "via")]
        self.assertEqual(http_play.alike(others), http_play.alike(expected.fields))
        self.assertEqual(body, expected.body)
        self.assertEqual(http_play.alike(trailers), http_play.alike(expected.trailers))
        self.assertEqual("close" in fields.get("connection", []), expected.closes)

    def is_answered(self, expected, client, case):
        status, fields, body = client.response()
        self.assertEqual((status, body, fields["content-length"]), (expected.status, b"", ["0"]))

    def is_unfinished(self, expected, client, case):
        client.ended()
        self.assertNotIn(b"HTTP/1.1 200", client.data)
        if not case.data.strip():
            self.assertEqual(client.data, b"")
        client.data = b""


if __name__ == "__main__":
    support.main()
