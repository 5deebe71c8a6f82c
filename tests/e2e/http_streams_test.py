"""What depends on when bytes come rather than on which: early answers, backpressure, talk out of turn."""

import contextlib
import os
import socket
import threading

import support
from wire import OK, WireCase, answers

LARGE = 5_000_000  # too large to be kept, so that it flows
UPLOAD = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % LARGE
CHUNKED = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
SENT = 64 * 1024 * 1024
NO = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
EVIL = b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"


class EarlyAnswers(WireCase):
    def early(self, request, what_follows):
        """The upstream has heard only the beginning when it answers."""
        heard = []

        def script(connection):
            while b"begin" not in connection.data:
                if not connection.receive():
                    return
            connection.send(NO)
            while connection.receive():
                pass
            heard.append(connection.data)

        client = self.serve(script)
        client.send(request)
        status, fields, body = client.response()
        self.assertEqual((status, body), (403, b"no"))
        self.assertEqual(fields["connection"], ["close"])
        try:
            client.send(what_follows)
        except (BrokenPipeError, ConnectionResetError):
            pass  # nobody wants it any more
        client.ended()
        self.assertEqual(client.data, b"", "what follows is no request")
        support.until(lambda: heard, "the upstream's connection ends")
        self.assertFalse(heard[0].endswith(b"0\r\n\r\n"), "it is not ended as if it were whole")
        self.assertEqual(self.upstream.connections, 1)

    def test_during_a_body_of_known_length(self):
        self.early(UPLOAD + b"begin", EVIL)

    def test_during_a_chunked_body(self):
        self.early(CHUNKED + b"5\r\nbegin\r\n", EVIL)

    def test_reaches_a_client_that_goes_on_sending(self):
        def script(connection):
            connection.receive()
            connection.send(NO)
            while connection.receive():
                connection.data = b""

        client = self.serve(script)

        def send():
            try:
                client.send(UPLOAD + bytes(LARGE))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it is told so, in the answer

        sender = threading.Thread(target=send)
        sender.start()
        self.assertEqual(client.response()[0], 403)
        client.ended()
        sender.join()


class Cut(WireCase):
    """An answer that ends with its connection, while most of the upload has not been taken."""

    def answer(self, end):
        read = threading.Event()

        def script(connection):
            connection.receive()
            connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 20_000)
            read.wait(support.STUCK)
            end(connection)

        client = self.serve(script)

        def send():
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.send(CHUNKED + b"%x\r\n" % SENT + bytes(SENT))

        sender = threading.Thread(target=send)
        sender.start()
        self.assertEqual(client.head()[0], 200)
        while client.data.count(b"x") < 20_000:
            self.assertTrue(client.more())
        read.set()
        client.ended()
        sender.join()
        (line,) = self.proxy.access(1)
        return client.data[-5:] == b"0\r\n\r\n", line["outcome"]

    def test_by_rst_it_is_not_completed(self):
        self.assertEqual(self.answer(lambda connection: connection.reset()), (False, "upstream_error"))

    def test_by_fin_it_was_whole_whatever_follows(self):
        def end(connection):
            connection.half_close()
            connection.reset()

        self.assertEqual(self.answer(end), (True, "ok"))


class Backpressure(WireCase):
    """What sockets hold, and the windows of ours, is a small part of what is there to be sent."""

    def fill(self, sender, most=SENT):
        """Sends until nothing more is taken; returns how much that was."""
        sender.settimeout(1)
        sent = 0
        try:
            while sent < most:
                sent += sender.send(bytes(min(65536, most - sent)))
        except socket.timeout:
            pass
        sender.settimeout(support.STUCK)
        return sent

    def body(self, side, more):
        """How many bytes of a body come behind a head; nothing of it is kept."""
        while b"\r\n\r\n" not in side.data:
            self.assertTrue(more())
        size = len(side.data.partition(b"\r\n\r\n")[2])
        while size < SENT:
            side.data = b""
            piece = more()
            self.assertTrue(piece, f"it ended after {size}")
            size += len(piece)
        side.data = b""
        return size

    def test_an_upstream_that_does_not_read_stops_the_client(self):
        go_on = threading.Event()
        received = []

        def script(connection):
            go_on.wait(support.STUCK)
            received.append(self.body(connection, connection.receive))
            connection.send(OK)

        client = self.serve(script)
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % SENT)
        sent = self.fill(client.socket)
        self.assertLess(sent, SENT // 2)
        go_on.set()
        client.send(bytes(SENT - sent))
        self.assertEqual(client.response()[0], 200)
        self.assertEqual(received, [SENT])

    def test_a_client_that_does_not_read_stops_the_upstream(self):
        sent = []

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SENT)
            sent.append(self.fill(connection.socket))
            connection.send(bytes(SENT - sent[0]))

        client = self.serve(script)
        client.send(GET)
        support.until(lambda: sent, "nothing more is taken")
        self.assertLess(sent[0], SENT // 2)
        self.assertEqual(self.body(client, client.more), SENT)


class OutOfTurn(WireCase):
    def test_who_speaks_unasked_is_not_used_again(self):
        dropped = threading.Event()

        def script(connection):
            if self.upstream.connections > 1:
                return answers(OK)(connection)
            connection.request()
            connection.send(OK)
            unasked.wait(support.STUCK)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            while connection.receive():
                pass
            dropped.set()

        unasked = threading.Event()
        client = self.serve(script)
        client.send(GET)
        self.assertEqual(client.response()[2], b"ok")
        unasked.set()
        self.assertTrue(dropped.wait(support.STUCK))
        client.send(GET)
        self.assertEqual(client.response()[2], b"ok")
        self.assertEqual(self.upstream.connections, 2)


class HalfClosed(WireCase):
    def test_a_client_that_has_nothing_more_to_say_is_answered(self):
        go_on = threading.Event()

        def script(connection):
            while connection.request():
                go_on.wait(support.STUCK)
                connection.send(OK)

        client = self.serve(script)
        for request in (GET, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"):
            with self.subTest(request):
                go_on.clear()
                client = self.client()
                client.send(request)
                client.half_close()
                support.until(lambda: self.proxy.metrics().total("backstop_inflight_requests"), "it is under way")
                go_on.set()
                self.assertEqual(client.response()[::2], (200, b"ok"))
                self.assertTrue(client.ended())


class Expectations(WireCase):
    def test_a_large_body_is_called_for_at_once(self):
        body = os.urandom(LARGE)
        seen = []

        def script(connection):
            request = connection.request()
            seen.append(request[2] == body)
            connection.send(OK)

        client = self.serve(script)
        client.send(UPLOAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        self.assertEqual(client.head()[0], 100)
        client.send(body)
        self.assertEqual(client.response()[0], 200)
        self.assertEqual(seen, [True])

    def test_a_chunked_body_is_called_for_at_once(self):
        client = self.serve(answers(OK))
        client.send(CHUNKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        self.assertEqual(client.head()[0], 100)
        client.send(b"5\r\nhello\r\n0\r\n\r\n")
        self.assertEqual(client.response()[0], 200)

    def test_http_1_0_is_never_told_to_go_on(self):
        client = self.serve(answers(OK))
        client.send(b"POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        client.send(b"hello")
        self.assertEqual(client.response()[0], 200)


if __name__ == "__main__":
    support.main()
