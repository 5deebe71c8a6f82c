"""Others are served as if they were alone, whoever is connected beside them: two thousand idle
clients, two hundred that send a byte now and then, one that has stopped reading."""

import asyncio
import itertools
import statistics
import time

import support
import upstream
import vitals
import wire
from vitals import MIB

IDLE = 2000
SLOW = 200
AT_ONCE = 8
REQUESTS = 500
STREAMS = 200
EVENTS = 30
PERIOD = 0.1

LIMITS = "[limits]\nclient_connections = 4096\n"
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
PIECE = bytes(MIB)


def percentiles(seconds):
    ordered = sorted(seconds)
    return (
        f"median {1000 * statistics.median(ordered):.2f} ms, "
        f"99 % {1000 * ordered[len(ordered) * 99 // 100]:.2f} ms, worst {1000 * ordered[-1]:.2f} ms"
    )


class Crowd(wire.WireCase):
    def script(self, connection):
        request = connection.request()
        while request:
            if "/large" in request[0]:
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1024 * MIB))
                for _ in range(1024):
                    connection.send(PIECE)
            else:
                connection.send(wire.OK)
            request = connection.request()

    def latencies(self, before_each=lambda: None):
        client = self.client()
        seconds = []
        for _ in range(REQUESTS):
            before_each()
            begun = time.monotonic()
            client.send(GET % b"/ok")
            status, _, body = client.response()
            seconds.append(time.monotonic() - begun)
            self.assertEqual((status, body), (200, b"ok"))
        client.close()
        return seconds

    def connected(self, count):
        support.until(
            lambda: self.proxy.metrics().total("backstop_client_connections") == count,
            f"{count} clients are connected",
        )

    def test_others_are_served(self):
        idle = vitals.clients_that_fit(IDLE, 2 * SLOW + 200)
        self.serve(self.script, top=LIMITS).close()
        alone = self.latencies()
        self.connected(0)
        before = vitals.memory(self.proxy)
        crowd = [self.client() for _ in range(idle)]
        slow = [self.client() for _ in range(SLOW)]
        reader = self.client()
        reader.send(GET % b"/large")
        reader.head()
        self.connected(idle + SLOW + 1)

        # A byte of some of them before each request, which takes all to the ends of their heads.
        head = GET % b"/slow-and-long-enough"
        slowly = REQUESTS * AT_ONCE // SLOW
        head, rest = head[:-slowly], head[-slowly:]
        for client in slow:
            client.send(head)
        bytes_left = iter([(client, rest[i : i + 1]) for i in range(len(rest)) for client in slow])

        def some_bytes():
            for client, byte in itertools.islice(bytes_left, AT_ONCE):
                client.send(byte)

        beside = self.latencies(some_bytes)
        growth = vitals.memory(self.proxy) - before
        for client in slow:
            self.assertEqual(client.response()[0], 200)

        self.figure(f"alone: {percentiles(alone)}")
        self.figure(f"beside {idle} idle, {SLOW} slow and a stopped reader: {percentiles(beside)}")
        self.figure(f"memory: {growth / MIB:.1f} MiB more, {vitals.memory(self.proxy) / MIB:.1f} in all")
        if not vitals.sanitized(self.proxy):
            self.assertLess(growth, 64 * MIB)
        self.assertEqual(self.proxy.metrics().total("backstop_client_errors_total"), 0)
        upstream.reset(reader.socket)
        for client in [*crowd, *slow, reader]:
            client.close()
        self.connected(0)


class Events(support.TestCase):
    """Each event says when it was sent, by the clock of this machine."""

    async def source(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        # Streams begin when their clients come, which spreads them over the period.
        begun = time.monotonic()
        for number in range(EVENTS):
            await asyncio.sleep(begun + number * PERIOD - time.monotonic())
            event = b"data: %d %.6f\n\n" % (number, time.monotonic())
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def listen(self, address, delays):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(GET % b"/events")
        await reader.readuntil(b"\r\n\r\n")
        for expected in itertools.count():
            size = int(await reader.readline(), 16)
            event = (await reader.readexactly(size + 2))[:size]
            if size == 0:
                break
            number, sent = event.removeprefix(b"data: ").split()
            delays.append(time.monotonic() - float(sent))
            self.assertEqual(int(number), expected)
        self.assertEqual(expected, EVENTS)
        writer.close()

    async def listeners(self, address):
        delays = []
        listening = []
        for _ in range(STREAMS):
            listening.append(asyncio.create_task(self.listen(address, delays)))
            await asyncio.sleep(PERIOD / STREAMS)
        await asyncio.gather(*listening)
        return delays

    async def both(self):
        server = await asyncio.start_server(self.source, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        more = f"[upstream.pool]\nconnections = {STREAMS}\n"
        url = f"http://127.0.0.1:{address[1]}"
        backstop = await asyncio.to_thread(
            self.backstop, support.config(url, more, dialect="http")
        )
        for what, where in (("without backstop", address), ("through it", (backstop.host, backstop.port))):
            delays = await self.listeners(where)
            self.assertEqual(len(delays), STREAMS * EVENTS)
            self.figure(f"delay of {len(delays)} events of {STREAMS} streams, {what}: {percentiles(delays)}")
        server.close()

    def test_flow_at_once(self):
        vitals.clients_that_fit(STREAMS, 2 * STREAMS + 200)
        asyncio.run(self.both())


if __name__ == "__main__":
    support.main()
