"""TLS to the API, with a certificate authority of the test's own: who is not who they say is
refused, counted, and answered for."""

import json
import subprocess

import support
from support import END, START


class Authority:
    """A CA in a folder, made by the openssl program, and certificates that it signs."""

    def __init__(self, folder, name):
        self._folder = folder
        self._name = name
        self._count = 0
        self.file = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.file,
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(
            ["openssl", *map(str, arguments)],
            capture_output=True,
            timeout=support.STUCK,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    def certificate(self, names, expired=False):
        """(certificate, key) for subjectAltName `names`."""
        self._count += 1
        stem = f"{self._name}-{self._count}"
        key, request, signed = (self._folder / (stem + end) for end in (".key", ".csr", ".pem"))
        extensions = self._folder / (stem + ".ext")
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=api", "-keyout", key, "-out", request,
        )  # fmt: skip
        # `x509` can only count days from now, so that what is over needs `ca` with its small state.
        state = self._folder / (stem + ".d")
        state.mkdir()
        (state / "index").write_text("")
        (state / "serial").write_text("01\n")
        (state / "config").write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={state}/index\nserial={state}/serial\n"
            f"new_certs_dir={state}\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
        )
        start, end = ("20200101000000Z", "20210101000000Z") if expired else (
            "20200101000000Z", "20491231000000Z")
        self._openssl(
            "ca", "-batch", "-notext", "-config", state / "config", "-cert", self.file,
            "-keyfile", self._key, "-in", request, "-out", signed, "-extfile", extensions,
            "-startdate", start, "-enddate", end,
        )  # fmt: skip
        return signed, key


class Tls(support.TestCase):
    CONFIG = support.QUICK + "[upstream.breaker]\nenabled = false\n"  # each attempt is to be seen

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder_of_all, remove = support.temporary_folder()
        cls.addClassCleanup(remove)
        cls.ours = Authority(cls.folder_of_all, "ours")
        cls.theirs = Authority(cls.folder_of_all, "theirs")

    def tls_pair(self, certificate, host="localhost", more="", faults=()):
        simulator = self.simulator("--limits", "off", *faults, tls=certificate)
        upstream = f'{self.CONFIG}[upstream.tls]\nca_file = "{self.ours.file}"\n{more}'
        url = f"https://{host}:{simulator.tls_port}"
        return simulator, self.backstop(support.config(url, upstream=upstream))

    def test_a_good_certificate(self):
        for host, names in (
            ("localhost", "DNS:localhost"),
            ("127.0.0.1", "IP:127.0.0.1"),
        ):
            with self.subTest(host=host):
                simulator, backstop = self.tls_pair(self.ours.certificate(names), host)
                for number in range(3):
                    self.assertEqual(backstop.start(f"c{number}").status, 200)
                    self.assertEqual(backstop.end(f"c{number}").status, 200)
                entries = simulator.journal()
                self.assertTrue(all(entry["tls"] for entry in entries))
                self.assertEqual(len({entry["connection"] for entry in entries}), 1)  # reused
                self.assertEqual(backstop.metrics().total("backstop_connection_failures_total"), 0)

    def test_a_certificate_for_the_configured_server_name(self):
        certificate = self.ours.certificate("DNS:api.example.com")
        _, backstop = self.tls_pair(certificate, more='server_name = "api.example.com"')
        self.assertEqual(backstop.start("c").status, 200)

    def test_faults_over_tls(self):
        for fault in (
            "reset stage=at_accept count=1",
            "reset stage=after_processing count=1",
            "reset stage=mid_body count=1",
            "truncate count=1",
            "status code=500 count=1",
            "slow_body bytes_per_second=500",
            "chunked",
        ):
            with self.subTest(fault=fault):
                certificate = self.ours.certificate("DNS:localhost")
                simulator, backstop = self.tls_pair(certificate, faults=("--fault", fault))
                answer = backstop.start("c")
                self.assertNotIn("Backstop-Outcome", answer.headers)
                self.assertEqual(json.loads(answer.body)["call_id"], "c")
                self.assertEqual(simulator.effects()["calls_started", "c"], 1)

    def test_who_is_not_who_they_say(self):
        cases = (
            ("wrong host", self.ours.certificate("DNS:other.example.com"), "hostname mismatch"),
            ("expired", self.ours.certificate("DNS:localhost", expired=True), "expired"),
            ("unknown authority", self.theirs.certificate("DNS:localhost"), "issuer certificate"),
        )
        for name, certificate, words in cases:
            with self.subTest(name):
                simulator, backstop = self.tls_pair(certificate)
                started, ended = backstop.start("c"), backstop.end("c")
                other = backstop.request("GET", "/v1/other", headers=support.AUTHORIZATION)

                self.assertEqual(started.status, 200)
                self.assertTrue(support.empty_context(started))
                self.assertEqual(started.headers["Backstop-Outcome"], "fallback")
                self.assertEqual(started.headers["Backstop-Reason"], "unreachable")
                for answer in (ended, other):
                    self.assertEqual(answer.status, 502)
                    body = json.loads(answer.body)
                    self.assertEqual(body["error"], "Bad Gateway")
                    self.assertIn("TLS handshake failed", body["message"])
                    self.assertEqual(answer.headers["Content-Type"], "application/json")
                    self.assertEqual(answer.headers["Backstop-Outcome"], "local_error")
                    self.assertRegex(answer.headers["Proxy-Status"], r"error=tls_\w+")

                self.assertEqual(simulator.journal(), [])  # not one byte of a request
                metrics = backstop.metrics()
                attempts = metrics.total("backstop_upstream_attempts_total", failure="tls")
                self.assertGreaterEqual(attempts, 3)
                self.assertEqual(metrics.total("backstop_upstream_attempts_total"), attempts)
                failures = metrics.total("backstop_connection_failures_total", stage="handshake")
                self.assertEqual(failures, attempts)
                degraded = metrics.total("backstop_degraded_responses_total", reason="unreachable")
                self.assertEqual(degraded, 1)
                backstop.stop()
                said = [line for line in backstop.lines if "cannot connect" in line]
                self.assertTrue(said, "it is said, though not each time")
                self.assertLess(len(said), attempts)
                self.assertTrue(all(words in line for line in said), said[0])

    def test_only_plain_http_is_spoken_there(self):
        simulator = self.simulator("--limits", "off")
        url = f"https://localhost:{simulator.address[1]}"
        backstop = self.backstop(support.config(url, upstream=support.QUICK))
        self.assertEqual(backstop.end("c").status, 502)
        self.assertTrue(support.empty_context(backstop.start("c")))
        failures = backstop.metrics().total("backstop_upstream_attempts_total", failure="tls")
        self.assertGreaterEqual(failures, 2)

    def test_not_verifying_must_be_asked_for_and_is_said(self):
        certificate = self.theirs.certificate("DNS:other.example.com")
        _, backstop = self.tls_pair(certificate, more="insecure_skip_verify = true")
        self.assertEqual(backstop.start("c").status, 200)
        self.assertIn("certificates are not verified", "\n".join(backstop.lines))
        self.assertEqual(backstop.status()["upstreams"][0]["tls"], "not verified")

    def test_a_ca_file_that_is_none(self):
        folder = self.folder()
        (folder / "ca.pem").write_text("no certificate")
        upstream = f'[upstream.tls]\nca_file = "{folder}/ca.pem"'
        text = support.config("https://localhost:1", upstream=upstream)
        status, _, errors = support.run_once(text)
        self.assertEqual(status, 78)
        self.assertIn("ca.pem", errors)

    def test_a_file_from_the_environment_is_not_shown(self):
        certificate, _ = self.ours.certificate("DNS:client")
        secret = "/none/in_the_environment"
        environment = {"SECRET": secret}
        backstop = self.backstop(support.config("https://localhost:1"), environment)
        for lines, key in (
            ('ca_file = "${SECRET}"\n', "ca_file"),
            ('cert_file = "${SECRET}"\nkey_file = "x"\n', "cert_file"),
            (f'cert_file = "{certificate}"\nkey_file = "${{SECRET}}"\n', "key_file"),
        ):
            with self.subTest(key):
                text = support.config("https://localhost:1", f"[upstream.tls]\n{lines}")
                words = f'upstream.sticky-calls.tls.{key} "${{SECRET}}" cannot be used'
                for command in ("check", "run"):
                    status, output, errors = support.run_once(text, command, environment)
                    self.assertEqual(status, 78)
                    self.assertIn(words, errors)
                    self.assertNotIn(secret, output + errors)
                backstop.reloaded(lambda text=text: backstop.write(text), good=False)
                self.assertIn(words, backstop.status()["reload"]["problems"][0])
        status = backstop.admin("/status").body.decode()
        self.assertNotIn(secret, "\n".join([status, *backstop.lines, *backstop.errors]))


if __name__ == "__main__":
    support.main()
