"""curl and Python's requests through backstop, against faults: plain clients without any resilience
of their own."""

import http
import json
import shutil
import subprocess

import requests

import support
from support import END, KEY, START


class Curl(support.TestCase):
    """The commands of the guide's "Testing Error Scenarios", but for the base URL."""

    def curl(self, backstop, path, body, key=KEY, *more):
        done = subprocess.run(
            [
                shutil.which("curl"), "--silent", "--show-error", "--include",
                "-X", "POST", f"{backstop.url}{path}",
                "-H", f"Authorization: Bearer {key}",
                "-H", "Content-Type: application/json",
                "--data-binary", "@-", *more,
            ],
            input=body.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=support.STUCK,
            env=support.ENVIRONMENT,
            check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        if b" 100 Continue" in head:
            head, _, body = body.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        return status, head.decode(), json.loads(body)

    STARTING = '{"call_id": "test_123", "identity_hints": {"ani": "+14155551234"}}'

    def test_the_errors_of_the_guide(self):
        simulator, backstop = self.pair()
        status, _, body = self.curl(backstop, START, self.STARTING, "invalid_key")
        self.assertEqual((status, body["error"]), (401, "Unauthorized"))
        status, _, body = self.curl(backstop, START, '{"call_id": "test_123"}')
        self.assertEqual((status, body["error"]), (400, "Bad Request"))
        self.assertTrue(body["details"]["issues"])
        status, _, body = self.curl(backstop, START, self.STARTING)
        self.assertEqual((status, body["call_id"]), (200, "test_123"))
        status, _, body = self.curl(backstop, START, self.STARTING)
        self.assertEqual((status, body["error"]), (409, "Conflict"))
        self.assertEqual(len(simulator.journal()), 4)

    def test_faults_are_ridden_out(self):
        for fault in (
            "status code=500 count=2",
            "reset stage=before_reading count=1",
            "reset stage=after_processing count=1",
            "reset stage=mid_body count=1",
            "truncate count=1",
            "malformed count=1",
            "rate_limited retry_after=1 count=1",
        ):
            with self.subTest(fault=fault):
                simulator, backstop = self.pair("--fault", fault, upstream=support.QUICK)
                status, head, body = self.curl(backstop, START, self.STARTING)
                self.assertEqual((status, body["call_id"]), (200, "test_123"), head)
                self.assertNotIn("Backstop-Outcome", head)
                self.assertEqual(simulator.effects()["calls_started", "test_123"], 1)

    def test_a_large_body_after_100_continue(self):
        simulator, backstop = self.pair("--fault", "status code=500 count=1")
        body = json.dumps({"call_id": "c", "customer_ref": "r", "variables": {"x": "y" * 200_000}})
        status, _, answer = self.curl(
            backstop, END, body, KEY, "-H", "Expect: 100-continue", "--expect100-timeout", "30"
        )
        self.assertEqual((status, answer["call_id"]), (200, "c"))
        digests = {entry["body_sha256"] for entry in simulator.journal()}
        self.assertEqual(len(digests), 1)
        self.assertEqual({e["body_bytes"] for e in simulator.journal()}, {len(body)})

    def test_http_1_0(self):
        _, backstop = self.pair("--fault", "chunked")
        status, head, body = self.curl(backstop, START, self.STARTING, KEY, "--http1.0")
        self.assertEqual((status, body["call_id"]), (200, "test_123"))
        self.assertNotIn("Transfer-Encoding", head)


class Requests(support.TestCase):
    def session(self):
        session = requests.Session()
        session.trust_env = False  # no proxy of the machine's
        session.headers["Authorization"] = f"Bearer {KEY}"
        self.addCleanup(session.close)
        return session

    def test_a_session_of_calls(self):
        simulator, backstop = self.pair(
            "--fault", "status code=500 probability=0.2",
            "--fault", "gzip every_status=true",
            "--fault", "chunked probability=0.5",
            upstream=support.QUICK,
        )  # fmt: skip
        session = self.session()
        for number in range(20):
            call = f"call_{number}"
            started = session.post(
                backstop.url + START,
                json={"call_id": call, "identity_hints": {"ani": f"+1415555{number:04}"}},
                timeout=support.STUCK,
            )
            self.assertEqual(started.status_code, http.HTTPStatus.OK, started.text)
            self.assertEqual(started.json()["call_id"], call)
            ended = session.post(
                backstop.url + END,
                json={"call_id": call, "customer_ref": started.json()["customer_ref"]},
                timeout=support.STUCK,
            )
            self.assertEqual(ended.status_code, http.HTTPStatus.OK, ended.text)
            self.assertEqual(ended.json()["call_id"], call)
        self.assertEqual(set(simulator.effects().values()), {1})
        self.assertEqual(len(simulator.effects()), 40)

    def test_it_can_read_every_answer_of_our_own(self):
        simulator, backstop = self.pair("--fault", "hang", upstream=support.IMPATIENT)
        session = self.session()
        started = session.post(
            backstop.url + START,
            json={"call_id": "c", "identity_hints": {"ani": "+14155551234"}},
            timeout=support.STUCK,
        )
        self.assertEqual(started.status_code, 200)
        self.assertEqual(started.headers["Backstop-Outcome"], "fallback")
        self.assertEqual(started.headers["Backstop-Reason"], "timeout")
        self.assertEqual(started.headers["Cache-Control"], "no-store")
        self.assertIn("Proxy-Status", started.headers)
        self.assertEqual(started.json()["call_id"], "c")
        ended = session.post(
            backstop.url + END, json={"call_id": "c", "customer_ref": "r"}, timeout=support.STUCK
        )
        self.assertEqual(ended.status_code, 504)
        self.assertEqual(ended.headers["Backstop-Outcome"], "local_error")
        self.assertEqual(ended.headers["X-Should-Retry"], "false")
        self.assertEqual(ended.json()["error"], "Gateway Timeout")
        self.assertIn("outcome is unknown", ended.json()["message"])
        del simulator

    def test_a_generator_is_sent_in_chunks_and_can_be_sent_again(self):
        simulator, backstop = self.pair("--fault", "status code=500 count=1")
        body = support.end_body("c", variables={"x": "y" * 5000})
        pieces = (body[at : at + 700] for at in range(0, len(body), 700))
        answer = self.session().post(backstop.url + END, data=pieces, timeout=support.STUCK)
        self.assertEqual(answer.status_code, 200, answer.text)
        entries = simulator.journal()
        self.assertEqual([entry["status"] for entry in entries], [500, 200])
        self.assertEqual({entry["body_sha256"] for entry in entries}, {support.sha256(body)})


if __name__ == "__main__":
    support.main()
