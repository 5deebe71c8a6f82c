"""An upstream that says exactly the bytes a test wants, and keeps exactly the bytes that came."""

import queue
import socket
import struct
import threading

import support


def parse_request(data):
    """Splits one request strictly: (head line, [(name, value)], body, rest) or None if more is needed."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    lines = data[:end].split(b"\r\n")
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise AssertionError(f"not a field: {line!r}")
        fields.append((name.decode("latin-1"), value.strip().decode("latin-1")))
    lengths = [value for name, value in fields if name.lower() == "content-length"]
    codings = [value for name, value in fields if name.lower() == "transfer-encoding"]
    if lengths and codings or len(lengths) > 1 or len(codings) > 1:
        raise AssertionError(f"two framings: {fields}")
    size = int(lengths[0]) if lengths else 0
    if len(data) - end - 4 < size:
        return None  # before anything is copied: it is asked for each piece of a large body
    if codings:
        at = end + 4
        chunks = []
        while True:
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                return None
            size = int(data[at:line_end], 16)
            at = line_end + 2 + size + 2
            if len(data) < at:
                return None
            if data[at - 2 : at] != b"\r\n":
                raise AssertionError("a chunk without its end")
            if size == 0:
                return lines[0].decode("latin-1"), fields, b"".join(chunks), data[at:]
            chunks.append(data[line_end + 2 : at - 2])
    rest = data[end + 4 :]
    return lines[0].decode("latin-1"), fields, rest[:size], rest[size:]


class Connection:
    """One accepted connection, for a script."""

    def __init__(self, accepted):
        self.socket = accepted
        self.socket.settimeout(support.STUCK)
        self.data = b""

    def request(self):
        """Waits for one whole request; None if the connection ended before."""
        while True:
            found = parse_request(self.data) if self.data else None
            if found:
                self.data = found[3]
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

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.socket.close()


class Upstream:
    """Serves connections with `script(connection)`, each in a thread; what scripts raise is kept."""

    def __init__(self, script):
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
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
        self._listener.close()
