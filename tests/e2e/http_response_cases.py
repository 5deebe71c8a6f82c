"""What an upstream may say, what is cleaned on its way to the client, and what is not relayed at all."""

from http_cases import ANY_DATE, Group, cut, delivered, fields_of, malformed, ok, sized

HEAD = b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"
OLD = b"GET /a HTTP/1.0\r\n\r\n"
OLD_KEPT = b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
TWO = ("Content-Length: 2",)
EMPTY = ("Content-Length: 0",)
CHUNKED = ("Transfer-Encoding: chunked",)
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


def says(line, fields=b"Content-Length: 2\r\n", body=b"ok"):
    return line + b"\r\n" + fields + b"\r\n" + body


def empty(status, fields=b""):
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n"


def chunked(body, fields=b""):
    return ok(b"Transfer-Encoding: chunked\r\n" + fields, body)


STATUS_LINE = (
    delivered("a response as it should be", "9112 4", sized(b"ok"), *TWO, body=b"ok"),
    delivered("a response in HTTP/1.0", "9110 2.5", says(b"HTTP/1.0 200 OK"), *TWO, body=b"ok", reused=False,
              note="sent as HTTP/1.1"),
    delivered("a response in HTTP/1.0 with keep-alive", "9112 9.3",
              says(b"HTTP/1.0 200 OK", b"Connection: keep-alive\r\nContent-Length: 2\r\n"), *TWO, body=b"ok",
              note="sent as HTTP/1.1"),
    delivered("a response in HTTP/1.2", "9110 2.5", says(b"HTTP/1.2 200 OK"), *TWO, body=b"ok", note="sent as HTTP/1.1"),
    delivered("no reason phrase", "9112 4", says(b"HTTP/1.1 200 "), *TWO, body=b"ok"),
    delivered("no reason phrase, nor the blank before it", "9112 4", says(b"HTTP/1.1 200"), *TWO, body=b"ok",
              note="with the blank"),
    delivered("a reason phrase that begins with a blank", "9112 4", says(b"HTTP/1.1 200  OK"), *TWO, body=b"ok"),
    delivered("8-bit text in the reason phrase", "9112 4", says(b"HTTP/1.1 200 D\xe9j\xe0"), *TWO, body=b"ok"),
    delivered("a status that we do not know", "9110 15", says(b"HTTP/1.1 299 Odd"), *TWO, status=299, body=b"ok"),
    delivered("a client error that we do not know", "9110 15", says(b"HTTP/1.1 499 Odd"), *TWO, status=499, body=b"ok"),
    *(malformed(f"a status line with {name}", "9112 4", says(line))
      for name, line in (
          ("status 600", b"HTTP/1.1 600 Odd"), ("status 999", b"HTTP/1.1 999 Odd"), ("status 099", b"HTTP/1.1 099 Odd"),
          ("status 000", b"HTTP/1.1 000 Odd"), ("one digit", b"HTTP/1.1 2 OK"), ("two digits", b"HTTP/1.1 20 OK"),
          ("four digits", b"HTTP/1.1 2000 OK"), ("a letter in the status", b"HTTP/1.1 2x0 OK"),
          ("a sign before the status", b"HTTP/1.1 +20 OK"), ("no status", b"HTTP/1.1 OK"),
          ("two blanks before the status", b"HTTP/1.1  200 OK"), ("a tab before the status", b"HTTP/1.1\t200 OK"),
          ("a tab after the status", b"HTTP/1.1 200\tOK"), ("no blank before the status", b"HTTP/1.1200 OK"),
          ("no blank after the status", b"HTTP/1.1 200OK"), ("a comma in the status", b"HTTP/1.1 20,0 OK"),
          ("HTTP/2.0", b"HTTP/2.0 200 OK"), ("HTTP/5.6", b"HTTP/5.6 200 OK"), ("HTTP/0.9", b"HTTP/0.9 200 OK"),
          ("two minor digits", b"HTTP/1.01 200 OK"), ("two major digits", b"HTTP/11.1 200 OK"),
          ("a zero before the version", b"HTTP/01.1 200 OK"), ("no minor version", b"HTTP/1 200 OK"),
          ("a letter missing", b"HTP/1.1 200 OK"), ("a letter too many", b"IHTTP/1.1 200 OK"),
          ("http in lower case", b"http/1.1 200 OK"), ("another protocol", b"ICY 200 OK"),
          ("a blank before it", b" HTTP/1.1 200 OK"), ("a bare CR before it", b"\rHTTP/1.1 200 OK"),
          ("an empty line before it", b"\r\nHTTP/1.1 200 OK"),
          ("NUL in the reason", b"HTTP/1.1 200 O\0K"), ("ESC in the reason", b"HTTP/1.1 200 O\x1bK"),
          ("a bare CR in the reason", b"HTTP/1.1 200 O\rK"), ("a bare LF at its end", b"HTTP/1.1 200 OK\nA: b"))),
    malformed("no HTTP at all: a page, as in HTTP/0.9", "9112 4", b"<html>hello</html>", close=True),
    malformed("no HTTP at all: SSH", "9112 4", b"SSH-2.0-OpenSSH_9.2\r\n", close=True),
    malformed("no HTTP at all: a TLS alert", "9112 4", b"\x15\x03\x03\x00\x02\x02\x28", close=True),
    malformed("an end before the first byte of a response", "9112 8", b"", close=True),
)  # fmt: skip

FIELDS = (
    *(malformed(f"a response with {name}", rfc, ok(lines + b"Content-Length: 2\r\n", b"ok"))
      for name, rfc, lines in (
          ("obs-fold by a blank", "9112 5.2", b"A: b\r\n c\r\n"), ("obs-fold by a tab", "9112 5.2", b"A: b\r\n\tc\r\n"),
          ("a blank before the first field", "9112 2.2", b" A: b\r\n"),
          ("a blank before a colon", "9112 5.1", b"A : b\r\n"),
          ("a blank before the colon of a coding", "9112 5.1", b"Transfer-Encoding : chunked\r\n"),
          ("a field without colon", "9112 5", b"A\r\n"), ("a field without name", "9112 5.1", b": b\r\n"),
          ("a bracket in a name", "9110 5.1", b"A(: b\r\n"), ("NUL in a name", "9110 5.1", b"A\0: b\r\n"),
          ("a blank in a name", "9110 5.1", b"A b: c\r\n"),
          ("NUL in a value", "9110 5.5", b"A: b\0c\r\n"), ("a bare CR in a value", "9110 5.5", b"A: b\rc\r\n"),
          ("a bare CR and what looks like a field", "9112 2.2", b"A: b\rSet-Cookie: evil\r\n"),
          ("a bare LF and what looks like a field", "9112 2.2", b"A: b\nSet-Cookie: evil\r\n"),
          ("ESC in a value", "9110 5.5", b"A: b\x1bc\r\n"), ("DEL in a value", "9110 5.5", b"A: b\x7fc\r\n"),
          ("two CRs at the end of a field", "9112 2.2", b"A: b\r\r\n"))),
    malformed("a response of bare LFs", "9112 2.2", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
)  # fmt: skip

FRAMING = (
    delivered("a response body by its length", "9112 6.3", sized(b"hello"), "Content-Length: 5", body=b"hello"),
    delivered("an empty response body", "9112 6.3", sized(b""), *EMPTY),
    delivered("a response that says its length twice", "9110 8.6", ok(b"Content-Length: 2\r\ncontent-length: 2\r\n", b"ok"),
              *TWO, body=b"ok", note="says it once"),
    delivered("a response length with zeros before it", "9110 8.6", ok(b"Content-Length: 002\r\n", b"ok"), *TWO, body=b"ok",
              note="without them"),
    delivered("a response in HTTP/1.0 with keep-alive and without framing", "9112 6.3",
              says(b"HTTP/1.0 200 OK", b"Connection: keep-alive\r\n"), *CHUNKED, body=b"ok", close=True, reused=False,
              note="sent in chunks"),
    delivered("a response with close and keep-alive", "9112 9.6", sized(b"ok", b"Connection: keep-alive, close\r\n"), *TWO,
              body=b"ok", reused=False, note="the upstream's connection ends"),
    *(malformed(f"a response with {name}", "9112 6.3", ok(fields, b"ok"))
      for name, fields in (
          ("two lengths that differ", b"Content-Length: 2\r\nContent-Length: 3\r\n"),
          ("a list of lengths that agree", b"Content-Length: 2, 2\r\n"), ("a list of lengths", b"Content-Length: 2, 3\r\n"),
          ("a length of nothing", b"Content-Length:\r\n"), ("a length of +2", b"Content-Length: +2\r\n"),
          ("a length of -2", b"Content-Length: -2\r\n"), ("a length of 0x2", b"Content-Length: 0x2\r\n"),
          ("a length of 2x", b"Content-Length: 2x\r\n"), ("a length of 2^64 + 2", b"Content-Length: 18446744073709551618\r\n"),
          ("a length, then chunked", b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
          ("chunked, then a length", b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"),
          ("chunked twice", b"Transfer-Encoding: chunked, chunked\r\n"),
          ("two codings that agree", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
          ("the coding gzip", b"Transfer-Encoding: gzip\r\n"), ("the codings gzip, chunked", b"Transfer-Encoding: gzip, chunked\r\n"),
          ("the coding identity", b"Transfer-Encoding: identity\r\n"), ("the coding xchunked", b"Transfer-Encoding: xchunked\r\n"),
          ("an empty coding", b"Transfer-Encoding:\r\n"))),
    malformed("chunked in an HTTP/1.0 response", "9112 6.1",
              says(b"HTTP/1.0 200 OK", b"Transfer-Encoding: chunked\r\n", b"2\r\nok\r\n0\r\n\r\n")),
    malformed("two lengths that differ, to HEAD", "9112 6.3", ok(b"Content-Length: 2\r\nContent-Length: 3\r\n"), request=HEAD),
    delivered("a response that ends with its connection", "9112 6.3", ok(b"", b"until the end"), *CHUNKED,
              body=b"until the end", close=True, reused=False, note="sent in chunks"),
    delivered("an empty response that ends with its connection", "9112 6.3", ok(), *CHUNKED, close=True, reused=False,
              note="sent in chunks"),
    delivered("an HTTP/1.0 response that ends with its connection", "9112 6.3", says(b"HTTP/1.0 200 OK", b""), *CHUNKED,
              body=b"ok", close=True, reused=False, note="sent in chunks"),
    delivered("HEAD with a length", "9110 9.3.2", ok(b"Content-Length: 1000\r\n"), "Content-Length: 1000", request=HEAD),
    delivered("HEAD with chunked", "9110 9.3.2", chunked(b""), request=HEAD, note="without the coding"),
    delivered("HEAD without framing", "9110 9.3.2", ok(b"A: b\r\n"), "A: b", request=HEAD),
    delivered("HEAD with a body all the same", "9112 6.3", sized(b"hello"), "Content-Length: 5", request=HEAD, reused=False,
              note="without it"),
    delivered("304 with the length of what it stands for", "9110 8.6", empty(b"304 Not Modified", b'ETag: "a"\r\nContent-Length: 7\r\n'),
              'ETag: "a"', "Content-Length: 7", status=304),
    delivered("304 that says a length twice", "9110 8.6",
              empty(b"304 Not Modified", b"Content-Length: 7\r\nContent-Length: 7\r\n"), "Content-Length: 7", status=304,
              note="says it once"),
    delivered("HEAD that says a length twice", "9110 8.6", ok(b"Content-Length: 7\r\nContent-Length: 7\r\n"),
              "Content-Length: 7", request=HEAD, note="says it once"),
    malformed("a length, then chunked, to HEAD", "9112 6.3", ok(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
              request=HEAD),
    delivered("304 with a chunked body all the same", "9112 6.3",
              empty(b"304 Not Modified", b"Transfer-Encoding: chunked\r\n") + b"2\r\nok\r\n0\r\n\r\n", status=304, reused=False,
              note="without it"),
    delivered("304 with chunked", "9112 6.3", empty(b"304 Not Modified", b"Transfer-Encoding: chunked\r\n"), status=304,
              note="without the coding"),
    delivered("304 with a body all the same", "9112 6.3", empty(b"304 Not Modified", b"Content-Length: 5\r\n") + b"hello",
              "Content-Length: 5", status=304, reused=False, note="without it"),
    delivered("204", "9110 15.3.5", empty(b"204 No Content"), status=204),
    delivered("204 with Content-Length: 0", "9110 8.6", empty(b"204 No Content", b"Content-Length: 0\r\n"), status=204,
              reused=None, note="without the field"),
    delivered("204 with a body and its length", "9110 8.6", empty(b"204 No Content", b"Content-Length: 5\r\n") + b"hello",
              status=204, reused=False, note="without both"),
    delivered("204 with a length and no body", "9110 8.6", empty(b"204 No Content", b"Content-Length: 5\r\n"),
              status=204, reused=False, note="without the field"),
    delivered("204 with a chunked body", "9112 6.1",
              empty(b"204 No Content", b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", status=204,
              reused=False, note="without it"),
    delivered("205 with a length of 0", "9110 15.3.6", empty(b"205 Reset Content", b"Content-Length: 0\r\n"), *EMPTY, status=205),
)  # fmt: skip

CHUNKS = (
    delivered("a chunked response", "9112 7.1", chunked(b"2\r\nok\r\n0\r\n\r\n"), *CHUNKED, body=b"ok"),
    delivered("an empty chunked response", "9112 7.1", chunked(b"0\r\n\r\n"), *CHUNKED),
    delivered("Chunked with a capital", "9112 7", ok(b"Transfer-Encoding: Chunked\r\n", b"2\r\nok\r\n0\r\n\r\n"), *CHUNKED,
              body=b"ok", note="sent as chunked"),
    delivered("a response with chunk extensions", "9112 7.1.1", chunked(b'2;a;b="c;d"\r\nok\r\n0;e=f\r\n\r\n'), *CHUNKED,
              body=b"ok", note="without them"),
    delivered("response chunks with zeros and capitals in their sizes", "9112 7.1",
              chunked(b"00A\r\nhellohello\r\n2\r\nok\r\n00\r\n\r\n"), *CHUNKED, body=b"hellohellook", note="framed anew"),
    delivered("a response with blanks behind its chunk sizes", "9112 7.1.1", chunked(b"2 \t\r\nok\r\n0 \r\n\r\n"), *CHUNKED,
              body=b"ok", note="without them"),
    delivered("a chunked response with trailers", "9112 7.1.2", chunked(b"2\r\nok\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n"), *CHUNKED,
              body=b"ok", trailers=("X-T: 1", "X-U: 2")),
    delivered("a chunked response that announces its trailers", "9110 6.6.2",
              chunked(b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n", b"Trailer: X-T\r\n"), "Trailer: X-T", *CHUNKED, body=b"ok",
              trailers=("X-T: 1",)),
    delivered("response trailers that would frame, route or set cookies", "9110 6.5.1",
              chunked(b"2\r\nok\r\n0\r\nSet-Cookie: evil\r\nContent-Type: evil\r\nConnection: evil\r\nX-T: 1\r\n"
                      b"Trailer: evil\r\nBackstop-Reason: evil\r\n\r\n"), *CHUNKED, body=b"ok", trailers=("X-T: 1",),
              note="without them"),
    delivered("a Content-Length among response trailers", "9110 6.5.1",
              chunked(b"2\r\nok\r\n0\r\nContent-Length: 44\r\n\r\n"), *CHUNKED, body=b"ok", note="without it"),
    *(cut(f"a response chunk size of {name}", "9112 7.1", chunked(value + b"\r\nhello\r\n0\r\n\r\n"))
      for name, value in (
          ("nothing", b""), ("0x5", b"0x5"), ("+5", b"+5"), ("-5", b"-5"), ("5 after a blank", b" 5"),
          ("5 and a letter", b"5g"), ("5 and NUL", b"5\0"), ("two numbers", b"5 5"),
          ("2^64 + 5", b"10000000000000005"))),
    cut("more data than the response chunk size", "9112 7.1", chunked(b"4\r\nhello\r\n0\r\n\r\n")),
    cut("less data than the response chunk size", "9112 7.1", chunked(b"6\r\nhello\r\n0\r\n\r\n")),
    cut("a bare LF after a response chunk", "9112 7.1", chunked(b"5\r\nhello\n0\r\n\r\n")),
    cut("a bare LF after a response chunk size", "9112 7.1", chunked(b"5\nhello\r\n0\r\n\r\n"), close=True),
    cut("a bare LF in a response's extension", "9112 7.1.1", chunked(b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    cut("a response trailer without colon", "9112 5", chunked(b"2\r\nok\r\n0\r\nX-T\r\n\r\n")),
    cut("a folded response trailer", "9112 5.2", chunked(b"2\r\nok\r\n0\r\nX-T: 1\r\n 2\r\n\r\n")),
    cut("a response trailer with a bare LF", "9112 2.2", chunked(b"2\r\nok\r\n0\r\nX-T: 1\nX-U: 2\r\n\r\n")),
)  # fmt: skip

ENDS = (
    malformed("an end within the status line", "9112 8", b"HTTP/1.1 200", close=True),
    malformed("an end within the head", "9112 8", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", close=True),
    malformed("an end before a short body", "9112 8", ok(b"Content-Length: 10\r\n"), close=True),
    malformed("an end within a short body", "9112 8", ok(b"Content-Length: 10\r\n", b"half"), close=True),
    cut("an end within a long body", "9112 8", ok(b"Content-Length: 100000\r\n", b"a" * 99_999), close=True),
    cut("an end before the first chunk", "9112 8", chunked(b""), close=True),
    cut("an end within a chunk size", "9112 8", chunked(b"2\r\nok\r\n5"), close=True),
    cut("an end within a chunk", "9112 8", chunked(b"5\r\nhel"), close=True),
    cut("an end between two chunks", "9112 8", chunked(b"2\r\nok\r\n"), close=True),
    cut("an end before the last line of a chunked body", "9112 8", chunked(b"2\r\nok\r\n0\r\n"), close=True),
    cut("an end within the trailers", "9112 8", chunked(b"2\r\nok\r\n0\r\nX-T: 1\r\n"), close=True),
    cut("an end within a chunk, for an HTTP/1.0 client", "9112 8", chunked(b"5\r\nhel"), close=True, request=OLD),
    cut("an end within a long body, for an HTTP/1.0 client", "9112 8", ok(b"Content-Length: 100000\r\n", b"a" * 99_999),
        close=True, request=OLD),
    delivered("another response behind the response", "9112 9.2", sized(b"ok") + EVIL, *TWO, body=b"ok", reused=False,
              note="dropped with its connection"),
    delivered("bytes behind the response", "9112 6.3", sized(b"ok") + b"evil", *TWO, body=b"ok", reused=False,
              note="dropped with their connection"),
    delivered("a line end behind the response", "9112 6.3", sized(b"ok") + b"\r\n", *TWO, body=b"ok", reused=False,
              note="dropped with its connection"),
    delivered("another response behind the last chunk", "9112 9.2", chunked(b"2\r\nok\r\n0\r\n\r\n") + EVIL, *CHUNKED,
              body=b"ok", reused=False, note="dropped with its connection"),
    delivered("another response behind a 304", "9112 6.3", empty(b"304 Not Modified") + EVIL, status=304, reused=False,
              note="dropped with its connection"),
    delivered("another response behind a 204", "9112 6.3", empty(b"204 No Content") + EVIL, status=204, reused=False,
              note="dropped with its connection"),
    delivered("another response behind that to HEAD", "9112 6.3", ok(b"Content-Length: 2\r\n") + EVIL, *TWO, request=HEAD,
              reused=False, note="dropped with its connection"),
)  # fmt: skip

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
HINTS = (103, fields_of(["Link: </a>"]))
INTERIM = (
    delivered("103 before the response", "9110 15.2", EARLY + sized(b"ok"), *TWO, body=b"ok", interim=(HINTS,)),
    delivered("three 1xx before the response", "9110 15.2", EARLY + b"HTTP/1.1 102 Processing\r\n\r\n" + EARLY + sized(b"ok"),
              *TWO, body=b"ok", interim=(HINTS, (102, ()), HINTS)),
    delivered("a hundred 1xx before the response", "9110 15.2", EARLY * 100 + sized(b"ok"), *TWO, body=b"ok",
              interim=(HINTS,) * 100),
    delivered("a 1xx that we do not know", "9110 15.2", b"HTTP/1.1 199 Odd\r\nA: b\r\n\r\n" + sized(b"ok"), *TWO, body=b"ok",
              interim=((199, fields_of(["A: b"])),)),
    delivered("100 that nobody asked for", "9110 10.1.1", b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"ok"), *TWO, body=b"ok",
              note="ends here"),
    delivered("103 with fields that end here", "9110 7.6.1",
              b"HTTP/1.1 103 Early Hints\r\nConnection: A\r\nA: b\r\nKeep-Alive: 1\r\nBackstop-Reason: x\r\nLink: </a>\r\n\r\n"
              + sized(b"ok"), *TWO, body=b"ok", interim=(HINTS,), note="without them"),
    delivered("103 for an HTTP/1.0 client", "9110 15.2", EARLY + sized(b"ok"), *TWO, body=b"ok", request=OLD, closes=True,
              note="not sent"),
    malformed("a 1xx and then nothing", "9112 8", EARLY, close=True),
    malformed("a 1xx with a body", "9112 6.3", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello" + sized(b"ok")),
    malformed("101 that nobody asked for", "9110 15.2.2", empty(b"101 Switching Protocols", b"Connection: Upgrade\r\nUpgrade: x\r\n") + b"raw"),
    malformed("101 to an offer of h2c, which was not passed on", "9110 7.8",
              empty(b"101 Switching Protocols", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
              request=b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
    malformed("101 and a whole response", "9110 15.2.2", empty(b"101 Switching Protocols") + sized(b"ok")),
)  # fmt: skip

OUT = (
    delivered("a Date of the upstream's", "9110 6.6.1", sized(b"", b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
              "Date: Sun, 06 Nov 1994 08:49:37 GMT", *EMPTY),
    delivered("no Date", "9110 6.6.1", sized(b"ok"), ANY_DATE, *TWO, body=b"ok", note="with ours"),
    delivered("a field that the upstream's Connection names", "9110 7.6.1",
              sized(b"", b"Connection: x-secret, close\r\nX-Secret: 1\r\nX-Stays: 1\r\n"), "X-Stays: 1", *EMPTY, reused=False,
              note="ends here"),
    delivered("an upstream's Connection that names Content-Type", "9110 7.6.1",
              sized(b"", b"Connection: Content-Type\r\nContent-Type: a/b\r\n"), "Content-Type: a/b", *EMPTY,
              note="the type stays"),
    delivered("an upstream's Connection that names Content-Length", "9110 7.6.1",
              sized(b"ok", b"Connection: Content-Length\r\n"), *TWO, body=b"ok", note="the length stays"),
    delivered("Keep-Alive, Proxy-Connection, Upgrade and TE of an upstream", "9110 7.6.1",
              sized(b"", b"Keep-Alive: timeout=5\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nTE: trailers\r\nX-Stays: 1\r\n"),
              "X-Stays: 1", *EMPTY, note="end here"),
    delivered("a Trailer of an upstream without chunks", "9110 6.6.2", sized(b"ok", b"Trailer: X-T\r\n"), *TWO, body=b"ok",
              note="ends here"),
    delivered("Backstop fields of an upstream", "9110 7.6.1",
              sized(b"", b"Backstop-Reason: x\r\nbackstop-attempts: 9\r\nX-Backstop: 1\r\n"), "X-Backstop: 1", *EMPTY,
              note="end here"),
    delivered("cookies on several lines, in order", "9110 5.3", sized(b"", b"Set-Cookie: a=b\r\nA: b\r\nSet-Cookie: c=d\r\n"),
              "Set-Cookie: a=b", "Set-Cookie: c=d", "A: b", *EMPTY),
    delivered("response values as they came", "9110 5.5", sized(b"", b"A:\r\nx-LOUD:  caf\xe9\tb: c \t\r\n"), "A: ",
              "x-LOUD: caf\xe9\tb: c", *EMPTY, note="without the blanks around them"),
    delivered("Server, Via and cache fields", "9110 7.6.3",
              sized(b"", b'Server: s\r\nVia: 1.1 v\r\nETag: "e"\r\nCache-Control: no-store\r\nAge: 1\r\nVary: *\r\n'),
              "Server: s", "Via: 1.1 v", 'ETag: "e"', "Cache-Control: no-store", "Age: 1", "Vary: *", *EMPTY),
    delivered("Connection: close of an upstream", "9112 9.6", sized(b"ok", b"Connection: close\r\n"), *TWO, body=b"ok",
              reused=False, note="the client's connection goes on"),
    delivered("a length for an HTTP/1.0 client", "9112 6.2", sized(b"ok"), *TWO, body=b"ok", request=OLD, closes=True),
    delivered("a length for an HTTP/1.0 client that keeps its connection", "9112 9.3", sized(b"ok"), *TWO, body=b"ok",
              request=OLD_KEPT),
    delivered("chunks for an HTTP/1.0 client", "9112 6.1", chunked(b"2\r\nok\r\n0\r\n\r\n"), body=b"ok", request=OLD,
              closes=True, note="sent until the end of the connection"),
    delivered("chunks for an HTTP/1.0 client that keeps its connection", "9112 6.1", chunked(b"2\r\nok\r\n0\r\n\r\n"),
              body=b"ok", request=OLD_KEPT, closes=True, note="sent until the end of the connection"),
    delivered("trailers for an HTTP/1.0 client", "9112 7.1.2",
              chunked(b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n", b"Trailer: X-T\r\n"), body=b"ok", request=OLD, closes=True,
              note="without them"),
    delivered("a response until the end for an HTTP/1.0 client", "9112 6.3", ok(b"", b"ok"), body=b"ok", request=OLD,
              closes=True, close=True, reused=False),
    delivered("a response to a client that closes", "9112 9.6", sized(b"ok"), *TWO, body=b"ok", closes=True,
              request=b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
)  # fmt: skip


def head_of(size):
    """A response head of so many bytes, and the field that fills it."""
    filler = "a" * (size - len(sized(b"", b"A: \r\n")))
    return sized(b"", f"A: {filler}\r\n".encode()), f"A: {filler}"


WIDE, WIDE_FIELD = head_of(16 * 1024)
LIMITS = (
    delivered("a response head of 16 KiB", "9110 5.4", WIDE, WIDE_FIELD, *EMPTY),
    malformed("a response head of 16 KiB and a byte", "9110 5.4", head_of(16 * 1024 + 1)[0]),
    malformed("a 1xx head of 16 KiB and a byte", "9110 5.4",
              head_of(16 * 1024 + 1)[0].replace(b"200 OK", b"103 OK").replace(b"Content-Length: 0\r\n", b"C: d\r\nEF: ghijklm\r\n")
              + sized(b"ok")),
    delivered("five thousand response chunks of a byte", "9112 7.1", chunked(b"1\r\na\r\n" * 5000 + b"0\r\n\r\n"), *CHUNKED,
              body=b"a" * 5000),
    malformed("a response head that does not end", "9110 5.4", ok(b"A: " + b"a" * 40_000)),
    malformed("a status line that does not end", "9110 5.4", b"HTTP/1.1 200 " + b"a" * 40_000),
    delivered("a hundred response fields", "9110 5.4", sized(b"", b"".join(b"A-%d: b\r\n" % i for i in range(99))),
              *(f"A-{i}: b" for i in range(99)), *EMPTY),
    malformed("a hundred and one response fields", "9110 5.4", sized(b"", b"".join(b"A-%d: b\r\n" % i for i in range(100)))),
    cut("a response chunk extension of 100 KB", "9112 7.1.1", chunked(b"2;" + b"a" * 100_000 + b"\r\nok\r\n0\r\n\r\n")),
    cut("a response trailer section of 100 KB", "9110 6.5.1",
        chunked(b"2\r\nok\r\n0\r\n" + b"X-T: %s\r\n" % (b"t" * 90) * 1000 + b"\r\n")),
    cut("a hundred and one response trailers", "9110 6.5.1", chunked(b"2\r\nok\r\n0\r\n" + b"X-T: 1\r\n" * 101 + b"\r\n")),
)  # fmt: skip

GROUPS = (
    Group("Responses in", "The status line", STATUS_LINE),
    Group("Responses in", "Fields", FIELDS),
    Group("Responses in", "Framing", FRAMING),
    Group("Responses in", "Chunks and trailers", CHUNKS),
    Group("Responses in", "Where a response ends", ENDS),
    Group("Responses in", "1xx", INTERIM),
    Group("Responses out", "What the client reads", OUT),
    Group("Limits", "Responses", LIMITS),
)
