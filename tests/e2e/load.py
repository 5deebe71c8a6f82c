"""Many clients at once: each starts calls and ends them, one after the other, on a connection that
it keeps. Written on bare streams, so that the clients cost little beside what they measure."""

import asyncio
import collections
import json
import time

import support

Result = collections.namedtuple(
    "Result", "effect call status outcome reason attempts seconds body"
)


class Broken(Exception):
    """The connection ended without a whole answer."""


class Client:
    def __init__(self, host, port):
        self._address = (host, port)
        self._streams = None

    async def post(self, path, body):
        """Returns (status, headers by lower-case name, body), or raises Broken."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {support.KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            writer.write(head.encode() + body)
            await writer.drain()
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:-2]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            content = await reader.readexactly(int(headers["content-length"]))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            await self.close()
            raise Broken(repr(error)) from error
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return int(lines[0].split()[1]), headers, content

    async def close(self):
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _client(host, port, calls, results):
    client = Client(host, port)
    for number in calls:
        call = f"call_{number}"
        hints = {"ani": f"+1{number:010}"}
        for effect, path, body in (
            ("calls_started", support.START, support.start_body(call, identity_hints=hints)),
            ("calls_ended", support.END, support.end_body(call)),
        ):
            begun = time.monotonic()
            try:
                status, headers, content = await client.post(path, body)
            except Broken as broken:
                status, headers, content = 0, {}, str(broken).encode()
            results.append(
                Result(
                    effect,
                    call,
                    status,
                    headers.get("backstop-outcome", ""),
                    headers.get("backstop-reason", ""),
                    int(headers.get("backstop-attempts", "0")),
                    time.monotonic() - begun,
                    json.loads(content) if status else content.decode(),
                )
            )
    await client.close()


async def _all(host, port, calls, clients):
    results = []
    numbers = iter(range(calls))  # shared: who is free takes the next
    await asyncio.gather(*(_client(host, port, numbers, results) for _ in range(clients)))
    return results


def run(backstop, calls, clients):
    """So many calls, started and ended by so many clients. Returns one Result for each request."""
    return asyncio.run(_all(backstop.host, backstop.port, calls, clients))
