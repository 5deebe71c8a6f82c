"""An upstream that says exactly the bytes a test wants, and keeps exactly the bytes that came."""

import queue
import socket
import struct
import threading

import strict
import support


class Connection:
    """One accepted connection, for a script."""

    def __init__(self, accepted):
        self.socket = accepted
        self.socket.settimeout(support.STUCK)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.trailers = []  # of the last request

    def request(self):
        """Waits for one whole request: (line, fields, body); None if the connection ended before."""
        while True:
            found = strict.request(self.data) if self.data else None
            if found:
                self.data = found.rest
                self.trailers = found.trailers
                return found[:3]
            piece = self.receive()
            if not piece:
                return None

    def receive(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            return b""
        self.data += piece
        return piece

    def send(self, data):
        self.socket.sendall(data)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        reset(self.socket)
        self.close()

    def close(self):
        self.socket.close()


class Upstream:
    """Serves connections with `script(connection)`, each in a thread; what scripts raise is kept."""

    def __init__(self, script, port=0, receive_buffer=None):
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        if receive_buffer:  # of its connections, in bytes: how much the kernel takes for it
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests = queue.Queue()
        self.errors = []
        self.connections = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        connection = Connection(accepted)
        try:
            self._script(connection)
        except (ConnectionResetError, BrokenPipeError):
            pass  # backstop has hung up, as tests make it do
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(repr(error))
        finally:
            connection.close()

    def close(self):
        """From now on connections are refused."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # or its thread would accept another
        except OSError:
            pass  # closed before
        self._thread.join()
        self._listener.close()


def reset(connected):
    """Lets the close of this socket be seen as RST."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
