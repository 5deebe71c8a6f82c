"""The example of deploy/kubernetes, run as a Pod by podman: the manifests as they are rendered, but
that the sidecar is an ordinary container (podman of Debian 12 would wait for a native one to end),
that its API is the simulator in the same Pod, and that the test asks the probes, as a kubelet would.
ConfigMap and Secret are folders laid out and swapped as the kubelet does it."""

import base64
import json
import os
import pathlib
import re
import subprocess

import yaml

import containers
import support
from containers import BACKSTOP_IMAGE, DEBUG_IMAGE, SIMULATOR_IMAGE, podman

RENDERED = containers.HERE.parent.parent / "deploy" / "kubernetes" / "rendered" / "example.yaml"
API = "http://127.0.0.1:9000"
ELSEWHERE = "127.0.0.2"


class Pod(support.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home, remove = support.temporary_folder()
        cls.addClassCleanup(remove)
        cls.home.chmod(0o755)
        manifests = {
            each["kind"]: each for each in yaml.safe_load_all(RENDERED.read_text())
        }
        cls.text = manifests["ConfigMap"]["data"]["backstop.toml"]
        cls.text = re.sub(r'(?m)^(url\s*= )".*"', rf'\1"{API}"', cls.text)
        cls.config = support.Mounted(cls.home / "config", {"backstop.toml": cls.text})
        secret = {
            name: base64.b64decode(value).decode().replace("sk_replace_me", support.KEY)
            for name, value in manifests["Secret"]["data"].items()
        }
        cls.secret = support.Mounted(cls.home / "secret", secret)
        cls.pod, cls.probes = cls.runnable(manifests["Deployment"]["spec"]["template"])
        file = cls.home / "pod.yaml"
        file.write_text(yaml.safe_dump(cls.pod))
        cls.addClassCleanup(lambda: podman("pod", "rm", "--force", cls.pod["metadata"]["name"]))
        podman("play", "kube", "--network", "none", file)
        cls.process = podman("inspect", "--format", "{{.State.Pid}}", cls.container("backstop"))

    @classmethod
    def runnable(cls, template):
        """The Pod as podman takes it, and the probes that it does not take."""
        spec = template["spec"]
        (sidecar,) = spec.pop("initContainers")
        assert sidecar.pop("restartPolicy") == "Always"
        sidecar["image"] = BACKSTOP_IMAGE
        ports = {each["name"]: each["containerPort"] for each in sidecar.pop("ports")}
        probes = {}
        for name in ("startupProbe", "readinessProbe", "livenessProbe"):
            get = sidecar.pop(name)["httpGet"]
            probes[name] = (ports[get["port"]], get["path"])
        (app,) = spec["containers"]
        app["image"] = DEBUG_IMAGE  # it has curl and a shell too
        simulator = {
            "name": "simulator",
            "image": SIMULATOR_IMAGE,
            "args": ["--listen", API.removeprefix("http://"), "--limits", "off"],
        }
        spec["containers"] = [sidecar, simulator, app]
        for volume in spec["volumes"]:
            for kind, mounted in (("configMap", cls.config), ("secret", cls.secret)):
                if volume.pop(kind, None):
                    volume["hostPath"] = {"path": str(mounted.folder), "type": "Directory"}
            if "emptyDir" in volume:
                volume["emptyDir"] = {}  # podman has it on disk only
        name = f"phone-line-{os.getpid()}"
        metadata = {"name": name, "labels": template["metadata"]["labels"]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, probes

    @classmethod
    def container(cls, name):
        return f"{cls.pod['metadata']['name']}-{name}"

    def curl(self, *arguments):
        """(status, body), asked from within the Pod's network."""
        done = subprocess.run(
            ["nsenter", "--net", "--target", self.process, "curl", "-sS", "-w", "\n%{http_code}",
             "--max-time", str(support.STUCK), *arguments],
            capture_output=True, env=support.ENVIRONMENT, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        body, _, status = done.stdout.decode().rpartition("\n")
        return int(status), body

    def journal(self):
        return json.loads(self.curl(f"{API}/_sim/journal")[1])["entries"]

    def metric(self, name):
        text = self.curl("http://127.0.0.1:9464/metrics")[1]
        return support.Metrics(text).total(name)

    def test_the_application_calls_localhost_and_the_api_sees_it(self):
        entries = support.until(self.journal, "the application's first call at the API")
        self.assertEqual(entries[0]["target"], support.START)
        call = json.loads(entries[0]["body"])["call_id"]
        answer = re.compile(rf'"call_id": ?"{call}"')
        support.until(
            lambda: answer.search(podman("logs", self.container("app"))), "the answer in its log"
        )

    def test_the_application_has_no_key_and_the_api_gets_one(self):
        entries = support.until(self.journal, "a call at the API")
        self.assertEqual(entries[0]["status"], 200)
        self.assertNotIn(support.KEY, json.dumps(podman("inspect", self.container("app"))))
        for container, word in (("app", "call_id"), ("backstop", '"msg":"exchange"')):
            logs = support.until(
                lambda c=container, w=word: w in (log := podman("logs", self.container(c))) and log,
                f"{word} in the log of {container}",
            )
            self.assertNotIn(support.KEY, logs)

    def test_probes_answer_on_the_address_of_the_pod_and_the_api_does_not(self):
        """The Pod has no other address here, so one that a listener on 127.0.0.1 does not have."""
        for name, (port, path) in self.probes.items():
            with self.subTest(probe=name):
                self.assertEqual(self.curl(f"http://{ELSEWHERE}:{port}{path}")[0], 200)
        self.assertEqual(self.curl("http://127.0.0.1:8080/v1/calls/none")[0], 404)
        with self.assertRaisesRegex(AssertionError, "connect"):
            self.curl(f"http://{ELSEWHERE}:8080/v1/calls/none")

    def test_it_is_as_little_as_the_manifest_says(self):
        status = pathlib.Path("/proc", self.process, "status").read_text()
        for line in ("Uid:\t65532\t65532", "CapEff:\t0000000000000000", "Seccomp:\t2"):
            self.assertIn(line, status)

    def test_a_swapped_config_map_takes_effect(self):
        self.config.swap({"backstop.toml": self.text.replace('"sticky-calls"', '"renamed"', 1)})
        support.until(lambda: "renamed" in self.curl("http://127.0.0.1:9464/status")[1], "it")
        self.assertEqual(self.metric("backstop_config_last_reload_successful"), 1)
        count = len(self.journal())
        support.until(lambda: len(self.journal()) > count, "calls go on")

    def test_a_bad_config_map_changes_nothing(self):
        self.config.swap({"backstop.toml": "this is no configuration"})
        support.until(
            lambda: self.metric("backstop_config_last_reload_successful") == 0, "it is told"
        )
        for port, path in self.probes.values():
            self.assertEqual(self.curl(f"http://127.0.0.1:{port}{path}")[0], 200)
        self.config.swap({"backstop.toml": self.text})
        support.until(
            lambda: self.metric("backstop_config_last_reload_successful") == 1, "it is mended"
        )

    def test_the_control_socket_is_the_sidecars_own(self):
        """It exists for backstop; no other container has it, and no address answers instead."""
        within = pathlib.Path("/proc", self.process, "root/run/backstop/control.sock")
        self.assertTrue(within.is_socket())
        self.assertEqual(within.stat().st_mode & 0o777, 0o600)
        done = subprocess.run(
            containers.engine(
                "podman", "exec", self.container("app"), "curl", "-sS", "--unix-socket",
                "/run/backstop/control.sock", "-X", "POST", "http://backstop/quit",
            ),
            capture_output=True,
            check=False,
        )  # fmt: skip
        self.assertNotEqual(done.returncode, 0)
        for port in (8080, 9464):
            for path in ("/quit", "/reload"):
                self.curl("-X", "POST", f"http://127.0.0.1:{port}{path}")
        self.assertEqual(self.curl("http://127.0.0.1:9464/readyz")[0], 200)
        abstract = [
            line
            for line in pathlib.Path("/proc", self.process, "net/unix").read_text().splitlines()
            if " @" in line and "backstop" in line
        ]
        self.assertEqual(abstract, [])


class Classic(support.TestCase):
    def test_its_hook_is_a_command_that_waits_for_the_program(self):
        """What postStart runs, but for where the program and its admin listener are."""
        manifests = yaml.safe_load_all(RENDERED.with_name("example-classic.yaml").read_text())
        (deployment,) = [each for each in manifests if each["kind"] == "Deployment"]
        sidecar = deployment["spec"]["template"]["spec"]["containers"][0]
        hook = sidecar["lifecycle"]["postStart"]["exec"]["command"]
        _, backstop = self.pair()
        hook[0] = support.program("BACKSTOP")
        hook[hook.index("--admin") + 1] = f"{backstop.admin_host}:{backstop.admin_port}"
        self.assertEqual(subprocess.run(hook, timeout=support.STUCK, check=False).returncode, 0)


if __name__ == "__main__":
    support.main()
