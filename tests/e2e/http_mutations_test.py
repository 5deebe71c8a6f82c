"""The cases of the tables, damaged at random: whatever is passed on has one meaning, and the same one."""

import random
import threading

import http_page
import http_play
import strict
import support
from http_responses_test import ONCE
from wire import PATIENT_LIMITS, PATIENT_UPSTREAM, Client, WireCase

ROUNDS = 500
# What a byte more or less is most dangerous as.
SEEDS = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"0", b"5", b"\r\n\r\n", b"0\r\n\r\n", b"\x7f", b"\xff",
    b"\r\nContent-Length: 5", b"\r\nContent-Length: 0", b"\r\nTransfer-Encoding: chunked", b"\r\n ", b"5\r\nhello\r\n",
    b"\r\nConnection: Content-Length", b"\r\nHost: x", b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n", b" HTTP/1.1", b"HEAD ",
)  # fmt: skip


def damaged(chance, samples):
    data = bytearray(chance.choice(samples))
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randrange(1, 12))
        kind = chance.randrange(5)
        if kind == 0:
            data[at:at] = chance.choice(SEEDS)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = data[at:end]
        elif kind == 3 and at < len(data):
            data[at] = chance.randrange(256)
        else:
            other = chance.choice(samples)
            data[at:] = other[chance.randrange(len(other) + 1) :]
    return bytes(data)


def samples(groups, of_responses):
    return [
        case.data
        for case in http_play.cases_of(groups)
        if 0 < len(case.data) < 2000 and bool(case.request) == of_responses
    ]


def meanings(data):
    """The requests that a strict reader finds in what a client has sent."""
    found = []
    try:
        while request := strict.request(data):
            found.append(request)
            data = request.rest
    except strict.Ambiguous:
        pass
    return found


class Reader(Client):
    """Reads what there is."""

    def __init__(self, data):  # pylint: disable=super-init-not-called
        self.data, self.fields, self.trailers, self.was_reset = data, [], [], False

    def more(self):
        return b""


def final(client, method):
    """(status, fields, body) of the response behind any 1xx."""
    response = client.response(method)
    while response[0] < 200:
        response = client.response(method)
    return response


def meaning(answer, method):
    """What a strict reader finds in what an upstream has said: (status, body), or None."""
    try:
        return final(Reader(answer), method)[::2]
    except AssertionError:
        return None


class Mutations(WireCase):
    def chances(self):
        print(f"SEED={http_play.SEED}", flush=True)
        return (random.Random(f"{http_play.SEED} {number}") for number in range(ROUNDS))

    def test_requests(self):
        seen = []

        def script(connection):
            while request := connection.request():
                seen.append(request)
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n%08d" % (len(seen) - 1))

        self.serve(script, PATIENT_UPSTREAM, PATIENT_LIMITS, ONCE)
        known = samples(http_page.GROUPS, False)
        data = b""
        for chance in self.chances():
            self.assertTrue(self.proxy.running(), f"it ended after {data!r}")
            data = damaged(chance, known)
            first = len(seen)
            client = self.client()
            try:
                http_play.send_apart(client.socket, http_play.random_pieces(data, data))
                client.half_close()
            except (BrokenPipeError, ConnectionResetError, OSError):
                pass  # refused before it was all sent
            client.ended()
            with self.subTest(data):
                self.assertEqual(self.upstream.errors, [], "the upstream understands what it gets")
                self.check(data, seen[first:], first, client)
            self.upstream.errors.clear()
            client.close()

    def check(self, data, seen, first, client):
        answers = client.data.split(b"HTTP/1.1 200 OK\r\n")[1:]
        numbers = [int(answer[-8:]) for answer in answers if answer[-8:].isdigit()]
        self.assertEqual(numbers, sorted(set(numbers)), "answers in order")
        self.assertTrue(set(numbers) <= set(range(first, first + len(seen))), "answers to its own requests")
        if b"max-forwards" in data.lower():
            return  # may be answered here
        for request, meant in zip(seen, meanings(data)):
            self.assertEqual(request[2], meant.body)
            if " /" in meant.line:
                self.assertEqual(request[0], meant.line)

    def test_responses(self):
        current = []  # the answer, and what tells that it is sent: an earlier one's may come late

        def script(connection):
            while request := connection.request():
                if request[0].split(" ")[1] == "/probe":
                    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nprobed")
                    continue
                answer, sent = current
                try:
                    http_play.send_apart(connection.socket, http_play.random_pieces(answer, answer))
                finally:
                    http_play.end(connection.socket)
                    sent.set()
                return

        self.serve(script, PATIENT_UPSTREAM, PATIENT_LIMITS, ONCE)
        known = samples(http_page.GROUPS, True)
        for chance in self.chances():
            self.assertTrue(self.proxy.running(), f"it ended after {current}")
            method = chance.choice(["GET", "GET", "HEAD", "POST"])
            current[:] = [damaged(chance, known), threading.Event()]
            with self.subTest(method=method, answer=current[0]):
                client = self.client()
                client.send(method.encode() + b" /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                self.read(client, method, *current)
                client.close()
                client = self.client()
                client.send(b"GET /probe HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertEqual(client.response()[::2], (200, b"probed"))
                client.close()
                self.assertEqual(self.upstream.errors, [])

    def read(self, client, method, answer, sent):
        """What was meant, or a refusal, or a break; nothing else."""
        try:
            status, fields, body = final(client, method)
        except strict.Ambiguous:
            raise
        except AssertionError:
            return  # it broke off
        meant = meaning(answer, method)
        if meant and "backstop-outcome" not in fields and not client.was_reset:
            self.assertEqual((status, body), meant)
        # What comes too late belongs to nobody, unless the next request is on its way already.
        self.assertTrue(sent.wait(support.STUCK))
        if "connection" not in fields:
            client.send(b"GET /probe HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.response()[::2], (200, b"probed"))


if __name__ == "__main__":
    support.main()
