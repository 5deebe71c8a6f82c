"""The Debian package: lintian has nothing to say, it installs into a fresh Debian, the program runs
from it, and all of it goes away again. It is built by the Dockerfile's target of that name."""

import re
import shutil
import subprocess
import tarfile

import containers
import support
from containers import Container, podman

BASE = "localhost/debian:bookworm-slim"
DEB_IMAGE = "localhost/deb:test"
INSTALLED_IMAGE = "localhost/deb-installed:test"


class Installed(Container):
    """backstop as the package has installed it."""

    def command(self, config):
        config.parent.chmod(0o755)
        return containers.engine(
            "podman", "run", "--rm", "--pull", "never", "--name", self.name, "--network", "host",
            "--volume", f"{config.parent}:/config:ro",
            INSTALLED_IMAGE, "backstop", "run", "--config", "/config/backstop.toml",
        )  # fmt: skip


class Unpacked(support.TestCase):
    """self.package is the file, self.root what is in it."""

    @classmethod
    def setUpClass(cls):
        cls.home, remove = support.temporary_folder()
        cls.addClassCleanup(remove)
        name = podman("create", DEB_IMAGE, "none")
        try:
            podman("export", "--output", cls.home / "image.tar", name)
        finally:
            podman("rm", name)
        with tarfile.open(cls.home / "image.tar") as image:
            (member,) = [each for each in image.getmembers() if each.name.endswith(".deb")]
            image.extract(member, cls.home)
        cls.package = cls.home / member.name
        cls.package.chmod(0o644)
        cls.root = cls.home / "root"
        subprocess.run(["dpkg-deb", "--extract", cls.package, cls.root], check=True)


class Package(Unpacked):
    def test_lintian_has_nothing_to_say(self):
        done = subprocess.run(
            ["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
             self.package],
            capture_output=True, check=False,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout.decode()), (0, ""), done.stderr.decode())

    def test_it_depends_on_the_libraries_that_the_program_loads(self):
        done = subprocess.run(
            ["dpkg-deb", "--field", self.package, "Depends"], capture_output=True, check=True
        )
        names = {each.split()[0] for each in done.stdout.decode().split(",")}
        self.assertLessEqual(
            {"ca-certificates", "libc6", "libssl3", "libstdc++6", "libprometheus-cpp-core1.0"}, names
        )

    def debian(self):
        """Runs commands in a Debian that has nothing of ours."""
        name = podman(
            "run", "--detach", "--pull", "never", "--network", "host",
            "--volume", f"{self.package}:/backstop.deb:ro", BASE, "sleep", "infinity",
        )  # fmt: skip
        self.addCleanup(podman, "rm", "--force", name)
        return name, lambda *command: podman("exec", name, *command)

    def test_it_installs_into_a_fresh_debian_and_the_program_runs_from_it(self):
        name, run = self.debian()
        run("apt-get", "-q", "update")
        run("apt-get", "-qy", "install", "--no-install-recommends", "/backstop.deb")
        self.assertRegex(run("backstop", "--version"), r"^backstop \d+\.\d+\.\d+ ")
        run("backstop", "check", "--config", "/etc/backstop/backstop.toml")

        podman("commit", "--quiet", name, INSTALLED_IMAGE)
        simulator = self.simulator("--limits", "off")
        installed = Installed(support.config(simulator.url))
        self.addCleanup(self._end, installed, "the container")
        self.assertEqual(installed.start("call_1").status, 200)
        self.assertEqual(simulator.effects()["calls_started", "call_1"], 1)

        # A change of the administrator's survives a removal, and nothing survives a purge.
        run("sh", "-c", "echo '# mine' >>/etc/backstop/backstop.toml")
        run("apt-get", "-qy", "remove", "backstop")
        self.assertIn("# mine", run("cat", "/etc/backstop/backstop.toml"))
        run("apt-get", "-qy", "purge", "backstop")
        left = run("find", "/", "-xdev", "-name", "*backstop*", "-not", "-path", "/proc/*")
        self.assertEqual(left.split(), ["/backstop.deb"])


class Around(Unpacked):
    """Man page, completions and unit: what is not the program."""

    def manual(self):
        page = self.root / "usr/share/man/man1/backstop.1.gz"
        done = subprocess.run(
            ["man", "--warnings", "--local-file", page], capture_output=True, check=True,
            env={**support.ENVIRONMENT, "MANWIDTH": "120"},
        )  # fmt: skip
        self.assertEqual(done.stderr.decode(), "")
        return re.sub(".\b", "", done.stdout.decode())

    def commands(self):
        done = subprocess.run(
            [support.program("BACKSTOP"), "--help"], capture_output=True, check=True
        )
        text = done.stdout.decode().partition("Subcommands:")[2]
        return re.findall(r"^  (\w+)", text, re.MULTILINE)

    def test_the_manual_has_every_command_and_exit_status(self):
        manual = self.manual()
        for command in self.commands():
            self.assertRegex(manual, rf"(?m)^ +backstop {command}\b")
        for status in ("0", "1", "64", "69", "78"):
            self.assertRegex(manual, rf"(?m)^ +{status} ")

    def complete(self, shell, line):
        """What that shell offers after `line`."""
        share = self.root / "usr/share"
        words = line.split(" ")
        scripts = {
            "bash": f"""
                source {share}/bash-completion/completions/backstop
                COMP_WORDS=({' '.join(words[:-1])} '{words[-1]}') COMP_CWORD={len(words) - 1}
                _backstop backstop '{words[-1]}' {words[-2]}
                printf '%s\\n' "${{COMPREPLY[@]}}" """,
            "fish": f"""
                source {share}/fish/vendor_completions.d/backstop.fish
                complete -C '{line}' """,
        }
        folder = self.folder()
        (folder / "backstop").symlink_to(support.program("BACKSTOP"))
        done = subprocess.run(
            [shell, "-c", scripts[shell]],
            capture_output=True,
            env={**support.ENVIRONMENT, "PATH": f"{folder}:{support.ENVIRONMENT['PATH']}"},
            check=True,
        )
        return {each.split("\t")[0] for each in done.stdout.decode().split("\n")}

    def test_shells_offer_what_the_program_takes(self):
        for shell in ("bash", "fish"):
            with self.subTest(shell=shell):
                self.assertLessEqual(set(self.commands()), self.complete(shell, "backstop "))
                self.assertIn("check", self.complete(shell, "backstop ch"))
                self.assertIn("--config", self.complete(shell, "backstop run --c"))
                self.assertEqual(
                    {"leavo", "levrage"}, self.complete(shell, "backstop dialects le") - {""}
                )

    def test_zsh_can_read_its_completion(self):
        file = self.root / "usr/share/zsh/vendor-completions/_backstop"
        subprocess.run([shutil.which("zsh"), "-n", file], check=True)

    def test_the_unit_is_sound_and_lets_it_do_little(self):
        unit = self.folder() / "backstop.service"
        text = (self.root / "usr/lib/systemd/system/backstop.service").read_text()
        file = self.root / "etc/backstop/backstop.toml"
        self.assertIn(f"--config /{file.relative_to(self.root)}", text)
        self.assertIn("ExecReload=/bin/kill -HUP $MAINPID", text)
        # Another command before it would meet a bad configuration first, and start over and over.
        self.assertIn("RestartPreventExitStatus=64 78", text)
        self.assertNotIn("\nExecStartPre", text)
        unit.write_text(text.replace("/usr/bin/backstop", support.program("BACKSTOP")))
        verified = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, check=False
        )
        self.assertEqual((verified.returncode, verified.stderr.decode()), (0, ""))
        # systemd's own measure, 0 to 10: 2 and less is what it calls OK.
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
            capture_output=True, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    support.main()
