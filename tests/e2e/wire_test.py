"""HTTP/1.1 on both sides of backstop, byte by byte: a raw client, a raw upstream."""

import json
import os
import threading

import support
from wire import OK, WireCase, answers


class Requests(WireCase):
    def forwarded(self, data, answer=OK):
        """What the upstream gets for these bytes: (line, {name: [values]}, body)."""
        seen = []

        def script(connection):
            request = connection.request()
            while request:
                seen.append(request)
                connection.send(answer)
                request = connection.request()

        client = self.serve(script)
        client.send(data)
        status, _, _ = client.response(data.split(b" ")[0].decode())
        self.assertEqual(status, 200)
        line, fields, body = seen[0]
        found = {}
        for name, value in fields:
            found.setdefault(name.lower(), []).append(value)
        return line, found, body

    def test_a_length_goes_on_as_a_length(self):
        line, fields, body = self.forwarded(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
        self.assertEqual(line, "POST /a HTTP/1.1")
        self.assertEqual(fields["content-length"], ["5"])
        self.assertNotIn("transfer-encoding", fields)
        self.assertEqual(body, b"hello")

    def test_an_empty_post_keeps_its_length(self):
        _, fields, body = self.forwarded(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual((fields["content-length"], body), (["0"], b""))

    def test_chunks_go_on_as_chunks_without_extensions_and_trailers(self):
        _, fields, body = self.forwarded(
            b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
            b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\nHost: evil\r\n\r\n"
        )
        self.assertEqual(fields["transfer-encoding"], ["chunked"])
        self.assertEqual(body, b"abcde")
        self.assertNotIn("x-t", fields)
        self.assertNotIn("trailer", fields)
        self.assertEqual(len(fields["host"]), 1)

    def test_the_host_is_the_upstreams_and_via_is_added(self):
        _, fields, _ = self.forwarded(b"GET /a HTTP/1.1\r\nHost: localhost\r\nVia: 1.0 old\r\n\r\n")
        self.assertEqual(fields["host"], [f"127.0.0.1:{self.upstream.port}"])
        self.assertEqual(fields["via"], ["1.0 old", "1.1 backstop"])

    def test_hop_by_hop_fields_end_here(self):
        _, fields, _ = self.forwarded(
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Secret\r\nConnection: x-other\r\n"
            b"X-Secret: 1\r\nX-OTHER: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\n"
            b"Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nX-Stays: 1\r\nBackstop-Timeout: 5s\r\n\r\n"
        )
        for name in ("connection", "x-secret", "x-other", "keep-alive", "proxy-connection", "te", "upgrade",
                     "http2-settings", "backstop-timeout"):
            self.assertNotIn(name, fields)
        self.assertEqual(fields["x-stays"], ["1"])

    def test_connection_cannot_remove_what_matters(self):
        _, fields, body = self.forwarded(
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Host, Content-Length, Authorization\r\n"
            b"Authorization: Bearer k\r\nContent-Length: 2\r\n\r\nhi"
        )
        self.assertEqual(fields["authorization"], ["Bearer k"])
        self.assertEqual((fields["content-length"], body), (["2"], b"hi"))

    def test_an_absolute_form_becomes_a_path(self):
        line, _, _ = self.forwarded(b"GET http://api.example/a?b=c HTTP/1.1\r\nHost: other\r\n\r\n")
        self.assertEqual(line, "GET /a?b=c HTTP/1.1")

    def test_path_and_query_are_untouched(self):
        line, _, _ = self.forwarded(b"GET /a%2Fb//../c;d?x=%20&y HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(line, "GET /a%2Fb//../c;d?x=%20&y HTTP/1.1")

    def test_an_unknown_method_passes(self):
        line, _, _ = self.forwarded(b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(line, "BREW /pot HTTP/1.1")

    def test_http_1_0_becomes_1_1(self):
        line, fields, _ = self.forwarded(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(line, "GET / HTTP/1.1")
        self.assertEqual(fields["via"], ["1.0 backstop"])

    def test_any_split_of_the_bytes_means_the_same(self):
        data = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\n\r\n"
        client = self.serve(answers(OK))
        for cut in range(1, len(data), 3):
            client.send(data[:cut])
            client.send(data[cut:])
            self.assertEqual(client.response()[0], 200)
        for byte in range(len(data)):
            client.send(data[byte : byte + 1])
        self.assertEqual(client.response()[0], 200)

    def test_pipelined_requests_are_answered_in_order(self):
        def script(connection):
            request = connection.request()
            while request:
                body = request[0].split(" ")[1].encode()
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                request = connection.request()

        client = self.serve(script)
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(50)))
        self.assertEqual([client.response()[2] for _ in range(50)], [b"/%d" % i for i in range(50)])

    def test_expect_is_answered_here_once(self):
        client = self.serve(answers(OK))
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        self.assertEqual(client.head()[0], 100)
        client.send(b"body")
        self.assertEqual(client.response()[0], 200)

    def test_a_chunked_body_flows_as_it_comes(self):
        arrived = threading.Event()

        def script(connection):
            while b"first" not in connection.data:
                if not connection.receive():
                    return
            arrived.set()
            if connection.request():
                connection.send(OK)

        client = self.serve(script)
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        self.assertTrue(arrived.wait(support.STUCK))
        client.send(b"0\r\n\r\n")
        self.assertEqual(client.response()[0], 200)

    def test_a_large_upload_arrives_whole(self):
        body = os.urandom(5_000_000)
        seen = []

        def script(connection):
            request = connection.request()
            while request:
                seen.append(request[2])
                connection.send(OK)
                request = connection.request()

        client = self.serve(script)
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertEqual(client.response()[0], 200)
        framed = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 70_000]), body[i : i + 70_000])
                          for i in range(0, len(body), 70_000))
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n")
        self.assertEqual(client.response()[0], 200)
        self.assertEqual([part == body for part in seen], [True, True])

    def test_a_body_whose_sender_vanished_is_never_ended(self):
        got = []
        done = threading.Event()

        def script(connection):
            while connection.receive():
                pass
            got.append(connection.data)
            done.set()

        client = self.serve(script)
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
        support.until(lambda: self.upstream.connections, "the upstream is reached")
        client.close()
        self.assertTrue(done.wait(support.STUCK))
        self.assertNotIn(b"0\r\n\r\n", got[0])

    def test_a_half_sent_length_never_reaches_the_upstream(self):
        client = self.serve(answers(OK))
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        client.close()
        other = self.client()
        other.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(other.response()[0], 200)
        self.assertEqual(self.upstream.connections, 1)


class Refusals(WireCase):
    CASES = {
        "both framings": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        "both framings, turned": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        "two lengths": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        "a list of lengths": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
        "a signed length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", 400),
        "an endless length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        "gzip as framing": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        "xchunked": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        "chunked, gzip": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400),
        "empty coding": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \r\n\r\n", 400),
        "chunked in 1.0": (b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        "folded field": (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\n\r\n", 400),
        "folded coding": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
        "space before colon": (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
        "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        "a bad host": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        "NUL in a value": (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", 400),
        "bare CR": (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", 400),
        "GET *": (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        "a fragment": (b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        "garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        "TRACE": (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        "CONNECT": (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501),
        "unknown expectation": (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", 417),
        "a long line": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        "a large field": (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        "many fields": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(101)) + b"\r\n", 431),
        "a bad chunk": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
        "a chunk without end": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n", 400),
        "an endless chunk extension": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;" + b"a" * 100_000, 400),
    }

    def test_each_is_refused_in_words_and_the_connection_ends(self):
        self.serve(answers(OK))
        for name, (data, status) in self.CASES.items():
            with self.subTest(name):
                client = self.client()
                try:
                    client.send(data + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
                except (ConnectionResetError, BrokenPipeError):
                    pass
                got, fields, body = client.response()
                self.assertEqual(got, status)
                self.assertEqual(fields["connection"], ["close"])
                self.assertEqual(fields["backstop-outcome"], ["local_error"])
                self.assertEqual(fields["content-type"], ["application/problem+json"])
                self.assertEqual(fields["backstop-attempts"], ["0"])
                self.assertEqual(json.loads(body)["status"], status)
                client.ended()
                self.assertEqual(client.data, b"", "nothing after a refusal")
        client = self.client()
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.response()[0], 200)
        errors = self.proxy.metrics().total("backstop_client_errors_total")
        self.assertEqual(errors, len(self.CASES))


    def test_each_can_be_found_again_in_the_apis_own_words(self):
        backstop = self.backstop(support.config("http://127.0.0.1:1", dialect="truedy"))
        ids = set()
        for _ in range(3):
            answer = backstop.raw(b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n")
            body = json.loads(answer.partition(b"\r\n\r\n")[2])
            self.assertEqual(body["error"]["code"], "method_not_allowed")
            self.assertTrue(body["meta"]["request_id"].startswith("backstop-"))
            ids.add(body["meta"]["request_id"])
        self.assertEqual(len(ids), 3)


class Responses(WireCase):
    def ask(self, answer, data=b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", close=False):
        def script(connection):
            while connection.request():
                connection.send(answer)
                if close:
                    return

        client = self.serve(script)
        client.send(data)
        return client

    def test_a_length_stays_a_length(self):
        status, fields, body = self.ask(OK).response()
        self.assertEqual((status, fields["content-length"], body), (200, ["2"], b"ok"))
        self.assertEqual(fields["backstop-attempts"], ["1"])

    def test_chunks_stay_chunks(self):
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: 1\r\n\r\n"
        client = self.ask(answer)
        self.assertEqual(client.response()[2], b"abcd")
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.response()[2], b"abcd")
        self.assertEqual(self.upstream.connections, 1)

    def test_an_end_by_close_becomes_chunks(self):
        client = self.ask(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", close=True)
        status, fields, body = client.response()
        self.assertEqual((status, body), (200, b"until the end"))
        self.assertEqual(fields["transfer-encoding"], ["chunked"])

    def test_an_http_1_0_client_gets_no_chunks(self):
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        client = self.ask(answer, b"GET / HTTP/1.0\r\n\r\n")
        status, fields, body = client.response()
        self.assertNotIn("transfer-encoding", fields)
        self.assertEqual((status, body), (200, b"abc"))

    def test_head_has_a_length_and_no_body(self):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        client = self.ask(answer, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        status, fields, _ = client.response("HEAD")
        self.assertEqual((status, fields["content-length"]), (200, ["1000"]))
        client.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.response("HEAD")[0], 200)
        self.assertEqual(self.upstream.connections, 1)

    def test_204_and_304_have_no_body(self):
        client = self.ask(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.assertEqual(client.response()[0], 204)
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.response()[0], 204)
        self.upstream.close()
        client = self.ask(b"HTTP/1.1 304 Not Modified\r\nETag: a\r\nContent-Length: 7\r\n\r\n")
        status, fields, _ = client.response()
        self.assertEqual((status, fields["etag"]), (304, ["a"]))

    def test_hop_by_hop_fields_end_here(self):
        answer = (b"HTTP/1.1 200 OK\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\n"
                  b"Backstop-Reason: fake\r\nX-Stays: 1\r\nContent-Length: 0\r\n\r\n")
        _, fields, _ = self.ask(answer).response()
        for name in ("connection", "x-secret", "keep-alive", "backstop-reason"):
            self.assertNotIn(name, fields)
        self.assertEqual(fields["x-stays"], ["1"])

    def test_interim_responses_pass(self):
        answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK
        client = self.ask(answer)
        status, fields = client.head()
        self.assertEqual((status, fields["link"]), (103, ["</a>"]))
        self.assertEqual(client.response()[0], 200)

    def test_interim_responses_do_not_reach_http_1_0(self):
        client = self.ask(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(client.response()[0], 200)

    def test_a_large_response_arrives_whole(self):
        body = os.urandom(10_000_000)
        client = self.ask(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertTrue(client.response()[2] == body)

    def test_a_large_chunked_response_arrives_whole(self):
        body = os.urandom(3_000_000)
        framed = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 7_777]), body[i : i + 7_777])
                          for i in range(0, len(body), 7_777))
        client = self.ask(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n")
        self.assertTrue(client.response()[2] == body)

    def test_events_flow_as_they_come(self):
        go_on = threading.Event()

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
            go_on.wait(support.STUCK)
            connection.send(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

        client = self.serve(script)
        client.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.head()[0], 200)
        chunks = client.chunks()
        self.assertEqual(next(chunks), b"data: 1\n\n")
        go_on.set()
        self.assertEqual(next(chunks), b"data: 2\n\n")
        self.assertEqual(list(chunks), [])

    def test_a_cut_stream_is_cut_for_the_client_too(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")

        client = self.serve(script)
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.head()
        client.ended()
        self.assertNotIn(b"0\r\n\r\n", client.data)

    def test_a_small_answer_is_all_or_nothing(self):
        count = []

        def script(connection):
            while connection.request():
                count.append(1)
                if len(count) == 1:
                    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                    return
                connection.send(OK)

        client = self.serve(script)
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        status, fields, body = client.response()
        self.assertEqual((status, body, fields["backstop-attempts"]), (200, b"ok", ["2"]))

    MALFORMED = {
        "no HTTP": b"SSH-2.0-OpenSSH\r\n",
        "HTTP/0.9": b"<html>hello</html>",
        "both framings": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc",
        "a coding that is not chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "status 999": b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
        "folded": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        "an unasked 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "an endless head": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 40_000,
    }

    def test_what_is_malformed_is_a_502_and_nothing_of_it_is_relayed(self):
        current = []

        def script(connection):
            if connection.request():
                connection.send(current[0])
                connection.receive()

        self.serve(script)
        for name, answer in self.MALFORMED.items():
            with self.subTest(name):
                current[:] = [answer]
                client = self.client()
                client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
                status, fields, body = client.response()
                self.assertEqual((status, fields["backstop-outcome"]), (502, ["local_error"]))
                self.assertEqual(fields["backstop-attempts"], ["1"], "a write is not repeated")
                self.assertIn("unknown", json.loads(body)["detail"])
        failures = [line["attempts"][0]["failure"] for line in self.proxy.access(len(self.MALFORMED))]
        self.assertEqual(failures, ["malformed"] * len(self.MALFORMED))

    def test_bytes_after_the_end_poison_nothing(self):
        client = self.ask(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        for _ in range(3):
            self.assertEqual(client.response()[2], b"ok")
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.response()[2], b"ok")
        self.assertEqual(self.upstream.connections, 4)

    def test_a_stale_connection_is_replaced_outside_the_attempts(self):
        def script(connection):
            connection.request()
            connection.send(OK)
            connection.request()  # the next one is met by the end of the connection
            connection.reset()

        client = self.serve(script)
        for _ in range(4):
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            status, fields, _ = client.response()
            self.assertEqual((status, fields["backstop-attempts"]), (200, ["1"]))


class Resending(WireCase):
    def bodies(self, data, expected_attempts=2, extra=""):
        seen = []

        def script(connection):
            request = connection.request()
            while request:
                seen.append(request[2])
                if len(seen) == 1:
                    connection.reset()
                    return
                connection.send(OK)
                request = connection.request()

        client = self.serve(script, extra)
        client.send(data)
        status, fields, _ = client.response()
        self.assertEqual(len(seen), expected_attempts)
        return status, fields, seen

    def test_a_kept_body_is_sent_again_byte_for_byte(self):
        body = os.urandom(1_048_576)
        status, fields, seen = self.bodies(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertEqual((status, fields["backstop-attempts"]), (200, ["2"]))
        self.assertTrue(seen[0] == seen[1] == body)

    def test_a_kept_chunked_body_is_sent_again_byte_for_byte(self):
        body = os.urandom(300_000)
        framed = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 999]), body[i : i + 999]) for i in range(0, len(body), 999))
        status, fields, seen = self.bodies(
            b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n")
        self.assertEqual((status, fields["backstop-attempts"]), (200, ["2"]))
        self.assertTrue(seen[0] == seen[1] == body)

    def test_a_body_too_large_to_keep_has_one_attempt(self):
        body = os.urandom(2_000_000)
        status, fields, _ = self.bodies(
            b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body, expected_attempts=1)
        self.assertEqual((status, fields["backstop-attempts"]), (502, ["1"]))
        self.assertEqual(self.proxy.metrics().total("backstop_retries_denied_total", reason="body"), 1)

    def test_a_keyless_write_is_not_repeated(self):
        status, fields, _ = self.bodies(
            b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", expected_attempts=1)
        self.assertEqual((status, fields["backstop-attempts"]), (502, ["1"]))
        self.assertEqual(self.proxy.metrics().total("backstop_retries_denied_total", reason="unsafe"), 1)


class Disconnects(WireCase):
    def test_a_client_that_leaves_a_stream_ends_it_upstream(self):
        ended = threading.Event()

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            while connection.receive():
                pass
            ended.set()

        client = self.serve(script)
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.head()
        client.close()
        self.assertTrue(ended.wait(support.STUCK))
        self.assertEqual(self.proxy.access(1)[0]["outcome"], "aborted")

    def test_a_write_under_way_is_let_finish(self):
        go_on = threading.Event()
        finished = []

        def script(connection):
            request = connection.request()
            go_on.wait(support.STUCK)
            if request:
                connection.send(OK)
                finished.append(request)

        client = self.serve(script)
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        support.until(lambda: self.upstream.connections, "the upstream is reached")
        client.close()
        go_on.set()
        entry = self.proxy.access(1)[0]
        self.assertEqual(entry["attempts"][0]["code"], 200)
        self.assertEqual(len(finished), 1)

    def test_a_client_that_leaves_ends_the_waiting(self):
        def script(connection):
            while connection.request():
                connection.send(b"HTTP/1.1 503 Later\r\nRetry-After: 10\r\nContent-Length: 0\r\n\r\n")

        client = self.serve(script, '[upstream.timeout]\ndeadline = "60s"\n')
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        support.until(lambda: self.upstream.connections, "the upstream is reached")
        client.close()
        entry = self.proxy.access(1)[0]
        self.assertEqual((entry["outcome"], entry["status"], len(entry["attempts"])), ("aborted", 499, 1))

    def test_many_clients_that_vanish_leave_nothing_behind(self):
        client = self.serve(answers(OK))
        descriptors = f"/proc/{self.proxy.pid}/fd"
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.response()
        before = len(os.listdir(descriptors))
        request = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
        for cut in range(1, len(request) + 1):
            one = self.client()
            one.send(request[:cut])
            one.close()
        support.until(lambda: len(os.listdir(descriptors)) <= before + 1, "descriptors are back")
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.response()[0], 200)

    def test_a_reader_that_stops_does_not_hold_up_the_others(self):
        big = b"HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n" + bytes(30_000_000)

        def script(connection):
            request = connection.request()
            while request:
                connection.send(big if "/big" in request[0] else OK)
                request = connection.request()

        stopped = self.serve(script)
        stopped.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        stopped.head()
        for _ in range(20):
            client = self.client()
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.response()[0], 200)


if __name__ == "__main__":
    support.main()
