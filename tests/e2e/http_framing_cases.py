"""Where a request ends: the framings that have one meaning, the smuggling classes, the limits."""

from http_cases import (
    Forwarded, Group, Refused, Unfinished, bad_body, chunked, fields_of, forwarded, get, post, refused, sequence,
)  # fmt: skip

SMUGGLED = b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH_5 = ("Content-Length: 5",)
CHUNKED = ("Transfer-Encoding: chunked",)


def length(value, body=b"hello"):
    return post(b"Content-Length: " + value + b"\r\n", body)


def coding(value, body=b"0\r\n\r\n"):
    return post(b"Transfer-Encoding: " + value + b"\r\n", body)


LENGTHS = (
    forwarded("a body by its length", "9112 6.2", length(b"5"), *LENGTH_5, body=b"hello"),
    forwarded("an empty body by its length", "9110 8.6", length(b"0", b""), "Content-Length: 0"),
    forwarded("a POST without body and length", "9112 6.3", post(b"")),
    forwarded("a GET with a body", "9110 9.3.1", get(b"Content-Length: 5\r\n") + b"hello", *LENGTH_5, body=b"hello"),
    forwarded("a DELETE with a body", "9110 9.3.5", b"DELETE /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
              *LENGTH_5, body=b"hello"),
    forwarded("blanks and tabs around the length", "9110 5.5", length(b" \t5 \t"), *LENGTH_5, body=b"hello",
              note="without them"),
    forwarded("a length with zeros before it", "9110 8.6", length(b"0005"), *LENGTH_5, body=b"hello",
              note="without them"),
    forwarded("a body that looks like a request", "9112 6.3", length(b"%d" % len(SMUGGLED), SMUGGLED),
              f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED),
    forwarded("a body that looks like fields and the end of a head", "9112 6.3", length(b"23", b"Authorization: evil\r\n\r\n"),
              "Content-Length: 23", body=b"Authorization: evil\r\n\r\n"),
    forwarded("a body in HTTP/1.0", "9112 6.3", b"POST /a HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", *LENGTH_5,
              body=b"hello", via="1.0 backstop", closes=True, note="sent as HTTP/1.1"),
    *(refused(f"a length of {name}", "9110 8.6", length(value))
      for name, value in (
          ("nothing", b""), ("+5", b"+5"), ("-5", b"-5"), ("-0", b"-0"), ("0x5", b"0x5"), ("5.0", b"5.0"),
          ("5_0", b"5_0"), ("1e1", b"1e1"), ("5 and a letter", b"5x"), ("two numbers", b"5 5"), ("a quoted 5", b'"5"'),
          ("5;", b"5;"), ("8-bit digits", b"\xef\xbc\x95"), ("5 and VT", b"5\x0b"), ("5 and NUL", b"5\0"),
          ("2^64", b"18446744073709551616"), ("2^64 + 5", b"18446744073709551621"), ("2^63", b"9223372036854775808"),
          ("thirty digits", b"9" * 30), ("a list that agrees", b"5, 5"), ("a list that does not", b"5, 6"),
          ("a list with an empty end", b"5,"))),
    refused("two lengths that agree", "9112 6.3", length(b"5\r\nContent-Length: 5")),
    refused("two lengths, the second smaller", "9112 6.3", length(b"6\r\nContent-Length: 5")),
    refused("two lengths, the second larger", "9112 6.3", length(b"0\r\nContent-Length: 44", SMUGGLED)),
    refused("two lengths, the second empty", "9112 6.3", length(b"5\r\nContent-Length:")),
    refused("two lengths, unlike in case", "9112 6.3", length(b"5\r\ncontent-LENGTH: 0")),
    sequence("less body than the length", "9112 8", length(b"9"), Unfinished(), note="never sent as if whole"),
    sequence("bytes after an empty body are the next request", "9112 9.3.2", length(b"0", b"") + SMUGGLED,
             Forwarded("POST /a", fields_of(["Content-Length: 0"])), Forwarded("GET /evil")),
    sequence("bytes after a body without length are no body", "9112 6.3", post(b"", b"hello\r\n\r\n"),
             Forwarded("POST /a"), Refused(400)),
    sequence("more body than the length", "9112 6.3", length(b"3", b"hello\r\n\r\n"),
             Forwarded("POST /a", fields_of(["Content-Length: 3"]), b"hel"), Refused(400)),
)  # fmt: skip

CODINGS = (
    forwarded("a chunked body", "9112 7.1", coding(b"chunked", b"5\r\nhello\r\n0\r\n\r\n"), *CHUNKED, body=b"hello"),
    forwarded("an empty chunked body", "9112 7.1", coding(b"chunked"), *CHUNKED),
    forwarded("a GET with a chunked body", "9110 9.3.1",
              get(b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", *CHUNKED, body=b"hello"),
    forwarded("cHuNkEd", "9112 7", coding(b"cHuNkEd"), *CHUNKED, note="sent as chunked"),
    forwarded("blanks and tabs around the coding", "9110 5.5", coding(b"\t chunked \t"), *CHUNKED, note="without them"),
    refused("Content-Length, then Transfer-Encoding (CL.TE)", "9112 6.1", length(b"44\r\nTransfer-Encoding: chunked", b"0\r\n\r\n")),
    refused("Transfer-Encoding, then Content-Length (TE.CL)", "9112 6.1", coding(b"chunked\r\nContent-Length: 5")),
    refused("Content-Length: 0 and Transfer-Encoding (0.TE)", "9112 6.1", length(b"0\r\nTransfer-Encoding: chunked", b"0\r\n\r\n")),
    refused("Content-Length and a coding that is not chunked", "9112 6.1", length(b"5\r\nTransfer-Encoding: identity")),
    refused("two codings that agree (TE.TE)", "9112 6.1", coding(b"chunked\r\nTransfer-Encoding: chunked")),
    refused("two codings, the second unknown (TE.TE)", "9112 6.1", coding(b"chunked\r\nTransfer-Encoding: x")),
    refused("two codings, the first unknown (TE.TE)", "9112 6.1", coding(b"x\r\nTransfer-encoding: chunked")),
    refused("two codings, the second empty (TE.TE)", "9112 6.1", coding(b"chunked\r\nTransfer-Encoding:")),
    refused("Transfer-Encoding in HTTP/1.0", "9112 6.1",
            b"POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    *(refused(f"the coding {name}", "9112 6.1", coding(value), status)
      for name, value, status in (
          ("nothing", b"", 400), ("gzip", b"gzip", 501), ("identity", b"identity", 501), ("pigeons", b"pigeons", 501),
          ("xchunked", b"xchunked", 501), ("chunkedx", b"chunkedx", 501), ("chunked;q=1", b"chunked;q=1", 501),
          ("a quoted chunked", b'"chunked"', 501), ("chunked twice", b"chunked, chunked", 400),
          ("chunked, gzip", b"chunked, gzip", 400), ("gzip, chunked", b"gzip, chunked", 400),
          ("chunked, identity", b"chunked, identity", 400), ("chunked and a comma", b"chunked,", 400),
          ("a comma and chunked", b",chunked", 400), ("chunked and VT", b"chunked\x0b", 400),
          ("VT and chunked", b"\x0bchunked", 400), ("chunked and NUL", b"chunked\0", 400))),
)  # fmt: skip

CHUNKS = (
    forwarded("several chunks", "9112 7.1", chunked(b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), *CHUNKED, body=b"hello",
              note="framed anew"),
    forwarded("sizes in capitals and with zeros before them", "9112 7.1",
              chunked(b"A\r\nhellohello\r\n00b\r\nhello hello\r\n000\r\n\r\n"), *CHUNKED, body=b"hellohellohello hello",
              note="framed anew"),
    forwarded("a chunk that holds line ends and a last chunk", "9112 7.1", chunked(b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"), *CHUNKED,
              body=b"\r\n0\r\n\r\n"),
    forwarded("blanks and tabs behind a chunk size", "9112 7.1.1", chunked(b"5 \t\r\nhello\r\n0 \r\n\r\n"), *CHUNKED, body=b"hello",
              note="without them"),
    forwarded("chunk extensions", "9112 7.1.1", chunked(b"5;a;b=c;d=\"e;f\"\r\nhello\r\n0;g\r\n\r\n"), *CHUNKED,
              body=b"hello", note="without them"),
    forwarded("trailers", "9112 7.1.2", chunked(b"5\r\nhello\r\n0\r\nX-T: 1\r\nX-U:  2 \r\n\r\n"), *CHUNKED, body=b"hello",
              trailers=("X-T: 1", "X-U: 2")),
    forwarded("trailers and their announcement", "9110 6.6.2",
              chunked(b"5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", b"Trailer: X-T\r\n"), "Trailer: X-T", *CHUNKED, body=b"hello",
              trailers=("X-T: 1",)),
    forwarded("trailers that would route, frame or authenticate", "9110 6.5.1",
              chunked(b"5\r\nhello\r\n0\r\nHost: evil\r\nAuthorization: evil\r\nContent-Type: evil\r\nX-T: 1\r\n"
                      b"Connection: evil\r\nCookie: evil\r\nTrailer: evil\r\nBackstop-Timeout: 1s\r\n\r\n"),
              *CHUNKED, body=b"hello", trailers=("X-T: 1",), note="without them"),
    forwarded("a Content-Length among the trailers", "9110 6.5.1",
              chunked(b"5\r\nhello\r\n0\r\nContent-Length: 44\r\n\r\n"), *CHUNKED, body=b"hello", note="without it"),
    forwarded("a Transfer-Encoding among the trailers", "9110 6.5.1",
              chunked(b"5\r\nhello\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n"), *CHUNKED, body=b"hello", note="without it"),
    sequence("a chunked body and the next request in one piece", "9112 9.3.2",
             chunked(b"5\r\nhello\r\n0\r\n\r\n") + SMUGGLED,
             Forwarded("POST /a", fields_of(CHUNKED), b"hello"), Forwarded("GET /evil")),
    *(bad_body(f"a chunk size of {name}", "9112 7.1", value + b"\r\nhello\r\n0\r\n\r\n")
      for name, value in (
          ("nothing", b""), ("0x5", b"0x5"), ("+5", b"+5"), ("-5", b"-5"), ("5 after a blank", b" 5"),
          ("5 and a letter", b"5g"), ("5 and NUL", b"5\0"),
          ("5 and VT", b"5\x0b"), ("two numbers", b"5 5"), ("5 and a comma", b"5,5"), ("a quoted 5", b'"5"'),
          ("2^64", b"10000000000000000"), ("2^64 + 5", b"10000000000000005"), ("seventeen digits", b"f" * 17))),
    bad_body("more data than the chunk size", "9112 7.1", b"4\r\nhello\r\n0\r\n\r\n"),
    bad_body("less data than the chunk size", "9112 7.1", b"6\r\nhello\r\n0\r\n\r\n"),
    bad_body("no line end after a chunk", "9112 7.1", b"5\r\nhello0\r\n\r\n"),
    bad_body("a bare LF after a chunk", "9112 7.1", b"5\r\nhello\n0\r\n\r\n"),
    bad_body("a bare CR after a chunk", "9112 7.1", b"5\r\nhello\r0\r\n\r\n"),
    bad_body("a bare LF after a chunk size", "9112 7.1", b"5\nhello\r\n0\r\n\r\n"),
    bad_body("a bare CR after a chunk size", "9112 7.1", b"5\rhello\r\n0\r\n\r\n"),
    bad_body("bare LFs in all of a chunked body", "9112 7.1", b"5\nhello\n0\n\n"),
    bad_body("a bare LF that ends an extension", "9112 7.1.1", b"5;a\nhello\r\n0\r\n\r\n"),
    bad_body("a bare CR in an extension", "9112 7.1.1", b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    bad_body("an extension with NUL", "9112 7.1.1", b"5;a=\0\r\nhello\r\n0\r\n\r\n"),
    bad_body("an extension without semicolon", "9112 7.1.1", b"5 a=b\r\nhello\r\n0\r\n\r\n"),
    bad_body("a last chunk that ends with a bare LF", "9112 7.1", b"0\n\r\n"),
    bad_body("a bare LF after the last chunk", "9112 7.1", b"0\r\n\n"),
    bad_body("a request where the last line should be", "9112 7.1", b"0\r\n"),
    bad_body("a blank before the colon of a trailer", "9112 5.1", b"0\r\nX-T : 1\r\n\r\n"),
    bad_body("a trailer without colon", "9112 5", b"0\r\nX-T\r\n\r\n"),
    bad_body("a trailer with a bare LF", "9112 2.2", b"0\r\nX-T: 1\nX-U: 2\r\n\r\n"),
    bad_body("a trailer with NUL", "9110 5.5", b"0\r\nX-T: \0\r\n\r\n"),
    bad_body("a folded trailer", "9112 5.2", b"0\r\nX-T: 1\r\n 2\r\n\r\n"),
    sequence("a chunked body without its last chunk", "9112 8", chunked(b"5\r\nhello\r\n"), Unfinished(),
             note="never ended for the upstream"),
    sequence("a chunked body without its last line", "9112 8", chunked(b"5\r\nhello\r\n0\r\n"), Unfinished(),
             note="never ended for the upstream"),
    sequence("a chunk of 2^60 - 1 bytes", "9112 7.1", chunked(b"fffffffffffffff\r\nhello"), Unfinished(),
             note="never ended for the upstream"),
)  # fmt: skip



CLOSE = get(b"Connection: close\r\n")
OLD = b"GET /a HTTP/1.0\r\n"
PIPELINING = (
    sequence("two requests in one piece", "9112 9.3.2", get(target=b"/1") + get(target=b"/2"), Forwarded("GET /1"),
             Forwarded("GET /2")),
    sequence("three bodies in one piece", "9112 9.3.2",
             length(b"5") + chunked(b"3\r\nabc\r\n0\r\n\r\n") + length(b"2", b"hi"),
             Forwarded("POST /a", fields_of(LENGTH_5), b"hello"), Forwarded("POST /a", fields_of(CHUNKED), b"abc"),
             Forwarded("POST /a", fields_of(["Content-Length: 2"]), b"hi")),
    sequence("a good request before a bad one", "9112 9.3.2", get() + get(b"A : b\r\n"), Forwarded("GET /a"), Refused(400)),
    sequence("empty lines between two requests", "9112 2.2", get() + b"\r\n\r\n" + get(target=b"/2"), Forwarded("GET /a"),
             Forwarded("GET /2")),
    sequence("a request after Connection: close", "9112 9.6", CLOSE + get(), Forwarded("GET /a", closes=True),
             note="not read"),
    sequence("a request after Connection: x, CLOSE", "9112 9.6", get(b"Connection: x, CLOSE\r\n") + get(),
             Forwarded("GET /a", closes=True), note="not read"),
    sequence("a request after HTTP/1.0", "9112 9.3", OLD + b"\r\n" + get(),
             Forwarded("GET /a", closes=True, via="1.0 backstop"), note="not read"),
    sequence("HTTP/1.0 with Connection: keep-alive", "9112 9.3", OLD + b"Connection: keep-alive\r\n\r\n" + get(),
             Forwarded("GET /a", via="1.0 backstop"), Forwarded("GET /a"), note="the connection goes on"),
    sequence("HTTP/1.0 with close and keep-alive", "9112 9.3", OLD + b"Connection: close, keep-alive\r\n\r\n" + get(),
             Forwarded("GET /a", via="1.0 backstop", closes=True), note="closed"),
    sequence("half a head", "9112 8", b"GET /a HTTP/1.1\r\nHost: x\r\n", Unfinished()),
    sequence("half a request line", "9112 8", b"GET /a HT", Unfinished()),
    sequence("a connection without a byte", "9112 9.6", b"", Unfinished()),
    sequence("empty lines alone", "9112 2.2", b"\r\n\r\n", Unfinished()),
)  # fmt: skip


def head_of(size):
    """A request head of so many bytes."""
    shortest = get(b"A: \r\n")
    return get(b"A: " + b"a" * (size - len(shortest)) + b"\r\n"), "A: " + "a" * (size - len(shortest))


WIDE, WIDE_FIELD = head_of(16 * 1024)
LIMITS = (
    forwarded("a request head of 16 KiB", "9110 5.4", WIDE, WIDE_FIELD),
    refused("a request head of 16 KiB and a byte", "6585 5", head_of(16 * 1024 + 1)[0], 431),
    forwarded("a hundred request fields", "9110 5.4", get(b"".join(b"A-%d: b\r\n" % i for i in range(99))),
              *(f"A-{i}: b" for i in range(99))),
    refused("a hundred and one request fields", "6585 5", get(b"".join(b"A-%d: b\r\n" % i for i in range(100))), 431),
    refused("a target of 16 KiB", "9110 15.5.15", get(target=b"/" + b"a" * 16 * 1024), 414),
    refused("a method of 16 KiB", "9110 15.5.15", b"A" * 17 * 1024 + b" /a HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    refused("a field name of 16 KiB", "6585 5", get(b"A" * 16 * 1024 + b": b\r\n"), 431),
    forwarded("five thousand chunks of a byte", "9112 7.1", chunked(b"1\r\na\r\n" * 5000 + b"0\r\n\r\n"), *CHUNKED,
              body=b"a" * 5000),
    bad_body("chunk extensions of 100 KB in all", "9112 7.1.1", (b"1;" + b"a" * 98 + b"\r\na\r\n") * 1000 + b"0\r\n\r\n"),
    bad_body("a chunk extension of 100 KB", "9112 7.1.1", b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n"),
    bad_body("a chunk size of 100 KB of zeros", "9112 7.1", b"0" * 100_000 + b"5\r\nhello\r\n0\r\n\r\n"),
    bad_body("a trailer section of 100 KB", "9110 6.5.1", b"0\r\n" + b"X-T: %s\r\n" % (b"t" * 90) * 1000 + b"\r\n"),
    bad_body("a hundred and one trailers", "9110 6.5.1", b"0\r\n" + b"X-T: 1\r\n" * 101 + b"\r\n"),
    bad_body("a trailer of 100 KB", "9110 6.5.1", b"0\r\nX-T: " + b"t" * 100_000 + b"\r\n\r\n"),
)  # fmt: skip

GROUPS = (
    Group("Requests in", "Content-Length", LENGTHS),
    Group("Requests in", "Transfer-Encoding", CODINGS),
    Group("Requests in", "Chunks and trailers", CHUNKS),
    Group("Requests in", "One after the other", PIPELINING),
    Group("Limits", "Requests", LIMITS),
)
