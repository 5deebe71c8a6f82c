"""What clients and upstreams can make backstop keep in memory. Figures are for whoever reads them;
what is asserted are bounds that a leak of buffers would break, and never under a sanitizer, whose
memory is its own."""

import socket
import threading

import support
import upstream
import vitals
import wire
from vitals import KIB, MIB

LIMITS = """
[limits]
client_connections = 4096
"""
IDLE = 2000
READERS = 8
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Case(wire.WireCase):
    def serve(self, *arguments, **more):
        super().serve(*arguments, **more).close()  # nobody is there but whom the test makes

    def measure(self, what, bound, count=1):
        """The figure since the last rest(), and that it is below `bound` bytes in all."""
        growth = vitals.memory(self.proxy) - self.before
        each = f", {growth / count / KIB:.1f} KiB each" if count > 1 else ""
        self.figure(f"{what}: {growth / KIB:.0f} KiB{each}")
        if not vitals.sanitized(self.proxy):
            self.assertLess(growth, bound)

    def rest(self):
        """Notes the memory at rest, once what is kept for the next one has been made."""
        for _ in range(20):
            self.assertEqual(self.proxy.request("GET", "/ok").status, 200)
        support.until(
            lambda: self.proxy.metrics().total("backstop_client_connections") == 0, "nobody is there"
        )
        self.before = vitals.memory(self.proxy)

    def settled(self, taken):
        """Waits until backstop takes no more: taken() has been the same for half a second."""
        seen = [None] * 50

        def still():
            seen.append(taken())
            return len(set(seen[-50:])) == 1

        support.until(still, "nothing moves")

    def ask(self, data, buffer=None):
        """A client that has sent this; `buffer` bounds what the kernel takes in its stead."""
        client = socket.socket()
        self.addCleanup(client.close)
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.settimeout(support.STUCK)
        client.connect((self.proxy.host, self.proxy.port))
        client.sendall(data)
        return client


class Clients(Case):
    def test_idle_connections(self):
        # A head as Node's fetch sends it, but for what an API adds to it.
        head = GET[:-2] % b"/ok" + b"Authorization: Bearer sk_test_valid\r\nContent-Type: application/json\r\n"
        head += b"Accept: */*\r\nAccept-Language: *\r\nSec-Fetch-Mode: cors\r\nUser-Agent: node\r\n"
        head += b"Accept-Encoding: gzip, deflate\r\n"
        for what, data, served in (
            ("connected", b"", False),
            ("served before", head + b"\r\n", True),
            ("in a head", head, False),
        ):
            with self.subTest(what):
                self.serve(wire.answers(wire.OK), top=LIMITS)
                self.rest()
                count = vitals.clients_that_fit(IDLE, 200)
                clients = []
                for _ in range(count):
                    clients.append(self.ask(data))
                    if served:
                        self.assertTrue(clients[-1].recv(65536).endswith(b"ok"))
                support.until(
                    lambda: self.proxy.metrics().total("backstop_client_connections") == count, "all are there"
                )
                self.measure(f"{count} idle clients, {what}", count * 32 * KIB, count)
                for client in clients:
                    client.close()
                self.upstream.close()

    def test_a_long_chunk_extension_or_trailer_section(self):
        begin = b"PUT /ok HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        endless = {
            "a chunk extension of 4 MiB": begin + b"1;" + b"x" * (4 * MIB) + b"\r\na\r\n0\r\n\r\n",
            "a trailer field of 4 MiB": begin + b"1\r\na\r\n0\r\nX: " + b"x" * (4 * MIB) + b"\r\n\r\n",
            "trailers of 4 MiB": begin + b"1\r\na\r\n0\r\n" + b"X-Trailer: abcdef\r\n" * (4 * MIB // 19) + b"\r\n",
        }
        self.serve(wire.answers(wire.OK))
        for what, data in endless.items():
            with self.subTest(what):
                self.rest()
                answer = self.proxy.raw(data)
                self.assertIn(answer[:12], (b"HTTP/1.1 400", b""))  # if not too late for the client
                self.measure(f"a request with {what}", MIB)
        errors = self.proxy.metrics().total("backstop_client_errors_total")
        self.assertEqual(errors, len(endless))


class Upstreams(Case):
    def test_a_long_chunk_extension_or_trailer_section(self):
        endless = {
            "a chunk extension of 4 MiB": b"1;" + b"x" * (4 * MIB) + b"\r\na\r\n0\r\n\r\n",
            "a trailer field of 4 MiB": b"1\r\na\r\n0\r\nX: " + b"x" * (4 * MIB) + b"\r\n\r\n",
            "trailers of 4 MiB": b"1\r\na\r\n0\r\n" + b"X-Trailer: abcdef\r\n" * (4 * MIB // 19) + b"\r\n",
        }

        def script(connection):
            request = connection.request()
            while request:
                ok = "/ok" in request[0]
                connection.send(wire.OK if ok else CHUNKED + self.framed)
                request = connection.request()

        self.serve(script)
        for what, self.framed in endless.items():
            with self.subTest(what):
                self.rest()
                answer = self.proxy.raw(GET % b"/long")
                self.assertNotIn(b"\r\n0\r\n", answer)  # cut, never ended
                self.measure(f"a response with {what}", MIB)


class Readers(Case):
    """Of a response that nobody reads, only a window is in memory; the upstream waits meanwhile."""

    FRAMINGS = {
        "by length": (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", b"%s"),
        "chunked": (CHUNKED, b"10000\r\n%s\r\n"),
    }

    def stop(self, size, count, what):
        """`count` clients begin to read a response of so many bytes and read no further."""

        def script(connection):
            request = connection.request()
            while request and "/ok" in request[0]:
                connection.send(wire.OK)
                request = connection.request()
            if request is None:
                return
            connection.send(head % size if b"%d" in head else head)
            for _ in range(size // 65536):
                connection.send(piece)
                self.taken += 65536

        for name, (head, frame) in self.FRAMINGS.items():
            with self.subTest(name):
                piece = frame % bytes(65536)
                self.taken = 0
                self.serve(script)
                self.rest()
                readers = [self.ask(GET % b"/large") for _ in range(count)]
                for reader in readers:
                    self.assertTrue(reader.recv(100).startswith(b"HTTP/1.1 200 OK"))
                self.settled(lambda: self.taken)
                self.assertLess(self.taken, count * size)
                self.measure(f"{what}, {name}", 16 * MIB, count)
                for reader in readers:
                    upstream.reset(reader)
                    reader.close()
                self.assertEqual(self.proxy.request("GET", "/ok").status, 200)
                self.upstream.close()

    def test_eight_that_stop_in_48_mib(self):
        self.stop(48 * MIB, READERS, f"{READERS} readers that stop in 48 MiB")

    def test_one_that_stops_in_a_gigabyte(self):
        self.stop(1024 * MIB, 1, "a reader that stops in 1 GiB")


class Uploads(Case):
    """Of a body that the upstream does not take, a window is in memory, beside what is kept for
    resending; the client waits meanwhile."""

    HEAD = b"PUT /upload HTTP/1.1\r\nHost: x\r\n"
    FRAMINGS = {
        "by length": (HEAD + b"Content-Length: 50331648\r\n\r\n", bytes(65536)),
        "chunked": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n%s\r\n" % bytes(65536)),
    }

    def script(self, connection):
        """Takes no more than self.takes bytes of an upload."""
        while b"\r\n\r\n" not in connection.data:
            if not connection.receive():
                return
        if connection.data.startswith(b"GET"):
            connection.request()
            connection.send(wire.OK)
            return
        while len(connection.data) < self.takes:
            connection.receive()
        self.go_on.wait(support.STUCK)

    def push(self):
        """Sends as much as is taken, and returns how much that was in all."""
        for client in self.clients:
            try:
                while True:
                    sent = client.send(self.left[client])
                    self.sent += sent
                    self.left[client] = self.left[client][sent:] or self.piece
            except BlockingIOError:
                pass
        return self.sent

    def test_eight_that_are_not_taken(self):
        for name, (head, self.piece) in self.FRAMINGS.items():
            for self.takes in (0, 4 * MIB):
                with self.subTest(name, takes=self.takes):
                    self.go_on = threading.Event()
                    self.sent = 0
                    self.serve(self.script)
                    self.rest()
                    self.clients = [self.ask(head) for _ in range(READERS)]
                    self.left = {client: self.piece for client in self.clients}
                    for client in self.clients:
                        client.setblocking(False)
                    self.settled(self.push)
                    self.assertLess(self.sent, READERS * 48 * MIB)
                    what = f"{READERS} uploads, {name}, of which {self.takes // MIB} MiB are taken"
                    self.measure(what, 32 * MIB, READERS)
                    kept = self.proxy.metrics().total("backstop_buffer_bytes")
                    self.assertLess(kept, READERS * (MIB + 64 * KIB))
                    for client in self.clients:
                        client.close()
                    self.go_on.set()
                    self.assertEqual(self.proxy.request("GET", "/ok").status, 200)
                    self.upstream.close()


if __name__ == "__main__":
    support.main()
