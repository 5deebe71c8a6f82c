"""The image: what is in it, and that the program works in it with as little as a cluster gives it."""

import io
import json
import pathlib
import re
import signal
import stat
import subprocess
import tarfile
import threading

import containers
import support
from containers import BACKSTOP_IMAGE, USER, Container, podman
from support import START
from tls_test import Authority

MEGABYTE = 1000 * 1000
MEBIBYTE = 1 << 20
EXAMPLE = containers.HERE.parent.parent / "deploy/kubernetes/example-config/backstop.toml"


def status_field(process, name):
    return re.search(rf"^{name}:\s*(.*)$", (process / "status").read_text(), re.MULTILINE).group(1)


def memory(process, version_1, version_2):
    """A number of the container's control group, whichever version it is."""
    for line in (process / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            return int(pathlib.Path(f"/sys/fs/cgroup/memory{path}", version_1).read_text())
    return int(pathlib.Path(f"/sys/fs/cgroup{path}", version_2).read_text())


class Content(support.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.inspected = json.loads(podman("image", "inspect", BACKSTOP_IMAGE))[0]
        name = podman("create", BACKSTOP_IMAGE)
        try:
            done = subprocess.run(
                containers.engine("podman", "export", name), capture_output=True, check=True
            )
        finally:
            podman("rm", name)
        cls.tar = tarfile.open(fileobj=io.BytesIO(done.stdout))
        cls.files = {member.name: member for member in cls.tar.getmembers()}

    def test_its_user_is_nobody_and_has_no_group_of_roots(self):
        self.assertEqual(self.inspected["Config"]["User"], f"{USER}:{USER}")
        passwd = self.tar.extractfile("etc/passwd").read().decode()
        self.assertIn(f":{USER}:{USER}:", passwd)
        self.assertNotIn("root", passwd)

    def test_it_is_small(self):
        size = sum(member.size for member in self.files.values())
        self.figure(f"image: {size / MEGABYTE:.1f} MB")
        self.assertLess(size, 15 * MEGABYTE)
        self.assertLess(self.inspected["Size"], 15 * MEGABYTE)

    def test_nothing_in_it_can_be_run_but_the_program(self):
        executable = {
            name
            for name, member in self.files.items()
            if member.isfile() and member.mode & 0o111 and "/lib" not in f"/{name}"
        }
        # podman puts its own files into what it exports.
        self.assertEqual(executable - {"run/.containerenv"}, {"usr/bin/backstop"})
        for shell in ("bin/sh", "bin/bash", "usr/bin/env", "bin/busybox"):
            self.assertNotIn(shell, self.files)

    def test_nothing_in_it_is_anybody_elses_to_change_or_to_be(self):
        for name, member in self.files.items():
            self.assertFalse(member.mode & (stat.S_ISUID | stat.S_ISGID), name)
            if member.isfile():
                self.assertEqual((member.uid, member.mode & 0o022), (0, 0), name)

    def test_labels(self):
        labels = self.inspected["Labels"]
        prefix = "org.opencontainers.image."
        said = podman("run", "--rm", "--network", "none", BACKSTOP_IMAGE, "--version")
        version, revision = labels[prefix + "version"], labels[prefix + "revision"]
        self.assertEqual(said, f"backstop {version} ({revision})")
        for name in ("title", "description", "licenses"):
            self.assertTrue(labels[prefix + name])

    def test_scanners_can_name_its_libraries(self):
        records = [name for name in self.files if name.startswith("var/lib/dpkg/status.d/")]
        named = {name.rpartition("/")[2] for name in records if self.files[name].isfile()}
        self.assertLessEqual({"libc6", "libssl3", "libstdc++6", "ca-certificates"}, named)

    def test_it_has_certificate_authorities_where_the_program_looks(self):
        environment = dict(each.split("=", 1) for each in self.inspected["Config"]["Env"])
        bundle = self.tar.extractfile(environment["SSL_CERT_FILE"].lstrip("/")).read()
        self.assertGreater(bundle.count(b"BEGIN CERTIFICATE"), 100)


class Running(support.TestCase):
    @classmethod
    def setUpClass(cls):
        folder, remove = support.temporary_folder()
        cls.addClassCleanup(remove)
        folder.chmod(0o755)
        cls.authority = Authority(folder, "authority")
        cls.authority.file.chmod(0o644)
        cls.certificate = cls.authority.certificate("DNS:localhost")

    def container(self, text, *options):
        container = Container(text, *options)
        self.addCleanup(self._end, container, "the container")
        return container

    def tls_simulator(self, *arguments):
        simulator = self.simulator("--limits", "off", *arguments, tls=self.certificate)
        return simulator, f"https://localhost:{simulator.tls_port}"

    def test_it_runs_with_nothing_but_what_it_needs(self):
        process = self.container(support.config(self.simulator().url)).process()
        for name in ("Uid", "Gid"):
            self.assertEqual(status_field(process, name).split(), [str(USER)] * 4)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status_field(process, name), 16), 0, name)
        self.assertEqual(status_field(process, "NoNewPrivs"), "1")
        self.assertEqual(status_field(process, "Seccomp"), "2", "no filter of system calls")
        self.assertEqual(memory(process, "memory.limit_in_bytes", "memory.max"), 64 << 20)
        root = next(
            line.split()
            for line in (process / "mountinfo").read_text().splitlines()
            if line.split()[4] == "/"
        )
        self.assertIn("ro", root[5].split(","))

    def test_it_proxies_over_tls_with_an_authority_of_ones_own(self):
        simulator, url = self.tls_simulator()
        ours = '[upstream.tls]\nca_file = "/run/authority.pem"\n'
        mount = ("--volume", f"{self.authority.file}:/run/authority.pem:ro")
        container = self.container(support.config(url, ours), *mount)
        self.assertEqual(container.start("call_1").status, 200)
        self.assertEqual(simulator.effects()["calls_started", "call_1"], 1)

    def test_it_trusts_the_bundle_of_the_image_and_nobody_else(self):
        simulator, url = self.tls_simulator()
        quick = support.config(url, support.QUICK)
        answer = self.container(quick).start("call_1")
        self.assertEqual(answer.headers["Backstop-Reason"], "unreachable")  # the handshake failed
        self.assertEqual(simulator.journal(START), [])
        bundle = "/etc/ssl/certs/ca-certificates.crt"
        mount = ("--volume", f"{self.authority.file}:{bundle}:ro")
        self.assertEqual(self.container(quick, *mount).start("call_2").status, 200)
        self.assertEqual(simulator.effects()["calls_started", "call_2"], 1)

    def test_the_examples_bounds_fit_the_limit(self):
        """As many clients at once as it takes, with bodies that together are more than it keeps."""
        example = EXAMPLE.read_text()
        limits = re.search(r"(?ms)^\[limits\].*?(?=^\[)", example).group()
        pool = re.search(r"(?ms)^\[upstream.pool\].*?(?=^\[)", example).group()
        clients = int(re.search(r"client_connections = (\d+)", limits).group(1))
        simulator = self.simulator("--limits", "off", "--fault", "latency ms=700")
        container = self.container(support.config(simulator.url, pool, limits))
        calls = [
            lambda n=n: container.end(f"call_{n}", variables={"x": "y" * 250_000})
            for n in range(clients)
        ]
        self.assertEqual({each.status for each in support.at_once(*calls)}, {200})
        peak = memory(container.process(), "memory.max_usage_in_bytes", "memory.peak")
        self.figure(f"peak of the container with {clients} clients: {peak / MEBIBYTE:.1f} MiB")
        self.assertLess(peak, 64 * MEBIBYTE)

    def test_a_request_in_flight_is_answered_before_it_ends(self):
        simulator, url = self.tls_simulator()
        simulator.fault("latency", ms=1500)
        ours = '[upstream.tls]\nca_file = "/run/authority.pem"\n'
        mount = ("--volume", f"{self.authority.file}:/run/authority.pem:ro")
        container = self.container(support.config(url, ours), *mount)
        answers = []
        caller = threading.Thread(target=lambda: answers.append(container.start("call_1")))
        caller.start()
        support.until(simulator.effects, "the API has acted, and has yet to answer")
        container.signal(signal.SIGTERM)
        self.assertEqual(container.wait(), 0)
        caller.join()
        self.assertEqual(answers[0].status, 200)
        self.assertNotIn("Backstop-Outcome", answers[0].headers)
        self.assertEqual(simulator.effects()["calls_started", "call_1"], 1)


if __name__ == "__main__":
    support.main()
