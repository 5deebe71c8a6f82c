"""Connections to an upstream between two exchanges: what comes there is never part of the next answer, and
what ends there costs no request."""

import os
import pathlib
import signal
import socket
import threading

import support
from tls_upstream import TlsWireCase, send_at_once
from upstream import reset
from websocket_test import HANDSHAKE, SWITCHED
from wire import OK, WireCase

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
FOREIGN = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nforeign"
SIZES = (1000, 17_000, 33_000, 60_000, 70_000, 150_000)
READ_AT_ONCE = 16_384  # limits.head_bytes


class Tls(TlsWireCase):
    def assert_whole(self, frame):
        body = os.urandom(max(SIZES))

        def script(connection):
            if request := connection.request():
                size = int(request[0].split(" ")[1][1:])
                send_at_once(connection, frame(body[:size]), end=True)

        self.serve_tls(script)
        for size in SIZES:
            for method in (b"GET", b"POST"):
                with self.subTest(size=size, method=method):
                    client = self.client()
                    client.send(b"%s /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" % (method, size))
                    status, fields, found = client.response()
                    self.assertEqual((status, fields["backstop-attempts"]), (200, ["1"]))
                    self.assertTrue(found == body[:size], f"{len(found)} of {size}")
                    client.close()

    def test_an_answer_that_ends_with_the_connection_is_whole(self):
        self.assert_whole(lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body)

    def test_an_answer_with_a_length_before_the_end_of_the_connection_is_whole(self):
        self.assert_whole(lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def test_an_answer_in_chunks_before_the_end_of_the_connection_is_whole(self):
        self.assert_whole(
            lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)
            + body + b"\r\n0\r\n\r\n")  # fmt: skip

    def second_after(self, second, *behind, end=False):
        """The answer to a request after one whose answer filled the buffer, with more behind it."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 16300\r\nX: "
        first = head + b"p" * (READ_AT_ONCE - len(head) - 4 - 16_300) + b"\r\n\r\n" + b"b" * 16_300
        self.assertEqual(len(first), READ_AT_ONCE)

        def script(connection):
            while request := connection.request():
                if request[0].startswith("GET /a"):
                    send_at_once(connection, first, *behind, end=end)
                    if end:
                        return
                else:
                    connection.send(OK)

        client = self.serve_tls(script)
        client.send(GET)
        self.assertEqual(len(client.response()[2]), 16_300)
        client.send(second)
        return client.response()[::2]

    def test_what_nobody_asked_for_is_no_answer(self):
        for second in (GET.replace(b"/a", b"/b"), POST):
            with self.subTest(second):
                self.assertEqual(self.second_after(second, FOREIGN), (200, b"ok"))

    def test_an_end_behind_an_answer_costs_no_write(self):
        self.assertEqual(self.second_after(POST, end=True), (200, b"ok"))


class Plain(WireCase):
    def test_an_end_behind_an_answer_costs_no_write_that_is_here_already(self):
        def script(connection):
            if connection.request():  # and closes, without having said so
                connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                connection.send(OK)

        self.serve(script)
        for _ in range(10):
            client = self.client()
            client.send(GET + POST)
            self.assertEqual([client.response()[0], client.response()[0]], [200, 200])
            client.close()

    def asleep(self, first, second):
        """backstop sleeps while both come: it learns of them at once, in this order or the other."""
        self.proxy.signal(signal.SIGSTOP)
        state = pathlib.Path(f"/proc/{self.proxy.pid}/stat")
        support.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", "it sleeps")
        try:
            first()
            second()
        finally:
            self.proxy.signal(signal.SIGCONT)

    def test_what_comes_together_with_the_next_request(self):
        ends = {"bytes": lambda connection: connection.send(FOREIGN), "the end": lambda connection: connection.close()}
        for name, act in ends.items():
            for early in (True, False):
                with self.subTest(name, early=early):
                    acting, acted = threading.Event(), threading.Event()

                    def script(connection):
                        first = self.upstream.connections == 1
                        connection.request()
                        connection.send(OK)
                        if first:
                            acting.wait(support.STUCK)
                            act(connection)
                            acted.set()

                    def interfere():
                        acting.set()
                        self.assertTrue(acted.wait(support.STUCK))

                    client = self.serve(script)
                    client.send(GET)
                    self.assertEqual(client.response()[0], 200)
                    steps = [interfere, lambda: client.send(POST)]
                    self.asleep(*(steps if early else reversed(steps)))
                    self.assertEqual(client.response()[::2], (200, b"ok"))
                    self.assertEqual(self.upstream.connections, 2)

    def test_a_websocket_whose_client_has_gone_carries_no_request(self):
        asked, go_on = threading.Event(), threading.Event()
        inside = []

        def script(connection):
            while request := connection.request():
                if not request[0].startswith("GET /chat"):
                    connection.send(OK)
                    continue
                asked.set()
                go_on.wait(support.STUCK)
                connection.send(SWITCHED)
                inside.append(connection.data or connection.receive())
                return

        client = self.serve(script)
        client.send(HANDSHAKE)
        self.assertTrue(asked.wait(support.STUCK))
        reset(client.socket)
        client.close()
        other = self.client()
        other.send(GET)
        self.assertEqual(other.response()[0], 200)  # so the reset has been seen, too
        go_on.set()
        self.assertEqual(self.proxy.access(2)[1]["outcome"], "aborted")
        other.send(POST)
        self.assertEqual(other.response()[::2], (200, b"ok"))
        self.assertEqual(inside, [b""])


if __name__ == "__main__":
    support.main()
