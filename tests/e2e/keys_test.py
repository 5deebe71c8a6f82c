"""Idempotency keys: whose a request goes out with, and that what is no key is not taken for one."""

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


if __name__ == "__main__":
    support.main()
