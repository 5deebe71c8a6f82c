"""WebSocket through backstop: who gets a tunnel, that bytes pass through it as they came, how it ends."""

import asyncio
import os
import threading

import aiohttp
import aiohttp.web

import http_play
import support
from wire import OK, WireCase

HANDSHAKE = (
    b"GET /chat?a=b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
GET = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"


def echo(connection):
    """Says back what comes, and ends when the other side has ended."""
    while piece := connection.data or connection.receive():
        connection.data = b""
        connection.send(piece)


class TunnelCase(WireCase):
    def tunnel(self, inside, answer=SWITCHED, extra="", top=""):
        """A client behind a 101; `inside` is what the upstream does then."""
        self.requests = []

        def script(connection):
            while request := connection.request():
                self.requests.append(request)
                if request[0].startswith("GET /next"):
                    connection.send(OK)
                    continue
                connection.send(answer)
                return inside(connection)

        client = self.serve(script, extra, top)
        client.send(HANDSHAKE)
        self.assertEqual(client.head()[0], 101)
        return client


class Tunnels(TunnelCase):
    def test_the_handshake_passes_with_what_belongs_to_it(self):
        client = self.tunnel(echo)
        fields = {name.lower(): value for name, value in client.fields}
        self.assertEqual(fields["upgrade"], "websocket")
        self.assertEqual(fields["connection"].lower(), "upgrade")
        self.assertEqual(fields["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        self.assertNotIn("content-length", fields)
        self.assertNotIn("transfer-encoding", fields)
        line, arrived, _ = self.requests[0]
        self.assertEqual(line, "GET /chat?a=b HTTP/1.1")
        arrived = {name.lower(): value for name, value in arrived}
        self.assertEqual((arrived["upgrade"], arrived["connection"].lower()), ("websocket", "upgrade"))
        self.assertEqual(arrived["sec-websocket-key"], "dGhlIHNhbXBsZSBub25jZQ==")
        self.assertEqual(arrived["sec-websocket-version"], "13")

    def test_bytes_pass_both_ways_as_they_come(self):
        client = self.tunnel(echo)
        for size in (1, 2, 1000, 70_000):
            data = os.urandom(size)
            client.send(data)
            self.assertEqual(client.exactly(size), data)

    def test_what_looks_like_http_is_none(self):
        client = self.tunnel(echo)
        data = GET + b"\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\0\xff\n\r"
        client.send(data)
        self.assertEqual(client.exactly(len(data)), data)
        self.assertEqual(len(self.requests), 1)

    def test_megabytes_pass_both_ways_at_once(self):
        client = self.tunnel(echo)
        data = os.urandom(5_000_000)
        sender = threading.Thread(target=client.send, args=(data,))
        sender.start()
        self.assertTrue(client.exactly(len(data)) == data)
        sender.join()

    def test_bytes_behind_the_101_come_through(self):
        client = self.tunnel(echo, SWITCHED + b"early")
        self.assertEqual(client.exactly(5), b"early")
        client.send(b"later")
        self.assertEqual(client.exactly(5), b"later")

    def test_bytes_behind_the_handshake_wait_for_the_101(self):
        before = []

        def script(connection):
            connection.request()
            before.append(connection.data)
            connection.send(SWITCHED)
            echo(connection)

        client = self.serve(script)
        client.send(HANDSHAKE + b"early")
        self.assertEqual(client.head()[0], 101)
        self.assertEqual(client.exactly(5), b"early")
        self.assertEqual(before, [b""])

    def test_any_split_of_the_handshake_means_the_same(self):
        def script(connection):
            connection.request()
            http_play.send_apart(connection.socket, http_play.single_bytes(SWITCHED + b"hello"))
            echo(connection)

        client = self.serve(script)
        http_play.send_apart(client.socket, http_play.single_bytes(HANDSHAKE))
        self.assertEqual(client.head()[0], 101)
        self.assertEqual(client.exactly(5), b"hello")

    def test_other_1xx_pass_before_the_101(self):
        client = self.serve(lambda connection: connection.request() and (
            connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + SWITCHED), echo(connection)))
        client.send(HANDSHAKE)
        self.assertEqual([client.head()[0], client.head()[0]], [103, 101])
        client.send(b"hello")
        self.assertEqual(client.exactly(5), b"hello")

    def test_the_protocols_name_may_be_written_otherwise(self):
        client = self.serve(lambda connection: connection.request() and (
            connection.send(SWITCHED.replace(b": websocket", b": WebSocket")), echo(connection)))
        client.send(HANDSHAKE.replace(b": websocket", b": WebSocket"))
        self.assertEqual(client.head()[0], 101)
        client.send(b"hello")
        self.assertEqual(client.exactly(5), b"hello")


class Ends(TunnelCase):
    def test_a_client_that_ends_may_still_be_told_something(self):
        def inside(connection):
            while connection.receive():
                pass
            connection.send(b"all that came: " + connection.data)

        client = self.tunnel(inside)
        client.send(b"hello")
        client.half_close()
        self.assertTrue(client.ended())
        self.assertEqual(client.data, b"all that came: hello")

    def test_an_upstream_that_ends_may_still_be_told_something(self):
        got = []
        done = threading.Event()

        def inside(connection):
            connection.half_close()
            while connection.receive():
                pass
            got.append(connection.data)
            done.set()

        client = self.tunnel(inside)
        self.assertTrue(client.ended())
        client.send(b"hello")
        client.half_close()
        self.assertTrue(done.wait(support.STUCK))
        self.assertEqual(got, [b"hello"])

    def test_a_client_that_vanishes_ends_it(self):
        done = threading.Event()

        def inside(connection):
            while connection.receive():
                pass
            done.set()

        client = self.tunnel(inside)
        client.reset()
        self.assertTrue(done.wait(support.STUCK))

    def test_an_upstream_that_vanishes_ends_it(self):
        client = self.tunnel(lambda connection: connection.reset())
        client.ended()
        self.assertEqual(client.data, b"")

    def test_one_that_is_silent_for_too_long_ends(self):
        client = self.tunnel(echo, extra='[upstream.timeout]\nresponse_idle = "300ms"\n')
        client.send(b"hello")
        self.assertEqual(client.exactly(5), b"hello")
        client.ended()

    def test_it_is_written_down_once_it_has_ended(self):
        client = self.tunnel(echo)
        client.send(b"hello")
        self.assertEqual(client.exactly(5), b"hello")
        client.half_close()
        self.assertTrue(client.ended())
        entry = self.proxy.access(1)[0]
        self.assertEqual((entry["status"], entry["outcome"]), (101, "ok"))
        self.assertEqual([attempt["code"] for attempt in entry["attempts"]], [101])

    def test_its_connections_carry_nothing_else(self):
        client = self.tunnel(echo)
        client.half_close()
        self.assertTrue(client.ended())
        other = self.client()
        other.send(GET)
        self.assertEqual(other.response()[0], 200)
        self.assertEqual(self.upstream.connections, 2)

    def test_a_drain_does_not_wait_for_it_for_ever(self):
        client = self.tunnel(echo, top='drain = "500ms"\n')
        client.send(b"hello")
        self.assertEqual(client.exactly(5), b"hello")
        self.assertEqual(self.proxy.stop(), 0)
        client.ended()


class NoTunnels(WireCase):
    def refused(self, answer, close=False):
        """What a client reads when the upstream answers the handshake so; then the next request."""

        def script(connection):
            while request := connection.request():
                connection.send(OK if request[0].startswith("GET /next") else answer)
                if close:
                    return

        client = self.serve(script, settings="[upstream.retry]\nattempts = 1\n")
        # What is sent ahead is the next request, not the first bytes of a tunnel.
        client.send(HANDSHAKE + GET)
        response = client.response()
        self.assertEqual(client.response()[::2], (200, b"ok"))
        return response

    def test_another_final_answer_is_an_ordinary_one(self):
        status, fields, body = self.refused(
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nno")
        self.assertEqual((status, body), (403, b"no"))
        self.assertNotIn("connection", fields)

    def test_200_is_no_tunnel(self):
        self.assertEqual(self.refused(OK)[::2], (200, b"ok"))

    def test_a_chunked_answer_is_no_tunnel(self):
        answer = b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"
        self.assertEqual(self.refused(answer)[::2], (400, b"no"))

    def test_101_to_another_protocol_is_malformed(self):
        self.assertEqual(self.refused(SWITCHED.replace(b": websocket", b": h2c"))[0], 502)

    def test_101_without_a_protocol_is_malformed(self):
        self.assertEqual(self.refused(SWITCHED.replace(b"Upgrade: websocket\r\n", b""))[0], 502)

    def test_an_end_before_the_101_is_a_502(self):
        self.assertEqual(self.refused(b"", close=True)[0], 502)


class RealOnes(support.TestCase):
    """aiohttp on both sides: masks, pings and closing handshakes, which backstop knows nothing of."""

    async def conversation(self):
        async def answer(request):
            socket = aiohttp.web.WebSocketResponse(protocols=("chat",))
            await socket.prepare(request)
            async for message in socket:
                if message.data == "bye":
                    await socket.close(code=4000, message=b"bye")
                elif message.type == aiohttp.WSMsgType.TEXT:
                    await socket.send_str(message.data.upper())
                else:
                    await socket.send_bytes(message.data[::-1])
            return socket

        application = aiohttp.web.Application()
        application.router.add_get("/chat", answer)
        runner = aiohttp.web.AppRunner(application)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # pylint: disable=protected-access
        backstop = self.backstop(support.config(f"http://127.0.0.1:{port}", dialect="http"))
        binary = os.urandom(300_000)
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(f"{backstop.url}/chat", protocols=("chat",)) as socket:
                self.assertEqual(socket.protocol, "chat")
                for number in range(100):
                    await socket.send_str(f"word {number}")
                    self.assertEqual(await socket.receive_str(), f"WORD {number}")
                await socket.ping()
                await socket.send_bytes(binary)
                self.assertTrue(await socket.receive_bytes() == binary[::-1])
                await socket.send_str("bye")
                message = await socket.receive()
                self.assertEqual((message.type, socket.close_code), (aiohttp.WSMsgType.CLOSE, 4000))
            async with session.get(f"{backstop.url}/chat") as response:
                self.assertEqual(response.status, 400, "no handshake, an ordinary request")
        await runner.cleanup()

    def test_a_conversation(self):
        asyncio.run(self.conversation())


if __name__ == "__main__":
    support.main()
