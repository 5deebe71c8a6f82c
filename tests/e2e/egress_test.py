"""The API is reached by CONNECT through an egress proxy, from the config or the environment."""

import base64
import json
import socket
import subprocess
import threading

import support


class Proxy:
    """A small CONNECT proxy: keeps the requests for tunnels, and grants them or not."""

    def __init__(self, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self.heads = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = accepted.recv(65536)
            if not piece:
                return
            head += piece
        self.heads.append(head.decode())
        accepted.sendall(self._answer)
        if b" 200 " not in self._answer:
            accepted.close()
            return
        host, port = head.split(b" ")[1].rsplit(b":", 1)
        beyond = socket.create_connection((host.decode(), int(port)))
        threading.Thread(target=self._pump, args=(accepted, beyond), daemon=True).start()
        self._pump(beyond, accepted)

    @staticmethod
    def _pump(source, sink):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self._listener.close()


class Egress(support.TestCase):
    def proxy(self, *arguments):
        proxy = Proxy(*arguments)
        self.addCleanup(proxy.close)
        return proxy

    def test_calls_go_through_the_proxy_that_the_config_names(self):
        simulator = self.simulator("--limits", "off")
        proxy = self.proxy()
        text = support.config(simulator.url).replace(
            "dialect =", f'proxy = "http://user:${{PASSWORD}}@127.0.0.1:{proxy.port}"\ndialect ='
        )
        backstop = self.backstop(text, {"PASSWORD": "s3cret"})
        self.assertEqual(backstop.start("one").status, 200)
        self.assertEqual(backstop.start("two").status, 200)
        host = simulator.url.split("//")[1]
        self.assertEqual(len(proxy.heads), 1, "the tunnel is kept")
        self.assertTrue(proxy.heads[0].startswith(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n"))
        self.assertIn(base64.b64encode(b"user:s3cret").decode(), proxy.heads[0])
        self.assertNotIn("s3cret", backstop.said())

    def test_a_proxy_that_refuses_is_a_failure_to_connect(self):
        simulator = self.simulator("--limits", "off")
        proxy = self.proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        text = support.config(simulator.url).replace(
            "dialect =", f'proxy = "http://127.0.0.1:{proxy.port}"\ndialect ='
        )
        backstop = self.backstop(text)
        answer = backstop.start("one")
        self.assertEqual(answer.headers["Backstop-Reason"], "unreachable")
        self.assertTrue(support.empty_context(answer))
        self.assertEqual(backstop.access(1)[0]["attempts"][0]["failure"], "connect")
        self.assertEqual(simulator.journal(), [])

    def test_a_proxy_of_the_environment_is_shown(self):
        """Nobody would look for it otherwise; its password is nobody's business."""
        surroundings = {"HTTPS_PROXY": "http://user:s3cret@127.0.0.1:3128"}
        backstop = self.backstop(support.config("https://api.example.com"), surroundings)
        listening = [json.loads(line) for line in backstop.lines if '"msg":"listening"' in line]
        self.assertEqual([line["proxy"] for line in listening], ["http://127.0.0.1:3128"])
        checked = subprocess.run(
            [support.program("BACKSTOP"), "check", "--config", str(backstop.config)],
            env=support.ENVIRONMENT | surroundings,
            capture_output=True,
            text=True,
            timeout=support.STUCK,
            check=True,
        )
        self.assertIn("reached through http://127.0.0.1:3128, from HTTPS_PROXY", checked.stdout)
        self.assertNotIn("s3cret", backstop.said() + checked.stdout + checked.stderr)

    def test_without_a_proxy_none_is_shown(self):
        _, backstop = self.pair()
        self.assertNotIn('"proxy"', backstop.said())


if __name__ == "__main__":
    support.main()
