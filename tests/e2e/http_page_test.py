"""docs/HTTP.md and the tests say the same, both ways."""

import collections
import importlib
import unittest

import http_elsewhere
import http_page
import http_play
import support

NAMED = [entry[-1] for entry in http_elsewhere.TESTS]


class Page(unittest.TestCase):
    def test_it_is_what_the_tables_say(self):
        page = (support.HERE.parent.parent / "docs" / "HTTP.md").read_text()
        self.assertEqual(
            page, http_page.page(), "renew it with: python3 tests/e2e/http_page.py > docs/HTTP.md"
        )

    def test_no_two_cases_have_one_name(self):
        cases = http_play.cases_of(http_page.GROUPS)
        twice = [name for name, count in collections.Counter(case.name for case in cases).items() if count > 1]
        self.assertEqual(twice, [])
        self.assertGreaterEqual(len(cases), 200)

    def test_every_test_that_it_names_exists(self):
        for name in NAMED:
            with self.subTest(name):
                module, suite, method = name.split(".")
                self.assertTrue(callable(getattr(getattr(importlib.import_module(module), suite), method)))

    def test_it_names_every_test_of_streams_and_tunnels(self):
        named = set()
        for module in ("http_mutations_test", "http_streams_test", "websocket_test", "wire_test"):
            for suite in unittest.defaultTestLoader.loadTestsFromName(module):
                named.update(test.id() for test in suite)
        self.assertEqual(named.difference(NAMED), set(), "they belong into http_elsewhere.py")


if __name__ == "__main__":
    support.main()
