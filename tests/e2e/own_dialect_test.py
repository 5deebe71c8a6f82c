"""A fifth API needs no C++: what a dialect of one's own says of successes that are none."""

import threading

import support
from upstream import Upstream
from wire import FAST, Client

DIALECT = """
name = "texts"
[error]
code = "/code"
[[rule]]
name   = "an outage that calls itself a success"
status = 200
code   = ["30001"]
means  = "transient"
retry  = "repeatable"
[[rule]]
name   = "a no that calls itself a success"
status = 200
code   = ["21211"]
means  = "rejected"
retry  = "never"
[[route]]
match    = "/send"
attempts = 1
[[route.fallback]]
on     = ["server_error", "circuit_open"]
status = 202
body   = '{"fallback": true}'
"""


class Texts(support.TestCase):
    def serve(self, script, settings):
        self.upstream = Upstream(script)
        self.addCleanup(self.upstream.close)
        folder = self.folder()
        (folder / "texts.toml").write_text(DIALECT)
        config = folder / "backstop.toml"
        config.write_text(support.config(self.upstream.url, settings, dialect="./texts.toml"))
        self.proxy = self.backstop(None, file=config)

    def say(self, body):
        def script(connection):
            while connection.request():
                connection.send(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                )

        return script

    def test_an_outage_in_a_success_is_one(self):
        self.serve(self.say(b'{"code": 30001}'), "")
        answers = [self.proxy.request("GET", "/send") for _ in range(6)]
        self.assertEqual({(each.status, each.body) for each in answers}, {(202, b'{"fallback":true}')})
        self.assertEqual(
            [each.headers["Backstop-Reason"] for each in answers], ["server_error"] * 5 + ["circuit_open"]
        )
        metrics = self.proxy.metrics()
        self.assertEqual(metrics.total("backstop_requests_total", outcome="degraded"), 6)
        self.assertEqual(metrics.value("backstop_breaker_state", state="open"), 1)

    def test_one_that_is_passed_on_is_not_counted_as_well(self):
        self.serve(self.say(b'{"code": 30001}'), FAST)
        self.assertEqual(self.proxy.request("GET", "/other").status, 200)
        (line,) = self.proxy.access(1)
        self.assertEqual((line["outcome"], line["reason"], len(line["attempts"])), ("upstream_error", "server_error", 3))
        (failure,) = self.proxy.status()["failures"]
        self.assertEqual(failure["status"], 200)

    def test_a_no_in_a_success_is_the_clients(self):
        self.serve(self.say(b'{"code": 21211}'), FAST)
        self.assertEqual(self.proxy.request("GET", "/other").status, 200)
        (line,) = self.proxy.access(1)
        self.assertEqual((line["outcome"], len(line["attempts"])), ("client_error", 1))

    def test_an_event_stream_is_not_waited_for(self):
        """Its first event comes before anything ends that a look at a body could wait for."""
        read = threading.Event()

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n")
            connection.send(b"Transfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n")
            self.in_time = read.wait(0.9)  # less than is waited for a body
            connection.send(b"0\r\n\r\n")

        self.serve(script, FAST)
        client = Client(self.proxy)
        self.addCleanup(client.close)
        client.send(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.head()[0], 200)
        self.assertEqual(client.line(), b"8")
        read.set()
        while client.more():
            if client.data.endswith(b"0\r\n\r\n"):
                break
        self.assertTrue(self.in_time)


if __name__ == "__main__":
    support.main()
