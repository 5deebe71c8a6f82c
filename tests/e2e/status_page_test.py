"""The page at /, in a real browser: it shows what the simulator did, keeps itself up to date, says
everything without JavaScript too, and does nothing that its policy forbids.

With BACKSTOP_PICTURES set to a folder, pictures of it are left there."""

import json
import os
import pathlib

import browser
import support

OUTAGE = {"type_": "status", "code": 503, "path": support.START}
ASSERT_FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


class StatusPage(support.TestCase):
    def open(self, backstop, **look):
        shown = browser.Browser()
        self.addCleanup(shown.close)
        shown.look(**look)
        shown.open(f"http://{backstop.admin_host}:{backstop.admin_port}/")
        return shown

    def sees(self, shown, *texts):
        support.until(
            lambda: all(text in shown.text() for text in texts),
            f"{texts} on the page; it says {shown.text()}",
        )

    def picture(self, shown, name):
        folder = os.environ.get("BACKSTOP_PICTURES")
        if folder:
            shown.picture(pathlib.Path(folder) / f"{name}.png")

    def troubled(self):
        """An API that has been well, was limited, and is down now."""
        simulator = self.simulator("--tier", "starter", "--quota", "1200")
        backstop = self.backstop(support.config(simulator.url, support.QUICK))
        for number in range(40):
            backstop.start(f"well_{number}")
        simulator.fault("status", code=500, path=support.END, count=2)
        backstop.end("well_1")
        simulator.fault("rate_limited", retry_after=600, path=support.END, count=1)
        backstop.end("well_2", {"Authorization": "Bearer sk_test_other"})
        simulator.fault(**OUTAGE)
        support.until(
            lambda: backstop.start("ill").headers.get("Backstop-Reason") == "circuit_open",
            "the circuit opens",
        )
        return simulator, backstop

    def test_it_shows_what_the_simulator_did_and_follows(self):
        simulator = self.simulator("--tier", "starter", "--quota", "1200")
        backstop = self.backstop(support.config(simulator.url, support.QUICK))
        shown = self.open(backstop)
        self.sees(shown, "All upstreams take requests.", "It has told neither limit nor quota yet.",
                  "circuit closed", "gate open", "None.", "live")  # fmt: skip

        for number in range(7):
            backstop.start(f"c{number}")
        self.sees(shown, "593 left of 600 requests", "1,193 left of the plan", "7, of them 0 retries")

        simulator.fault("status", code=500, path=support.END, count=2)
        backstop.end("c1")
        self.sees(shown, "10, of them 2 retries", "All upstreams take requests.")

        simulator.fault(**OUTAGE)
        calls = 0
        reason = ""
        while reason != "circuit_open":
            reason = backstop.start(f"d{calls}").headers["Backstop-Reason"]
            calls += 1
        attempts = len(simulator.journal())
        self.sees(
            shown,
            "sticky-calls: circuit open: nothing is sent",
            f"{attempts}, of them",
            f"{calls} answers of the last minute were not the API's own",
            "200 degraded", "server error", "circuit open", "POST /v1/calls/start",
        )  # fmt: skip
        self.assertEqual(shown.evaluate("document.querySelectorAll('rect.impaired').length > 0"), True)

        simulator.clear_faults()
        support.until(
            lambda: backstop.start("later").headers.get("Backstop-Outcome") is None, "it heals"
        )
        backstop.start("and_again")
        self.sees(shown, "circuit closed")
        self.assert_well_behaved(shown, backstop)

    def test_a_refused_configuration_is_seen(self):
        _, backstop = self.pair()
        shown = self.open(backstop)
        status = json.loads(backstop.admin("/status").body)
        problem = "backstop.toml:14:1: error: unknown key <b>"
        status["reload"] = {
            "successful": False, "last_success": status["now"], "problems": [problem],
        }  # fmt: skip
        # In one step with the look at it: the page draws what is so, soon after.
        seen = shown.evaluate(f"draw({json.dumps(status)}), document.body.innerText")
        for text in ("a changed configuration was refused", "change refused", problem, "0 s ago"):
            self.assertIn(text, seen)
        status["reload"]["successful"] = True
        seen = shown.evaluate(f"draw({json.dumps(status)}), document.body.innerText")
        self.assertIn("All upstreams take requests.", seen)

    def test_it_says_when_nobody_answers_any_more(self):
        _, backstop = self.pair()
        shown = self.open(backstop)
        self.sees(shown, "live")
        backstop.signal(9)
        self.sees(shown, "what you see is old")
        backstop.wait()
        backstop.stop = lambda: 0  # killed on purpose

    def test_without_javascript_it_is_tables(self):
        _, backstop = self.troubled()
        shown = self.open(backstop, script=False)
        rows = shown.evaluate(
            "[...document.querySelectorAll('table')].map((table) => [...table.rows].map("
            "(row) => [...row.cells].map((cell) => cell.innerText)))"
        )
        upstreams, failures, process = rows
        row = dict(zip(*upstreams))
        self.assertEqual(row["upstream"], "sticky-calls")
        self.assertTrue(row["breaker"].startswith("open"), row)
        self.assertIn("left of 600", row["limits"])
        self.assertIn("left, told at", row["quota"])
        newest = dict(zip(failures[0], failures[1]))
        self.assertEqual((newest["outcome"], newest["reason"]), ("degraded", "circuit_open"))
        self.assertEqual(dict(process)["ready"], "true")
        self.picture(shown, "status-page-without-javascript")

    def test_readable_on_a_phone_and_at_night(self):
        _, backstop = self.troubled()
        for name, look in (
            ("status-page", {}),
            ("status-page-dark", {"dark": True}),
            ("status-page-phone", {"width": 390, "height": 844}),
        ):
            with self.subTest(name):
                shown = self.open(backstop, **look)
                self.sees(shown, "circuit open", "server error")
                self.assertTrue(shown.evaluate(ASSERT_FITS), "nothing to scroll sideways")
                self.assert_contrast(shown)
                self.picture(shown, name)
                self.assert_well_behaved(shown, backstop)

    def assert_contrast(self, shown):
        """WCAG 2.1, level AA: 4.5 for text."""
        found = shown.evaluate(
            "[...document.querySelectorAll('.card *')].filter((each) => each.innerText).map((each) => "
            "[getComputedStyle(each).color, getComputedStyle(each.closest('.card')).backgroundColor])"
        )
        self.assertTrue(found)
        for text, ground in {tuple(pair) for pair in found}:
            self.assertGreaterEqual(browser.contrast(text, ground), 4.5, (text, ground))

    def assert_well_behaved(self, shown, backstop):
        self.assertEqual(shown.complaints, [])
        admin = f"http://{backstop.admin_host}:{backstop.admin_port}/"
        for url in shown.requests:
            self.assertTrue(url.startswith((admin, "data:", "about:")), url)

    def test_names_are_text_and_the_policy_holds(self):
        # Of all that is shown, what the configuration restricts least.
        name = "<img src=x onerror=document.title='bitten'>"
        dialect = self.folder() / "dialect.toml"
        limit = 'limit = "X-RateLimit-Limit"\nremaining = "X-RateLimit-Remaining"\n'
        dialect.write_text(f'name = "acme"\n[[limit]]\nscope = {json.dumps(name)}\n{limit}')
        backstop = self.backstop(support.config(self.simulator().url, dialect=dialect))
        self.assertEqual(backstop.start("c").status, 200)
        for script in (True, False):
            shown = self.open(backstop, script=script)
            self.sees(shown, name)
            self.assertEqual(shown.evaluate("document.querySelectorAll('img').length"), 0)
            self.assertEqual(shown.evaluate("document.title"), "backstop")
            self.assertEqual(shown.complaints, [])
        # What a hole in the page would try is refused by the browser.
        shown = self.open(backstop)
        shown.evaluate(
            "document.body.append(Object.assign(document.createElement('script'),"
            "{textContent: 'document.title = \"bitten\"'}))"
        )
        self.assertEqual(shown.evaluate("document.title"), "backstop")
        self.assertTrue(shown.complaints, "the browser reports it")


if __name__ == "__main__":
    support.main()
