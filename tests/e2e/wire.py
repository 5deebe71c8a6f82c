"""A raw client, and what the tests of the wire have in common: backstop between such a client and a raw
upstream, with the dialect of no API, so that nothing but HTTP's own rules applies."""

import socket
import struct

import strict
import support
from upstream import Upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
FAST = """
[upstream.retry]
backoff = { base = "10ms", factor = 1.0, max = "10ms", jitter = "0ms" }
budget = { ratio = 1.0, per_second = 1000.0, window = "10s" }
[upstream.breaker]
enabled = false
"""
# For senders that take their time: what is slow here is the machine.
PATIENT_LIMITS = '[limits]\nclient_head = "5m"\nclient_body_idle = "5m"\n'
PATIENT_UPSTREAM = '[upstream.timeout]\nattempt = "5m"\ndeadline = "5m"\n'


class Client:
    """A raw client that reads one response at a time, strictly."""

    def __init__(self, backstop):
        self.socket = socket.create_connection((backstop.host, backstop.port), support.STUCK)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.was_reset = False
        self.fields = []  # of the last head, as they came
        self.trailers = []  # of the last chunked body

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            self.was_reset = True
            return b""
        self.data += piece
        return piece

    def head(self):
        """(status, {name: [values]})"""
        while not (found := strict.head(self.data)):
            if not self.more():
                raise AssertionError(f"no head: {self.data!r}")
        line, self.fields, end = found
        self.data = self.data[end:]
        fields = {}
        for name, value in self.fields:
            fields.setdefault(name.lower(), []).append(value)
        return strict.status_line(line)[0], fields

    def exactly(self, size):
        while len(self.data) < size:
            if not self.more():
                raise AssertionError(f"ended after {len(self.data)} of {size}")
        found, self.data = self.data[:size], self.data[size:]
        return found

    def line(self):
        while b"\r\n" not in self.data:
            if not self.more():
                raise AssertionError(f"no line: {self.data!r}")
        found, _, self.data = self.data.partition(b"\r\n")
        return found

    def chunks(self):
        """Yields the chunks of a chunked body until the last one."""
        while size := strict.chunk_size(self.line()):
            yield self.exactly(size)
            strict.must(self.exactly(2) == b"\r\n", "a chunk without its end")
        lines = []
        while line := self.line():
            lines.append(line)
        self.trailers = strict.trailers(lines)

    def response(self, method="GET"):
        status, fields = self.head()
        if method == "HEAD" or status in (204, 304) or status < 200:
            return status, fields, b""
        framing = strict.framing(self.fields)
        if framing == "chunked":
            return status, fields, b"".join(self.chunks())
        if framing is not None:
            return status, fields, self.exactly(framing)
        while self.more():
            pass
        body, self.data = self.data, b""
        return status, fields, body

    def ended(self):
        """Reads to the end; True if it was an orderly one."""
        try:
            while True:
                piece = self.socket.recv(65536)
                if not piece:
                    return True
                self.data += piece
        except ConnectionResetError:
            self.was_reset = True
            return False

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.socket.close()


def answers(data):
    """A script that gives the same answer to every request."""

    def script(connection):
        while connection.request():
            connection.send(data)

    return script


class WireCase(support.TestCase):
    def serve(self, script, extra="", top="", settings=FAST, **more):
        self.upstream = Upstream(script, **more)
        self.addCleanup(self.upstream.close)
        text = support.config(self.upstream.url, settings + extra, top, dialect="http")
        self.proxy = self.backstop(text)
        return self.client()

    def client(self):
        client = Client(self.proxy)
        self.addCleanup(client.close)
        return client

    def tearDown(self):
        if hasattr(self, "upstream"):
            self.assertEqual(self.upstream.errors, [])
