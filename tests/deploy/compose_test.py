"""deploy/compose: the file is one that compose takes, and agrees with what it names. And what
docs/OPERATING.md names is there."""

import pathlib
import re
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import support  # noqa: E402

ROOT = HERE.parent.parent
COMPOSE = ROOT / "deploy" / "compose"


class Compose(support.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run(
            ["docker-compose", "--file", COMPOSE / "compose.yaml", "config"],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        cls.services = yaml.safe_load(done.stdout)["services"]

    def test_everything_shares_the_loopback_of_backstop(self):
        for name, service in self.services.items():
            if name != "backstop":
                self.assertEqual(service["network_mode"], "service:backstop", name)
                self.assertNotIn("ports", service, f"{name}: backstop's network has the ports")

    def test_only_this_machine_reaches_it(self):
        for port in self.services["backstop"]["ports"]:
            self.assertTrue(str(port).startswith("127.0.0.1:"), port)

    def test_what_is_built_is_in_the_dockerfile(self):
        targets = re.findall(r"^FROM .* AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        for name in ("backstop", "simulator"):
            build = self.services[name]["build"]
            self.assertEqual(pathlib.Path(build["context"]).resolve(), ROOT)
            self.assertIn(build["target"], targets)

    def test_the_configuration_agrees_with_the_ports_and_the_simulator(self):
        done = subprocess.run(
            [support.program("BACKSTOP"), "check", "--config", COMPOSE / "backstop.toml"],
            capture_output=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        text = (COMPOSE / "backstop.toml").read_text()
        published = {str(port).split(":")[1] for port in self.services["backstop"]["ports"]}
        for key in ("listen", "url"):
            for port in re.findall(rf'^{key}\s*= ".*:(\d+)"', text, re.MULTILINE):
                self.assertIn(port, published)

    def test_the_configuration_is_mounted_as_a_folder(self):
        """A file that is mounted by itself stays what it was when an editor renames another over it."""
        (volume,) = self.services["backstop"]["volumes"]
        source, target, mode = volume.split(":")
        self.assertTrue((pathlib.Path(source) / "backstop.toml").is_file(), source)
        self.assertEqual((target, mode), ("/etc/backstop", "ro"))

    def test_the_simulator_takes_its_command_line(self):
        listen, address, *command = self.services["simulator"]["command"]
        self.assertEqual((listen, address), ("--listen", "0.0.0.0:9000"))
        simulator = self.simulator(*command)
        self.assertEqual(len(simulator.ask("GET", "faults")["faults"]), 3)


class Operating(support.TestCase):
    TEXT = (ROOT / "docs" / "OPERATING.md").read_text()

    def test_every_path_that_it_names_is_in_the_tree(self):
        paths = set(re.findall(r"\b(?:deploy|tests|docs)/[\w./-]*\w", self.TEXT))
        paths |= {f"docs/{name}" for name in re.findall(r"\]\((\w+\.md)", self.TEXT)}
        self.assertGreater(len(paths), 5)
        self.assertEqual([path for path in sorted(paths) if not (ROOT / path).exists()], [])

    def test_every_metric_that_it_names_exists(self):
        known = (ROOT / "docs" / "METRICS.md").read_text()
        names = set(re.findall(r"`(backstop_[a-z_]+)`", self.TEXT))
        self.assertGreater(len(names), 1)
        self.assertEqual([name for name in sorted(names) if f"`{name}`" not in known], [])

    def test_every_target_that_it_builds_is_in_the_dockerfile(self):
        dockerfile = (ROOT / "Dockerfile").read_text()
        for target in re.findall(r"--target (\w+)", self.TEXT):
            self.assertIn(f" AS {target}\n", dockerfile)


if __name__ == "__main__":
    support.main()
