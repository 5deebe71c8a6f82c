"""The images of the Dockerfile, run by podman as a cluster would run them.

CONTAINERS names the folder in which tests/deploy/images.sh has put them."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import support  # noqa: E402

BACKSTOP_IMAGE = "localhost/backstop:test"
SIMULATOR_IMAGE = "localhost/simulator:test"
DEBUG_IMAGE = "localhost/debug:test"
USER = 65532

# What deploy/kubernetes/sidecar/sidecar.yaml asks for.
HARDENED = [
    "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
    "--memory", "64m", "--memory-swap", "64m",
]  # fmt: skip


def engine(*command):
    """The words of a command that works on those images."""
    return [str(word) for word in (HERE / "engine.sh", os.environ["CONTAINERS"], *command)]


def podman(*arguments):
    """What podman prints."""
    done = subprocess.run(
        engine("podman", *arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10 * support.STUCK,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"podman {' '.join(map(str, arguments))}: {done.stderr.decode()}")
    return done.stdout.decode().strip()


class Container(support.Backstop):
    """backstop from the image, on the machine's own network."""

    COUNT = 0

    def __init__(self, text, *options):
        Container.COUNT += 1
        self.name = f"backstop-{os.getpid()}-{Container.COUNT}"
        self._options = options
        super().__init__(text)

    def command(self, config):
        config.parent.chmod(0o755)  # its user is not ours
        return engine(
            "podman", "run", "--rm", "--pull", "never", "--name", self.name, "--network", "host",
            *HARDENED, "--volume", f"{config.parent}:/etc/backstop:ro", *self._options,
            BACKSTOP_IMAGE,
        )  # fmt: skip

    def process(self):
        """/proc/PID of the program in the container."""
        return pathlib.Path("/proc") / podman("inspect", "--format", "{{.State.Pid}}", self.name)
