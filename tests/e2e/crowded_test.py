"""Before there is a connection to send a request on: the pool is full, or the way to the upstream is long. A full
pool is no fault of the upstream's, and what nobody waits for any more is not sent."""

import threading

import support
from upstream import Upstream
from wire import OK, WireCase

STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
ONE = "[upstream.pool]\nconnections = 1\n"
SHORT = '[upstream.timeout]\nattempt = "100ms"\ndeadline = "300ms"\n'


class Crowded(WireCase):
    """One connection is all there is, and a stream has it until stop() is called."""

    def crowd(self, extra="", settings=""):
        self.seen, stop = [], threading.Event()
        self.addCleanup(stop.set)
        self.stop = stop.set

        def script(connection):
            while request := connection.request():
                self.seen.append(request[0])
                if "/stream" not in request[0]:
                    connection.send(OK)
                    continue
                connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
                stop.wait(support.STUCK)
                connection.send(b"0\r\n\r\n")

        self.stream = self.serve(script, ONE + extra, settings=settings)
        self.stream.send(STREAM)
        self.stream.head()

    def waiting(self):
        return self.proxy.metrics().value("backstop_queue_depth")

    def test_is_not_held_against_the_upstream(self):
        self.crowd(SHORT)
        for _ in range(6):  # five failures in a row would open the breaker
            client = self.client()
            client.send(GET)
            status, fields, body = client.response()
            self.assertEqual((status, fields["backstop-attempts"]), (503, ["0"]), body)
            self.assertIn("connection_limit_reached", fields["proxy-status"][0])
            self.assertEqual(fields["retry-after"], ["1"])
        metrics = self.proxy.metrics()
        self.assertEqual(metrics.value("backstop_breaker_state", state="closed"), 1)
        self.assertEqual(metrics.total("backstop_upstream_attempts_total", code="none"), 0)
        self.assertTrue(self.proxy.count("no connection of the pool became free"), "the log says what to do")
        self.stop()
        client = self.client()
        client.send(GET)
        self.assertEqual(client.response()[::2], (200, b"ok"))

    def test_who_leaves_meanwhile_has_sent_nothing(self):
        self.crowd()
        gone = [self.client() for _ in range(2)]
        for client in gone:
            client.send(POST)
        patient = self.client()
        patient.send(GET)
        support.until(lambda: self.waiting() == 3, "all are waiting")
        # At least so long ends what could be a client that only says that it has no more to send.
        self.assertRaises(TimeoutError, self.patiently(patient, 0.3).recv, 1)
        for client in gone:
            client.close()
        self.assertEqual({line["status"] for line in self.proxy.access(2)}, {499})
        self.stop()
        patient.socket.settimeout(support.STUCK)
        self.assertEqual(patient.response()[::2], (200, b"ok"), "its turn has come")
        self.assertEqual(self.seen, ["GET /stream HTTP/1.1", "GET / HTTP/1.1"])
        lines = self.proxy.access(4)
        self.assertEqual([line["attempts"] for line in lines if line["status"] == 499], [[], []])

    def patiently(self, client, seconds):
        client.socket.settimeout(seconds)
        return client.socket

    def test_who_only_says_no_more_is_answered(self):
        self.crowd()
        client = self.client()
        client.send(POST)
        client.half_close()
        support.until(lambda: self.waiting() == 1, "it waits")
        self.stop()
        self.assertEqual(client.response()[::2], (200, b"ok"))


class Connecting(WireCase):
    def test_who_leaves_meanwhile_has_sent_nothing(self):
        """By way of an egress proxy that takes its time."""
        go_on, seen = threading.Event(), []

        def script(connection):
            while b"\r\n\r\n" not in connection.data:
                connection.receive()
            connection.data = b""
            go_on.wait(support.STUCK)
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
            while request := connection.request():
                seen.append(request[0])
                connection.send(OK)

        self.egress(script)
        client = self.client()
        client.send(POST)
        support.until(lambda: self.upstream.connections, "the proxy is asked")
        client.socket.settimeout(0.3)
        self.assertRaises(TimeoutError, client.socket.recv, 1)
        client.close()
        other = self.client()
        other.send(b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(other.response()[0], 405)  # so that the end has been seen, too
        go_on.set()
        (line,) = self.proxy.access(1)
        self.assertEqual((line["status"], line["attempts"]), (499, []))
        other = self.client()
        other.send(GET)
        self.assertEqual(other.response()[::2], (200, b"ok"))
        self.assertEqual((seen, self.upstream.connections), (["GET / HTTP/1.1"], 1), "on the connection that was opened")

    def egress(self, script):
        self.upstream = Upstream(script)
        self.addCleanup(self.upstream.close)
        text = support.config("http://127.0.0.1:9", "", dialect="http")
        self.proxy = self.backstop(text.replace("dialect =", f'proxy = "{self.upstream.url}"\ndialect ='))


if __name__ == "__main__":
    support.main()
