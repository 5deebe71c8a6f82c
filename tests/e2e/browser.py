"""Debian's Chromium without a window, driven by the DevTools protocol over a pair of pipes
(--remote-debugging-pipe): messages are JSON, each with a zero byte at its end."""

import base64
import json
import os
import select
import signal
import subprocess
import time

import support

# What it must not reach for, and what it cannot do as root.
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars",
)  # fmt: skip


class Browser:
    """One page. What it complains of, whether by script or by the browser itself, is kept."""

    def __init__(self):
        self._folder, self._remove_folder = support.temporary_folder()
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()

        def pipes():
            # The browser reads from 3 and writes to 4; first out of the way of these two.
            reading, writing = os.dup2(to_browser, 50), os.dup2(from_browser, 51)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["chromium", *SWITCHES, "--remote-debugging-pipe", f"--user-data-dir={self._folder}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=pipes,
            start_new_session=True,
            env={**support.ENVIRONMENT, "HOME": str(self._folder)},
        )
        os.close(to_browser)
        os.close(from_browser)
        self._data = b""
        self._number = 0
        self._session = None
        self.complaints = []
        self.requests = []  # URLs
        try:
            target = self._call("Target.createTarget", url="about:blank")["targetId"]
            attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
            self._session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self._call(domain + ".enable")
        except BaseException:
            self.close()
            raise

    def _read(self):
        """The next message."""
        give_up = time.monotonic() + support.STUCK
        while b"\0" not in self._data:
            left = give_up - time.monotonic()
            if left <= 0 or not select.select([self._from], [], [], left)[0]:
                raise AssertionError("the browser is silent")
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise AssertionError("the browser has ended")
            self._data += piece
        message, _, self._data = self._data.partition(b"\0")
        return json.loads(message)

    def _note(self, message):
        method, about = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(about["exceptionDetails"])
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.complaints.append(about["args"])
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.complaints.append(about["entry"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])

    def _call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def look(self, width=1200, height=900, dark=False, script=True):
        """How the page is looked at from the next open() on."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, url):
        self._call("Page.navigate", url=url)
        support.until(
            lambda: self.evaluate("document.readyState === 'complete' && location.href") == url,
            f"{url} is shown",
        )

    def evaluate(self, expression):
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def text(self, selector="body"):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def picture(self, path):
        """The whole page, as PNG."""
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        taken = self._call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def close(self):
        for end in (self._to, self._from):
            os.close(end)
        try:
            self._process.wait(10)  # it ends when its pipes do
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # its own group, made above
            self._process.wait()
        self._remove_folder()


def contrast(one, other):
    """WCAG 2.1's contrast ratio of two "rgb(…)" texts: 1 to 21."""

    def luminance(text):
        parts = [int(part) / 255 for part in text[text.index("(") + 1 : -1].split(",")[:3]]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
