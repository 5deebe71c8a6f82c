"""What SREs see is what happened: a real Prometheus scrapes backstop while four simulated APIs go
through everything that befalls an API, in a minute or two. Then each query of each panel and rule has
data, the numbers are those of the simulators' journals, and an alert has arrived at a webhook."""

import collections
import json

import observers
import support
from support import END, START

UPSTREAM = """
[[upstream]]
name    = "{name}"
listen  = "127.0.0.1:0"
url     = "{url}"
dialect = "{dialect}"
[upstream.retry]
backoff = {{ base = "50ms", max = "1s", jitter = "50ms" }}
"""
TOP = """
[admin]
listen = "127.0.0.1:0"
[shutdown]
quiet = "100ms"
"""
# Sticky Calls twice: one goes through everything, of the other only calls are started.
DIALECTS = {"sticky": "sticky-calls", "outage": "sticky-calls", "truedy": "truedy",
            "levrage": "levrage"}  # fmt: skip
PLACE = {
    "truedy": ("/api/public/v1/calls", {"agent_id": "agent_default", "to_number": "+15551234567"}),
    "levrage": ("/v1/calls", {"agent_id": "agent_default", "phone_number": "+15551234567"}),
}
BROKEN = ("reset", "truncate", "malformed", "hang")


class Scenario:
    """The programs, and what the clients were answered."""

    def __init__(self, test):
        self.simulators = {
            "sticky": test.simulator(
                "--tier", "growth", "--quota", "1200",
                "--api-key", support.KEY, "--api-key", "sk_test_busy",
            ),
            "outage": test.simulator("--limits", "off"),
            "truedy": test.simulator("--api", "truedy", "--clock-offset", "60"),
            "levrage": test.simulator("--api", "levrage"),
        }  # fmt: skip
        self.backstop = test.backstop(
            TOP
            + "".join(
                UPSTREAM.format(name=name, url=self.simulators[name].url, dialect=dialect)
                for name, dialect in DIALECTS.items()
            )
        )
        self._ports = {}
        for line in self.backstop.lines:
            if '"msg":"listening"' in line:
                about = json.loads(line)
                self._ports[about["upstream"]] = int(about["address"].rsplit(":", 1)[1])
        self.webhook = observers.Webhook()
        test.addCleanup(self.webhook.close)
        self.alertmanager = observers.Alertmanager(self.webhook)
        test.addCleanup(self.alertmanager.stop)
        self.prometheus = observers.Prometheus(self.backstop, self.alertmanager)
        test.addCleanup(self.prometheus.stop)
        support.until(lambda: self.prometheus.value("up") == 1, "the first scrape")
        self.begun = self.prometheus.now()
        self.answers = collections.defaultdict(list)
        self._calls = 0

    def send(self, upstream, method, path, body=None, key=None):
        headers = support.authorization(DIALECTS[upstream])
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = b"" if body is None else json.dumps(body).encode()
        answer = support.send("127.0.0.1", self._ports[upstream], method, path, data, headers)
        self.answers[upstream].append(answer)
        return answer

    def start(self, upstream="sticky", key=None, call=None):
        self._calls += 1
        body = json.loads(support.start_body(call or f"call_{self._calls}"))
        return self.send(upstream, "POST", START, body, key)

    def end(self, key=None):
        self._calls += 1
        body = json.loads(support.end_body(f"call_{self._calls}"))
        return self.send("sticky", "POST", END, body, key)

    def place(self, upstream):
        return self.send(upstream, "POST", *PLACE[upstream])

    def some(self, calls=5):
        """Ordinary traffic, so that rates have something to show, and a scrape of it."""
        for _ in range(calls):
            self.start()
            self.start("outage")
        for upstream in PLACE:
            self.place(upstream)
        self.send("truedy", "GET", "/api/public/v1/calls")
        self.prometheus.scraped()

    def is_back(self):
        self.some(1)
        return "Backstop-Outcome" not in self.answers["outage"][-1].headers

    def play(self):
        """A scripted half hour."""
        sticky, levrage = self.simulators["sticky"], self.simulators["levrage"]
        for _ in range(4):
            self.some()

        # Failures that retries mend, and what they mend by.
        for fault, more in (
            ("status", {"code": 500}),
            ("reset", {"stage": "after_processing"}),
            ("truncate", {}),
            ("malformed", {}),
        ):
            sticky.fault(fault, count=1, **more)
            self.some(2)
        sticky.settings(honour_keys=False)  # the 409 proves that the lost start had taken place
        sticky.fault("reset", stage="after_processing", count=1, path=START)
        self.start()
        sticky.settings(honour_keys=True)
        sticky.fault("rate_limited", retry_after=1, count=1)
        self.some(2)

        # A write that nobody knows of.
        levrage.fault("reset", stage="after_processing", count=1)
        self.place("levrage")
        levrage.clear_faults()

        # What a retry cannot help.
        self.start(key="sk_test_revoked")
        self.start(call="call_1")  # was started before
        self.simulators["truedy"].settings(billing="trial_expired")
        self.place("truedy")
        self.simulators["truedy"].settings(billing="active")
        sticky.settings(quota=50)
        sticky.fault("rate_limited", retry_after=600, count=1)
        self.end(key="sk_test_busy")  # longer than its deadline
        self.some(2)

        # An API is down: callers get the empty context.
        self.simulators["outage"].fault("status", code=503)
        for _ in range(4):
            self.some(3)
        self.simulators["outage"].clear_faults()
        support.until(self.is_back, "the API is back")
        for _ in range(3):
            self.some(2)
        self.prometheus.scraped()
        self.ended = self.prometheus.now()


class WhatSresSee(support.TestCase):
    def test_everything(self):
        scenario = Scenario(self)
        scenario.play()
        self.figure(f"the scripted half hour took {scenario.ended - scenario.begun:.0f} s")
        for check in (
            self.exposition_is_clean,
            self.numbers_are_those_of_the_journals,
            self.objectives_differ_in_an_outage,
            self.rules_have_data,
            self.panels_have_data,
            self.alerts_arrive,
        ):
            with self.subTest(check.__name__):
                check(scenario)

    def exposition_is_clean(self, scenario):
        text = scenario.backstop.admin("/metrics").body.decode()
        self.assertEqual(observers.promtool("check", "metrics", text=text), (0, ""))

    def numbers_are_those_of_the_journals(self, scenario):
        prometheus = scenario.prometheus
        attempts = prometheus.by("upstream", "sum by (upstream) (backstop_upstream_attempts_total)")
        good = prometheus.by(
            "upstream",
            'sum by (upstream) (backstop_upstream_attempts_total{code=~"2..",failure="none"})',
        )
        requests = prometheus.by("upstream", "sum by (upstream) (backstop_requests_total)")
        degraded = prometheus.by(
            "upstream", "sum by (upstream) (backstop_degraded_responses_total)"
        )
        failed = prometheus.by(
            "upstream", "sum by (upstream) (backstop_connection_failures_total)"
        )
        for upstream, simulator in scenario.simulators.items():
            journal = simulator.journal()
            answers = scenario.answers[upstream]
            self.assertEqual(attempts[upstream], len(journal), upstream)
            whole = [
                entry
                for entry in journal
                if not any(fault.startswith(BROKEN) for fault in entry["faults"])
            ]
            self.assertEqual(failed[upstream], len(journal) - len(whole), upstream)
            fine = sum(200 <= (entry["status"] or 0) < 300 for entry in whole)
            self.assertEqual(good[upstream], fine, upstream)
            self.assertEqual(requests[upstream], len(answers), upstream)
            fallbacks = [
                answer for answer in answers if answer.headers["Backstop-Outcome"] == "fallback"
            ]
            self.assertEqual(degraded[upstream], len(fallbacks), upstream)
        told = [
            int(answer.headers["X-Quota-Remaining"])
            for answer in scenario.answers["sticky"]
            if "X-Quota-Remaining" in answer.headers
        ]
        quota = 'upstream:backstop_quota_remaining:min{upstream="sticky"}'
        support.until(  # a rule is evaluated up to a second after the scrape
            lambda: prometheus.value(quota) == told[-1],
            f"{told[-1]} left; the rule says {prometheus.value(quota)}",
        )
        self.figure(f"{int(sum(requests.values()))} requests, {int(sum(attempts.values()))} attempts, "
                    f"{int(sum(degraded.values()))} fallbacks")  # fmt: skip

    def objectives_differ_in_an_outage(self, scenario):
        def ratio(which):
            name = f'upstream:backstop_requests_{which}:ratio_rate5m{{upstream="outage"}}'
            return scenario.prometheus.value(name)

        answers = scenario.answers["outage"]
        self.assertTrue(all(answer.status == 200 for answer in answers))
        self.assertEqual(ratio("unanswered"), 0, "answered stays at 100 %")
        self.assertGreater(ratio("impaired"), 0.1, "and full fidelity falls")
        self.figure(f"outage: answered {1 - ratio('unanswered'):.0%}, "
                    f"full fidelity {1 - ratio('impaired'):.0%}")  # fmt: skip

    def rules_have_data(self, scenario):
        rules = scenario.prometheus.rules()
        for rule in rules:
            with self.subTest(rule["name"]):
                self.assertEqual(rule["health"], "ok", rule.get("lastError"))
                expression = observers.unfiltered(rule["query"])
                self.assertTrue(
                    scenario.prometheus.has_data(expression, scenario.begun, scenario.ended),
                    expression,
                )
        self.figure(f"{len(rules)} rules asked")

    def panels_have_data(self, scenario):
        seconds = int(scenario.ended - scenario.begun) + 1
        asked = 0
        for name, variables in (("overview", {}), ("upstream", {"upstream": "sticky"})):
            file = observers.DEPLOY / "grafana" / f"{name}.json"
            board = observers.Dashboard(file, seconds, **variables)
            for where, expression in board.queries():
                asked += 1
                with self.subTest(where):
                    self.assertTrue(
                        scenario.prometheus.has_data(expression, scenario.begun, scenario.ended),
                        expression,
                    )
            for variable, selector, label in board.variables():
                with self.subTest(name, variable=variable):
                    found = scenario.prometheus.ask(f"label/{label}/values", match__=selector)
                    self.assertTrue(found)
        self.figure(f"{asked} queries of panels and annotations asked")

    def alerts_arrive(self, scenario):
        def arrived(name, **labels):
            return [
                alert
                for alert in list(scenario.webhook.alerts)
                if {"alertname": name, **labels}.items() <= alert["labels"].items()
            ]

        for name, labels in (
            ("BackstopKeyRefused", {"upstream": "sticky", "severity": "critical"}),
            ("BackstopPaymentRequired", {"upstream": "truedy", "reason": "trial_expired"}),
            ("BackstopAmbiguousWrites", {"upstream": "levrage"}),
        ):
            alert = support.until(
                lambda name=name, labels=labels: arrived(name, **labels), f"{name} at the webhook"
            )[0]
            self.assertEqual(alert["status"], "firing")
            self.assertEqual(alert["labels"]["namespace"], "shop")
            anchor = f"docs/RUNBOOK.md#{name.lower()}"
            self.assertEqual(alert["annotations"]["runbook_url"], anchor)
            self.assertIn(labels["upstream"], alert["annotations"]["description"])


if __name__ == "__main__":
    support.main()
