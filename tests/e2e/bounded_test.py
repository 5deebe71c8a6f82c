"""Nothing that a client or an API says makes the series more, or breaks a line of the log or of the
exposition."""

import itertools
import json
import os
import random
import re
import socket

import observers
import support
import upstream

KNOWN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WANTED = (200, 299, 404)  # 299 is no registered status
CONNECTIONS = 8
BATCH = 50


def answer_as_wanted(connection):
    """Each request names the status that it wants."""
    data = b""
    while True:
        piece = connection.socket.recv(65536)
        if not piece:
            return
        data += piece
        while b"\r\n\r\n" in data:
            head, _, data = data.partition(b"\r\n\r\n")
            status = head[head.lower().index(b"x-want: ") + 8 :][:3]
            connection.send(b"HTTP/1.1 %s Yes\r\nContent-Length: 0\r\n\r\n" % status)


def request(method, path, status):
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\nX-Want: {status}\r\n\r\n".encode()


def pipelined(address, requests):
    """Sends them on one connection, some at a time; returns how many were answered."""
    answered = 0
    with socket.create_connection(address, timeout=support.STUCK) as client:
        while batch := list(itertools.islice(requests, BATCH)):
            client.sendall(b"".join(batch))
            left, tail = len(batch), b""
            while left:
                piece = client.recv(65536)
                if not piece:
                    return answered
                data = tail + piece
                left -= data.count(b"HTTP/1.1 ")
                tail = data[-8:]  # shorter than what is counted
            answered += len(batch)
    return answered


class Bounded(support.TestCase):
    def test_paths_and_methods_without_end(self):
        api = upstream.Upstream(answer_as_wanted)
        self.addCleanup(api.close)
        backstop = self.backstop(
            support.config(api.url, top='[log]\naccess = "off"', dialect="levrage")
        )
        address = (backstop.host, backstop.port)

        # Each method, status and route that there can be, once.
        paths = ("/v1/calls/1", "/nowhere")
        known = itertools.product(KNOWN + ("BREW",), paths, WANTED)
        warm = [request(*each) for each in known]
        self.assertEqual(pipelined(address, iter(warm)), len(warm))
        before = {name for name, *_ in self.series(backstop)}

        # Then what nobody has seen before.
        count = 10 * int(os.environ.get("CALLS", "10000")) // CONNECTIONS

        def never_seen(connection):
            dice = random.Random(connection)
            for number in range(count):
                unique = f"{connection}x{number}x{dice.getrandbits(64):x}"
                method = dice.choice(KNOWN + (f"M{unique}",) * 7)
                path = dice.choice((f"/v1/calls/{unique}", f"/{unique}/{unique}?q={unique}"))
                yield request(method, path, dice.choice(WANTED))

        answered = support.at_once(
            *(lambda n=n: pipelined(address, never_seen(n)) for n in range(CONNECTIONS))
        )
        self.assertEqual(answered, [count] * CONNECTIONS)
        total = count * CONNECTIONS + len(warm)
        support.until(
            lambda: backstop.metrics().total("backstop_requests_total") == total, "all are counted"
        )
        after = {name for name, *_ in self.series(backstop)}
        self.assertEqual(after, before)
        self.assertEqual(api.errors, [])
        self.figure(f"{count * CONNECTIONS} distinct requests, {len(after)} series before and after")

    def series(self, backstop):
        lines = backstop.admin("/metrics").body.decode().splitlines()
        return [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]

    def test_values_that_would_break_a_line(self):
        evil = '"\\"}\n{\x00\u2028\x7fé\udc80{{end}} # HELP x'
        body = json.dumps({"error": evil, "message": evil})
        simulator, backstop = self.pair("--fault", json.dumps(
            {"type": "status", "code": 403, "body": body, "headers": {"X-Request-Id": "\"\\'<>é"}}
        ))  # fmt: skip
        values = (b'"', b"\\", b"\x80\xff\xe2\x80\xa8", b"'\"}{", b"%s%n{}", b"<script>", b"\t")
        for number, value in enumerate(values):
            answer = backstop.raw(
                b"POST /v1/calls/start HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                b"Authorization: Bearer " + value + b"\r\nX-Idempotency-Key: " + value + b"\r\n"
                b"Traceparent: 00-" + value + b"\r\nUser-Agent: " + value + b"\r\n"
                b"Content-Length: 2\r\n\r\n{}"
            )
            self.assertTrue(answer.startswith(b"HTTP/1.1 403"), (value, answer[:200]))
            line = backstop.access(number + 1)[-1]  # it is JSON
            self.assertEqual(line["status"], 403)
            self.assertNotIn("trace_id", line)
        # In a path such bytes are refused.
        for value in (b'"', b"\x80"):
            refused = backstop.raw(b"GET /" + value + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(refused.startswith(b"HTTP/1.1 400"), refused[:200])
        for line in list(backstop.lines):
            json.loads(line)
            self.assertNotRegex(line, r"[^\x20-\x7e]")
        text = backstop.admin("/metrics").body.decode()
        self.assertEqual(observers.promtool("check", "metrics", text=text), (0, ""))
        self.assertIsNone(re.search(r"[^\x0a\x20-\x7e]", text))
        self.assertEqual(
            support.Metrics(text).total("backstop_denials_total", reason="other"), len(values)
        )
        self.assertEqual(len(simulator.journal()), len(values))


if __name__ == "__main__":
    support.main()
