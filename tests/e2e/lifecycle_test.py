"""The life of the process in a pod: others wait for it and ask it to go; it outlives its application's
last calls, and nobody who waits is left without an answer."""

import os
import signal
import socket
import stat
import threading
import time

import support
from support import END

BARE = support.CONFIG.replace('[shutdown]\nquiet = "100ms"\n', "[shutdown]\n{shutdown}\n")
# Long enough for the sleeps of these tests.
PATIENT = """
[[upstream.route]]
match    = "POST /v1/calls/end"
deadline = "60s"
attempt  = "30s"
"""


class InBackground:
    """A call in a thread, with what it returned and when."""

    def __init__(self, call):
        self._call = call
        self.answer = None
        self.at = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        self.answer = self._call()
        self.at = time.monotonic()

    def join(self):
        self._thread.join()
        return self.answer


class Wait(support.TestCase):
    def test_it_returns_when_backstop_is_ready(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        waiting = InBackground(lambda: support.run("wait", "--admin", f"127.0.0.1:{port}"))
        simulator = self.simulator()
        text = support.config(simulator.url)
        self.backstop(text.replace('[admin]\nlisten = "127.0.0.1:0"',
                                   f'[admin]\nlisten = "127.0.0.1:{port}"'))  # fmt: skip
        self.assertEqual(waiting.join(), (0, "", ""))

    def test_1_if_it_is_not_ready_in_time(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = "127.0.0.1:%d" % free.getsockname()[1]
        status, _, errors = support.run("wait", "--admin", address, "--timeout", "200ms")
        self.assertEqual(status, 1)
        self.assertIn(address, errors)
        self.assertIn("refused", errors)
        self.assertIn("200ms", errors)

    def test_1_if_what_answers_is_not_ready(self):
        _, backstop = self.pair()
        ready = f"{backstop.admin_host}:{backstop.admin_port}"
        self.assertEqual(support.run("wait", "--admin", ready)[0], 0)
        not_admin = f"{backstop.host}:{backstop.port}"
        status, _, errors = support.run("wait", "--admin", not_admin, "--timeout", "100ms")
        self.assertEqual(status, 1)
        self.assertRegex(errors, r"it answers \d+")

    def test_1_if_nobody_speaks(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = "127.0.0.1:%d" % silent.getsockname()[1]
            status, _, errors = support.run("wait", "--admin", address, "--timeout", "200ms")
        self.assertEqual(status, 1)
        self.assertIn("not ready within 200ms", errors)

    def test_64_wrong_usage(self):
        for arguments in (("--admin", "nonsense"), ("--timeout", "30"), ("--nonsense",)):
            with self.subTest(arguments):
                status, _, errors = support.run("wait", *arguments)
                self.assertEqual(status, 64)
                self.assertTrue(errors)


class Control(support.TestCase):
    def controlled(self, shutdown='quiet = "100ms"', upstream="", *faults):
        simulator = self.simulator("--limits", "off", *faults)
        socket_file = self.folder() / "control.sock"
        text = BARE.format(
            url=simulator.url, upstream=upstream, top="", dialect="sticky-calls", shutdown=shutdown
        )
        text = text.replace("[shutdown]", f'control = "unix:{socket_file}"\n[shutdown]')
        return simulator, self.backstop(text), socket_file

    def test_there_is_none_unless_it_is_configured(self):
        simulator, backstop = self.pair()
        self.assertEqual(backstop.count('"msg":"control"'), 0)
        for path in ("/quit", "/reload"):
            answer = support.send(backstop.admin_host, backstop.admin_port, "POST", path)
            self.assertEqual(answer.status, 405)
        self.assertEqual(len(simulator.journal()), 0)

    def test_only_its_owner_can_reach_it(self):
        before = os.umask(0)  # what the mode is without anybody's help
        self.addCleanup(os.umask, before)
        _, _, path = self.controlled()
        about = path.stat()
        self.assertTrue(stat.S_ISSOCK(about.st_mode))
        self.assertEqual(stat.S_IMODE(about.st_mode), 0o600)

    def test_it_takes_two_orders_and_nothing_else(self):
        _, backstop, path = self.controlled()
        self.assertEqual(support.control(path, "GET", "/quit")[0], 405)
        self.assertEqual(support.control(path, "GET", "/reload")[0], 405)
        for other in ("/", "/metrics", "/status", "/quit/now"):
            self.assertEqual(support.control(path, "POST", other)[0], 404)
        self.assertEqual(support.control(path, "POST", "/reload"), (200, "reloaded\n"))
        self.assertEqual(backstop.admin("/readyz").status, 200)

    def test_quit_drains_it(self):
        _, backstop, path = self.controlled()
        self.assertEqual(support.run("quit", "--control", f"unix:{path}"), (0, "", ""))
        self.assertEqual(backstop.wait(), 0)
        self.assertEqual(backstop.count('"msg":"drained"'), 1)
        self.assertFalse(path.exists())

    def test_a_sigterm_after_it_is_not_a_second_one(self):
        """The app says quit, then the pod is deleted: who is under way still gets an answer."""
        simulator, backstop, path = self.controlled(
            'quiet = "100ms"', "", "--fault", "latency ms=2000"
        )
        client = InBackground(lambda: backstop.end("c"))
        support.until(simulator.journal, "the request at the API")
        self.assertEqual(support.run("quit", "--control", f"unix:{path}")[0], 0)
        support.until(lambda: backstop.admin("/readyz").status == 503, "not ready any more")
        backstop.signal(signal.SIGTERM)
        self.assertEqual(client.join().status, 200)
        self.assertEqual(backstop.wait(), 0)

    def test_quit_is_not_asked_of_nobody(self):
        path = self.folder() / "none.sock"
        status, _, errors = support.run("quit", "--control", f"unix:{path}")
        self.assertEqual(status, 1)
        self.assertIn(str(path), errors)
        for wrong in ("127.0.0.1:1", "nonsense", "unix:"):
            status, _, errors = support.run("quit", "--control", wrong)
            self.assertEqual(status, 64)
            self.assertIn("unix:/run", errors)
        self.assertEqual(support.run("quit")[0], 64)

    def test_what_a_dead_process_left_is_replaced(self):
        path = self.folder() / "control.sock"
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(path))
        dead.close()
        self.assertTrue(path.exists())
        text = support.config("http://127.0.0.1:1")
        self.backstop(text.replace("[shutdown]", f'control = "unix:{path}"\n[shutdown]'))
        self.assertEqual(support.control(path, "POST", "/nothing")[0], 404)

    def test_69_if_another_one_uses_it(self):
        _, backstop, path = self.controlled()
        text = support.config("http://127.0.0.1:1")
        status, _, errors = support.run_once(
            text.replace("[shutdown]", f'control = "unix:{path}"\n[shutdown]')
        )
        self.assertEqual(status, 69)
        self.assertIn(str(path), errors)
        self.assertIn("in use", errors)
        self.assertEqual(support.control(path, "POST", "/nothing")[0], 404)
        self.assertTrue(backstop.running())


class Drain(support.TestCase):
    def drained(self, shutdown, *faults):
        simulator = self.simulator("--limits", "off", *faults)
        text = BARE.format(
            url=simulator.url, upstream=PATIENT, top="", dialect="sticky-calls", shutdown=shutdown
        )
        return simulator, self.backstop(text)

    def test_a_sleep_of_20_s_is_ended_by_a_drain_of_10_s(self):
        simulator, backstop = self.drained(
            'drain = "10s"\nquiet = "100ms"', "--fault", "rate_limited retry_after=20"
        )
        client = InBackground(lambda: backstop.end("c"))
        support.until(
            lambda: backstop.metrics().value("backstop_gate_closed", kind="rate"), "the 429"
        )
        begun = time.monotonic()
        backstop.signal(signal.SIGTERM)
        answer = client.join()
        self.figure(f"answered {client.at - begun:.3f} s after SIGTERM")
        self.assertEqual(answer.status, 429)
        self.assertEqual(answer.headers["Connection"], "close")
        self.assertEqual(backstop.wait(), 0)
        self.assertEqual(len(simulator.journal(END)), 1)
        (line,) = backstop.access(1)
        self.assertEqual(line["decision"]["denied"], "draining")

    def test_a_sleep_is_not_begun_by_who_was_at_the_api_meanwhile(self):
        simulator, backstop = self.drained(
            'drain = "10s"\nquiet = "100ms"',
            "--fault", "rate_limited retry_after=20",
            "--fault", "latency ms=1500",
        )  # fmt: skip
        client = InBackground(lambda: backstop.end("c"))
        support.until(simulator.journal, "the request at the API")
        backstop.signal(signal.SIGTERM)
        self.assertEqual(client.join().status, 429)
        self.assertEqual(backstop.wait(), 0)
        self.assertEqual(len(simulator.journal(END)), 1)
        self.assertEqual(backstop.access(1)[0]["decision"]["denied"], "draining")

    def test_who_hangs_at_the_api_is_answered_at_the_end_of_the_drain(self):
        simulator, backstop = self.drained('drain = "1s"\nquiet = "100ms"', "--fault", "hang")
        client = InBackground(lambda: backstop.end("c"))
        support.until(simulator.journal, "the request at the API")
        backstop.signal(signal.SIGTERM)
        answer = client.join()
        self.assertEqual(answer.status, 504)
        self.assertIn("backstop", answer.headers["Proxy-Status"])
        self.assertEqual(backstop.wait(), 0)
        self.assertIn('"cut":0', "\n".join(backstop.lines))

    def test_an_app_makes_its_last_call_3_s_after_sigterm(self):
        """With the default of five quiet seconds."""
        simulator, backstop = self.drained("")
        backstop.signal(signal.SIGTERM)
        support.until(lambda: backstop.admin("/readyz").status == 503, "not ready any more")
        told = time.monotonic()
        time.sleep(3)  # what the application does meanwhile; nothing is waited for
        answer = backstop.end("last")
        answered = time.monotonic()
        self.assertEqual(answer.status, 200)
        self.assertEqual(len(simulator.journal(END)), 1)
        self.assertEqual(backstop.wait(), 0)
        quiet = time.monotonic() - answered
        self.figure(f"last call {answered - told:.3f} s after SIGTERM, exit {quiet:.3f} s after it")
        self.assertGreaterEqual(quiet, 5.0)

    def test_a_request_that_arrives_slowly_is_no_quiet(self):
        simulator, backstop = self.drained('drain = "20s"\nquiet = "1s"')
        body = support.end_body("slow")
        head = (
            f"POST {END} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {support.KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        with socket.create_connection((backstop.host, backstop.port), support.STUCK) as client:
            backstop.signal(signal.SIGTERM)
            pieces = 10
            for number in range(pieces):
                size = len(head) // pieces + 1
                client.sendall(head[number * size : (number + 1) * size])
                time.sleep(0.25)  # the client's pace, not a wait for anything
            client.sendall(body)
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(backstop.wait(), 0)
        self.assertEqual(len(simulator.journal(END)), 1)

    def test_the_probes_of_its_life(self):
        _, backstop = self.drained('drain = "10s"\nquiet = "3s"')
        probes = lambda: tuple(
            backstop.admin(path).status for path in ("/startupz", "/livez", "/readyz")
        )
        self.assertEqual(probes(), (200, 200, 200))
        backstop.signal(signal.SIGTERM)
        support.until(lambda: probes() == (200, 200, 503), "alive, and not ready")
        self.assertEqual(backstop.wait(), 0)


if __name__ == "__main__":
    support.main()
