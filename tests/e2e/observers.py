"""What SREs watch backstop with: Prometheus, its Alertmanager, a webhook, and Grafana's dashboards
as far as they are queries. Real programs, from Debian's packages."""

import collections
import http.server
import json
import math
import pathlib
import re
import socket
import subprocess
import threading
import urllib.parse
import urllib.request

import support

DEPLOY = support.HERE.parent.parent / "deploy"
RULES = DEPLOY / "prometheus" / "backstop.rules.yaml"

# One scrape a second, so that a scripted half hour takes a minute. The namespace is what a
# PodMonitor would add.
PROMETHEUS = """
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [{rules}]
alerting: {{ alertmanagers: [ {{ static_configs: [ {{ targets: ["{alertmanager}"] }} ] }} ] }}
scrape_configs:
  - job_name: calls
    static_configs: [ {{ targets: ["{target}"], labels: {{ namespace: shop }} }} ]
"""
ALERTMANAGER = """
route: {{ receiver: hook, group_wait: 0s, group_interval: 1s, repeat_interval: 1h }}
receivers: [ {{ name: hook, webhook_configs: [ {{ url: "{url}" }} ] }} ]
"""


def free_address():
    """These programs do not tell a port that they chose themselves."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"127.0.0.1:{found.getsockname()[1]}"


def promtool(*arguments, text=None):
    """(exit status, what it said)"""
    done = subprocess.run(
        ["promtool", *map(str, arguments)],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def fetch(url, parameters=()):
    # Not the environment's proxy: it is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    query = urllib.parse.urlencode(list(parameters))
    with opener.open(f"{url}?{query}", timeout=support.STUCK) as answer:
        return answer.read().decode()


class Webhook:
    """Keeps the alerts that Alertmanager tells."""

    def __init__(self):
        self.alerts = []
        alerts = self.alerts

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                alerts.extend(json.loads(body)["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Watcher(support.Process):
    """A program with a folder of its own and /-/ready."""

    def __init__(self, command, config):
        self.folder, self._remove_folder = support.temporary_folder()
        self.address = free_address()
        self.url = f"http://{self.address}"
        file = self.folder / "config.yaml"
        file.write_text(config)
        super().__init__(
            command
            + [
                f"--config.file={file}",
                f"--storage.{'tsdb.' if 'alert' not in command[0] else ''}path={self.folder}",
                f"--web.listen-address={self.address}",
            ]
        )
        support.until(self._ready, f"{command[0]} is ready")

    def _ready(self):
        if not self.running():
            raise AssertionError(f"it ended: {self.said()}")
        try:
            fetch(self.url + "/-/ready")
        except OSError:
            return False
        return True

    def stop(self):
        status = super().stop()
        self._remove_folder()
        return status


class Alertmanager(Watcher):
    def __init__(self, webhook):
        command = ["prometheus-alertmanager", "--cluster.listen-address="]
        super().__init__(command, ALERTMANAGER.format(url=webhook.url))


class Prometheus(Watcher):
    def __init__(self, backstop, alertmanager):
        config = PROMETHEUS.format(
            rules=RULES,
            alertmanager=alertmanager.address,
            target=f"{backstop.admin_host}:{backstop.admin_port}",
        )
        super().__init__(["prometheus"], config)

    def ask(self, path, **parameters):
        pairs = [(name.replace("__", "[]"), value) for name, value in parameters.items()]
        try:
            answer = json.loads(fetch(f"{self.url}/api/v1/{path}", pairs))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] of now."""
        found = self.ask("query", query=expression)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def now(self):
        return float(self.ask("query", query="time()")["result"][1])

    def value(self, expression):
        """The only one; None where there is none."""
        found = self.query(expression)
        if len(found) > 1:
            raise AssertionError(f"{expression}: {found}")
        return found[0][1] if found else None

    def by(self, label, expression):
        return collections.Counter(
            {labels.get(label, ""): value for labels, value in self.query(expression)}
        )

    def has_data(self, expression, start, end):
        """Is there a number at any time from start to end?"""
        found = self.ask("query_range", query=expression, start=start, end=end, step=1)["result"]
        return any(not math.isnan(float(value)) for each in found for _, value in each["values"])

    def rules(self):
        """Every rule that is loaded, as its API tells it."""
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]

    def scraped(self):
        """Waits until a scrape that began after this call is in."""
        begun = self.now()
        support.until(
            lambda: (self.value("max(timestamp(backstop_build_info))") or 0) > begun + 0.1,
            "another scrape",
        )


COMPARISON = re.compile(r'"[^"]*"|\{[^}]*\}|(==|!=|<=|>=|<|>)(?!\s*bool)')

EXCLUSION = re.compile(r" unless (on ?\([^)]*\) )?[\w:]+(\{[^}]*\})?( offset \d+[smhd])?")


def unfiltered(expression):
    """The expression with comparisons that answer 0 or 1, rather than leave out what is not so: an
    alert that does not fire has data then, or it looks for series that do not exist. And without
    offsets: a scripted half hour has no three hours ago; nor what was there then already."""
    expression = EXCLUSION.sub("", expression)
    expression = re.sub(r" offset \d+[smhd]", "", expression)
    return COMPARISON.sub(
        lambda found: found.group() + " bool" if found.group(1) else found.group(), expression
    )


class Dashboard:
    """A dashboard's queries, as Grafana would ask them with these values of its variables."""

    def __init__(self, file, seconds, **variables):
        self.name = pathlib.Path(file).stem
        self.model = json.loads(pathlib.Path(file).read_text())
        self._values = {
            **{each["name"]: ".*" for each in self.model["templating"]["list"]},
            "__rate_interval": "10s",
            "__range": f"{seconds}s",
            **variables,
        }

    def fill(self, expression):
        def value(found):
            return self._values[found.group(1) or found.group(2)]

        return re.sub(r"\$\{(\w+)\}|\$(\w+)", value, expression)

    def panels(self):
        """Those that show something."""
        for panel in self.model["panels"]:
            if panel["type"] != "row":
                yield panel
            yield from panel.get("panels", ())

    def queries(self):
        """(where it stands, expression)"""
        for panel in self.panels():
            for target in panel["targets"]:
                yield f"{self.name}, {panel['title']}", self.fill(target["expr"])
        for each in self.model["annotations"]["list"]:
            yield f"{self.name}, annotation {each['name']}", unfiltered(self.fill(each["expr"]))

    def variables(self):
        """(name, selector, label) of each that asks for values."""
        for each in self.model["templating"]["list"]:
            if each["type"] == "query":
                found = re.fullmatch(r"label_values\((.+), (\w+)\)", each["query"]["query"])
                yield each["name"], self.fill(found.group(1)), found.group(2)
