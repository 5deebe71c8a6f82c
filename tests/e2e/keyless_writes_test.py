"""Writes that no key protects: Truedy's contacts, and all of Levrage and Leavo. When the response is
lost after the API has acted, nothing is sent again, and the client is told that nobody knows."""

import json

import support

LOST = "reset stage=after_processing count=1"
UNKNOWN = "its outcome is unknown"
CARELESS = '[upstream.retry]\nunsafe = "always"\nbackoff = { base = "50ms", jitter = "50ms" }\n'

NUMBER = "+15551234567"
CALL = {"agent_id": "agent_default", "phone_number": NUMBER}
WRITES = (
    # API, path, body, what it does, to whom
    ("truedy", "/api/public/v1/contacts", {"name": "A", "phone_number": NUMBER},
     "contacts_created", NUMBER),
    ("levrage", "/v1/calls", CALL, "calls_placed", NUMBER),
    ("levrage", "/v1/agents", {"name": "Ann"}, "agents_created", "Ann"),
    ("leavo", "/backend/leads", {"phone": NUMBER}, "leads_created", NUMBER),
    ("leavo", "/backend/messages/send", {"lead_id": "lead_default", "message": "hello"},
     "messages_sent", "hello"),
)  # fmt: skip


def code_and_message(api, answer):
    """As an application of that API reads it; what the envelope must hold is read on the way."""
    body = json.loads(answer.body)
    if api == "truedy":
        assert body["meta"]["request_id"].startswith("backstop-") and body["meta"]["ts"], body
    else:
        assert body["success"] is False, body
    if api == "levrage":
        assert body["request_id"].startswith("backstop-") and body["timestamp"], body
    return body["error"]["code"], body["error"]["message"]


CODES = {"truedy": "provider_error", "levrage": "bad_gateway", "leavo": "BAD_GATEWAY"}


class KeylessWrites(support.TestCase):
    def write(self, backstop, api, path, body):
        headers = support.authorization(api)
        return backstop.request("POST", path, json.dumps(body).encode(), headers)

    def test_a_lost_response_is_never_a_second_write(self):
        for api, path, body, effect, subject in WRITES:
            with self.subTest(api=api, path=path):
                simulator, backstop = self.pair("--fault", LOST, api=api, upstream=support.QUICK)
                answer = self.write(backstop, api, path, body)
                self.assertEqual(answer.status, 502)
                code, message = code_and_message(api, answer)
                self.assertEqual(code, CODES[api])
                self.assertIn(UNKNOWN, message)
                self.assertEqual(answer.headers["Content-Type"], "application/json")
                self.assertEqual(answer.headers["Backstop-Outcome"], "local_error")
                self.assertEqual(answer.headers["Backstop-Attempts"], "1")
                self.assertEqual(answer.headers["X-Should-Retry"], "false")
                self.assertEqual(dict(simulator.effects()), {(effect, subject): 1})
                (entry,) = simulator.journal()
                self.assertIsNone(entry["idempotency_key"])
                metrics = backstop.metrics()
                self.assertEqual(
                    metrics.total("backstop_ambiguous_outcomes_total", resolution="unknown"), 1
                )

    def test_a_hang_after_it_was_done_neither(self):
        api, path, body, effect, subject = WRITES[0]
        simulator, backstop = self.pair(
            "--fault", "hang stage=after_processing count=1",
            api=api, upstream=support.QUICK + '[upstream.timeout]\nattempt = "300ms"\n',
        )  # fmt: skip
        answer = self.write(backstop, api, path, body)
        self.assertEqual(answer.status, 504)
        self.assertIn(UNKNOWN, code_and_message(api, answer)[1])
        self.assertEqual(dict(simulator.effects()), {(effect, subject): 1})

    def test_a_server_error_of_truedys_may_have_acted_too(self):
        """Its guide calls no 5xx safe: the API's answer is passed on after one attempt."""
        api, path, body, effect, subject = WRITES[0]
        simulator, backstop = self.pair(
            "--fault", "status code=500 stage=after_processing count=1", api=api
        )
        answer = self.write(backstop, api, path, body)
        self.assertEqual(answer.status, 500)
        self.assertTrue(json.loads(answer.body)["meta"]["request_id"].startswith("req_"))
        self.assertEqual(dict(simulator.effects()), {(effect, subject): 1})

    def test_a_request_that_never_arrived_is_sent_again(self):
        """The other way round: what cannot have acted is repeated, key or no key."""
        for api, path, body, effect, subject in WRITES:
            with self.subTest(api=api, path=path):
                simulator, backstop = self.pair(
                    "--fault", "rate_limited retry_after=1 count=1", api=api
                )
                answer = self.write(backstop, api, path, body)
                self.assertIn(answer.status, (200, 201))
                self.assertEqual(len(simulator.journal()), 2)
                self.assertEqual(dict(simulator.effects()), {(effect, subject): 1})

    def test_careless_is_retried_and_warned_of(self):
        for api, path, body, effect, subject in WRITES:
            with self.subTest(api=api, path=path):
                simulator, backstop = self.pair(
                    "--no-conflict" if api != "truedy" else "--seed=1",
                    "--fault", LOST, api=api, upstream=CARELESS,
                )  # fmt: skip
                answer = self.write(backstop, api, path, body)
                self.assertIn(answer.status, (200, 201))
                self.assertEqual(answer.headers["Backstop-Attempts"], "2")
                self.assertEqual(dict(simulator.effects()), {(effect, subject): 2})
                text = support.config(simulator.url, CARELESS, dialect=api)
                status, said, errors = support.run_once(text, "check")
                self.assertEqual(status, 0, errors)
                self.assertRegex(said + errors, r"unsafe.*done twice")


if __name__ == "__main__":
    support.main()
