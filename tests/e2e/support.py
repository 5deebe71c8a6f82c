"""Runs the two programs, backstop in front of backstop-simulator, as a user would run them.

A test says what it wants of the simulator (its command line) and of backstop (text of a config
file), and gets two objects that know the addresses, read what there is to read (journal, effects,
access log, metrics), and end what they have started. Ports are free ones that the programs choose
themselves and tell; nothing is waited for by sleeping a fixed time.

The programs are named by the environment: BACKSTOP and BACKSTOP_SIMULATOR (CTest sets them).
"""

import collections
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent

# The keys that the simulator takes, by API; its dialect has the API's name.
KEYS = {
    "sticky-calls": "sk_test_valid",
    "levrage": "lev_test_valid",
    "leavo": "leavo_test_valid",
    "truedy": "truedy_test_valid",
}


def authorization(api):
    return {"Authorization": f"Bearer {KEYS[api]}", "Content-Type": "application/json"}


KEY = KEYS["sticky-calls"]
AUTHORIZATION = authorization("sticky-calls")
START = "/v1/calls/start"
END = "/v1/calls/end"

# How long anything that must happen may take before the test calls it stuck. Generous: machines
# are slow and sanitizers slower, and nothing is learned from how soon it is over.
STUCK = 60.0

# A proxy of the machine's would come between programs that talk to each other on it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}

Answer = collections.namedtuple("Answer", "status headers body version reason")


def program(variable):
    path = os.environ.get(variable, "")
    if not path:
        raise SystemExit(f"{variable} is not set: run by ctest, or give it the program's path")
    return path


def until(condition, what):
    """Polls until condition() is true, and returns what it came to."""
    give_up = time.monotonic() + STUCK
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"after {STUCK:.0f} s still not: {what}")
        time.sleep(0.01)


class Process:
    """A program under test. Its standard output is read line by line while it runs."""

    def __init__(self, arguments, environment=None, user=None):
        self.lines = []
        self.errors = []
        self._ended = threading.Event()
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, **(environment or {})},
            user=user,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self.lines)),
            threading.Thread(target=self._read, args=(self._process.stderr, self.errors)),
        ]
        for reader in self._readers:
            reader.daemon = True
            reader.start()

    @staticmethod
    def _read(stream, into):
        for line in stream:
            into.append(line.decode("utf-8", "replace").rstrip("\n"))
        stream.close()

    @property
    def pid(self):
        return self._process.pid

    def running(self):
        return self._process.poll() is None

    def first_line(self, matching):
        def look():
            for line in list(self.lines):
                if matching in line:
                    return line
            if not self.running():
                raise AssertionError(f"it ended: {self.said()}")
            return None

        return until(look, f"the line {matching!r}; it said {self.said()}")

    def count(self, matching):
        """How many of its lines have this in them."""
        return sum(matching in line for line in list(self.lines))

    def said(self):
        return "\n".join(self.lines[-50:] + self.errors[-50:])

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self):
        """Waits for its end; returns the exit status."""
        try:
            status = self._process.wait(STUCK)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"it does not end: {self.said()}") from None
        for reader in self._readers:
            reader.join()
        return status

    def stop(self):
        if self.running():
            self.signal(signal.SIGTERM)
        return self.wait()


class Simulator(Process):
    """The API's stand-in. Its control address meets no fault, and is not in the journal."""

    def __init__(self, *arguments, tls=None):
        command = [program("BACKSTOP_SIMULATOR"), "--listen", "127.0.0.1:0"]
        command += ["--control-listen", "127.0.0.1:0"]
        if tls:
            command += ["--tls-listen", "127.0.0.1:0", "--cert", str(tls[0]), "--key", str(tls[1])]
        super().__init__(command + list(arguments))
        line = self.first_line(" ready on ")
        self.url = re.search(r"http://\S+", line).group()
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        self.address = (host, int(port))
        self.tls_port = None
        if tls:
            self.tls_port = int(re.search(r"https://\S+:(\d+)", line).group(1))
        self._control = re.search(r"control http://([^ :]+):(\d+)", line)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(
            self._control.group(1), int(self._control.group(2)), timeout=STUCK
        )
        connection.request(method, "/_sim/" + path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 200:
            raise AssertionError(f"{method} /_sim/{path}: {answer.status} {text!r}")
        return json.loads(text)

    def fault(self, type_, **attributes):
        self.ask("POST", "faults", {"type": type_, **attributes})

    def clear_faults(self):
        self.ask("DELETE", "faults")

    def journal(self, path=None):
        """What arrived, in order; each entry a dictionary."""
        entries = self.ask("GET", "journal")["entries"]
        return [entry for entry in entries if path is None or entry["target"] == path]

    def effects(self):
        """(name of the effect, subject) -> how often."""
        subjects = self.ask("GET", "effects?subjects=1")["subjects"]
        return collections.Counter(
            {
                (name, subject): count
                for subject, counts in subjects.items()
                for name, count in counts.items()
            }
        )

    def settings(self, **settings):
        self.ask("POST", "settings", settings)


# The smallest config, but for the ports, and for a drain that does not wait for a quiet client.
CONFIG = """
[admin]
listen = "127.0.0.1:0"
[shutdown]
quiet = "100ms"
{top}
[[upstream]]
name    = "sticky-calls"
listen  = "127.0.0.1:0"
url     = "{url}"
dialect = "{dialect}"
{upstream}
"""


# For tests that are not about how long retries wait.
QUICK = """
[upstream.retry]
backoff = { base = "50ms", max = "1s", jitter = "50ms" }
"""
# For tests of timeouts.
IMPATIENT = """
[upstream.retry]
attempts = 2
backoff = { base = "50ms", max = "1s", jitter = "50ms" }
[[upstream.route]]
match    = "POST /v1/calls/start"
deadline = "1200ms"
attempt  = "400ms"
[[upstream.route]]
match    = "POST /v1/calls/end"
deadline = "1200ms"
attempt  = "400ms"
"""


def config(url, upstream="", top="", dialect="sticky-calls"):
    return CONFIG.format(url=url, upstream=upstream, top=top, dialect=dialect)


class Metrics:
    """One reading of /metrics."""

    LINE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
    LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

    def __init__(self, text):
        self.samples = []
        for line in text.splitlines():
            found = self.LINE.match(line)
            if found:
                labels = dict(self.LABEL.findall(found.group(2) or ""))
                self.samples.append((found.group(1), labels, float(found.group(3))))

    def select(self, name, **labels):
        return [
            (own, value)
            for sample, own, value in self.samples
            if sample == name and labels.items() <= own.items()
        ]

    def total(self, name, **labels):
        """The sum over all series of that name with those labels."""
        return sum(value for _, value in self.select(name, **labels))

    def value(self, name, **labels):
        """The value of the only such series; None where there is none."""
        found = self.select(name, **labels)
        if len(found) > 1:
            raise AssertionError(f"{name} {labels}: {len(found)} series")
        return found[0][1] if found else None


class Mounted:
    """A folder as Kubernetes mounts a ConfigMap or a Secret: what is in it are links into `..data`,
    itself a link, which is renamed over to swap everything at once."""

    def __init__(self, folder, files):
        self.folder = pathlib.Path(folder)
        self._version = 0
        self.folder.mkdir(exist_ok=True)
        for name in files:
            (self.folder / name).symlink_to(pathlib.Path("..data") / name)
        self.swap(files)

    def swap(self, files):
        """Replaces all content."""
        old = self.folder / f"..{self._version}"
        self._version += 1
        new = self.folder / f"..{self._version}"
        new.mkdir()
        for name, content in files.items():
            (new / name).write_text(content)
        (self.folder / "..data_tmp").symlink_to(new.name)
        os.rename(self.folder / "..data_tmp", self.folder / "..data")
        shutil.rmtree(old, ignore_errors=True)


class Backstop(Process):
    """`text`: the configuration, put into a file of its own; or `file`, which is there already."""

    def __init__(self, text, environment=None, file=None):
        folder, self._remove_folder = temporary_folder()
        self.config = file or folder / "backstop.toml"
        if not file:
            self.config.write_text(text)
        super().__init__(self.command(self.config), environment)
        try:
            self.host, self.port = self._address('"msg":"listening"')
            self.admin_host, self.admin_port = self._address('"msg":"admin"')
            until(lambda: self.admin("/readyz").status == 200, "ready")
        except BaseException:
            self.stop()
            raise
        self.url = f"http://{self.host}:{self.port}"

    def command(self, config):
        """How it is started. A test of an image starts it otherwise."""
        return [program("BACKSTOP"), "run", "--config", str(config)]

    def _address(self, matching):
        host, port = json.loads(self.first_line(matching))["address"].rsplit(":", 1)
        return host, int(port)

    def stop(self):
        status = super().stop()
        self._remove_folder()
        return status

    def port_of(self, upstream):
        """Where an upstream listens that has one address with port 0."""
        line = self.first_line(f'"upstream":"{upstream}"')
        return int(json.loads(line)["address"].rsplit(":", 1)[1])

    def write(self, text):
        """Replaces the configuration as an editor does, by renaming."""
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text)
        os.rename(fresh, self.config)

    def reloaded(self, action, good=True):
        """Does it, and waits until it has come to a reload, successful or refused."""
        words = '"msg":"the configuration was ' + ("" if good else "not ") + "reloaded"
        before = self.count(words)
        action()
        until(lambda: self.count(words) > before, f"{words} {before + 1} times; {self.said()}")

    def status(self):
        return json.loads(self.admin("/status").body)

    def rss(self):
        """Its resident memory in KiB."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE).group(1))

    def admin(self, path):
        return send(self.admin_host, self.admin_port, "GET", path)

    def metrics(self):
        return Metrics(self.admin("/metrics").body.decode())

    def access(self, count):
        """The access log, one dictionary a line, once it has so many lines."""

        def look():
            lines = [line for line in list(self.lines) if '"msg":"exchange"' in line]
            return lines if len(lines) >= count else None

        found = until(look, f"{count} access lines; there is {self.said()}")
        return [json.loads(line) for line in found]

    def request(self, method, path, body=b"", headers=None):
        return send(self.host, self.port, method, path, body, headers)

    def start(self, call_id, headers=None, **more):
        return self.request("POST", START, start_body(call_id, **more), headers or AUTHORIZATION)

    def end(self, call_id, headers=None, **more):
        return self.request("POST", END, end_body(call_id, **more), headers or AUTHORIZATION)

    def raw(self, data, half_close=False):
        """Sends bytes, and returns everything that comes until the connection is closed."""
        with socket.create_connection((self.host, self.port), timeout=STUCK) as client:
            try:
                client.sendall(data)
                if half_close:
                    client.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before it was all sent; the answer is what counts
            received = b""
            while True:
                try:
                    piece = client.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                received += piece
            return received


def send(host, port, method, path, body=b"", headers=None):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=STUCK)
    try:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        return Answer(
            answer.status, answer.headers, answer.read(), answer.version, answer.reason
        )
    finally:
        connection.close()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=STUCK)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(STUCK)
        self.sock.connect(self._path)


def control(path, method, target):
    """One request to a control socket: (status, text)."""
    connection = UnixConnection(path)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def run(*arguments):
    """The program with these arguments, until it ends: (status, output, errors)."""
    done = subprocess.run(
        [program("BACKSTOP"), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=STUCK,
        check=False,
        env=ENVIRONMENT,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def start_body(call_id, **more):
    body = {"call_id": call_id, "identity_hints": {"ani": "+14155551234"}}
    return json.dumps({**body, **more}).encode()


def end_body(call_id, **more):
    body = {"call_id": call_id, "customer_ref": f"cust_of_{call_id}"}
    return json.dumps({**body, **more}).encode()


def temporary_folder():
    """(path, function that removes it)."""
    path = tempfile.mkdtemp(prefix="backstop-e2e-")
    return pathlib.Path(path), lambda: shutil.rmtree(path, ignore_errors=True)


def run_once(text, command="run", environment=None):
    """Runs backstop with a config until it ends by itself: (status, output, errors)."""
    folder, remove = temporary_folder()
    try:
        file = folder / "backstop.toml"
        file.write_text(text)
        process = Process([program("BACKSTOP"), command, "--config", str(file)], environment)
        status = process.wait()
        return status, "\n".join(process.lines), "\n".join(process.errors)
    finally:
        remove()


def at_once(*calls):
    """Makes the calls at the same time, each in a thread; returns what each returned, in order."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
        futures = [threads.submit(call) for call in calls]
        return [future.result() for future in futures]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def empty_context(answer):
    """The empty context of the guide, whatever call it is for."""
    body = json.loads(answer.body)
    return (
        body["hasContext"] is False
        and body["customer_ref"] is None
        and body["identity"]["confidence"] == 0
        and body["identity"]["level"] == "none"
        and body["variables"] == {}
        and body["open_intents"] == []
    )


class TestCase(unittest.TestCase):
    """Starts the two programs. At the end both must exit with 0, which a sanitizer that has found
    something does not let them."""

    def simulator(self, *arguments, **more):
        simulator = Simulator(*arguments, **more)
        self.addCleanup(self._end, simulator, "the simulator")
        return simulator

    def backstop(self, text, environment=None, **more):
        backstop = Backstop(text, environment, **more)
        self.addCleanup(self._end, backstop, "backstop")
        return backstop

    def pair(self, *arguments, upstream="", top="", api="sticky-calls", **more):
        """A simulator without limits of its own, and backstop with its dialect in front of it."""
        simulator = self.simulator("--api", api, "--limits", "off", *arguments, **more)
        return simulator, self.backstop(config(simulator.url, upstream, top, dialect=api))

    def _end(self, process, name):
        status = process.stop()
        self.assertEqual(status, 0, f"{name} ended with {status}:\n{process.said()}")

    def figure(self, text):
        """A measured number, for whoever reads the test's output. Never judged."""
        print(f"figure: {text}", flush=True)

    def folder(self):
        path, remove = temporary_folder()
        self.addCleanup(remove)
        return path


def main():
    unittest.main(verbosity=2)
