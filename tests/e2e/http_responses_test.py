"""Every case of a response: what the client reads, and whether the upstream's connection is used again."""

import threading

import http_play
import http_response_cases
import strict
import support
from http_cases import ANY_DATE
from wire import FAST, PATIENT_LIMITS, PATIENT_UPSTREAM, WireCase

PROBE = b"GET /probe HTTP/1.1\r\nHost: x\r\n\r\n"
PROBED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nprobed"
ONCE = FAST.replace("[upstream.retry]\n", "[upstream.retry]\nattempts = 1\n")


class Responses(http_play.Cuts, WireCase):
    def play(self, cut):
        def script(connection):
            while request := connection.request():
                if request[0].split(" ")[1] == "/probe":
                    self.carriers.append(connection)
                    connection.send(PROBED)
                    continue
                self.carriers = [connection]
                try:
                    http_play.send_apart(connection.socket, cut(self.case.data, self.case.name))
                finally:
                    self.sent.set()
                if self.case.close:
                    return

        self.serve(script, PATIENT_UPSTREAM, PATIENT_LIMITS, ONCE)
        for case in http_play.cases_of(http_response_cases.GROUPS):
            self.assertTrue(self.proxy.running(), f"it ended before {case.name!r}")
            with self.subTest(case.name):
                self.case, self.sent, self.carriers = case, threading.Event(), []
                self.upstream.errors.clear()
                client = self.client()
                try:
                    self.check(case, client)
                finally:
                    client.close()

    def test_in_two_pieces_cut_anywhere(self):
        answer = (
            b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"
        )

        def script(connection):
            while request := connection.request():
                cut = int(request[0].split(" ")[1][1:])
                http_play.send_apart(connection.socket, [answer[:cut], answer[cut:]])

        client = self.serve(script, PATIENT_UPSTREAM, PATIENT_LIMITS, ONCE)
        for cut in range(1, len(answer)):
            with self.subTest(answer[:cut]):
                client.send(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % cut)
                self.assertEqual(client.head()[0], 103)
                self.assertEqual(client.response()[::2], (200, b"hello"))

    def check(self, case, client):
        client.send(case.request)
        (outcome,) = case.outcomes
        getattr(self, "is_" + type(outcome).__name__.lower())(outcome, client, case)
        self.assertTrue(self.sent.wait(support.STUCK))
        if not getattr(outcome, "closes", type(outcome).__name__ == "Cut"):
            self.probe(client)
            self.assertEqual(client.data, b"", "nothing else is relayed")
        else:
            client.ended()
            self.assertEqual(client.data, b"", "nothing else is relayed")
            client = self.client()
            self.probe(client)
            client.close()
        reused = getattr(outcome, "reused", False)
        if reused is not None:
            self.assertEqual(self.carriers[0] is self.carriers[1], reused, "the upstream's connection is used again")
        self.assertEqual(self.upstream.errors, [])

    def probe(self, client):
        client.send(PROBE)
        self.assertEqual(client.response()[::2], (200, b"probed"), "the next response is the next one's")

    def is_delivered(self, expected, client, case):
        method = case.request.split(b" ")[0].decode()
        interim = []
        status, fields, body = client.response(method)
        while status < 200:
            interim.append((status, tuple(client.fields)))
            status, fields, body = client.response(method)
        self.assertEqual((status, body), (expected.status, expected.body))
        self.assertEqual(tuple(interim), expected.interim)
        self.assertEqual(fields["backstop-attempts"], ["1"])
        dates = fields.get("date", [])
        names = {"connection", "backstop-attempts", "date"}
        wanted = list(expected.fields)
        if strict.field(ANY_DATE.encode()) in wanted:
            wanted.remove(strict.field(ANY_DATE.encode()))
            self.assertEqual(len(dates), 1, "one Date")
            self.assertTrue(strict.DATE.fullmatch(dates[0]), dates)
        elif strict.values(wanted, "date"):
            names.remove("date")
        others = [field for field in client.fields if field[0].lower() not in names]
        self.assertEqual(http_play.alike(others), http_play.alike(wanted))
        self.assertEqual(http_play.alike(client.trailers), http_play.alike(expected.trailers))
        self.assertEqual("close" in fields.get("connection", []), expected.closes)
        self.assertFalse(client.was_reset)

    def is_malformed(self, expected, client, case):
        status, fields, _ = client.response(case.request.split(b" ")[0].decode())
        while status < 200:
            status, fields, _ = client.response()
        self.assertEqual((status, fields.get("backstop-outcome")), (502, ["local_error"]))
        self.assertNotIn("connection", fields, "the client is not to blame")

    def is_cut(self, expected, client, case):
        try:
            response = client.response()
        except AssertionError:
            response = None
        else:
            self.assertTrue(client.was_reset, f"taken for whole: {response!r:.200}")
        client.ended()
        client.data = b""


if __name__ == "__main__":
    support.main()
