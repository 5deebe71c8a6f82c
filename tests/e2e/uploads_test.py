"""Large uploads by clients that people have: curl, Node, Python, Java, Go. Each sends 20 MiB with a
length, in chunks and after 100-continue, asks by HEAD, and then five times more; all on connections that
it keeps."""

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import threading

import requests

import support
import wire

SIZE = 20 * 1024 * 1024
ESTABLISHED = "01"


class Answerer(http.server.BaseHTTPRequestHandler):
    """Answers with the SHA-256 of the body; notes by which connections backstop was reached."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def pieces(self):
        if "Content-Length" in self.headers:
            left = int(self.headers["Content-Length"])
            while left:
                piece = self.rfile.read(min(left, 1 << 20))
                left -= len(piece)
                yield piece
        elif self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

    def answer(self):
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        self.server.note(self.path)
        text = digest.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *arguments):  # pylint: disable=arguments-differ
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answerer)
        self.watched = 0  # backstop's port
        self.peers = set()
        self.paths = []
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def note(self, path):
        """Who asks is connected to backstop while the question is here."""
        self.paths.append(path)
        with open("/proc/net/tcp", encoding="ascii") as table:
            for line in list(table)[1:]:
                _, own, peer, state = line.split()[:4]
                if state == ESTABLISHED and int(own.rsplit(":")[1], 16) == self.watched:
                    self.peers.add(peer)

    def close(self):
        self.shutdown()
        self._thread.join()
        self.server_close()


class Uploads(support.TestCase):
    @classmethod
    def setUpClass(cls):
        path, remove = support.temporary_folder()
        cls.addClassCleanup(remove)
        cls.file = path / "body"
        body = os.urandom(SIZE)
        cls.file.write_bytes(body)
        cls.digest = support.sha256(body)

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.proxy = self.backstop(support.config(url, dialect="http"))
        self.server.watched = self.proxy.port

    def pieces(self):
        with self.file.open("rb") as opened:
            while piece := opened.read(65536):
                yield piece

    def program(self, *command, **environment):
        done = subprocess.run(
            [shutil.which(command[0]), *command[1:], self.proxy.url, str(self.file)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5 * support.STUCK,  # compilers are slow on a busy machine
            env={**support.ENVIRONMENT, **environment},
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_served(self, results):
        empty = support.sha256(b"")
        expected = [("length", self.digest), ("chunked", self.digest), ("expect", self.digest)]
        expected += [("head", ""), *[("again", empty)] * 5]
        sent = {result["name"] for result in results}
        expected = [one for one in expected if one[0] in sent]
        self.assertEqual([(one["name"], one["text"]) for one in results], expected)
        self.assertEqual({one["status"] for one in results}, {200})
        self.assertEqual({one.get("length") for one in results if one["name"] == "head"}, {"64"})
        self.assertEqual(len(self.server.paths), len(expected), "each arrives once")
        self.assertEqual(len(self.server.peers), 1, "one connection is kept")

    def test_node(self):
        results = self.program("node", str(support.HERE / "uploads" / "upload.mjs"))
        self.assert_served(results)
        self.assertTrue(results[2]["continued"])

    def test_java(self):
        results = self.program("java", str(support.HERE / "uploads" / "Upload.java"))
        self.assert_served(results)

    def test_go(self):
        results = self.program(
            "go", "run", str(support.HERE / "uploads" / "upload.go"), GO111MODULE="off", GOFLAGS=""
        )
        self.assert_served(results)
        self.assertTrue(results[2]["continued"])

    def test_python(self):
        """It has no Expect."""
        results = []
        with requests.Session() as session:
            session.trust_env = False  # no proxy of the machine's
            for name, method, body in (
                ("length", "POST", self.file.read_bytes()),
                ("chunked", "POST", self.pieces()),
                ("head", "HEAD", None),
                *[("again", "GET", None)] * 5,
            ):
                answer = session.request(
                    method, f"{self.proxy.url}/{name}", data=body, timeout=support.STUCK
                )
                length = answer.headers.get("Content-Length")
                results.append(
                    {"name": name, "status": answer.status_code, "text": answer.text, "length": length}
                )
        self.assert_served(results)

    def test_curl(self):
        common = ["--silent", "--show-error", "--noproxy", "*", "--write-out", "%{stderr}%{num_connects}\n"]
        url = self.proxy.url
        file = str(self.file)
        sent = [
            ["--header", "Expect:", "--upload-file", file, f"{url}/length"],
            ["--header", "Transfer-Encoding: chunked", "--header", "Expect:", "--upload-file", file, f"{url}/chunked"],
            ["--header", "Expect: 100-continue", "--expect100-timeout", "60", "--include",
             "--upload-file", file, f"{url}/expect"],
            ["--head", f"{url}/head"],
            *[[f"{url}/again"]] * 5,
        ]  # fmt: skip
        command = [shutil.which("curl")]
        for arguments in sent:
            command += [*common, *arguments, "--next"]
        done = subprocess.run(
            command[:-1], capture_output=True, timeout=support.STUCK, env=support.ENVIRONMENT, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        said = done.stdout.decode()
        self.assertEqual(said.count(self.digest), 3)
        self.assertEqual(said.count(support.sha256(b"")), 5)
        self.assertEqual(said.count("HTTP/1.1 100 Continue"), 1)
        self.assertIn("Content-Length: 64", said)
        self.assertEqual(done.stderr.decode().split(), ["1"] + ["0"] * 8, "connections made by each")
        self.assertEqual(len(self.server.peers), 1)
        self.assertEqual(len(self.server.paths), 9)

    def test_pipelined(self):
        """Requests of every framing, all sent before the first answer is read."""
        client = wire.Client(self.proxy)
        self.addCleanup(client.close)
        body = self.file.read_bytes()[:100_000]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 9999]), body[i : i + 9999])
                          for i in range(0, len(body), 9999))  # fmt: skip
        kinds = [
            ("GET", b"", b""),
            ("POST", b"Content-Length: %d\r\n" % len(body), body),
            ("HEAD", b"", b""),
            ("PUT", b"Transfer-Encoding: chunked\r\n", chunks + b"0\r\n\r\n"),
        ]
        rounds = 10
        data = b"".join(
            b"%s /%d HTTP/1.1\r\nHost: x\r\n%s\r\n%s" % (method.encode(), number, fields, sent)
            for number, (method, fields, sent) in enumerate(kinds * rounds)
        )
        client.send(data)  # the answers fit into buffers while nobody reads them
        for method, _, sent in kinds * rounds:
            status, _, text = client.response(method)
            digest = support.sha256(body if sent else b"").encode()
            self.assertEqual((status, text), (200, b"" if method == "HEAD" else digest))
        self.assertEqual(self.server.paths, [f"/{number}" for number in range(4 * rounds)])


if __name__ == "__main__":
    support.main()
