"""Plays cases: how their bytes are cut, and what every case is asked beside its own expectations."""

import contextlib
import os
import random
import socket
import struct
import time

# Once, for the whole run; given by SEED to play the same pieces again.
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))


def whole(data):
    return [data] if data else []


def single_bytes(data):
    """All of them, but in the middle of a long filler, which has nothing to be torn apart."""
    edge = 250
    middle = data[edge:-edge]
    pieces = [middle[at : at + 97] for at in range(0, len(middle), 97)]
    if not middle:
        return [data[at : at + 1] for at in range(len(data))]
    return [*single_bytes(data[:edge]), *pieces, *single_bytes(data[-edge:])]


def torn_ends(data):
    """Cut before the last byte of the first head: all of it but that is there."""
    end = data.find(b"\r\n\r\n") + 3
    return [data] if end == 2 else [data[:end], data[end:]]


def random_pieces(data, name):
    """The same for a name, whichever cases are played beside it."""
    chance = random.Random(f"{SEED} {name}")
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 8)))
    edges = [0, *cuts, len(data)]
    return [data[begin:end] for begin, end in zip(edges, edges[1:]) if end > begin]


class Unread:
    """Asks the kernel (sock_diag(7)) how much the other end of a connection on this machine has not read."""

    ANSWER = struct.Struct("=BBBB48sII")  # struct inet_diag_msg as far as idiag_rqueue
    HEADER = 16  # struct nlmsghdr

    def __init__(self, connection):
        (near, near_port), (far, far_port) = connection.getsockname(), connection.getpeername()
        ends = struct.pack("!HH", far_port, near_port)
        ends += socket.inet_aton(far).ljust(16, b"\0") + socket.inet_aton(near).ljust(16, b"\0")
        ends += bytes(4) + b"\xff" * 8  # any interface, any cookie
        question = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + ends
        sock_diag_by_family, request = 20, 1
        size = self.HEADER + len(question)
        self._question = struct.pack("=IHHII", size, sock_diag_by_family, request, 1, 0) + question
        self._kernel = None
        with contextlib.suppress(OSError):  # not every kernel has it
            self._kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)  # NETLINK_SOCK_DIAG

    def bytes(self):
        """0 too where the connection is no more, or the kernel does not tell."""
        if not self._kernel:
            return 0
        self._kernel.send(self._question)
        answer = self._kernel.recv(4096)
        if len(answer) < self.HEADER + self.ANSWER.size:
            return 0
        return self.ANSWER.unpack_from(answer, self.HEADER)[-1]

    def wait(self, give_up):
        """Until all is read. False: not before that time."""
        while self.bytes() > 0:
            if time.monotonic() > give_up:
                return False
            os.sched_yield()
        return True

    def close(self):
        if self._kernel:
            self._kernel.close()


def followed(pieces, rest):
    """What is sent in one piece has the rest in it."""
    return [*pieces, rest] if len(pieces) > 1 else [b"".join(pieces) + rest]


PATIENCE = 0.15  # seconds for a message; on a quiet machine a thousand pieces take less


def send_apart(connection, pieces):
    """Sends each piece when the one before it has been read, so that no two arrive as one. Who does not
    read, since it is busy or has heard enough, is not waited for any more."""
    unread = Unread(connection)
    give_up = time.monotonic() + PATIENCE
    reads = True
    try:
        for piece in pieces:
            connection.sendall(piece)
            reads = reads and unread.wait(give_up)
    finally:
        unread.close()


def end(connection):
    """Ends it behind what was sent, and returns when the other end's kernel knows: whoever asks that end
    from then on is told. The script's return alone is noticed sooner or later."""
    fin_wait1, closing = 4, 11  # tcp_states.h: the end is on its way
    with contextlib.suppress(OSError):  # reset already
        connection.shutdown(socket.SHUT_WR)
    while connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in (fin_wait1, closing):
        os.sched_yield()


class Cuts:
    """Plays all cases, cut in each way; for a test case that has play(cut)."""

    def test_as_they_are(self):
        self.play(lambda data, name: whole(data))

    def test_in_single_bytes(self):
        self.play(lambda data, name: single_bytes(data))

    def test_without_the_last_byte_of_the_head(self):
        self.play(lambda data, name: torn_ends(data))

    def test_in_random_pieces(self):
        print(f"SEED={SEED}", flush=True)
        self.play(random_pieces)


def cases_of(groups):
    return [case for group in groups for case in group.cases]


def alike(fields):
    """Fields for comparing: lines of one name stay in order, names do not matter to each other."""
    return sorted(fields, key=lambda field: field[0].lower())
