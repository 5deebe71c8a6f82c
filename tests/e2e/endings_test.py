"""What ends before its time: clients that leave or dawdle, the drain in the middle of things. Who waits
gets an answer, what is cut looks cut, and the log tells it as it was."""

import contextlib
import json
import signal
import threading

import support
from upstream import Upstream
from wire import FAST, OK, WireCase, answers

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
PATIENT = '[limits]\nclient_body_idle = "5m"\n'
DEADLINE_1S = '[upstream.timeout]\nattempt = "1s"\ndeadline = "1s"\n'


class Clients(WireCase):
    def ask_and(self, leave):
        """Leaves while the upstream has the request; the access line."""
        asked, go_on = threading.Event(), threading.Event()

        def script(connection):
            while connection.request():
                asked.set()
                go_on.wait(support.STUCK)
                connection.send(OK)

        client = self.serve(script)
        client.send(GET)
        self.assertTrue(asked.wait(support.STUCK))
        leave(client)
        other = self.client()
        other.send(b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(other.response()[0], 405)  # so what the first one did has been seen, too
        go_on.set()
        return client, self.proxy.access(1)[0]

    def test_who_has_closed_got_nothing(self):
        for _ in range(5):  # a kernel in a hurry may deliver the RST later than it is asked for
            _, line = self.ask_and(lambda client: client.close())
            if line["status"] != 200:
                break
        self.assertEqual((line["status"], line["outcome"], line["reason"]), (499, "aborted", "client_gone"))
        self.assertEqual(line["attempts"][0]["code"], 200)
        self.assertEqual(self.proxy.metrics().total("backstop_requests_total", outcome="aborted"), 1)
        self.assertEqual(self.proxy.status()["failures"][0]["status"], 499)

    def test_who_only_says_no_more_is_answered(self):
        client, line = self.ask_and(lambda client: client.half_close())
        self.assertEqual(client.response()[0], 200)
        self.assertEqual((line["status"], line["outcome"]), (200, "ok"))

    def test_a_body_that_comes_to_a_halt_is_no_fault_of_the_upstreams(self):
        client = self.serve(answers(OK), top='[limits]\nclient_body_idle = "200ms"\n')
        client.send(CHUNKED + b"4\r\nhalf\r\n")
        status, fields, body = client.response()
        self.assertEqual((status, fields["connection"]), (408, ["close"]), body)
        metrics = self.proxy.metrics()
        self.assertEqual(metrics.total("backstop_client_errors_total", kind="body_timeout"), 1)
        self.assertEqual(metrics.total("backstop_upstream_attempts_total", failure="timeout"), 0)

    def test_the_deadline_holds_while_a_body_in_chunks_comes(self):
        client = self.serve(answers(OK), DEADLINE_1S, PATIENT)
        client.send(CHUNKED + b"4\r\nhalf\r\n")
        self.assertEqual(client.response()[0], 408, "it is the client who is late")
        self.assertEqual(self.proxy.metrics().total("backstop_upstream_attempts_total", failure="timeout"), 0)

    def test_the_deadline_holds_where_a_body_in_chunks_is_not_taken(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        body = bytes(8_000_000)
        settings = FAST.replace("[upstream.retry]\n", '[upstream.retry]\nbody_bytes = "16MiB"\n')
        settings += DEADLINE_1S.replace("1s", "4s")  # more has come by then than kernels keep
        client = self.serve(lambda connection: go_on.wait(support.STUCK), "", PATIENT, settings, receive_buffer=4096)

        def send():
            with contextlib.suppress(OSError):  # it need not be read to its end
                client.send(CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        self.assertEqual(client.response()[0], 504)
        go_on.set()

    def test_nobody_is_told_to_go_on_with_what_is_too_large(self):
        client = self.serve(answers(OK), top='[limits]\nbody_bytes = "1KiB"\n')
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n")
        self.assertEqual(client.response()[0], 413)


class Streams(WireCase):
    """What ends after its head has gone out keeps that status, and is told of who ended it."""

    def flowing(self, script, settings=FAST):
        client = self.serve(script, settings=settings)
        client.send(GET)
        self.assertEqual(client.head()[0], 200)
        client.exactly(4)
        return client

    def told(self):
        (line,) = self.proxy.access(1)
        attempt = line["attempts"][-1]
        return line["status"], line["outcome"], line["reason"], attempt["code"], attempt["failure"]

    def test_the_client_has_had_enough(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            with contextlib.suppress(OSError):
                while True:  # until it is noticed
                    connection.send(b"1\r\na\r\n")

        self.flowing(script).reset()
        self.assertEqual(self.told(), (200, "aborted", "client_gone", 200, "none"))
        self.assertEqual(self.proxy.status()["failures"], [])

    def test_the_upstream_breaks_off(self):
        heads = (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhalf", b"Content-Length: 100000\r\n\r\nhalf")
        for head in heads:
            with self.subTest(head):

                def script(connection):
                    connection.request()
                    connection.send(b"HTTP/1.1 200 OK\r\n" + head)

                client = self.serve(script)
                client.send(GET)
                self.assertEqual(client.head()[0], 200)
                self.assertFalse(client.ended(), "it looks cut")
                self.assertEqual(self.told(), (200, "upstream_error", "unreachable", 200, "truncated"))
                metrics = self.proxy.metrics()
                self.assertEqual(metrics.total("backstop_upstream_attempts_total", failure="truncated"), 1)
                log = self.folder() / "log"
                log.write_text(json.dumps(self.proxy.access(1)[0]))
                again = support.run("explain", "--config", self.proxy.config, "--log", log)
                self.assertIn("1 come to the same again", again[1])
                self.assertEqual(metrics.total("backstop_connection_failures_total", stage="receive_body"), 1)

    def test_the_upstream_says_no_more(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf")
            connection.receive()

        client = self.flowing(script, FAST + '[upstream.timeout]\nresponse_idle = "200ms"\n')
        self.assertFalse(client.ended(), "it looks cut")
        self.assertEqual(self.told(), (200, "upstream_error", "timeout", 200, "timeout"))

    def test_who_only_says_no_more_reads_on_while_it_flows(self):
        closed = threading.Event()

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            closed.wait(support.STUCK)
            for _ in range(7):  # more than five seconds of it
                stop.wait(1)
                connection.send(b"1\r\na\r\n")
            connection.send(b"0\r\n\r\n")

        stop = threading.Event()
        client = self.serve(script)
        client.send(GET)
        client.half_close()
        self.assertEqual(client.head()[0], 200)
        closed.set()
        self.assertEqual(b"".join(client.chunks()), b"halfaaaaaaa")

    def test_a_no_is_one_without_the_end_of_its_body(self):
        def script(connection):
            while request := connection.request():
                status = request[0].split(" ")[1][1:].encode()
                connection.send(b"HTTP/1.1 %s No\r\nContent-Length: 100\r\n\r\n{" % status)
                return

        client = self.serve(script)
        for status in (401, 403, 404):
            client.send(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % status)
            self.assertEqual((client.response()[0], client.fields), (502, client.fields))
        lines = self.proxy.access(3)
        self.assertEqual([len(line["attempts"]) for line in lines], [1, 1, 1])
        self.assertEqual(self.proxy.metrics().total("backstop_denials_total", **{"class": "auth"}), 1)


class Drain(WireCase):
    """The drain time is over in the middle of something."""

    def drained(self, script, request, ready):
        self.upstream = Upstream(script)
        self.addCleanup(self.upstream.close)
        self.start(self.upstream.url)
        client = self.client()
        client.send(request)
        ready(client)
        self.proxy.signal(signal.SIGTERM)
        return client

    def start(self, url, upstream=FAST, more=""):
        text = support.config(url, upstream, dialect="http")
        text = text.replace('quiet = "100ms"', 'quiet = "100ms"\ndrain = "500ms"')
        self.proxy = self.backstop(text.replace("dialect =", more + "dialect ="))

    def reached(self, _):
        support.until(lambda: self.upstream.connections, "the upstream is reached")

    def test_half_an_answer_that_is_held(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            connection.receive()

        client = self.drained(script, GET, self.reached)
        self.assertEqual(client.response()[0], 504)
        self.assertEqual(self.proxy.wait(), 0)
        self.assertEqual(self.proxy.access(1)[0]["status"], 504)

    def test_half_a_request(self):
        def in_flight(_):
            support.until(lambda: self.proxy.status()["upstreams"][0]["in_flight"], "the request has begun")

        half = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
        client = self.drained(answers(OK), half, in_flight)
        self.assertEqual(client.response()[0], 408)
        self.assertEqual(self.proxy.wait(), 0)

    def test_an_answer_without_end_looks_cut(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n")
            connection.receive()

        client = self.drained(script, b"GET / HTTP/1.0\r\n\r\n", lambda client: client.head())
        self.assertFalse(client.ended(), "by RST, since its end is the connection's")
        self.assertEqual(self.proxy.wait(), 0)
        (line,) = self.proxy.access(1)
        self.assertEqual((line["status"], line["outcome"], line["reason"]), (200, "aborted", "draining"))

    def test_a_connection_that_is_being_opened(self):
        """By way of an egress proxy that never comes to an end, and never to rest."""
        stop = threading.Event()
        self.addCleanup(stop.set)

        def script(connection):
            connection.receive()
            connection.send(b"HTTP/1.1 200 OK\r\nX: ")
            while not stop.is_set():
                connection.send(b"a")

        self.upstream = Upstream(script)
        self.addCleanup(self.upstream.close)
        slow = FAST + '[upstream.timeout]\nconnect = "5m"\nattempt = "5m"\ndeadline = "5m"\n'
        self.start("http://127.0.0.1:9", slow, f'proxy = "{self.upstream.url}"\n')
        clients = [self.client() for _ in range(8)]
        for client in clients:
            client.send(GET)
        support.until(lambda: self.upstream.connections == 8, "all are being opened")
        self.proxy.signal(signal.SIGTERM)
        for client in clients:
            status, _, body = client.response()
            self.assertIn(status, (502, 504), json.loads(body))
        self.assertEqual(self.proxy.wait(), 0)


if __name__ == "__main__":
    support.main()
