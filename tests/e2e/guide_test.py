"""The client code of the Sticky Calls guide, with nothing changed but the base URL, under faults.

guide/error_handling.js is that code and guide/run.js runs it. What is asserted is what the guide
promises its reader: "Return empty context - call continues without history", "Honor the retryAfter
value", "Don't retry with bad credentials", and so on.
"""

import json
import shutil
import subprocess

import support
from support import END, START

RUN = support.HERE / "guide" / "run.js"
STANDARD = "Welcome! How can we help you today?"


class GuideTest(support.TestCase):
    def node(self, backstop, program, key=support.KEY):
        done = subprocess.run(
            [shutil.which("node"), str(RUN), backstop.url],
            input=program.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=support.STUCK,
            env={**support.ENVIRONMENT, "STICKY_CALLS_API_KEY": key},
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def assert_standard_greeting(self, outcome):
        self.assertEqual(outcome["value"]["greeting"], STANDARD)
        context = outcome["value"]["context"]
        self.assertIsNone(context["customer_ref"])
        self.assertEqual(context["identity"]["confidence"], 0)
        self.assertEqual(context["identity"]["level"], "none")
        self.assertEqual(context["variables"], {})
        self.assertEqual(context["open_intents"], [])
        self.assertEqual(outcome["calls"], 1)


class CallerContext(GuideTest):
    """getCallerContext, and its use in the flow of a call."""

    def test_a_known_caller_is_welcomed_back(self):
        simulator, backstop = self.pair()
        program = """
            identityHints.external_ids = {crm_id: "42"};
            const first = await getCallerContext(identityHints);
            await stickyCallsAPI.end({call_id: "call_1", customer_ref: first.customer_ref,
                intent: "billing", intent_status: "open", variables: {name: "Ann"}});
            return callFlow();"""
        outcome = self.node(backstop, program)
        context = outcome["value"]["context"]
        self.assertTrue(context["hasContext"])
        self.assertGreaterEqual(context["identity"]["confidence"], 0.5)
        self.assertEqual(context["variables"]["name"]["value"], "Ann")
        self.assertEqual(context["open_intents"][0]["intent"], "billing")
        self.assertTrue(outcome["value"]["greeting"].startswith("Welcome back!"))
        self.assertEqual(outcome["said"], [])
        self.assertEqual(len(simulator.journal()), 3)

    def test_two_server_errors_are_not_noticed(self):
        fault = "status code=500 count=2"
        simulator, backstop = self.pair("--fault", fault, upstream=support.QUICK)
        outcome = self.node(backstop, "return getCallerContext(identityHints);")
        self.assertTrue(outcome["value"]["hasContext"])
        self.assertIsNotNone(outcome["value"]["customer_ref"])
        self.assertEqual(outcome["said"], [])
        self.assertEqual([entry["status"] for entry in simulator.journal()], [500, 500, 200])
        self.assertEqual(dict(simulator.effects()), {("calls_started", "call_1"): 1})

    def test_a_lost_response_does_not_start_the_call_twice(self):
        simulator, backstop = self.pair(
            "--fault", "reset stage=after_processing count=1", upstream=support.QUICK
        )
        outcome = self.node(backstop, "return getCallerContext(identityHints);")
        self.assertIsNotNone(outcome["value"]["customer_ref"])
        self.assertEqual(outcome["said"], [])
        keys = [entry["idempotency_key"] for entry in simulator.journal()]
        self.assertEqual(len(keys), 2)
        self.assertEqual(len(set(keys)), 1)
        self.assertEqual(dict(simulator.effects()), {("calls_started", "call_1"): 1})

    def test_a_short_rate_limit_is_waited_for(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=1 count=1")
        outcome = self.node(backstop, "return getCallerContext(identityHints);")
        self.assertIsNotNone(outcome["value"]["customer_ref"])
        self.assertEqual(outcome["said"], [])
        self.assertEqual(outcome["sleeps"], [])
        first, second = simulator.journal()
        self.assertGreaterEqual(second["arrived_ms"] - first["answered_ms"], 1000)

    def test_a_long_rate_limit_gives_the_standard_greeting(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=600")
        self.assert_standard_greeting(self.node(backstop, "return callFlow();"))
        self.assertEqual(len(simulator.journal()), 1)

    def test_an_outage_gives_the_standard_greeting(self):
        simulator, backstop = self.pair("--fault", "status code=500", upstream=support.QUICK)
        self.assert_standard_greeting(self.node(backstop, "return callFlow();"))
        self.assertEqual(len(simulator.journal()), 3)

    def test_an_api_that_is_not_there_gives_the_standard_greeting(self):
        simulator, backstop = self.pair()
        simulator.stop()
        self.assert_standard_greeting(self.node(backstop, "return callFlow();"))

    def test_an_exhausted_quota_gives_the_standard_greeting(self):
        simulator = self.simulator("--quota", "0")
        backstop = self.backstop(support.config(simulator.url))
        self.assert_standard_greeting(self.node(backstop, "return callFlow();"))
        self.assertEqual([entry["status"] for entry in simulator.journal()], [402])

    def test_a_bad_key_is_told_to_the_application_which_degrades_by_itself(self):
        simulator, backstop = self.pair()
        outcome = self.node(backstop, "return callFlow();", key="sk_test_revoked")
        self.assert_standard_greeting(outcome)
        self.assertFalse(outcome["value"]["context"]["hasContext"])
        self.assertEqual(outcome["said"], [["error", "Failed to fetch caller context"]])
        self.assertEqual([entry["status"] for entry in simulator.journal()], [401])


class Retries(GuideTest):
    """callWithBackoff, callWithRetry and callWithRateLimitHandling have nothing left to do, or do
    what they would do without backstop."""

    WRAPPERS = ("callWithBackoff", "callWithRetry", "callWithRateLimitHandling")

    def test_faults_are_over_before_a_wrapper_sees_them(self):
        for wrapper in self.WRAPPERS:
            for fault in (
                "status code=500 count=1",
                "rate_limited retry_after=1 count=1",
                "reset stage=after_processing count=1",
            ):
                with self.subTest(wrapper=wrapper, fault=fault):
                    simulator, backstop = self.pair("--fault", fault, upstream=support.QUICK)
                    program = f"""
                        const hints = {{call_id: "c", identity_hints: identityHints}};
                        return {wrapper}(() => stickyCallsAPI.start(hints));"""
                    outcome = self.node(backstop, program)
                    self.assertEqual(outcome["value"]["call_id"], "c")
                    self.assertEqual(outcome["said"], [])
                    self.assertEqual(outcome["sleeps"], [])
                    self.assertEqual(len(simulator.journal()), 2)
                    self.assertEqual(simulator.effects()["calls_started", "c"], 1)

    def test_an_error_that_lasts_is_retried_by_the_wrapper(self):
        for wrapper in ("callWithBackoff", "callWithRetry"):
            with self.subTest(wrapper=wrapper):
                fault = "status code=500 count=3"
                simulator, backstop = self.pair("--fault", fault, upstream=support.QUICK)
                program = f"""
                    const body = {{call_id: "c", customer_ref: "cust_1"}};
                    return {wrapper}(() => stickyCallsAPI.end(body));"""
                outcome = self.node(backstop, program)
                self.assertEqual(outcome["value"]["call_id"], "c")
                self.assertEqual(len(outcome["sleeps"]), 1)
                statuses = [entry["status"] for entry in simulator.journal(END)]
                self.assertEqual(statuses, [500, 500, 500, 200])
                self.assertEqual(simulator.effects()["calls_ended", "c"], 1)

    def test_a_wait_beyond_backstops_patience_is_told_to_the_wrapper(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=80 count=1")
        simulator.fault("status", code=200, body='{"unreachable": true}')
        program = """
            const body = {call_id: "c", customer_ref: "cust_1"};
            const error = await stickyCallsAPI.end(body).catch((caught) => caught);
            return {data: error.data, handled: await handleStickyCallsError(error)};"""
        outcome = self.node(backstop, program)
        self.assertEqual(outcome["value"]["data"]["retryAfter"], 80)
        self.assertEqual(outcome["value"]["handled"], {"shouldRetry": True, "waitSeconds": 80})
        self.assertEqual(len(simulator.journal()), 1)

    def test_a_refusal_of_the_gate_reads_like_one_of_the_api(self):
        simulator, backstop = self.pair("--fault", "rate_limited retry_after=600 count=1")
        program = """
            const body = (id) => ({call_id: id, customer_ref: "cust_1"});
            await stickyCallsAPI.end(body("c1")).catch(() => {});
            const error = await stickyCallsAPI.end(body("c2")).catch((caught) => caught);
            return {data: error.data, handled: await handleStickyCallsError(error)};"""
        outcome = self.node(backstop, program)
        data = outcome["value"]["data"]
        self.assertEqual(data["error"], "Too Many Requests")
        self.assertGreater(data["retryAfter"], 500)
        self.assertLessEqual(data["retryAfter"], 601)
        self.assertEqual(data["limit"], 100)
        self.assertIn("resetAt", data)
        self.assertEqual(outcome["value"]["handled"]["waitSeconds"], data["retryAfter"])
        self.assertEqual(len(simulator.journal()), 1)


class CompleteHandler(GuideTest):
    """handleStickyCallsError finds in each error what it reads there."""

    def handled(self, backstop, call, key=support.KEY):
        program = f"""
            const error = await {call}.then(() => null, (caught) => caught);
            return {{data: error.data, handled: await handleStickyCallsError(error)}};"""
        return self.node(backstop, program, key)

    def test_400(self):
        _, backstop = self.pair()
        outcome = self.handled(backstop, 'stickyCallsAPI.start({call_id: "c"})')
        self.assertEqual(outcome["thrown"]["message"], "Fix request format")
        self.assertEqual(outcome["said"], [["error", "Invalid Sticky Calls request"]])

    def test_400_of_our_own_has_issues_to_iterate_over(self):
        _, backstop = self.pair()
        answer = backstop.raw(b"POST /v1/calls/start HTTP/1.1\r\n\r\n")
        body = json.loads(answer.partition(b"\r\n\r\n")[2])
        for issue in body["details"]["issues"]:
            self.assertIsInstance(issue["path"], list)
            self.assertTrue(issue["message"])
        self.assertTrue(body["details"]["issues"])

    def test_401(self):
        _, backstop = self.pair()
        call = 'stickyCallsAPI.start({call_id: "c", identity_hints: identityHints})'
        outcome = self.handled(backstop, call, key="wrong")
        self.assertEqual(outcome["thrown"]["status"], 401)
        self.assertEqual(outcome["alerts"], ["Invalid API key - check configuration"])

    def test_402_on_end(self):
        simulator = self.simulator("--quota", "0")
        backstop = self.backstop(support.config(simulator.url))
        outcome = self.handled(
            backstop, 'stickyCallsAPI.end({call_id: "c", customer_ref: "cust_1"})'
        )
        self.assertEqual(outcome["value"]["handled"], "without context")
        self.assertEqual(outcome["value"]["data"]["quota_remaining"], 0)
        self.assertTrue(outcome["value"]["data"]["billing_account_id"])
        self.assertEqual(outcome["alerts"], ["Add credits to Sticky Calls account"])

    def test_409(self):
        _, backstop = self.pair()
        program = """
            const body = {call_id: "c", identity_hints: identityHints};
            await stickyCallsAPI.start(body);
            const error = await stickyCallsAPI.start(body).catch((caught) => caught);
            return handleStickyCallsError(error);"""
        outcome = self.node(backstop, program)
        self.assertEqual(
            outcome["thrown"]["message"], "Duplicate call_id - check idempotency"
        )

    def test_500(self):
        _, backstop = self.pair("--fault", "status code=500", upstream=support.QUICK)
        outcome = self.handled(
            backstop, 'stickyCallsAPI.end({call_id: "c", customer_ref: "cust_1"})'
        )
        self.assertEqual(outcome["value"]["handled"], {"shouldRetry": True, "waitSeconds": 2})
        self.assertEqual(outcome["value"]["data"]["error"], "Internal Server Error")


class Monitoring(GuideTest):
    """StickyCallsClient, which watches the headers of every response."""

    PROGRAM = """
        const client = new StickyCallsClient(apiKey);
        const answers = [];
        for (const call_id of ["c1", "c2"]) {
            answers.push(await client.start({call_id, identity_hints: identityHints}));
        }
        return {answers, metrics: client.metrics};"""

    def test_it_sees_quota_and_limit(self):
        simulator = self.simulator("--tier", "starter", "--quota", "5000")
        backstop = self.backstop(support.config(simulator.url))
        outcome = self.node(backstop, self.PROGRAM)
        metrics = outcome["value"]["metrics"]
        self.assertEqual(metrics, {"quotaRemaining": 4998, "rateLimitRemaining": 598})
        self.assertEqual(outcome["said"], [])
        self.assertEqual([each["call_id"] for each in outcome["value"]["answers"]], ["c1", "c2"])
        self.assertEqual(len(simulator.journal(START)), 2)

    def test_it_warns_of_a_low_quota(self):
        simulator = self.simulator("--tier", "starter", "--quota", "50")
        backstop = self.backstop(support.config(simulator.url))
        outcome = self.node(backstop, self.PROGRAM)
        self.assertEqual(outcome["said"], [["warn", "Low credits"]])
        self.assertEqual(outcome["value"]["metrics"]["quotaRemaining"], 48)

    def test_it_is_not_troubled_by_a_degraded_answer(self):
        _, backstop = self.pair("--fault", "rate_limited retry_after=600")
        outcome = self.node(backstop, self.PROGRAM)
        for answer, call_id in zip(outcome["value"]["answers"], ["c1", "c2"]):
            self.assertEqual(answer["call_id"], call_id)
            self.assertEqual(answer["identity"]["confidence"], 0)


if __name__ == "__main__":
    support.main()
