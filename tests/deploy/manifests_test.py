"""deploy/kubernetes without a cluster: everything renders, is what the schemas allow, agrees with
the program, and what is made from other files is made from them as they are now.

NPM_SCHEMA names the folder into which tests/npm.sh has put schema/."""

import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import support  # noqa: E402

KUBERNETES = HERE.parent.parent / "deploy" / "kubernetes"
EXAMPLES = ("example", "example-classic", "example-job")


def run(*command):
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10 * support.STUCK,
        check=False,
    )
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def rendered(name):
    """The manifests of one kustomization, by kind."""
    documents = yaml.safe_load_all((KUBERNETES / "rendered" / f"{name}.yaml").read_text())
    return {document["kind"]: document for document in documents}


def workload(name):
    manifests = rendered(name)
    return manifests.get("Deployment") or manifests["Job"]


def pod(name):
    return workload(name)["spec"]["template"]["spec"]


def sidecar(name):
    """The container, wherever in the Pod it is."""
    containers = pod(name).get("initContainers", []) + pod(name)["containers"]
    return next(each for each in containers if each["name"] == "backstop")


class Generated(support.TestCase):
    def test_what_is_made_from_other_files_is_up_to_date(self):
        folder = self.folder()
        status, output = run(KUBERNETES / "generate.sh", folder)
        self.assertEqual(status, 0, output)
        made = sorted(path.relative_to(folder) for path in folder.rglob("*.yaml"))
        self.assertEqual(len(made), 6)
        kept = {path.relative_to(KUBERNETES) for path in (KUBERNETES / "rendered").iterdir()}
        self.assertLessEqual(kept, set(made))
        for path in made:
            self.assertTrue(
                filecmp.cmp(folder / path, KUBERNETES / path, shallow=False),
                f"{path} is not what it is made from: run deploy/kubernetes/generate.sh",
            )

    def test_the_prometheus_rule_holds_the_rules_that_prometheus_loads(self):
        source = KUBERNETES.parent / "prometheus" / "backstop.rules.yaml"
        groups = yaml.safe_load(source.read_text())["groups"] if source.exists() else []
        self.assertEqual(rendered("monitoring")["PrometheusRule"]["spec"]["groups"], groups)

    def test_every_kustomization_is_rendered(self):
        """A component has no rendering of its own; an example that uses it does."""
        used = set()
        files = list(KUBERNETES.glob("*/kustomization.yaml"))
        for file in files:
            kustomization = yaml.safe_load(file.read_text())
            for key in ("components", "resources"):
                used |= {(file.parent / other).resolve().name for other in kustomization.get(key, [])}
        for name in {file.parent.name for file in files} - used:
            copy = KUBERNETES / "rendered" / f"{name}.yaml"
            self.assertTrue(copy.exists(), f"{name} is not in deploy/kubernetes/generate.sh")


class Schema(support.TestCase):
    def check(self, *files):
        return run("node", pathlib.Path(os.environ["NPM_SCHEMA"]) / "check.mjs", *files)

    def test_all_manifests_are_what_the_schemas_allow(self):
        status, output = self.check(*sorted((KUBERNETES / "rendered").iterdir()))
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"^\d\d manifests, 0 problems")

    def test_the_check_finds_what_is_wrong(self):
        for name, right, wrong in (
            ("example", "readinessProbe:", "readynessProbe:"),
            ("example", "replicas: 1", 'replicas: "1"'),
            ("example", "kind: Deployment", "kind: Deploiment"),
            ("example", "  selector:\n    matchLabels:", "  selectors:\n    matchLabels:"),
            ("monitoring", "podMetricsEndpoints:", "podMetricEndpoints:"),
            ("admission", "matchConditions:", "matchCondition:"),
        ):
            with self.subTest(wrong=wrong):
                text = (KUBERNETES / "rendered" / f"{name}.yaml").read_text()
                self.assertIn(right, text)
                file = self.folder() / "wrong.yaml"
                file.write_text(text.replace(right, wrong))
                status, output = self.check(file)
                self.assertEqual(status, 1, output)


class Sidecar(support.TestCase):
    def with_component(self, component, deployment):
        """What a Deployment becomes with a component."""
        folder = self.folder()
        for name in ("sidecar", "classic"):
            shutil.copytree(KUBERNETES / name, folder / name)
        (folder / "app").mkdir()
        (folder / "app" / "deployment.yaml").write_text(yaml.safe_dump(deployment))
        (folder / "app" / "kustomization.yaml").write_text(
            f"resources: [deployment.yaml]\ncomponents: [../{component}]\n"
        )
        status, output = run("kubectl", "kustomize", folder / "app")
        self.assertEqual(status, 0, output)
        return yaml.safe_load(output)

    DEPLOYMENT = (KUBERNETES / "example-app" / "deployment.yaml").read_text()

    def test_it_is_native_and_before_the_applications_own_init_containers(self):
        for name in ("example", "example-job"):
            first = pod(name)["initContainers"][0]
            self.assertEqual((first["name"], first["restartPolicy"]), ("backstop", "Always"))
            self.assertNotIn("lifecycle", first)

    def test_it_is_put_before_init_containers_that_are_there(self):
        deployment = yaml.safe_load(self.DEPLOYMENT)
        migrate = {"name": "migrate", "image": "app:1"}
        deployment["spec"]["template"]["spec"]["initContainers"] = [migrate]
        for component, init in (("sidecar", ["backstop", "migrate"]), ("classic", ["migrate"])):
            spec = self.with_component(component, deployment)["spec"]["template"]["spec"]
            self.assertEqual([each["name"] for each in spec["initContainers"]], init)

    def test_who_has_not_opted_in_is_left_alone(self):
        deployment = yaml.safe_load(self.DEPLOYMENT)
        deployment["metadata"]["labels"]["backstop.dev/inject"] = "false"
        self.assertEqual(self.with_component("sidecar", deployment), deployment)

    def test_classic_is_the_same_container_but_for_its_life(self):
        classic, native = sidecar("example-classic"), sidecar("example")
        self.assertEqual(pod("example-classic")["containers"][0]["name"], "backstop")
        self.assertFalse(pod("example-classic")["initContainers"])
        self.assertEqual(native.pop("restartPolicy"), "Always")
        hook = classic.pop("lifecycle")["postStart"]["exec"]["command"]
        self.assertEqual(hook[:2], ["/usr/bin/backstop", "wait"])
        self.assertEqual([each["name"] for each in classic.pop("env")], ["BACKSTOP_QUIET"])
        self.assertEqual(classic, native)

    def test_it_may_do_nothing_that_it_need_not(self):
        for name in EXAMPLES:
            container = sidecar(name)
            self.assertEqual(
                container["securityContext"],
                {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                    "runAsGroup": 65532,
                    "runAsNonRoot": True,
                    "runAsUser": 65532,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            )
            self.assertEqual(
                container["resources"],
                {"requests": {"cpu": "25m", "memory": "24Mi"}, "limits": {"memory": "64Mi"}},
            )

    def test_the_bounds_of_its_configuration_fit_its_memory(self):
        """docs/OPERATING.md, "Size": the sum that is to be held against the limit."""
        example = tomllib.loads((KUBERNETES / "example-config" / "backstop.toml").read_text())
        limits = example["limits"]
        mebibytes = (
            13
            + limits["client_connections"] / 4
            + int(limits["replay_memory"].removesuffix("MiB"))
            + 4 * len(example["upstream"])
        )
        self.assertLess(mebibytes, 64)
        text = (KUBERNETES.parent.parent / "docs" / "OPERATING.md").read_text()
        self.assertIn(f"| sum | {mebibytes:.0f} MiB |", text)

    def test_images_have_a_version(self):
        for name in EXAMPLES:
            spec = pod(name)
            for container in spec.get("initContainers", []) + spec["containers"]:
                self.assertRegex(container["image"], r":[0-9]+\.[0-9]+\.[0-9]+$")
        version = re.search(
            r"project\(backstop VERSION (\S+)", (HERE.parent.parent / "CMakeLists.txt").read_text()
        ).group(1)
        self.assertTrue(sidecar("example")["image"].endswith(f":{version}"))

    def test_its_configuration_comes_as_a_directory_that_can_change(self):
        for name in EXAMPLES:
            container = sidecar(name)
            mounts = {each["name"]: each for each in container["volumeMounts"]}
            volumes = {each["name"]: each for each in pod(name)["volumes"]}
            self.assertEqual(set(mounts), set(volumes))
            self.assertFalse([each for each in mounts.values() if "subPath" in each])
            manifests = rendered(name)
            config_map = volumes["backstop-config"]["configMap"]["name"]
            self.assertEqual(config_map, manifests["ConfigMap"]["metadata"]["name"])
            secret = volumes["backstop-secret"]["secret"]["secretName"]
            self.assertEqual(secret, manifests["Secret"]["metadata"]["name"])
            file = container["args"][container["args"].index("--config") + 1]
            folder, _, base = file.rpartition("/")
            self.assertEqual(mounts["backstop-config"]["mountPath"], folder)
            self.assertIn(base, manifests["ConfigMap"]["data"])
            others = [each for each in pod(name)["containers"] if each["name"] != "backstop"]
            for other in others:
                self.assertFalse(other.get("volumeMounts"), "nobody else has the socket or the key")


class AgreesWithTheProgram(support.TestCase):
    def test_probes_ports_and_paths(self):
        _, backstop = self.pair()
        admin_port = re.search(
            r'^listen\s*= "0\.0\.0\.0:(\d+)"',
            (KUBERNETES / "example-config" / "backstop.toml").read_text(),
            re.MULTILINE,
        ).group(1)
        for name in EXAMPLES:
            container = sidecar(name)
            ports = {each["name"]: each["containerPort"] for each in container["ports"]}
            self.assertEqual(ports, {"backstop-admin": int(admin_port)})
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                get = container[probe]["httpGet"]
                self.assertIn(get["port"], ports)
                self.assertEqual(backstop.admin(get["path"]).status, 200, get["path"])
        monitor = rendered("monitoring")["PodMonitor"]["spec"]
        endpoint = monitor["podMetricsEndpoints"][0]
        self.assertEqual(endpoint["port"], "backstop-admin")
        self.assertEqual(backstop.admin(endpoint["path"]).status, 200)
        labels = workload("example")["spec"]["template"]["metadata"]["labels"]
        self.assertLessEqual(monitor["selector"]["matchLabels"].items(), labels.items())

    def test_the_admission_policy_adds_what_the_component_adds(self):
        """CEL's literals, with the names of the types taken off, are YAML's flow style."""
        mutations = rendered("admission")["MutatingAdmissionPolicy"]["spec"]["mutations"]
        patches = []
        for mutation in mutations:
            expression = mutation["jsonPatch"]["expression"]
            literal = expression[expression.index(") + [") + 4 :]
            literal = re.sub(r"(JSONPatch|Object[\w.]*)\{", "{", literal)
            patches += yaml.safe_load(literal)
        template = yaml.safe_load((KUBERNETES / "sidecar" / "sidecar.yaml").read_text())
        spec = template["spec"]["template"]["spec"]
        self.assertEqual(
            [(patch["op"], patch["path"]) for patch in patches],
            [("add", "/spec/initContainers/0")] + [("add", "/spec/volumes/-")] * 3,
        )
        values = [patch["value"] for patch in patches]
        self.assertEqual(values[:1], spec["initContainers"])
        self.assertEqual(values[1:], spec["volumes"])


if __name__ == "__main__":
    support.main()
