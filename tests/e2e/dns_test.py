"""Name servers that fail or do not answer: an address that was known goes on being used, nobody else's
names wait, and the process ends all the same."""

import os
import signal

import support
from upstream import Upstream
from wire import OK, answers

ONCE = {"Backstop-Attempts-Max": "1"}
SOON_OLD = '[upstream.dns]\nttl = "1ms"\n[upstream.pool]\nidle = "1ms"\n'
QUICK_DRAIN = 'quiet = "100ms"\ndrain = "1s"'
IMPATIENT = '[upstream.timeout]\nconnect = "300ms"\nattempt = "300ms"\ndeadline = "300ms"\n'
SECOND = """
[[upstream]]
name    = "other"
listen  = "127.0.0.1:0"
url     = "{url}"
dialect = "http"
"""


class Names(support.TestCase):
    def setUp(self):
        self.file = self.folder() / "names"
        self.api = Upstream(answers(OK))
        self.addCleanup(self.api.close)

    def names(self, **words):
        """What the names ending in .test are from now on."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text("".join(f"{name}.test {word}\n" for name, word in words.items()))
        os.rename(fresh, self.file)

    def url(self, name):
        return f"http://{name}.test:{self.api.port}"

    def start(self, name, upstream=""):
        text = support.config(self.url(name), upstream, dialect="http")
        environment = {
            "LD_PRELOAD": os.environ["NAMES_LIBRARY"],
            "NAMES": str(self.file),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
        return self.backstop(text.replace('quiet = "100ms"', QUICK_DRAIN), environment)

    def known_then(self, word):
        """An address was known long ago, as ten times the ttl goes; then this happens to its name."""
        self.names(api="ok")
        backstop = self.start("api", SOON_OLD)
        self.assertEqual(backstop.request("GET", "/", headers=ONCE).status, 200)
        self.names(api=word)
        for _ in range(5):
            answer = backstop.request("GET", "/", headers=ONCE)
            self.assertEqual((answer.status, answer.body), (200, b"ok"), answer.headers)
        self.assertEqual(backstop.metrics().total("backstop_connection_failures_total"), 0)

    def test_an_address_that_was_known_is_used_when_the_look_up_fails(self):
        self.known_then("nx")

    def test_an_address_that_was_known_is_used_when_no_answer_comes(self):
        self.known_then("hole")

    def test_a_name_that_was_never_known_fails(self):
        self.names(api="nx")
        backstop = self.start("api")
        self.assertEqual(backstop.request("GET", "/", headers=ONCE).status, 502)
        self.names(api="ok")
        self.assertEqual(backstop.request("GET", "/", headers=ONCE).status, 200)

    def test_one_dead_zone_holds_up_nobody_elses(self):
        self.names(dead="hole", api="ok")
        backstop = self.start("dead", IMPATIENT + SECOND.format(url=self.url("api")))
        self.assertIn(backstop.request("GET", "/", headers=ONCE).status, (502, 504))
        other = support.send("127.0.0.1", backstop.port_of("other"), "GET", "/", headers=ONCE)
        self.assertEqual(other.status, 200)

    def test_a_look_up_does_not_outlive_the_drain(self):
        self.names(dead="hole")
        backstop = self.start("dead", IMPATIENT)
        self.assertIn(backstop.request("GET", "/", headers=ONCE).status, (502, 504))
        backstop.signal(signal.SIGTERM)
        backstop.first_line('"msg":"drained"')
        if backstop.running():
            backstop.signal(signal.SIGTERM)
        self.assertEqual(backstop.wait(), 0)


if __name__ == "__main__":
    support.main()
