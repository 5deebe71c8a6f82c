"""What is no matter of bytes alone, which the tables of http_cases.py have: order, size, time, attempts."""

import json
import os
import threading

import support
from wire import OK, WireCase, answers


class Requests(WireCase):
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
    def test_each_has_an_id_in_the_apis_own_words(self):
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
    def ask(self, answer):
        client = self.serve(answers(answer))
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return client

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


    def test_a_malformed_answer_to_a_write_leaves_its_outcome_unknown(self):
        client = self.serve(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok"))
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        status, fields, body = client.response()
        self.assertEqual((status, fields["backstop-outcome"]), (502, ["local_error"]))
        self.assertEqual(fields["backstop-attempts"], ["1"], "a write is not repeated")
        self.assertIn("unknown", json.loads(body)["detail"])
        (line,) = self.proxy.access(1)
        self.assertEqual([attempt["failure"] for attempt in line["attempts"]], ["malformed"])

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
