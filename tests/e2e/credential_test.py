"""The API's key from a mounted file: added to each request, rotated while it runs, and nowhere to be
seen."""

import itertools
import os
import pathlib
import shutil

import support
from support import END

IDS = (f"c{number}" for number in itertools.count())  # the API ends each call once
FIRST = "sk_live_first_0001"
SECOND = "sk_live_second_0002"


class TestCase(support.TestCase):
    def keyed(self, content=FIRST + "\n", more="", top="", **extra):
        """A simulator that takes both keys, and backstop with the key in a mounted secret."""
        simulator = self.simulator("--limits", "off", "--api-key", FIRST, "--api-key", SECOND)
        secret = support.Mounted(self.folder() / "secret", {"key": content})
        upstream = f'[upstream.credential]\nfile = "{secret.folder}/key"\n{more}'
        backstop = self.backstop(support.config(simulator.url, upstream, top), **extra)
        return simulator, backstop, secret

    def seen(self, simulator, name="authorization"):
        """What arrived in that field, for each request; a list, since it could come twice."""
        return [
            [value for field, value in entry["headers"] if field.lower() == name]
            for entry in simulator.journal(END)
        ]

    def rotated(self, backstop, action):
        before = backstop.count('"msg":"a new key is in use"')
        action()
        support.until(
            lambda: backstop.count('"msg":"a new key is in use"') > before, "the new key"
        )


class Injection(TestCase):
    def test_the_key_is_added_and_replaces_the_clients(self):
        simulator, backstop, _ = self.keyed()
        for headers in ({}, {"Authorization": "Bearer of_the_app"}, {"authorization": "x"}):
            answer = backstop.request("POST", END, support.end_body(next(IDS)), headers)
            self.assertEqual(answer.status, 200)
        self.assertEqual(self.seen(simulator), [[f"Bearer {FIRST}"]] * 3)

    def test_into_a_field_of_its_own(self):
        more = 'header = "X-API-Key"\nprefix = ""\n'
        simulator, backstop, _ = self.keyed(more=more)
        headers = {"Authorization": f"Bearer {SECOND}", "x-api-key": "of_the_app"}
        answer = backstop.request("POST", END, support.end_body(next(IDS)), headers)
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.seen(simulator, "x-api-key"), [[FIRST]])
        self.assertEqual(self.seen(simulator), [[f"Bearer {SECOND}"]])

    def test_a_client_cannot_have_it_removed(self):
        simulator, backstop, _ = self.keyed(more='header = "X-API-Key"\nprefix = ""\n')
        headers = {
            "Authorization": f"Bearer {SECOND}",
            "X-API-Key": "of_the_app",
            "Connection": "keep-alive, X-API-Key",
        }
        self.assertEqual(
            backstop.request("POST", END, support.end_body(next(IDS)), headers).status, 200
        )
        self.assertEqual(self.seen(simulator, "x-api-key"), [[FIRST]])

    def test_one_gate_for_all_clients(self):
        """Whatever they send for a credential: it is backstop's key that the API limits."""
        simulator, backstop, _ = self.keyed()
        simulator.fault("rate_limited", retry_after=600)
        first = backstop.request("POST", END, support.end_body(next(IDS)), {"Authorization": "a"})
        second = backstop.request("POST", END, support.end_body(next(IDS)), {"Authorization": "b"})
        self.assertEqual((first.status, second.status), (429, 429))
        self.assertEqual(len(simulator.journal(END)), 1)


class Refused(TestCase):
    def refused(self, content, words, more=""):
        file = self.folder() / "key"
        if content is not None:
            file.write_bytes(content)
        upstream = f'[upstream.credential]\nfile = "{file}"\n{more}'
        for command in ("run", "check"):
            status, output, errors = support.run_once(
                support.config("http://127.0.0.1:1", upstream), command
            )
            self.assertEqual(status, 78, errors)
            self.assertIn(words, errors)
            self.assertIn("upstream.sticky-calls.credential", errors)
            self.assertNotIn("sk_", output + errors)

    def test_a_file_that_holds_no_key(self):
        self.refused(None, "cannot be read")
        self.refused(b"", "is empty")
        self.refused(b" \n", "is empty")
        self.refused(b"sk_1\r\nX-Evil: 1\n", "line break")
        self.refused(b"sk_1\0", "control character")
        self.refused("sk_é".encode(), "not ASCII")

    def test_a_field_that_is_backstops_own(self):
        self.refused(b"sk_1", "written by backstop itself", 'header = "Host"\n')

    def test_listening_for_others_without_saying_so(self):
        file = self.folder() / "key"
        file.write_text(FIRST)
        text = support.config("http://127.0.0.1:1", f'[upstream.credential]\nfile = "{file}"\n')
        text = text.replace('listen  = "127.0.0.1:0"', 'listen  = "0.0.0.0:0"')
        status, _, errors = support.run_once(text, "check")
        self.assertEqual(status, 78)
        self.assertIn("allow_remote", errors)
        status, _, errors = support.run_once(text + "allow_remote = true\n", "check")
        self.assertEqual((status, errors), (0, ""))


class Rotation(TestCase):
    def ask(self, backstop):
        return backstop.request("POST", END, support.end_body(next(IDS)), {})

    def test_a_swap_is_used_from_the_next_request_on(self):
        simulator, backstop, secret = self.keyed()
        self.assertEqual(self.ask(backstop).status, 200)
        self.rotated(backstop, lambda: secret.swap({"key": SECOND}))
        self.assertEqual(self.ask(backstop).status, 200)
        self.assertEqual(self.seen(simulator), [[f"Bearer {FIRST}"], [f"Bearer {SECOND}"]])
        self.assertEqual(backstop.count("the configuration was"), 0)

    def test_a_plain_file_too(self):
        simulator = self.simulator("--limits", "off", "--api-key", FIRST, "--api-key", SECOND)
        file = self.folder() / "key"
        file.write_text(FIRST)
        upstream = f'[upstream.credential]\nfile = "{file}"\n'
        backstop = self.backstop(support.config(simulator.url, upstream))
        self.rotated(backstop, lambda: file.write_text(SECOND))
        self.assertEqual(self.ask(backstop).status, 200)
        fresh = file.with_suffix(".new")
        fresh.write_text(FIRST)
        self.rotated(backstop, lambda: os.rename(fresh, file))
        self.assertEqual(self.ask(backstop).status, 200)
        self.assertEqual(self.seen(simulator), [[f"Bearer {SECOND}"], [f"Bearer {FIRST}"]])

    def test_a_retry_takes_the_key_of_its_moment(self):
        simulator, backstop, secret = self.keyed()
        simulator.fault("rate_limited", retry_after=3, count=1)
        def rotate():
            support.until(simulator.journal, "the first attempt")
            self.rotated(backstop, lambda: secret.swap({"key": SECOND}))
        answer, _ = support.at_once(lambda: self.ask(backstop), rotate)
        self.assertEqual((answer.status, answer.headers["Backstop-Attempts"]), (200, "2"))
        self.assertEqual(self.seen(simulator), [[f"Bearer {FIRST}"], [f"Bearer {SECOND}"]])

    def test_a_bad_key_leaves_the_old_one_in_use(self):
        simulator, backstop, secret = self.keyed()
        for bad in ("", "sk_live_br\noken"):
            said = backstop.count("the new key cannot be used")
            secret.swap({"key": bad})
            support.until(
                lambda: backstop.count("the new key cannot be used") > said, "that it says so"
            )
            self.assertEqual(self.ask(backstop).status, 200)
            reload = backstop.status()["reload"]
            self.assertFalse(reload["successful"])
            self.assertIn("upstream.sticky-calls.credential.file", reload["problems"][0])
            self.assertEqual(
                backstop.metrics().value("backstop_config_last_reload_successful"), 0
            )
        self.assertEqual(backstop.count("the key can be used again"), 0)
        self.rotated(backstop, lambda: secret.swap({"key": SECOND}))
        support.until(lambda: backstop.count("the key can be used again"), "that it says so")
        self.assertEqual(self.ask(backstop).status, 200)
        self.assertEqual(self.seen(simulator), [[f"Bearer {FIRST}"]] * 2 + [[f"Bearer {SECOND}"]])
        self.assertEqual(backstop.metrics().value("backstop_config_last_reload_successful"), 1)
        self.assertNotIn("oken", "\n".join(backstop.lines))

    def test_a_key_that_is_deleted_is_told_of(self):
        """With it a start would fail. The old one stays in use, and the next is taken."""
        simulator = self.simulator("--limits", "off", "--api-key", FIRST, "--api-key", SECOND)
        file = self.folder() / "key"
        file.write_text(FIRST)
        upstream = f'[upstream.credential]\nfile = "{file}"\n'
        backstop = self.backstop(support.config(simulator.url, upstream))
        file.unlink()
        support.until(lambda: not backstop.status()["reload"]["successful"], "that it says so")
        self.assertIn(f"{file} cannot be read", backstop.status()["reload"]["problems"][0])
        self.assertEqual(self.ask(backstop).status, 200)
        self.rotated(backstop, lambda: file.write_text(SECOND))
        self.assertTrue(backstop.status()["reload"]["successful"])
        self.assertEqual(self.ask(backstop).status, 200)
        self.assertEqual(self.seen(simulator), [[f"Bearer {FIRST}"], [f"Bearer {SECOND}"]])

    def test_a_mistake_in_the_configuration_does_not_hold_it_up(self):
        simulator, backstop, secret = self.keyed()
        good = backstop.config.read_text()
        backstop.reloaded(lambda: backstop.write("nonsense"), good=False)
        self.rotated(backstop, lambda: secret.swap({"key": SECOND}))
        self.assertEqual(self.ask(backstop).status, 200)
        self.assertEqual(self.seen(simulator), [[f"Bearer {SECOND}"]])
        self.assertEqual(backstop.metrics().value("backstop_config_last_reload_successful"), 0)
        backstop.reloaded(lambda: backstop.write(good))
        self.assertEqual(backstop.metrics().value("backstop_config_last_reload_successful"), 1)

    def test_it_can_be_put_in_and_taken_out_by_a_reload(self):
        simulator, backstop, secret = self.keyed()
        without = support.config(simulator.url)
        text = backstop.config.read_text()
        backstop.reloaded(lambda: backstop.write(without))
        self.assertEqual(backstop.end(next(IDS), {"Authorization": f"Bearer {SECOND}"}).status, 200)
        backstop.reloaded(lambda: backstop.write(text))
        self.assertEqual(backstop.end(next(IDS), {"Authorization": f"Bearer {SECOND}"}).status, 200)
        self.assertEqual(self.seen(simulator), [[f"Bearer {SECOND}"], [f"Bearer {FIRST}"]])


class FromTheEnvironment(TestCase):
    """What came from ${} is never printed, whatever is wrong with it."""

    SECRET = "sk_live_in_the_environment"
    KEY_FOR_PATH = support.config(
        "http://127.0.0.1:1", '[upstream.credential]\nfile = "${SECRET}"\n'
    )
    FAULTY_NAME = support.config(
        "http://127.0.0.1:1",
        '[upstream.pool]\nwarm = 1\n[upstream.credential]\nfile = "/none/key"\n',
    ).replace('"sticky-calls"', '"${SECRET}"', 1)

    def refused(self, text, *words):
        """By all three; what they say has the words, and the secret is not in it."""
        environment = {"SECRET": self.SECRET}
        for command in ("check", "run"):
            status, output, errors = support.run_once(text, command, environment)
            self.assertEqual(status, 78, errors)
            for word in words:
                self.assertIn(word, errors)
            self.assertNotIn(self.SECRET, output + errors)
        backstop = self.backstop(support.config("http://127.0.0.1:1"), environment)
        backstop.reloaded(lambda: backstop.write(text), good=False)
        problems = "\n".join(backstop.status()["reload"]["problems"])
        for word in words:
            self.assertIn(word, problems)
        self.assert_unseen(backstop, self.SECRET)

    def assert_unseen(self, backstop, secret):
        pages = [backstop.admin(path).body.decode() for path in ("/", "/status", "/metrics")]
        self.assertNotIn(secret, "\n".join([*pages, *backstop.lines, *backstop.errors]))

    def test_the_key_in_place_of_its_path(self):
        self.refused(
            self.KEY_FOR_PATH,
            'upstream.sticky-calls.credential.file "${SECRET}" cannot be read',
            "the path of a file that holds the key, not the key",
        )

    def test_a_path_is_not_taken_for_a_key(self):
        for file in ("/none/key", "./key"):
            text = self.KEY_FOR_PATH.replace("${SECRET}", file)
            _, _, errors = support.run_once(text, "check")
            self.assertIn("key cannot be read", errors)
            self.assertNotIn("not the key", errors)

    def test_the_name_of_an_upstream_with_mistakes(self):
        self.refused(
            self.FAULTY_NAME, "upstream[0].pool.warm", "upstream[0].credential.file /none/key"
        )

    def test_a_key_that_turns_bad(self):
        secret = support.Mounted(self.folder() / "secret", {"key": FIRST})
        credential = '[upstream.credential]\nfile = "${FOLDER}/key"\n'
        text = support.config("http://127.0.0.1:1", credential)
        backstop = self.backstop(text, {"FOLDER": str(secret.folder)})
        secret.swap({"key": ""})
        support.until(lambda: backstop.count("the new key cannot be used"), "that it says so")
        self.assertEqual(
            backstop.status()["reload"]["problems"],
            [
                'upstream.sticky-calls.credential.file "${FOLDER}/key" is empty; '
                "it must hold the API's key"
            ],
        )
        self.assert_unseen(backstop, str(secret.folder))


class Secrecy(TestCase):
    def test_it_is_nowhere_to_be_seen(self):
        simulator, backstop, secret = self.keyed(top='[log]\nlevel = "debug"\n')
        simulator.fault("status", code=401, count=1)
        for _ in range(2):
            backstop.request("POST", END, support.end_body(next(IDS)), {})
        self.rotated(backstop, lambda: secret.swap({"key": SECOND}))
        backstop.reloaded(lambda: backstop.write(backstop.config.read_text() + "\n"))
        status, check, errors = support.run("check", "--config", backstop.config)
        self.assertEqual(status, 0, errors)
        self.assertIn(str(secret.folder / "key"), check)
        pages = [backstop.admin(path).body.decode() for path in ("/", "/status", "/metrics")]
        shown = "\n".join([check, errors, *pages, *backstop.lines, *backstop.errors])
        for key in (FIRST, SECOND):
            self.assertNotIn(key, shown)
        command = pathlib.Path(f"/proc/{backstop.pid}/cmdline").read_bytes()
        self.assertNotIn(FIRST.encode(), command)

    def test_its_memory_is_not_for_others(self):
        """What the kernel calls not dumpable has files in /proc that belong to root: no core dump,
        and no other process of the same user may look into it."""
        folder = self.folder()
        folder.chmod(0o755)
        program = shutil.copy(support.program("BACKSTOP"), folder)  # where anybody may run it
        (folder / "key").write_text(FIRST)
        config = folder / "backstop.toml"
        user = 65534 if os.geteuid() == 0 else None
        for upstream, owner in (
            ("", user or os.geteuid()),
            (f'[upstream.credential]\nfile = "{folder}/key"\n', 0),
        ):
            with self.subTest(upstream):
                config.write_text(support.config("http://127.0.0.1:1", upstream))
                process = support.Process([program, "run", "--config", str(config)], user=user)
                self.addCleanup(process.stop)
                process.first_line('"msg":"admin"')
                support.until(
                    lambda: os.stat(f"/proc/{process.pid}/mem").st_uid == owner, "its owner"
                )


if __name__ == "__main__":
    support.main()
