"""Clients that no one here wrote, unchanged but for the base URL, against an API that fails, through
backstop; how often the API was asked is counted at the simulator. Whoever retries by himself is a
second layer of retries: docs/CLIENTS.md says what each client needs, and its table is compared with
what is measured here.

NPM_SDKS names the folder into which tests/npm.sh has put sdks/."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

import support

SDKS = support.HERE / "sdks"
DOCUMENT = support.HERE.parent.parent / "docs" / "CLIENTS.md"

# Whole attempts of a client at one backstop: short waits, and a breaker that leaves the counting to
# the retries.
UPSTREAM = """
[upstream.retry]
backoff = { base = "20ms", max = "1s", jitter = "20ms" }
[upstream.breaker]
enabled = false
[[upstream.route]]
match = "POST /v1/customers"
keyed = true
"""

# What each API answers when it does not fail; clients read no more of it than this.
FINE = 'status code=200 body={"id":"x","object":"list","data":[],"call_id":"c","results":[]}'

# Column of the table -> (method, faults until the end of the test).
FAILURES = {
    "GET, 503": ("GET", "status code=503"),
    "POST, 503": ("POST", "status code=503"),
    "POST, 429": ("POST", "rate_limited retry_after=1"),
}


class Clients(support.TestCase):
    @classmethod
    def setUpClass(cls):
        folder, remove = support.temporary_folder()
        cls.addClassCleanup(remove)
        go = {"GO111MODULE": "off", "GOCACHE": str(folder / "go"), "GOFLAGS": ""}
        for command, environment in (
            (["javac", "-d", folder, SDKS / "Client.java"], {}),
            (["go", "build", "-o", folder / "client", SDKS / "client.go"], go),
        ):
            done = subprocess.run(
                [str(word) for word in command],
                capture_output=True,
                env={**support.ENVIRONMENT, **environment},
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
        python = [sys.executable, "-B", SDKS / "client.py"]
        node = ["node", pathlib.Path(os.environ["NPM_SDKS"]) / "clients.mjs"]
        cls.commands = {
            "Java HttpClient": ["java", "-XX:TieredStopAtLevel=1", "-cp", folder, "Client"],
            "Go net/http": [folder / "client"],
            "Python requests": [*python, "requests"],
            "Python requests, urllib3 Retry": [*python, "requests-retry"],
            "Python aiohttp": [*python, "aiohttp"],
            "Node fetch": [*node, "fetch"],
            "axios": [*node, "axios"],
            "axios with axios-retry": [*node, "axios-retry"],
            "stripe": [*node, "stripe"],
            "openai": [*node, "openai"],
            "retell-sdk": [*node, "retell-sdk"],
            "@vapi-ai/server-sdk": [*node, "@vapi-ai/server-sdk"],
        }

    def command(self, client, url, method, advised):
        if client.startswith("curl"):
            command = [shutil.which("curl"), "-s", "-w", "\n%{http_code}"]
            if client != "curl" and not advised:
                command += ["--retry", "2", "--retry-delay", "1"]
            if method == "POST":
                command += ["--json", '{"name":"Ada"}']
            return [*command, f"{url}/v1/things"]
        return [*self.commands[client], url, method, *(["advised"] if advised else [])]

    def call(self, client, method, *faults, advised=False):
        """(what the application sees, how often the API was asked)."""
        simulator = support.Simulator("--limits", "off", *self.fault_options(faults))
        self.addCleanup(self._end, simulator, "the simulator")
        backstop = self.backstop(support.config(simulator.url, UPSTREAM, dialect="http"))
        done = subprocess.run(
            [str(word) for word in self.command(client, backstop.url, method, advised)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * support.STUCK,
            env=support.ENVIRONMENT,
            check=False,
        )
        said = done.stdout.decode().split()
        self.assertTrue(said, f"{client}: {done.stderr.decode()}")
        return said[-1], len(simulator.journal())

    @staticmethod
    def fault_options(faults):
        return [word for fault in faults for word in ("--fault", fault)]

    def everybody(self):
        return ["curl", "curl --retry 2", *self.commands]

    def side_by_side(self, function, arguments):
        """They mostly wait, so several at once."""
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            return list(threads.map(lambda each: function(*each), arguments))

    def test_a_failure_that_passes_is_not_seen(self):
        cases = [
            (client, method, f"{fault} count=1")
            for client in self.everybody()
            for method, fault in (
                ("GET", "status code=503"), ("POST", "rate_limited retry_after=1"))
        ]  # fmt: skip
        seen = self.side_by_side(lambda *case: self.call(*case, FINE), cases)
        self.assertEqual(dict(zip(cases, seen)), {case: ("200", 2) for case in cases})

    def test_the_table_of_the_docs_is_what_happens(self):
        table = self.table()
        self.assertEqual(list(table), self.everybody())
        cases = [
            (client, column, advised)
            for client in table
            for column in FAILURES
            for advised in (False, True)
        ]

        def attempts(client, column, advised):
            method, fault = FAILURES[column]
            status, count = self.call(client, method, fault, advised=advised)
            self.assertEqual(status, column[-3:], f"{client}, {column}")
            return count

        measured = dict(zip(cases, self.side_by_side(attempts, cases)))
        for client, row in table.items():
            seen = {
                column: (measured[client, column, False], measured[client, column, True])
                for column in FAILURES
            }
            self.figure(f"{client}: {seen}")
        for client, row in table.items():
            for column, told in row.items():
                seen = (measured[client, column, False], measured[client, column, True])
                self.assertEqual(seen, told, f"{client}, {column}")
                self.assertEqual(seen[1], 1 if column == "POST, 503" and client != "stripe" else 3)

    @staticmethod
    def table():
        """client -> column -> (attempts as it comes, attempts as advised), as the docs have it."""
        rows = {}
        header = None
        for line in DOCUMENT.read_text().splitlines():
            cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            if cells[0] == "client":
                header = cells if FAILURES.keys() <= set(cells) else None
            elif header and line.startswith("| ") and not cells[0].startswith("-"):
                row = dict(zip(header, cells))
                rows[cells[0]] = {
                    column: tuple(int(n) for n in re.findall(r"\d+", row[column]) * 2)[:2]
                    for column in FAILURES
                }
        return rows


if __name__ == "__main__":
    support.main()
