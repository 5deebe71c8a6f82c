"""Prints docs/HTTP.md: the tables of wire cases, for people. http_page.py > docs/HTTP.md"""

import re

import http_elsewhere
import http_forward_cases
import http_framing_cases
import http_head_cases
import http_response_cases
from http_cases import Answered, Cut, Malformed, Refused, Unfinished

GROUPS = (
    *http_head_cases.GROUPS, *http_framing_cases.GROUPS, *http_forward_cases.GROUPS, *http_response_cases.GROUPS,
)  # fmt: skip

INTRODUCTION = """\
# HTTP/1.1 on the wire

Made by `tests/e2e/http_page.py > docs/HTTP.md` from the tables that the tests play; a test fails when this page and the
tables differ.

backstop passes on what has one meaning, cleans what a gateway has to clean, and refuses the rest. It builds each head
anew from the fields it has understood, and edits none in place.

- **accepted**: passed on as it came. Every request gets our `Via` and the upstream's `Host`, every answer
  `Backstop-Attempts`.
- **cleaned**: passed on with what is said behind it.
- **refused**, from a client: the status in the envelope of the API, `Connection: close`, and nothing behind it is read as a
  request. What is wrong with a head is found before anything goes upstream; what is wrong with a chunked body may be found
  on the way, and then the upstream never sees the end of that request.
- **refused: 502**, from an upstream: nothing of it is relayed, and its connection is not used again. It is an outcome like
  others: a request that is safe to repeat is repeated, and 502 is what remains at last. The tables are about one attempt.
- **cut**: too late for a 502, since the head has been passed on. The client's connection breaks, without a last chunk or the
  rest of the length, so that nobody takes a part for the whole.

Not spoken: HTTP/2, CONNECT, TRACE, transfer codings other than chunked, protocols to upgrade to other than WebSocket.

How the bytes arrive changes nothing: each case of the tables is played whole, in single bytes, in random pieces and torn
before the last byte of its head (`e2e.http_requests_test`, `e2e.http_responses_test`), between readers that forgive nothing
(`tests/e2e/strict.py`). What is named here and separated by dots is one case each, and its name there. What a test of its
own shows names that test.
"""


def becomes_of(outcome, note):
    if isinstance(outcome, Refused):
        return f"refused: {outcome.status}"
    if isinstance(outcome, Malformed):
        return "refused: 502"
    if isinstance(outcome, Cut):
        return "cut"
    if isinstance(outcome, Answered):
        return "answered here"
    if isinstance(outcome, Unfinished):
        return "no request" + (f": {note}" if note else "")
    return f"cleaned: {note}" if note else "accepted"


def becomes(case):
    words = []
    for outcome in case.outcomes:
        word = becomes_of(outcome, "" if words else case.note)
        if word not in words:
            words.append(word)
    return ", then ".join(words)


def rfc(section):
    return f"RFC {section}" if section else ""


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def escaped(text):
    return re.sub(r"([*_\[\]|])", r"\\\1", text)


def titles(table):
    """The tables' parts in the order in which they are first named."""
    named = [group.title for group in GROUPS if group.table == table]
    named += [entry[1] for entry in http_elsewhere.TESTS if entry[0] == table]
    return list(dict.fromkeys(named))


def entries(table, title):
    """(what becomes of it, RFC, what comes), what is accepted first and what is refused last."""
    found = [
        (becomes(case), rfc(case.rfc), escaped(case.name))
        for group in GROUPS
        if (group.table, group.title) == (table, title)
        for case in group.cases
    ]
    for table_, title_, what, result, section, test in http_elsewhere.TESTS:
        if (table_, title_) == (table, title):
            module, _, method = test.split(".")
            found.append((result, rfc(section), f"{escaped(what)} (`{module}`: `{method}`)"))
    order = ("accepted", "cleaned", "refused", "cut", "")
    return sorted(found, key=lambda entry: [entry[0].startswith(word) for word in order].index(True))


def part(table, title):
    together = {}
    for result, section, what in entries(table, title):
        together.setdefault((result, section), []).append(what)
    rows = [row(escaped(result), section, " · ".join(cases)) for (result, section), cases in together.items()]
    return f"\n### {title}\n\n" + row("what becomes of it", "", "what comes") + row("---", "---", "---") + "".join(rows)


def page():
    tables = ("Requests in", "Requests out", "Responses in", "Responses out", "Streaming", "Limits")
    return INTRODUCTION + "".join(
        f"\n## {table}\n" + "".join(part(table, title) for title in titles(table)) for table in tables
    )


if __name__ == "__main__":
    print(page(), end="")
