"""The client code of two more guides, with nothing changed but the URL, under faults: the Python of
Levrage (guide/levrage_retry.py) and the JavaScript of Leavo (guide/leavo_retry.js).

What is asserted is what each guide promises its reader, and that short trouble is over before the
code sees any of it: it then says nothing and sleeps for nothing.
"""

import json
import shutil
import subprocess
import sys

import support

GUIDE = support.HERE / "guide"
# What the 429 makes the caller wait for is beyond what backstop waits for.
HURRIED = '[upstream.timeout]\ndeadline = "5s"\nattempt = "2s"\n'


class ExampleTest(support.TestCase):
    api = ""
    program = ()

    def run_guide(self, backstop, method, path, body=None, key=None):
        arguments = [*self.program, method, backstop.url + path, key or support.KEYS[self.api]]
        if body is not None:
            arguments.append(json.dumps(body))
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=support.STUCK,
            env=support.ENVIRONMENT,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def fronted(self, *arguments, **more):
        return self.pair(*arguments, api=self.api, **more)

    def assert_unnoticed(self, outcome):
        self.assertEqual(outcome["said"], [])
        self.assertEqual(outcome["sleeps"], [])

    def statuses(self, simulator):
        return [entry["status"] for entry in simulator.journal()]


class LevragePython(ExampleTest):
    api = "levrage"
    program = (sys.executable, "-B", str(GUIDE / "run_levrage.py"))
    CALL = {"agent_id": "agent_default", "phone_number": "+919876543210"}

    def place(self, backstop, **more):
        return self.run_guide(backstop, "POST", "/v1/calls", {**self.CALL, **more})

    def assert_placed(self, outcome):
        self.assertTrue(outcome["value"]["success"])
        self.assertEqual(outcome["value"]["data"]["phone_number"], "+919876543210")

    def test_a_call_is_placed(self):
        simulator, backstop = self.fronted()
        outcome = self.place(backstop)
        self.assert_placed(outcome)
        self.assert_unnoticed(outcome)
        self.assertEqual(dict(simulator.effects()), {("calls_placed", "+919876543210"): 1})

    def test_two_internal_errors_are_not_noticed(self):
        """Guide: "Internal Error: Unexpected server error — safe to retry"."""
        simulator, backstop = self.fronted(
            "--fault", "status code=500 count=2", upstream=support.QUICK
        )
        outcome = self.place(backstop)
        self.assert_placed(outcome)
        self.assert_unnoticed(outcome)
        self.assertEqual(self.statuses(simulator), [500, 500, 200])

    def test_a_short_rate_limit_is_waited_for(self):
        """Guide: "Wait for X-RateLimit-Reset, then retry"."""
        simulator, backstop = self.fronted("--fault", "rate_limited retry_after=1 count=1")
        outcome = self.place(backstop)
        self.assert_placed(outcome)
        self.assert_unnoticed(outcome)
        first, second = simulator.journal()
        self.assertGreaterEqual(second["arrived_ms"] - first["answered_ms"], 1000)

    def test_a_long_rate_limit_is_told(self):
        """The API's own 429 once, and then ours, with a reset to compute the wait from."""
        simulator, backstop = self.fronted("--fault", "rate_limited retry_after=600")
        outcome = self.place(backstop)
        self.assertEqual(outcome["thrown"], "Max retries exceeded")
        self.assertEqual(len(outcome["sleeps"]), 3)
        for wait, said in zip(outcome["sleeps"], outcome["said"]):
            self.assertGreater(wait, 500)
            self.assertEqual(said, f"Rate limited. Waiting {wait}s...")
        self.assertEqual(self.statuses(simulator), [429])

    def test_an_outage_is_told(self):
        simulator, backstop = self.fronted()
        simulator.stop()
        outcome = self.place(backstop)
        self.assertEqual(outcome["thrown"], "Max retries exceeded")
        self.assertEqual(len(outcome["said"]), 3)
        for said in outcome["said"]:
            self.assertRegex(said, r"^Server error 50[23]\. Retrying in ")

    def test_what_the_caller_must_fix_is_told_at_once(self):
        """Guide: 400, 401, 404, 422: "No"."""
        simulator, backstop = self.fronted()
        cases = (
            ({"phone_number": "98765"}, 422, "phone_number must be E.164 format"),
            ({"agent_id": "agent_x"}, 404, "Agent not found"),
            ({"agent_id": None}, 400, "agent_id is required"),
        )
        for more, status, message in cases:
            outcome = self.place(backstop, **more)
            self.assertTrue(outcome["thrown"].startswith(f"API Error {status}: "), outcome)
            self.assertIn(message, outcome["thrown"])
            self.assertIn("req_", outcome["thrown"])
            self.assert_unnoticed(outcome)
        outcome = self.run_guide(backstop, "GET", "/v1/agents", key="lev_test_revoked")
        self.assertIn("Invalid or expired API key", outcome["thrown"])
        self.assertEqual(self.statuses(simulator), [422, 404, 400, 401])


class LeavoJavaScript(ExampleTest):
    api = "leavo"
    program = (shutil.which("node"), str(GUIDE / "run_leavo.js"))
    LEAD = {"phone": "+5511999990000"}

    def create(self, backstop, body=None):
        return self.run_guide(backstop, "POST", "/backend/leads", body or self.LEAD)

    def assert_created(self, simulator, outcome):
        self.assertEqual(outcome["value"]["status"], 201)
        self.assertEqual(outcome["value"]["body"]["data"]["phone"], "+5511999990000")
        self.assertEqual(dict(simulator.effects()), {("leads_created", "+5511999990000"): 1})

    def test_two_server_errors_are_not_noticed(self):
        for status in (500, 502, 503, 504):
            with self.subTest(status=status):
                simulator, backstop = self.fronted(
                    "--fault", f"status code={status} count=2", upstream=support.QUICK
                )
                outcome = self.create(backstop)
                self.assert_created(simulator, outcome)
                self.assert_unnoticed(outcome)
                self.assertEqual(self.statuses(simulator), [status, status, 201])

    def test_a_short_rate_limit_is_waited_for(self):
        """Guide: "Wait for the time indicated in retry_after (seconds)"."""
        for form in ("body", "header"):
            with self.subTest(form=form):
                simulator, backstop = self.fronted(
                    "--set", f"rate_limit_form={form}",
                    "--fault", "rate_limited retry_after=1 count=1",
                )  # fmt: skip
                outcome = self.create(backstop)
                self.assert_created(simulator, outcome)
                self.assert_unnoticed(outcome)
                first, second = simulator.journal()
                self.assertGreaterEqual(second["arrived_ms"] - first["answered_ms"], 1000)

    def test_a_long_rate_limit_is_told(self):
        simulator, backstop = self.fronted("--fault", "rate_limited retry_after=600")
        outcome = self.create(backstop)
        self.assertNotIn("value", outcome)
        self.assertEqual(outcome["sleeps"][0], 600_000)
        for ms in outcome["sleeps"][1:]:
            self.assertGreater(ms, 500_000)
        self.assertEqual(self.statuses(simulator), [429])

    def test_a_rate_limit_without_a_time_is_a_minute(self):
        """Guide: retry_after || 60. Both the API's 429 and our refusals make its code wait so."""
        simulator, backstop = self.fronted(
            "--set", "rate_limit_form=silent", "--fault", "rate_limited", upstream=HURRIED
        )
        outcome = self.create(backstop)
        self.assertEqual(outcome["said"][0], "Rate limited. Retrying in 60s...")
        self.assertEqual(len(outcome["sleeps"]), 3)
        for ms in outcome["sleeps"]:
            self.assertGreater(ms, 50_000)
        self.assertEqual(self.statuses(simulator), [429])

    def test_an_outage_is_told(self):
        simulator, backstop = self.fronted(upstream=HURRIED)
        simulator.stop()
        outcome = self.create(backstop)
        self.assertNotIn("value", outcome)
        self.assertEqual(outcome["sleeps"], [1000, 2000, 4000])

    def test_what_the_caller_must_fix_is_told_at_once(self):
        simulator, backstop = self.fronted()
        outcome = self.create(backstop, {"email": "ann@example.org"})
        self.assertEqual(outcome["value"]["status"], 400)
        self.assertEqual(outcome["value"]["body"]["error"]["code"], "MISSING_FIELD")
        self.assertEqual(outcome["value"]["body"]["error"]["details"]["field"], "phone")
        self.assert_unnoticed(outcome)
        self.assertEqual(self.statuses(simulator), [400])


if __name__ == "__main__":
    support.main()
