"""Every decision in the access log can be come to again: `backstop explain --log` is given the lines
of a random run against an API with faults, and must reproduce each of them. The run is seeded
(SEED), and prints its seed."""

import concurrent.futures
import json
import os
import pathlib
import random
import re
import subprocess

import support

CALLS = int(os.environ.get("CALLS", "10000"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
CLIENTS = 50

# Of everything that can go wrong, some; most answers are good.
FAULTS = [
    ("status", {"code": 500, "probability": 0.04}),
    ("status", {"code": 502, "probability": 0.02}),
    ("status", {"code": 503, "probability": 0.02, "gzip": True}),
    ("status", {"code": 404, "probability": 0.02}),
    ("status", {"code": 402, "probability": 0.01}),
    ("rate_limited", {"retry_after": 1, "probability": 0.01, "count": 2}),
    ("rate_limited", {"retry_after": 0, "probability": 0.03}),
    ("reset", {"stage": "after_processing", "probability": 0.02}),
    ("reset", {"stage": "at_accept", "probability": 0.01}),
    ("truncate", {"probability": 0.02}),
    ("malformed", {"probability": 0.01}),
]

# Everything decides within a few milliseconds, and for every reason there is.
HASTY = """
[upstream.retry]
backoff  = { base = "1ms", max = "4ms", jitter = "3ms" }
max_wait = "50ms"
budget   = { ratio = 0.1, per_second = 1.0 }
[upstream.breaker]
open     = "20ms"
max_open = "50ms"
[[upstream.route]]
match    = "POST /v1/calls/start"
deadline = "400ms"
attempt  = "200ms"
"""


def explain(*arguments, text=""):
    """(status, output, errors)"""
    done = subprocess.run(
        [support.program("BACKSTOP"), "explain", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=support.STUCK,
        env=support.ENVIRONMENT,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class Explain(support.TestCase):
    def run_at_random(self, simulator, backstop):
        for type_, attributes in FAULTS:
            simulator.fault(type_, **attributes)
        chance = random.Random(SEED)
        kinds = [
            chance.choice(["start", "start", "end", "other", "get", "hurried"]) for _ in range(CALLS)
        ]
        wishes = {"Backstop-Attempts-Max": "2", "Backstop-Timeout": "300ms"}

        def call(number):
            kind = kinds[number]
            if kind == "start":
                backstop.start(f"call_{number}")
            elif kind == "end":
                backstop.end(f"call_{number}")
            elif kind == "other":
                backstop.request("POST", "/v1/other", b"{}", support.AUTHORIZATION)
            elif kind == "hurried":
                backstop.request("GET", "/v1/other", headers=support.AUTHORIZATION | wishes)
            else:
                backstop.request("GET", "/v1/other", headers=support.AUTHORIZATION)

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(call, range(CALLS)))
        backstop.access(CALLS)
        return [line for line in list(backstop.lines) if '"msg":"exchange"' in line]

    def test_each_decision_of_a_random_run_is_come_to_again(self):
        print(f"SEED={SEED}, {CALLS} exchanges", flush=True)
        simulator = self.simulator("--limits", "off", "--seed", str(SEED))
        backstop = self.backstop(support.config(simulator.url, HASTY))
        lines = self.run_at_random(simulator, backstop)
        file = self.folder() / "access.log"
        file.write_text("\n".join(lines) + "\n")
        status, output, errors = explain(
            "--config", str(backstop.config), "--log", str(file), "--json"
        )
        self.assertEqual((status, errors), (0, ""), output[:2000])
        said = json.loads(output)
        self.assertEqual(said["exchanges"], CALLS)
        self.assertEqual(said["different"], 0)
        decisions = [json.loads(line).get("decision", {}) for line in lines]
        self.assertGreater(said["judged"], CALLS / 20)
        denied = {each["denied"] for each in decisions if "denied" in each}
        self.figure(f"{said['judged']} of {CALLS} were judged; denied: {sorted(denied)}")
        self.assertIn("unsafe", denied)

        # Other rules come to other decisions, and are caught.
        text = backstop.config.read_text()
        changed = self.folder() / "changed.toml"
        some = "\n".join(lines[:2000])
        for old, new, said in (
            ('jitter = "3ms"', 'jitter = "2ms"', r"decision.wait_ms was '[\d.]+', is now '[\d.]+'"),
            ('attempt  = "200ms"', "attempts = 1", r"start\) .* decision.denied was .* 'attempts'"),
            ('deadline = "400ms"', 'deadline = "200ms"', r"start\) .* decision.denied .* 'deadline'"),
            ("[upstream.retry]", '[upstream.retry]\nunsafe = "always"', "was 'unsafe', is now"),
            ("[upstream.breaker]", "[upstream.fallback]\nenabled = false\n[upstream.breaker]",
             r"start\) .* outcome was 'degraded', is now 'not degraded'"),
            ("[upstream.breaker]", "[upstream.idempotency]\nenabled = false\n[upstream.breaker]",
             r"start\) .* idempotency was 'minted', is now 'none'"),
        ):  # fmt: skip
            with self.subTest(new):
                self.assertIn(old, text)
                changed.write_text(text.replace(old, new))
                status, output, _ = explain("--config", str(changed), "--log", "-", text=some)
                self.assertEqual(status, 1)
                self.assertRegex(output, said)

    def test_one_response_from_curl(self):
        simulator, backstop = self.pair()
        simulator.fault("rate_limited", retry_after=2, count=1)
        reply = subprocess.run(
            ["curl", "-si", "-X", "POST", simulator.url + support.END]
            + ["-H", f"Authorization: Bearer {support.KEY}", "-d", '{"call_id": "c"}'],
            capture_output=True,
            check=True,
            timeout=support.STUCK,
        ).stdout.decode()
        status, output, errors = explain(
            "--config", str(backstop.config), "--method", "POST", "--path", support.END, "-",
            "--json", text=reply,
        )
        self.assertEqual((status, errors), (0, ""))
        said = json.loads(output)
        self.assertEqual(said["action"], "retry")
        self.assertEqual(said["judgement"]["hint_ms"], 2000)

    def test_the_command_of_the_runbook(self):
        simulator, backstop = self.pair()
        simulator.fault("status", code=404, count=1)
        backstop.request("GET", "/v1/other", headers=support.AUTHORIZATION)
        backstop.start("call")
        backstop.access(2)
        folder = self.folder()
        (folder / "POD.log").write_text("a warning\n" + "\n".join(backstop.lines) + "\n")
        (folder / "backstop.toml").write_text(backstop.config.read_text())
        page = pathlib.Path(__file__).parents[2] / "docs" / "RUNBOOK.md"
        command = re.search(r"```\nkubectl logs POD -c backstop (\|.*\| backstop explain .*)\n```", page.read_text())[1]
        command = "cat POD.log " + command.replace("| backstop", '| "$BACKSTOP"')
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env=support.ENVIRONMENT | {"BACKSTOP": support.program("BACKSTOP")},
            capture_output=True,
            text=True,
            timeout=support.STUCK,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("1 exchanges, of 0 a retry was judged; 1 come"))

    def test_wrong_usage(self):
        for arguments in (["--status", "503"], ["--dialect", "http"], ["--colour", "blue"]):
            status, output, errors = explain(*arguments)
            self.assertEqual((status, output), (64, ""), arguments)
            self.assertTrue(errors, arguments)

    def test_the_transcripts_of_the_documentation(self):
        page = pathlib.Path(__file__).parents[2] / "docs" / "EXPLAIN.md"
        found = re.findall(r"```\n\$ backstop explain ([^\n]*)\n(.*?)```", page.read_text(), re.S)
        self.assertGreater(len(found), 0)
        for command, output in found:
            arguments = re.findall(r"'([^']*)'|(\S+)", command)
            _, said, errors = explain(*(quoted or plain for quoted, plain in arguments))
            self.assertEqual((said, errors), (output, ""), command)


if __name__ == "__main__":
    support.main()
