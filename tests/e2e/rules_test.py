"""The rules, dashboards and runbook of deploy/ and docs/, as far as they can be judged without a
running backstop: well formed, complete, and pointing at what exists."""

import pathlib
import re
import unittest

import yaml  # python3-yaml

import observers

ROOT = observers.DEPLOY.parent
FOLDER = observers.DEPLOY / "prometheus"
CASES = sorted(FOLDER.glob("*.rules.test.yaml"))


def rules():
    groups = yaml.safe_load(observers.RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def families():
    """The metrics that docs/METRICS.md has; another test compares it with the program."""
    rows = re.findall(
        r"^\| `(backstop_\w+)` \| (\w+) \|", (ROOT / "docs/METRICS.md").read_text(), re.M
    )
    names = set()
    for name, kind in rows:
        names.add(name)
        if kind == "histogram":
            names.update(name + end for end in ("_bucket", "_sum", "_count"))
    return names


def metrics_in(expression):
    """Not those of recording rules, which have a colon before or after."""
    return re.findall(r"(?<![:\w])backstop_\w+(?![:\w])", expression)


class Prometheus(unittest.TestCase):
    def test_promtool_agrees(self):
        for command in (
            ("check", "rules", observers.RULES),
            ("check", "config", FOLDER / "prometheus.yaml"),
            ("test", "rules", *CASES),
        ):
            with self.subTest(command[:2]):
                status, said = observers.promtool(*command)
                self.assertEqual(status, 0, said)

    def test_each_alert_is_tested_both_ways(self):
        tests = [test for file in CASES for test in yaml.safe_load(file.read_text())["tests"]]
        cases = [case for test in tests for case in test.get("alert_rule_test", ())]
        fired = {case["alertname"] for case in cases if case["exp_alerts"]}
        silent = {case["alertname"] for case in cases if not case["exp_alerts"]}
        self.assertEqual(fired, set(alerts()))
        self.assertEqual(silent, set(alerts()))

    def test_each_alert_tells_what_to_do(self):
        runbook = (ROOT / "docs/RUNBOOK.md").read_text()
        sections = dict(re.findall(r"^## (Backstop\w+)\n(.*?)(?=^## |\Z)", runbook, re.M | re.S))
        self.assertEqual(set(sections), set(alerts()), "sections of docs/RUNBOOK.md and alerts")
        for name, alert in alerts().items():
            with self.subTest(name):
                self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
                notes = alert["annotations"]
                self.assertEqual(notes["runbook_url"], f"docs/RUNBOOK.md#{name.lower()}")
                self.assertTrue(notes["summary"].endswith("."), "a whole sentence")
                self.assertNotIn("{{", notes["summary"], "the same for each instance")
                self.assertTrue(notes["description"])
                for part in ("**Means.**", "**Look at.**", "**Do.**"):
                    self.assertIn(part, sections[name])

    def test_the_runbook_names_panels_that_exist(self):
        runbook = (ROOT / "docs/RUNBOOK.md").read_text()
        named = set(re.findall(r"(?<![*\w])\*([^*\n]+)\*(?!\*)", runbook))
        titles = {"answered", "full fidelity"}  # the objectives
        for name in ("overview", "upstream"):
            model = observers.Dashboard(observers.DEPLOY / "grafana" / f"{name}.json", 60).model
            titles.add(model["title"])
            for panel in model["panels"]:
                titles.update(each["title"] for each in [panel, *panel.get("panels", ())])
        self.assertGreater(len(named), 8)
        self.assertEqual(named - titles, set())

    def test_each_metric_exists(self):
        known = families()
        for rule in rules():
            for metric in metrics_in(rule["expr"]):
                self.assertIn(metric, known, rule)
        runbook = (ROOT / "docs/RUNBOOK.md").read_text()
        for metric in metrics_in(runbook):
            self.assertIn(metric, known)

    def test_no_rule_sums_what_pods_share(self):
        """Each pod is told the same number; the sum counts it once for each pod."""
        shared = re.compile(r"sum[^(]*\(\s*backstop_(quota_remaining|rate_limit)")
        for rule in rules():
            self.assertNotRegex(rule["expr"], shared)


class Pictures(unittest.TestCase):
    def test_they_are_there_and_small(self):
        """Small enough to be cloned by everybody."""
        shown = set()
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
            for link in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text()):
                picture = page.parent / link
                self.assertLessEqual(picture.stat().st_size, 200 * 1024, link)
                shown.add(picture)
        self.assertEqual(shown, set((ROOT / "docs").glob("*.png")))


class Grafana(unittest.TestCase):
    def dashboards(self):
        for name in ("overview", "upstream"):
            yield observers.Dashboard(observers.DEPLOY / "grafana" / f"{name}.json", 60)

    def test_dashboards_can_be_imported_anywhere(self):
        for board in self.dashboards():
            with self.subTest(board.name):
                model = board.model
                self.assertEqual(model["uid"], f"backstop-{board.name}")
                self.assertNotIn("id", model)
                self.assertTrue(model["title"])
                kinds = {each["name"]: each["type"] for each in model["templating"]["list"]}
                self.assertEqual(kinds["datasource"], "datasource")
                self.assertIn("${runbook}", [link["url"] for link in model["links"]])
                self.assertEqual(
                    {each["name"] for each in model["annotations"]["list"]},
                    {"Reloads", "Failed reloads", "Breaker changes"},
                )
                ids = [panel["id"] for panel in board.panels()]
                self.assertEqual(len(ids), len(set(ids)))
                self.assert_panels_do_not_overlap(model["panels"])

    def assert_panels_do_not_overlap(self, panels):
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertNotIn((x, y), taken, panel["title"])
                    taken.add((x, y))

    def test_each_panel_says_what_it_shows(self):
        known = families()
        for board in self.dashboards():
            for panel in board.panels():
                with self.subTest(board.name, panel=panel["title"]):
                    self.assertTrue(panel["title"])
                    self.assertTrue(panel["description"])
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                    self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                    for target in panel["targets"]:
                        self.assert_query(target, known)

    def assert_query(self, target, known):
        expression = target["expr"]
        self.assertEqual(target["datasource"]["uid"], "${datasource}")
        for window in re.findall(r"\[([^]]*)\]", expression):
            self.assertIn(window, ("$__rate_interval", "$__range"))
        for metric in metrics_in(expression):
            self.assertIn(metric, known)
        for selector in re.findall(r"backstop_\w+(\{[^}]*\})?", expression):
            self.assertIn('job=~"$job",namespace=~"$namespace"', selector, expression)
        self.assertNotRegex(expression, r"sum[^(]*\(\s*backstop_(quota_remaining|rate_limit)")

    def test_a_single_number_is_that_of_now(self):
        """Over a range the last number stands for as long as the range, though its pod has gone."""
        for board in self.dashboards():
            for panel in board.panels():
                if panel["type"] == "stat":
                    for target in panel["targets"]:
                        with self.subTest(board.name, panel=panel["title"]):
                            self.assertTrue(target.get("instant"))
                            self.assertFalse(target.get("range"))

    def test_what_pods_were_told_has_an_age_limit(self):
        """An idle pod keeps the number of its last request for ever."""
        told = re.compile(r"backstop_(quota|rate_limit)_(?:remaining|limit)\{")
        for board in self.dashboards():
            for where, expression in board.queries():
                for kind in told.findall(expression):
                    with self.subTest(where):
                        self.assertRegex(expression, rf"{kind}_observed_timestamp_seconds.* < 900")

    def test_provisioning_names_what_is_there(self):
        folder = observers.DEPLOY / "grafana"
        made = yaml.safe_load((folder / "kustomization.yaml").read_text())
        files = made["configMapGenerator"][0]["files"]
        self.assertEqual(sorted(files), sorted(file.name for file in folder.glob("*.json")))
        self.assertEqual(made["generatorOptions"]["labels"], {"grafana_dashboard": "1"})
        for file in pathlib.Path(folder / "provisioning").rglob("*.yaml"):
            self.assertEqual(yaml.safe_load(file.read_text())["apiVersion"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
