"""A new connection to the API resumes the TLS session of an earlier one, which spares a round trip and the
costly part of the handshake, and which a session that the API does not take must not turn into an outage."""

import ssl

import support
from tls_upstream import TlsUpstream, TlsWireCase
from upstream import reset
from wire import FAST, OK

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SOON_CLOSED = FAST + '[upstream.pool]\nidle = "100ms"\n'
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class Strict(TlsUpstream):
    """Of one version; an end without close_notify is an error."""

    version = None

    def _accept(self):
        self._tls.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        self._tls.minimum_version = self._tls.maximum_version = self.version
        super()._accept()

    def _serve(self, accepted):
        accepted.settimeout(support.STUCK)
        super(TlsUpstream, self)._serve(
            self._tls.wrap_socket(accepted, server_side=True, suppress_ragged_eofs=False)
        )


class HangsUp(Strict):
    """On the second connection, in the middle of its handshake."""

    def _serve(self, accepted):
        if self.connections != 2:
            super()._serve(accepted)
            return
        accepted.recv(1)
        reset(accepted)
        accepted.close()


class Resumption(TlsWireCase):
    def resumed(self, kind, version):
        """Whether each of two connections was, the second made when the first had ended."""
        resumed, ended = [], []

        def script(connection):
            resumed.append(connection.socket.session_reused)
            while connection.request():
                connection.send(OK)
            ended.append(connection)

        client = self.serve_tls(script, SOON_CLOSED, type("", (kind,), {"version": version}))
        for number in range(2):
            client.send(GET)
            self.assertEqual(client.response()[0], 200)
            support.until(lambda count=number + 1: len(ended) == count, "the connection's orderly end")
        self.assertEqual(self.upstream.errors, [])
        return resumed

    def test_after_the_earlier_connection_has_ended(self):
        for version in VERSIONS:
            with self.subTest(version.name):
                self.assertEqual(self.resumed(Strict, version), [False, True])

    def test_not_again_after_a_handshake_that_failed(self):
        for version in VERSIONS:
            with self.subTest(version.name):
                self.assertEqual(self.resumed(HangsUp, version), [False, False])
                self.assertEqual(self.upstream.connections, 3)


if __name__ == "__main__":
    support.main()
