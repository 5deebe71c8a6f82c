"""Runs the Python of Levrage's guide, as an application would that was copied from the guide.

    run_levrage.py METHOD URL KEY [JSON]

Prints what it came to as JSON: its value or what it raised, what it printed, and what it asked to
sleep for, in s; it gets none of it."""

import contextlib
import io
import json
import pathlib
import sys
import time

CODE = pathlib.Path(__file__).with_name("levrage_retry.py")


def main():
    method, url, key, *body = sys.argv[1:]
    guide = {}
    sleeps = []
    said = io.StringIO()
    outcome = {}
    exec(compile(CODE.read_text(), str(CODE), "exec"), guide)  # pylint: disable=exec-used
    time.sleep = sleeps.append
    with contextlib.redirect_stdout(said):
        try:
            outcome["value"] = guide["api_call_with_retry"](
                method,
                url,
                {"Authorization": f"Bearer {key}"},
                *(json.loads(text) for text in body),
            )
        except Exception as error:  # pylint: disable=broad-except
            outcome["thrown"] = str(error)
    print(json.dumps({**outcome, "said": said.getvalue().splitlines(), "sleeps": sleeps}))


main()
