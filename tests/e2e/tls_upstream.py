"""An upstream that says exactly the bytes a test wants, over TLS."""

import contextlib
import socket
import ssl

import support
from tls_test import Authority
from upstream import Upstream
from wire import FAST, WireCase


class TlsUpstream(Upstream):
    def __init__(self, script, certificate):
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*map(str, certificate))
        super().__init__(script)
        self.url = f"https://localhost:{self.port}"

    def _serve(self, accepted):
        accepted.settimeout(support.STUCK)
        super()._serve(self._tls.wrap_socket(accepted, server_side=True))


def send_at_once(connection, *pieces, end=False):
    """Everything in as few segments as it goes, and close_notify and FIN with it."""
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    for piece in pieces:
        connection.send(piece)
    if end:
        connection.socket.settimeout(0)
        with contextlib.suppress(OSError):  # nobody answers the close_notify
            connection.socket.unwrap()
        connection.close()
    else:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


class TlsWireCase(WireCase):
    def serve_tls(self, script, settings=FAST, upstream=TlsUpstream):
        authority = Authority(self.folder(), "ca")
        self.upstream = upstream(script, authority.certificate("DNS:localhost"))
        self.addCleanup(self.upstream.close)
        trusted = f'[upstream.tls]\nca_file = "{authority.file}"\n'
        text = support.config(self.upstream.url, settings + trusted, dialect="http")
        self.proxy = self.backstop(text)
        return self.client()
