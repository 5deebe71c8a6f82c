"""Idempotency keys: whose a request goes out with, and that what is no key is not taken for one. And
what is made of a body, a key or a fallback, is made of all of it."""

import json

import support
import wire
from upstream import Upstream

LOST = "reset stage=after_processing count=1"
HEADER = "X-Idempotency-Key"
NUMBER = "+15551234567"
# An unset variable, and what templates and libraries make of one.
EMPTY = ([""], ["  "], ["\t"], [","], ['""'], ["", ""])


def head(path, *fields, api="sticky-calls", more=b""):
    lines = [f"POST {path} HTTP/1.1", "Host: x"]
    lines += [f"{name}: {value}" for name, value in support.authorization(api).items()]
    lines += [f"{HEADER}: {value}" for value in fields]
    return "\r\n".join(lines).encode() + b"\r\n" + more


def post(path, body, *fields, api="sticky-calls"):
    return head(path, *fields, api=api, more=b"Content-Length: %d\r\n\r\n" % len(body)) + body


class KeysCase(support.TestCase):
    def client(self, backstop):
        client = wire.Client(backstop)
        self.addCleanup(client.close)
        return client

    def ask(self, backstop, request):
        client = self.client(backstop)
        client.send(request)
        return client.response("POST")


class EmptyKeys(KeysCase):
    """An API takes a request with an empty key for one without; so what has only that gets a key."""

    def test_an_answer_is_lost(self):
        for api, path, body, effect, subject in (
            ("truedy", "/api/public/v1/calls", {"agent_id": "agent_default", "to_number": NUMBER},
             "calls_placed", NUMBER),
            ("sticky-calls", support.START, json.loads(support.start_body("c1")), "calls_started", "c1"),
        ):  # fmt: skip
            for fields in EMPTY:
                with self.subTest(api=api, fields=fields):
                    simulator, backstop = self.pair("--fault", LOST, api=api, upstream=support.QUICK)
                    request = post(path, json.dumps(body).encode(), *fields, api=api)
                    status, answer, _ = self.ask(backstop, request)
                    self.assertIn(status, (200, 201))
                    self.assertEqual(answer["backstop-attempts"], ["2"])
                    self.assertEqual(dict(simulator.effects()), {(effect, subject): 1})
                    keys = [entry["idempotency_key"] for entry in simulator.journal()]
                    self.assertEqual(len(keys), 2)
                    self.assertEqual(len(set(keys)), 1)
                    self.assertRegex(keys[0], r"^[0-9a-f]{8}-[0-9a-f]{4}-4")
                    self.assertEqual(backstop.access(1)[0]["idempotency"], "minted")

    def test_where_none_is_added_it_protects_nothing(self):
        """The API honours no key here, or backstop is told to add none: one attempt."""
        contact = json.dumps({"name": "A", "phone_number": NUMBER}).encode()
        call = json.dumps({"agent_id": "agent_default", "to_number": NUMBER}).encode()
        for path, body, more in (
            ("/api/public/v1/contacts", contact, ""),
            ("/api/public/v1/calls", call, "[upstream.idempotency]\nenabled = false\n"),
        ):
            with self.subTest(path=path):
                simulator, backstop = self.pair(
                    "--fault", LOST, api="truedy", upstream=support.QUICK + more
                )
                status, answer, _ = self.ask(backstop, post(path, body, "", api="truedy"))
                self.assertEqual(status, 502)
                self.assertEqual(answer["backstop-attempts"], ["1"])
                self.assertEqual(list(simulator.effects().values()), [1])
                self.assertEqual(backstop.access(1)[0]["idempotency"], "none")

    def test_beside_a_key_they_are_left_out(self):
        """Which of several lines an API reads is its own affair: there is one."""
        seen = []

        def script(connection):
            while request := connection.request():
                seen.append([value for name, value in request[1] if name.lower() == HEADER.lower()])
                if len(seen) == 1:
                    return connection.reset()
                connection.send(wire.OK)

        upstream = Upstream(script)
        self.addCleanup(upstream.close)
        backstop = self.backstop(support.config(upstream.url, support.QUICK))
        request = post(support.START, support.start_body("c1"), "", "mine", " ")
        self.assertEqual(self.ask(backstop, request)[0], 200)
        self.assertEqual(seen, [["mine"], ["mine"]])
        self.assertEqual(backstop.access(1)[0]["idempotency"], "passed")
        self.assertEqual(upstream.errors, [])


def chunked(path, *fields, more=b""):
    return head(path, *fields, more=b"Transfer-Encoding: chunked\r\n" + more + b"\r\n")


def chunks(body, size):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]


DERIVE = "[upstream.idempotency]\nderive = true\n"
EXPECT = b"Expect: 100-continue\r\n"


class WholeBodies(KeysCase):
    """The 100 says that backstop has the head, and what it does now it does without the body."""

    def late(self, backstop, body, size=10):
        client = self.client(backstop)
        client.send(chunked(support.START, more=EXPECT))
        self.assertEqual(client.head()[0], 100)
        for piece in chunks(body, size):
            client.send(piece)
        return client.response("POST")

    def test_a_derived_key_is_the_same_however_the_body_comes(self):
        simulator, backstop = self.pair(upstream=DERIVE)
        body = support.start_body("c1")
        requests = [post(support.START, body), chunked(support.START) + b"".join(chunks(body, 7))]
        statuses = [self.ask(backstop, request)[0] for request in requests]
        statuses += [self.late(backstop, body, size)[0] for size in (1, 10, 1000)]
        self.assertEqual(statuses, [200] * 5)
        keys = [entry["idempotency_key"] for entry in simulator.journal()]
        self.assertEqual(len(keys), 5)
        self.assertEqual(len(set(keys)), 1, keys)
        self.assertEqual({line["idempotency"] for line in backstop.access(5)}, {"derived"})
        self.assertEqual(simulator.effects()["calls_started", "c1"], 1)

    def test_what_may_not_be_kept_flows_and_gets_a_minted_key(self):
        simulator, backstop = self.pair(upstream=DERIVE + '[upstream.retry]\nbody_bytes = "1KiB"\n')
        body = support.start_body("c1", variables={"x": "y" * 5000})
        self.assertEqual(self.late(backstop, body, 500)[0], 200)
        self.assertEqual(backstop.access(1)[0]["idempotency"], "minted")
        self.assertEqual(simulator.effects()["calls_started", "c1"], 1)

    def test_a_fallback_names_the_call_of_a_late_body(self):
        """The breaker is open: nothing but the body is waited for."""
        upstream = Upstream(lambda connection: connection.reset())
        self.addCleanup(upstream.close)
        once = "[upstream.retry]\nattempts = 1\n"
        backstop = self.backstop(support.config(upstream.url, once))
        for number in range(5):
            backstop.start(f"w{number}")
        status, fields, body = self.late(backstop, support.start_body("c1"))
        self.assertEqual((status, fields["backstop-reason"]), (200, ["circuit_open"]))
        self.assertEqual(json.loads(body)["call_id"], "c1")

    def test_a_body_that_never_ends_is_waited_for_until_the_deadline(self):
        """Chunked or not: the caller on the phone has the fallback, and the API has seen nothing."""
        body = support.start_body("c1")
        for request in (
            chunked(support.START) + chunks(body, 10)[0],
            post(support.START, body)[:-1],
        ):
            simulator, backstop = self.pair(upstream=support.IMPATIENT)
            status, fields, answer = self.ask(backstop, request)
            self.assertEqual((status, fields["backstop-outcome"]), (200, ["fallback"]))
            self.assertEqual(fields["backstop-reason"], ["timeout"])
            self.assertEqual(fields["backstop-attempts"], ["0"])
            self.assertIsNone(json.loads(answer)["call_id"])
            self.assertEqual(simulator.journal(), [])

    def test_a_client_that_shortens_the_deadline_is_answered_by_then(self):
        """Else the client would be told after 30 s that it is late (408)."""
        simulator, backstop = self.pair()
        request = chunked(support.END, more=b"Backstop-Timeout: 300ms\r\n")
        status, fields, _ = self.ask(backstop, request)
        self.assertEqual((status, fields["backstop-reason"]), (504, ["timeout"]))
        self.assertEqual(simulator.journal(), [])

    def test_a_client_that_vanishes_has_started_nothing(self):
        simulator, backstop = self.pair()
        client = self.client(backstop)
        client.send(chunked(support.START) + chunks(support.start_body("c1"), 10)[0])
        client.close()
        support.until(
            lambda: backstop.metrics().total("backstop_client_errors_total", kind="disconnect"),
            "the disconnect",
        )
        self.assertEqual(simulator.journal(), [])


if __name__ == "__main__":
    support.main()
