"""The tables of wire cases: what the words in them mean. A case is what one side sends, byte by byte, and
what must come of it. http_requests_test.py and http_responses_test.py play them, each whole, in single
bytes and in random pieces; http_page.py makes docs/HTTP.md of them."""

import dataclasses

# --- what must come of a request ---


@dataclasses.dataclass(frozen=True)
class Refused:
    """An answer of ours with this status and the end of the connection; nothing behind it is answered."""

    status: int
    early: bool = True  # before anything goes upstream; otherwise no whole request does


@dataclasses.dataclass(frozen=True)
class Forwarded:
    """What the upstream understands, but for Host and Via, which every request has."""

    line: str  # method and target
    fields: tuple = ()
    body: bytes = b""
    trailers: tuple = ()
    via: str = "1.1 backstop"
    closes: bool = False  # the client's connection ends after the answer


@dataclasses.dataclass(frozen=True)
class Answered:
    """An answer of ours without a body; nothing goes upstream, and the connection goes on."""

    status: int


@dataclasses.dataclass(frozen=True)
class Unfinished:
    """No request yet: when the client ends here, nothing is answered and nothing whole goes upstream."""


# --- what must come of a response ---


@dataclasses.dataclass(frozen=True)
class Delivered:
    """What the client reads, but for Backstop-Attempts and, if it is not named here, Date."""

    status: int
    fields: tuple = ()
    body: bytes = b""
    trailers: tuple = ()
    interim: tuple = ()  # (status, fields) of the 1xx before it
    closes: bool = False  # the client's connection ends with it
    reused: bool = True  # the upstream's connection carries the next request


@dataclasses.dataclass(frozen=True)
class Malformed:
    """A 502 of ours; nothing is relayed, and the upstream's connection is not used again."""


@dataclasses.dataclass(frozen=True)
class Cut:
    """Too late for a 502: the client's connection breaks, and what came can not be taken for whole."""


ANY_DATE = "Date: *"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    rfc: str
    data: bytes
    outcomes: tuple
    note: str = ""  # what is changed, where something is
    request: bytes = b""  # of a response: what it answers
    close: bool = False  # of a response: the upstream closes after it


@dataclasses.dataclass(frozen=True)
class Group:
    table: str  # of docs/HTTP.md
    title: str
    cases: tuple


# --- short words for the tables ---


def fields_of(lines):
    return tuple(tuple(line.split(": ", 1)) for line in lines)


def get(fields=b"", target=b"/a"):
    return b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n"


def post(fields, body=b""):
    return b"POST /a HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n" + body


def chunked(body, fields=b""):
    return post(b"Transfer-Encoding: chunked\r\n" + fields, body)


def refused(name, rfc, data, status=400):
    return Case(name, rfc, data, (Refused(status),))


def bad_body(name, rfc, body, status=400):
    """A chunked body that is found out on the way."""
    return Case(name, rfc, chunked(body), (Refused(status, early=False),))


def forwarded(name, rfc, data, *fields, body=b"", line=None, trailers=(), note="", **more):
    if line is None:
        line = b" ".join(data.lstrip(b"\r\n").split(b" ")[:2]).decode()
    arrives = Forwarded(line, fields_of(fields), body, fields_of(trailers), **more)
    return Case(name, rfc, data, (arrives,), note)


def sequence(name, rfc, data, *outcomes, note=""):
    return Case(name, rfc, data, outcomes, note)


def ok(fields=b"", body=b""):
    return b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + body


def sized(body, fields=b""):
    return ok(b"Content-Length: %d\r\n" % len(body) + fields, body)


def delivered(name, rfc, data, *fields, status=200, note="", request=None, close=False, trailers=(), **more):
    outcome = Delivered(status, fields_of(fields), trailers=fields_of(trailers), **more)
    return Case(name, rfc, data, (outcome,), note, request or get(), close)


def malformed(name, rfc, data, close=False, request=None):
    return Case(name, rfc, data, (Malformed(),), "", request or get(), close)


def cut(name, rfc, data, close=False, request=None):
    return Case(name, rfc, data, (Cut(),), "", request or get(), close)
