"""The program from outside: exit statuses, and what it says on its way out."""

import json
import os
import signal
import socket
import subprocess
import threading

import support
from support import END, run


class ExitStatus(support.TestCase):
    def test_0_what_was_asked_is_done(self):
        status, output, errors = run("--version")
        self.assertEqual((status, errors), (0, ""))
        self.assertRegex(output, r"^backstop \d+\.\d+\.\d+ \([0-9a-f]+|unknown\)$")
        status, output, _ = run("--help")
        self.assertEqual(status, 0)
        for word in ("run", "check", "explain", "dialects", "wait", "quit"):
            self.assertIn(word, output)
        status, output, _ = run("dialects")
        self.assertEqual(status, 0)
        self.assertEqual(
            output.split(), ["sticky-calls", "levrage", "leavo", "truedy", "http"]
        )
        status, output, _ = run("dialects", "sticky-calls")
        self.assertEqual(status, 0)
        self.assertIn("X-Idempotency-Key", output)

    def test_0_a_good_config_is_printed_with_its_defaults(self):
        text = support.config("https://api.stickycalls.com")
        status, output, errors = support.run_once(text, "check")
        self.assertEqual((status, errors), (0, ""))
        self.assertIn('url = "https://api.stickycalls.com"', output.replace("     =", " ="))
        again, output_again, _ = support.run_once(output, "check")
        self.assertEqual((again, output_again), (0, output))

    def test_64_wrong_usage(self):
        for arguments in (
            (),
            ("serve",),
            ("run",),
            ("run", "--config"),
            ("run", "--nonsense", "--config", "x"),
            ("check",),
            ("dialects", "stickycalls"),
        ):
            with self.subTest(arguments):
                status, output, errors = run(*arguments)
                self.assertEqual(status, 64)
                self.assertTrue(errors.strip() or output.strip())

    def test_a_wrong_word_is_named(self):
        for arguments, word in (
            (("chek", "--config", "x"), "chek --config x"),
            (("check", "--confg", "x"), "--confg x"),
            (("run", "--config", "x", "y"), "y"),
        ):
            with self.subTest(arguments):
                status, _, errors = run(*arguments)
                self.assertEqual(status, 64)
                self.assertRegex(errors, rf"not expected: {word}\n")

    def test_69_an_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = "127.0.0.1:%d" % other.getsockname()[1]
            good = support.config("http://127.0.0.1:1")
            upstream = good.replace('name    = "sticky-calls"\nlisten  = "127.0.0.1:0"',
                                    f'name    = "sticky-calls"\nlisten  = "{taken}"')
            admin = good.replace('[admin]\nlisten = "127.0.0.1:0"', f'[admin]\nlisten = "{taken}"')
            for name, text in (("upstream", upstream), ("admin", admin)):
                with self.subTest(name):
                    self.assertNotEqual(text, good)
                    status, _, errors = support.run_once(text)
                    self.assertEqual(status, 69)
                    self.assertIn(taken, errors)
                    self.assertIn("in use", errors)

    def listening_at(self, path):
        text = support.config("http://127.0.0.1:1")
        return text.replace('[admin]\n', f'[admin]\ncontrol = "unix:{path}"\n', 1)

    def test_69_a_file_of_that_name_that_is_no_socket(self):
        folder = self.folder()
        (folder / "file").write_text("not to be lost")
        (folder / "link").symlink_to("file")
        (folder / "folder").mkdir()
        for name in ("file", "link", "folder"):
            with self.subTest(name):
                status, _, errors = support.run_once(self.listening_at(folder / name))
                self.assertEqual(status, 69)
                self.assertIn(str(folder / name), errors)
                self.assertIn("no socket", errors)
        self.assertEqual((folder / "link").read_text(), "not to be lost")

    def test_a_socket_that_somebody_left_behind_is_replaced(self):
        path = self.folder() / "socket"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        backstop = self.backstop(self.listening_at(path))
        self.assertEqual(support.control(path, "POST", "/reload")[0], 200)
        # Which is not done to one where somebody listens.
        status, _, errors = support.run_once(self.listening_at(path))
        self.assertEqual(status, 69)
        self.assertIn("stop what listens there", errors)
        self.assertEqual(support.control(path, "POST", "/reload")[0], 200)

    def test_78_a_bad_config(self):
        cases = (
            ("no TOML", "this is not TOML", "backstop.toml:1:"),
            ("nothing in it", "", "upstream"),
            ("an unknown key", support.config("http://a", upstream="tiemout = 1"), "tiemout"),
            ("a bad unit",
             support.config("http://a", upstream='[upstream.timeout]\ndeadline = "5 parsecs"'),
             "upstream.sticky-calls.timeout.deadline"),
            ("an unknown dialect",
             support.config("http://a", dialect="sticky-call"), "sticky-calls"),
            ("a variable that is not set",
             support.config("${NOT_SET_ANYWHERE}"), "NOT_SET_ANYWHERE"),
        )  # fmt: skip
        for command in ("run", "check"):
            for name, text, words in cases:
                with self.subTest(name, command=command):
                    status, _, errors = support.run_once(text, command)
                    self.assertEqual(status, 78)
                    self.assertIn(words, errors)
                    self.assertRegex(errors, r"\d+ errors?\n?$")

    def test_78_a_file_that_is_not_there(self):
        folder = self.folder()
        for file in (folder / "none.toml", folder):
            with self.subTest(file):
                status, _, errors = run("run", "--config", str(file))
                self.assertEqual(status, 78)
                self.assertIn(str(file), errors)


class ReaderLeaves(support.Backstop):
    """Whoever reads its log goes away once it has the addresses."""

    @staticmethod
    def _read(stream, into):
        with stream:
            for line in stream:
                into.append(line.decode().rstrip("\n"))
                if '"msg":"admin"' in into[-1]:
                    return


class LogReader(support.TestCase):
    def test_calls_are_forwarded_when_it_has_gone(self):
        simulator = self.simulator("--limits", "off")
        backstop = ReaderLeaves(support.config(simulator.url))
        self.addCleanup(self._end, backstop, "backstop")
        self.assertEqual(backstop.start("c").status, 200)
        support.until(
            lambda: backstop.metrics().value("backstop_log_lines_dropped_total"),
            "the access line meets a closed pipe",
        )
        self.assertEqual(backstop.end("c").status, 200)

    def test_other_commands_end_with_it_quietly(self):
        for arguments in (("dialects", "sticky-calls"), ("--help",)):
            with self.subTest(arguments):
                reader, writer = os.pipe()
                os.close(reader)
                with os.fdopen(writer, "wb") as nobody:
                    done = subprocess.run(
                        [support.program("BACKSTOP"), *arguments],
                        stdout=nobody,
                        stderr=subprocess.PIPE,
                        timeout=support.STUCK,
                        check=False,
                    )
                self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, b""))


class Drain(support.TestCase):
    def test_sigterm_ends_it_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                _, backstop = self.pair()
                self.assertEqual(backstop.start("c").status, 200)
                backstop.signal(number)
                self.assertEqual(backstop.wait(), 0)
                self.assertIn('"msg":"drained"', "\n".join(backstop.lines))

    def test_what_is_under_way_gets_its_answer(self):
        simulator, backstop = self.pair("--fault", "latency ms=3000")
        answers = []
        client = threading.Thread(target=lambda: answers.append(backstop.end("c")))
        client.start()
        support.until(simulator.journal, "the request at the API")
        backstop.signal(signal.SIGTERM)
        support.until(lambda: backstop.admin("/readyz").status == 503, "not ready any more")
        self.assertEqual(backstop.admin("/livez").status, 200)
        self.assertEqual(backstop.wait(), 0)
        client.join()
        self.assertEqual(answers[0].status, 200)

    def test_who_waits_too_long_is_told(self):
        """A sleep longer than the drain time left is not begun."""
        simulator = self.simulator("--limits", "off", "--fault", "rate_limited retry_after=60")
        text = support.config(simulator.url).replace("[shutdown]\n", '[shutdown]\ndrain = "1s"\n')
        backstop = self.backstop(text)
        answers = []
        client = threading.Thread(target=lambda: answers.append(backstop.end("c")))
        client.start()
        support.until(
            lambda: backstop.metrics().value("backstop_gate_closed", kind="rate"), "the 429"
        )
        backstop.signal(signal.SIGTERM)
        self.assertEqual(backstop.wait(), 0)
        client.join()
        self.assertEqual(answers[0].status, 429)
        self.assertEqual(json.loads(answers[0].body)["retryAfter"], 60)
        self.assertEqual(len(simulator.journal(END)), 1)

    def test_a_second_signal_ends_it_at_once(self):
        simulator, backstop = self.pair("--fault", "hang")
        client = threading.Thread(target=lambda: self.assertRaises(Exception, backstop.end, "c"))
        client.start()
        support.until(simulator.journal, "the request at the API")
        backstop.signal(signal.SIGTERM)
        support.until(lambda: backstop.admin("/readyz").status == 503, "not ready any more")
        backstop.signal(signal.SIGTERM)
        self.assertEqual(backstop.wait(), 0)
        client.join()
        self.assertIn("second signal", "\n".join(backstop.lines))

    def test_it_still_accepts_while_it_drains(self):
        simulator = self.simulator("--limits", "off")
        text = support.config(simulator.url).replace('quiet = "100ms"', 'quiet = "4s"')
        backstop = self.backstop(text)
        backstop.signal(signal.SIGTERM)
        support.until(lambda: backstop.admin("/readyz").status == 503, "not ready any more")
        answer = backstop.end("c")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Connection"], "close")
        self.assertEqual(backstop.wait(), 0)


if __name__ == "__main__":
    support.main()
