"""Never twice, counted by the simulator: whatever is lost, no call starts or ends twice, and no
answer goes to the wrong request.

CALLS is the number of requests of each run (CTest sets it; fewer under sanitizers)."""

import collections
import json
import os
import time

import load
import support

REQUESTS = int(os.environ.get("CALLS", "10000"))

# A tenth of the requests each. Half of the 500s and of the hangs come after the API has acted.
FAULTS = (
    "--fault", "reset stage=after_processing probability=0.1",
    "--fault", "status code=500 probability=0.05",
    "--fault", "status code=500 stage=after_processing probability=0.05",
    "--fault", "hang stage=before_processing probability=0.05",
    "--fault", "hang stage=after_processing probability=0.05",
)  # fmt: skip

# Nothing of ours that would end an exchange early; short waits, for more of them at once.
PERSISTENT = """
[upstream.timeout]
deadline = "60s"
attempt  = "1s"
[upstream.retry]
attempts = 8
backoff  = { base = "50ms", max = "2s", jitter = "50ms" }
budget   = { ratio = 1.0, per_second = 10000.0, window = "10s" }
[upstream.breaker]
enabled = false
[upstream.rate_limit]
gate = false
pace = false
[[upstream.route]]
match    = "POST /v1/calls/start"
deadline = "60s"
attempt  = "1s"
attempts = 8
"""


class NeverTwice(support.TestCase):
    def drive(self, simulator, backstop, requests, clients):
        begun = time.monotonic()
        results = load.run(backstop, requests // 2, clients)
        took = time.monotonic() - begun
        effects = simulator.effects()
        self.report(simulator, results, effects, took)
        self.report_backstops_view(backstop)
        self.judge(results, effects)
        self.assertEqual(len(results), requests // 2 * 2)
        self.assertEqual(backstop.metrics().total("backstop_internal_errors_total"), 0)
        return results

    def report(self, simulator, results, effects, took):
        marks = collections.Counter(
            f"{result.status} {result.outcome or 'passed on'} {result.reason}".rstrip()
            for result in results
        )
        seconds = sorted(result.seconds for result in results)
        arrived = simulator.ask("GET", "health")["requests"]
        self.figure(
            f"{len(results)} requests in {took:.1f} s, {arrived} attempts at the simulator, "
            f"{sum(effects.values())} effects, {sum(c > 1 for c in effects.values())} of them twice"
        )
        for mark, count in marks.most_common():
            self.figure(f"  {count} x {mark}")
        for effect in ("calls_started", "calls_ended"):
            slowest = max(result.seconds for result in results if result.effect == effect)
            self.figure(f"  slowest of {effect}: {slowest:.2f} s")
        self.figure(f"  median {seconds[len(seconds) // 2] * 1000:.0f} ms")

    def report_backstops_view(self, backstop):
        """From the request head to the last byte of the answer, on the clock that deadlines go by:
        clients that share the machine see the machine's queues too."""
        lines = [json.loads(line) for line in backstop.lines if '"msg":"exchange"' in line]
        for route in (support.START, support.END):
            own = [line for line in lines if line["route"] == route]
            slowest = max(line["duration_ms"] for line in own)
            self.figure(f"  slowest {route} on backstop's clock: {slowest / 1000:.2f} s")

    def judge(self, results, effects):
        twice = {key: count for key, count in effects.items() if count > 1}
        self.assertEqual(twice, {}, "acted on more than once")
        for result in results:
            with self.subTest(call=result.call, effect=result.effect, answer=result):
                self.assertNotEqual(result.status, 0, "no answer")
                happened = effects[result.effect, result.call]
                if result.status == 200:
                    self.assertEqual(result.body["call_id"], result.call, "another's answer")
                    if not result.outcome or result.reason == "conflict_resolved":
                        self.assertEqual(happened, 1)
                else:
                    # The API's last word, or an error of ours that says so.
                    self.assertIn(result.status, (429, 500, 502, 503, 504))
                    if result.status != 500:
                        self.assertEqual(result.outcome, "local_error")

    def test_persistent(self):
        simulator, backstop = self.pair(*FAULTS, upstream=PERSISTENT)
        results = self.drive(simulator, backstop, REQUESTS, 400)
        # By chance one in 15,000 fails eight times; more do where the machine is too slow for 1 s.
        good = sum(result.status == 200 and not result.outcome for result in results)
        self.assertGreater(good, len(results) / 2)

    def test_acting_twice_would_be_seen(self):
        """The same API without the 409 that would stand in the way of acting twice."""
        simulator, backstop = self.pair("--no-conflict", *FAULTS, upstream=PERSISTENT)
        self.drive(simulator, backstop, REQUESTS // 5, 200)

    def test_without_keys_it_would_be_twice(self):
        """The other way round: backstop told to be careless is caught by the same count."""
        careless = PERSISTENT.replace("[upstream.retry]\n", '[upstream.retry]\nunsafe = "always"\n')
        careless += "[upstream.idempotency]\nenabled = false\n"
        simulator, backstop = self.pair("--no-conflict", *FAULTS, upstream=careless)
        load.run(backstop, REQUESTS // 20, 100)
        twice = sum(count > 1 for count in simulator.effects().values())
        self.figure(f"without keys: {twice} effects more than once")
        self.assertGreater(twice, 0)

    def test_an_api_that_forgets_keys_answers_409_which_is_resolved(self):
        simulator, backstop = self.pair("--set", "honour_keys=false", *FAULTS, upstream=PERSISTENT)
        results = self.drive(simulator, backstop, REQUESTS // 5, 200)
        resolved = [result for result in results if result.reason == "conflict_resolved"]
        self.assertGreater(len(resolved), 0)
        self.assertEqual({result.outcome for result in resolved}, {"fallback"})
        self.assertEqual({result.effect for result in resolved}, {"calls_started", "calls_ended"})

    def test_defaults(self):
        """Nothing configured; the API with its limits (its largest tier)."""
        simulator = self.simulator("--tier", "scale", "--quota", "1000000", *FAULTS)
        backstop = self.backstop(support.config(simulator.url))
        self.drive(simulator, backstop, REQUESTS, 400)


if __name__ == "__main__":
    print(f"{REQUESTS} requests in the large runs (CALLS)", flush=True)
    support.main()
