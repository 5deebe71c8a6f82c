"""A reader of HTTP/1.1 that knows one meaning of what it reads, or raises. It forgives nothing that a
recipient may forgive, since the next one forgives something else: that is what smuggling lives on.
Bytes in, values out, no sockets; None where more bytes are needed."""

import collections
import re

Request = collections.namedtuple("Request", "line fields body trailers rest")

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 5.6.2
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110 5.5
REQUEST_LINE = re.compile(rb"([^ ]+) (\*|[!$-;=?-\[\]_a-z~%]+) HTTP/1\.1")  # RFC 9112 3
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)")  # RFC 9112 4
HOST = re.compile(r"([A-Za-z0-9\-._~%!$&'()*+;=]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
                  r"\d{4} \d\d:\d\d:\d\d GMT")  # RFC 9110 5.6.7
# What a trailer section may not hold (RFC 9110 6.5.1): framing, routing, authentication, control.
NO_TRAILERS = {
    "host", "content-length", "transfer-encoding", "trailer", "te", "connection", "keep-alive", "upgrade",
    "proxy-connection", "authorization", "proxy-authorization", "cookie", "set-cookie", "content-type",
    "content-encoding", "content-range", "expect", "max-forwards",
}  # fmt: skip


class Ambiguous(AssertionError):
    """What was read has no meaning, or two."""


def must(condition, what):
    if not condition:
        raise Ambiguous(what)


def field(line):
    """(name, value) of one line."""
    name, colon, value = line.partition(b":")
    must(colon and TOKEN.fullmatch(name), f"not a field: {line!r}")
    must(VALUE.fullmatch(value), f"a value with control characters: {line!r}")
    return name.decode("ascii"), value.strip(b" \t").decode("latin-1")


def section(lines):
    """The fields of these lines. A line that continues another one is no field, so it raises."""
    for line in lines:
        must(b"\r" not in line and b"\n" not in line, f"a line end that is not CRLF: {line!r}")
    return [field(line) for line in lines]


def values(fields, name):
    return [value for own, value in fields if own.lower() == name]


def head(data):
    """(first line, fields, where it ends), or None."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    lines = data[:end].split(b"\r\n")
    must(b"\r" not in lines[0] and b"\n" not in lines[0], f"a line end that is not CRLF: {lines[0]!r}")
    return lines[0], section(lines[1:]), end + 4


def framing(fields):
    """"chunked", a number of bytes, or None where no field says."""
    lengths = values(fields, "content-length")
    codings = values(fields, "transfer-encoding")
    must(len(lengths) + len(codings) < 2, f"two framings: {fields}")
    if codings:
        must(codings == ["chunked"], f"a coding that is not chunked: {codings}")
        return "chunked"
    if not lengths:
        return None
    must(re.fullmatch("[0-9]{1,18}", lengths[0], re.ASCII), f"not a length: {lengths}")
    return int(lengths[0])


def chunk_size(line):
    """Extensions end at a proxy, so there is nothing but digits."""
    must(CHUNK_SIZE.fullmatch(line), f"not a chunk size: {line!r}")
    return int(line, 16)


def trailers(lines):
    found = section(lines)
    for name, _ in found:
        must(name.lower() not in NO_TRAILERS and not name.lower().startswith("backstop-"), f"a trailer {name}")
    return found


def chunked(data, at):
    """(body, trailers, where it ends), or None."""
    chunks = []
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            must(len(data) - at < 20, f"not a chunk size: {data[at:at + 40]!r}")
            return None
        size = chunk_size(data[at:end])
        if size == 0:
            break
        at = end + 2 + size + 2
        if len(data) < at:
            return None
        must(data[at - 2 : at] == b"\r\n", "a chunk without its end")
        chunks.append(data[end + 2 : at - 2])
    if data[end + 2 : end + 4] == b"\r\n":
        return b"".join(chunks), [], end + 4
    last = data.find(b"\r\n\r\n", end + 2)
    if last < 0:
        return None
    return b"".join(chunks), trailers(data[end + 2 : last].split(b"\r\n")), last + 4


def request(data):
    """The request that these bytes begin with, or None."""
    found = head(data)
    if not found:
        return None
    line, fields, at = found
    parts = REQUEST_LINE.fullmatch(line)
    must(parts and TOKEN.fullmatch(parts.group(1)), f"not a request line: {line!r}")
    hosts = values(fields, "host")
    must(len(hosts) == 1 and HOST.fullmatch(hosts[0]), f"not one Host: {hosts}")
    kind = framing(fields)
    if kind == "chunked":
        whole = chunked(data, at)
        if not whole:
            return None
        body, ending, end = whole
    else:
        end = at + (kind or 0)
        if len(data) < end:
            return None  # before anything is copied: it is asked for each piece of a large body
        body, ending = data[at:end], []
    return Request(line.decode("ascii"), fields, body, ending, data[end:])


def status_line(line):
    """(status, reason)"""
    parts = STATUS_LINE.fullmatch(line)
    must(parts, f"not a status line: {line!r}")
    return int(parts.group(1)), parts.group(2).decode("latin-1")
