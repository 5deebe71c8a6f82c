"""A new configuration while it runs: all of it or nothing, and nobody's request is lost."""

import asyncio
import collections
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import threading
import time

import load
import support
import tls_test
import upstream as scripted
import wire
from support import END

IDS = (f"c{number}" for number in itertools.count())  # the API ends each call once
UPSTREAM = """
[[upstream]]
name    = "{name}"
listen  = "{listen}"
url     = "{url}"
dialect = "sticky-calls"
"""


def one_more(name, url, listen="127.0.0.1:0", more=""):
    return UPSTREAM.format(name=name, url=url, listen=listen) + more


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return "127.0.0.1:%d" % free.getsockname()[1]


class KeptConnection:
    """A client that keeps its connection."""

    def __init__(self, test, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=support.STUCK)
        test.addCleanup(self._connection.close)

    def end(self):
        self._connection.request("POST", END, support.end_body(next(IDS)), support.AUTHORIZATION)
        answer = self._connection.getresponse()
        answer.read()
        return answer


class TestCase(support.TestCase):
    def two(self):
        """Two simulators, to see by which the configuration in force is to be known."""
        return self.simulator("--limits", "off"), self.simulator("--limits", "off")

    def assert_in_force(self, backstop, simulator):
        before = len(simulator.journal(END))
        self.assertEqual(backstop.end(next(IDS)).status, 200)
        self.assertEqual(len(simulator.journal(END)), before + 1)


class Triggers(TestCase):
    def test_a_file_that_is_renamed_over(self):
        first, second = self.two()
        backstop = self.backstop(support.config(first.url))
        self.assert_in_force(backstop, first)
        backstop.reloaded(lambda: backstop.write(support.config(second.url)))
        self.assert_in_force(backstop, second)

    def test_a_file_that_is_written_anew(self):
        first, second = self.two()
        backstop = self.backstop(support.config(first.url))
        backstop.reloaded(lambda: backstop.config.write_text(support.config(second.url)))
        self.assert_in_force(backstop, second)

    def test_a_mounted_folder_that_is_swapped_again_and_again(self):
        first, second = self.two()
        texts = [{"backstop.toml": support.config(each.url)} for each in (first, second)]
        mounted = support.Mounted(self.folder() / "config", texts[0])
        backstop = self.backstop(None, file=mounted.folder / "backstop.toml")
        for simulator, files in ((second, texts[1]), (first, texts[0]), (second, texts[1])):
            backstop.reloaded(lambda files=files: mounted.swap(files))
            self.assert_in_force(backstop, simulator)

    def test_a_sighup(self):
        _, backstop = self.pair()
        backstop.reloaded(lambda: backstop.signal(signal.SIGHUP))
        self.assertEqual(backstop.end(next(IDS)).status, 200)

    def test_a_dialect_of_the_users_own(self):
        """Whatever file the configuration names is looked at."""
        folder = self.folder()
        status, dialect, _ = support.run("dialects", "http")
        self.assertEqual(status, 0)
        (folder / "own.toml").write_text(dialect)
        (folder / "backstop.toml").write_text(
            support.config("http://127.0.0.1:1", dialect="./own.toml")
        )
        backstop = self.backstop(None, file=folder / "backstop.toml")
        self.assertEqual(backstop.status()["upstreams"][0]["dialect"], "http")
        renamed = dialect.replace('name = "http"', 'name = "ours"', 1)
        self.assertNotEqual(renamed, dialect)
        backstop.reloaded(lambda: (folder / "own.toml").write_text(renamed))
        self.assertEqual(backstop.status()["upstreams"][0]["dialect"], "ours")
        backstop.reloaded(lambda: (folder / "own.toml").write_text("nonsense"), good=False)
        self.assertEqual(backstop.status()["upstreams"][0]["dialect"], "ours")

    def test_a_certificate_authority(self):
        """Who could not be trusted can be, and is connected to anew."""
        folder = self.folder()
        ours, theirs = (tls_test.Authority(folder, name) for name in ("ours", "theirs"))
        simulator = self.simulator(
            "--limits", "off", tls=theirs.certificate("DNS:localhost,IP:127.0.0.1")
        )
        trusted = folder / "trusted.pem"
        shutil.copy(ours.file, trusted)
        backstop = self.backstop(
            support.config(
                f"https://localhost:{simulator.tls_port}",
                f'{support.QUICK}[upstream.tls]\nca_file = "{trusted}"\n',
            )
        )
        self.assertEqual(backstop.end(next(IDS)).status, 502)
        backstop.reloaded(lambda: shutil.copy(theirs.file, trusted))
        self.assertEqual(backstop.end(next(IDS)).status, 200)
        backstop.reloaded(lambda: trusted.write_text("nonsense"), good=False)
        self.assertEqual(backstop.end(next(IDS)).status, 200)

    def test_a_folder_that_is_replaced_as_a_whole(self):
        first, second = self.two()
        folder = self.folder() / "config"
        folder.mkdir()
        (folder / "backstop.toml").write_text(support.config(first.url))
        backstop = self.backstop(None, file=folder / "backstop.toml")
        fresh = folder.with_name("fresh")
        fresh.mkdir()
        (fresh / "backstop.toml").write_text(support.config(second.url))

        def replace():
            folder.rename(folder.with_name("old"))
            fresh.rename(folder)

        backstop.reloaded(replace)
        self.assert_in_force(backstop, second)
        backstop.reloaded(lambda: backstop.write(support.config(first.url)))
        self.assert_in_force(backstop, first)

    def test_other_files_beside_it_mean_nothing(self):
        _, backstop = self.pair()
        (backstop.config.parent / "notes.txt").write_text("nothing")
        backstop.config.touch()
        backstop.config.write_text(backstop.config.read_text())  # the same
        # Whatever these would cause comes before what this causes.
        backstop.reloaded(lambda: backstop.signal(signal.SIGHUP))
        self.assertEqual(backstop.count("the configuration was"), 1)


class AllOrNothing(TestCase):
    def controlled(self, url):
        path = self.folder() / "control.sock"
        text = support.config(url).replace("[shutdown]", f'control = "unix:{path}"\n[shutdown]')
        return text, path, self.backstop(text)

    def test_a_mistake_changes_nothing_and_shows(self):
        first, second = self.two()
        good, path, backstop = self.controlled(first.url)
        loaded = backstop.metrics().value("backstop_config_last_reload_success_timestamp_seconds")
        self.assertGreater(loaded, 0)
        bad = good.replace(first.url, second.url) + 'atempts = 1\n[admin2]\n'
        backstop.reloaded(lambda: backstop.write(bad), good=False)
        self.assert_in_force(backstop, first)
        self.assertEqual(backstop.admin("/readyz").status, 200)

        status, text = support.control(path, "POST", "/reload")
        self.assertEqual(status, 422)
        self.assertIn("backstop.toml:", text)
        self.assertIn("atempts", text)
        self.assertIn("admin2", text)
        self.assertIn("old configuration stays in force", text)

        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_config_last_reload_successful"), 0)
        self.assertEqual(
            metrics.value("backstop_config_last_reload_success_timestamp_seconds"), loaded
        )
        reload = backstop.status()["reload"]
        self.assertFalse(reload["successful"])
        self.assertIn("atempts", "\n".join(reload["problems"]))
        self.assertIn("atempts", "\n".join(backstop.lines))

        backstop.reloaded(lambda: backstop.write(good))
        self.assertEqual(support.control(path, "POST", "/reload"), (200, "reloaded\n"))
        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_config_last_reload_successful"), 1)
        self.assertGreater(
            metrics.value("backstop_config_last_reload_success_timestamp_seconds"), loaded
        )
        self.assertEqual(backstop.status()["reload"]["problems"], [])

    def test_an_address_that_is_taken_changes_nothing(self):
        first, second = self.two()
        good, path, backstop = self.controlled(first.url)
        free = free_address()
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = "127.0.0.1:%d" % other.getsockname()[1]
            bad = good.replace(first.url, second.url)
            bad += one_more("free", first.url, free) + one_more("taken", first.url, taken)
            backstop.reloaded(lambda: backstop.write(bad), good=False)
            status, text = support.control(path, "POST", "/reload")
        self.assertEqual(status, 422)
        self.assertIn(taken, text)
        self.assertIn("in use", text)
        self.assert_in_force(backstop, first)
        with self.assertRaises(ConnectionRefusedError):  # bound for nothing, and let go again
            socket.create_connection(("127.0.0.1", int(free.rsplit(":", 1)[1])), support.STUCK)

    def test_an_address_that_grows_is_refused_with_the_remedy(self):
        simulator = self.simulator("--limits", "off")
        address = free_address()
        port = address.rsplit(":", 1)[1]
        text, path, backstop = self.controlled(simulator.url)
        narrow = text + one_more("b", simulator.url, address)
        backstop.reloaded(lambda: backstop.write(narrow))
        wide = text + one_more("b", simulator.url, f"0.0.0.0:{port}")
        backstop.reloaded(lambda: backstop.write(wide), good=False)
        status, answer = support.control(path, "POST", "/reload")
        self.assertEqual(status, 422)
        self.assertIn("upstream.b.listen", answer)
        self.assertIn("restart backstop", answer)
        self.assertEqual(
            support.send("127.0.0.1", int(port), "POST", END, support.end_body(next(IDS)),
                         support.AUTHORIZATION).status, 200)  # fmt: skip

    def test_admin_control_and_log_follow(self):
        simulator = self.simulator("--limits", "off")
        text, path, backstop = self.controlled(simulator.url)
        address = free_address()
        moved = text.replace('[admin]\nlisten = "127.0.0.1:0"', f'[admin]\nlisten = "{address}"')
        moved = moved.replace(str(path), str(path) + "2")
        moved = moved.replace("[shutdown]", '[log]\naccess = "off"\nlevel = "warn"\n[shutdown]')
        self.assertEqual(backstop.end(next(IDS)).status, 200)
        backstop.access(1)
        backstop.write(moved)
        port = int(address.rsplit(":", 1)[1])

        def answers():
            try:
                return support.send("127.0.0.1", port, "GET", "/readyz").status == 200
            except ConnectionRefusedError:
                return False

        support.until(answers, "the new admin address")
        old, backstop.admin_port = backstop.admin_port, port
        support.until(lambda: not path.exists(), "the old control socket gone")
        self.assertEqual(support.control(str(path) + "2", "POST", "/reload")[0], 200)
        with self.assertRaises(ConnectionRefusedError):
            support.send("127.0.0.1", old, "GET", "/readyz")
        said = len(backstop.lines)
        self.assertEqual(backstop.end("not logged").status, 200)
        backstop.signal(signal.SIGTERM)
        self.assertEqual(backstop.wait(), 0)
        self.assertEqual(backstop.lines[said:], [], "neither an access line nor one of level info")


class Survives(TestCase):
    def test_an_open_breaker_and_a_closed_gate(self):
        simulator, backstop = self.pair(upstream="[upstream.retry]\nattempts = 1\n")
        simulator.fault("rate_limited", retry_after=600, count=1)
        self.assertEqual(backstop.end(next(IDS)).status, 429)
        text = backstop.config.read_text()
        backstop.reloaded(lambda: backstop.write(text.replace("attempts = 1", "attempts = 2")))
        self.assertEqual(backstop.end(next(IDS)).headers["Backstop-Attempts"], "0")
        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_gate_closed", kind="rate"), 1)
        self.assertEqual(metrics.total("backstop_upstream_attempts_total", code="429"), 1)

        broken, other = self.pair(upstream="[upstream.retry]\nattempts = 1\n")
        broken.fault("status", code=500)
        for _ in range(5):
            other.end(next(IDS))
        self.assertEqual(other.status()["upstreams"][0]["breaker"]["state"], "open")
        text = other.config.read_text()
        other.reloaded(lambda: other.write(text.replace("attempts = 1", "attempts = 2")))
        self.assertNotEqual(other.status()["upstreams"][0]["breaker"]["state"], "closed")
        # Another API has not failed.
        elsewhere = self.simulator("--limits", "off")
        other.reloaded(lambda: other.write(text.replace(broken.url, elsewhere.url)))
        self.assertEqual(other.status()["upstreams"][0]["breaker"]["state"], "closed")

    def pooled(self):
        """An upstream that tells how many connections it was given, and backstop in front of it."""

        def script(connection):
            while connection.request():
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        api = scripted.Upstream(script)
        self.addCleanup(api.close)
        text = support.config(api.url, '[upstream.pool]\nidle = "5m"\n', dialect="http")
        return api, text, self.backstop(text)

    def test_the_pool_where_connections_are_made_in_the_same_way(self):
        api, text, backstop = self.pooled()
        self.assertEqual(backstop.request("GET", "/").status, 200)
        backstop.reloaded(lambda: backstop.write(text + "[upstream.retry]\nattempts = 2\n"))
        self.assertEqual(backstop.request("GET", "/").status, 200)
        self.assertEqual(api.connections, 1)
        backstop.reloaded(lambda: backstop.write(text.replace('"5m"', '"4m"')))
        self.assertEqual(backstop.request("GET", "/").status, 200)
        self.assertEqual(api.connections, 2)

    def test_who_is_under_way_ends_by_the_rules_it_began_with(self):
        simulator, backstop = self.pair(upstream="[upstream.retry]\nattempts = 2\n")
        simulator.fault("rate_limited", retry_after=3, count=1)
        text = backstop.config.read_text()

        def change():
            support.until(simulator.journal, "the first attempt")
            backstop.reloaded(lambda: backstop.write(text.replace("attempts = 2", "attempts = 1")))

        answer, _ = support.at_once(lambda: backstop.end(next(IDS)), change)
        self.assertEqual((answer.status, answer.headers["Backstop-Attempts"]), (200, "2"))
        simulator.fault("rate_limited", retry_after=3, count=1)
        self.assertEqual(backstop.end(next(IDS)).status, 429)

    def test_who_waits_at_the_gate_when_limits_are_no_longer_per_credential(self):
        """It keeps the seat that it took, at the gate where it took it."""
        limited = threading.Event()

        def script(connection):
            while connection.request():
                if limited.is_set():
                    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                else:
                    limited.set()
                    connection.send(
                        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 4\r\n"
                        b"Content-Length: 2\r\n\r\n{}"
                    )

        api = scripted.Upstream(script)
        self.addCleanup(api.close)
        backstop = self.backstop(support.config(api.url, dialect="http"))

        def ask():
            return backstop.request("GET", "/v1/calls", headers={"Authorization": "Bearer k1"})

        def ask_later():
            support.until(limited.is_set, "the 429")
            return ask()

        def change():
            support.until(
                lambda: backstop.metrics().total("backstop_queue_depth") == 2, "two who wait"
            )
            new = support.config(api.url, dialect="levrage")
            backstop.reloaded(lambda: backstop.write(new))

        *answers, _ = support.at_once(ask, ask_later, ask_later, change)
        self.assertEqual([answer.status for answer in answers], [200] * 3)
        self.assertEqual(backstop.metrics().total("backstop_queue_depth"), 0)

    def test_counters_but_not_gauges_of_what_is_removed(self):
        simulator = self.simulator("--limits", "off")
        text = support.config(simulator.url)
        backstop = self.backstop(text + one_more("passing", simulator.url))
        port = backstop.port_of("passing")
        kept = KeptConnection(self, port)
        self.assertEqual(kept.end().status, 200)
        self.assertEqual(backstop.metrics().total("backstop_requests_total", upstream="passing"), 1)
        backstop.reloaded(lambda: backstop.write(text))
        metrics = backstop.metrics()
        self.assertEqual(metrics.total("backstop_requests_total", upstream="passing"), 1)
        self.assertEqual(metrics.select("backstop_breaker_state", upstream="passing"), [])
        self.assertEqual(metrics.select("backstop_connections", upstream="passing"), [])
        self.assertEqual([each["name"] for each in backstop.status()["upstreams"]], ["sticky-calls"])
        # The connection is still there: one answer more, and then it ends.
        last = kept.end()
        self.assertEqual((last.status, last.headers["Connection"]), (200, "close"))
        self.assertEqual(backstop.metrics().total("backstop_requests_total", upstream="passing"), 2)


class Room(TestCase):
    def test_a_client_that_waited_for_room_comes_in(self):
        simulator = self.simulator("--limits", "off")
        text = support.config(simulator.url, top='[limits]\nclient_head = "5m"\nclient_connections = 1\n')
        backstop = self.backstop(text)
        asking = wire.Client(backstop)  # has begun to, so that it is not idle and keeps its place
        self.addCleanup(asking.close)
        asking.send(b"GET /v1/calls/none HTTP/1.1\r\n")
        support.until(
            lambda: backstop.metrics().value("backstop_client_connections") == 1, "it is accepted"
        )
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(backstop.end(next(IDS))))
        waiting.start()
        more = text.replace("client_connections = 1", "client_connections = 2")
        backstop.reloaded(lambda: backstop.write(more))
        waiting.join()
        self.assertEqual(answers[0].status, 200)
        asking.send(b"Host: x\r\n\r\n")
        self.assertEqual(asking.response()[0], 404)


class Addresses(TestCase):
    def test_upstreams_come_and_go(self):
        first, second = self.two()
        text = support.config(first.url)
        backstop = self.backstop(text)
        backstop.reloaded(lambda: backstop.write(text + one_more("second", second.url)))
        port = backstop.port_of("second")
        answer = support.send(
            "127.0.0.1", port, "POST", END, support.end_body(next(IDS)), support.AUTHORIZATION
        )
        self.assertEqual(answer.status, 200)
        self.assertEqual(len(second.journal(END)), 1)
        self.assert_in_force(backstop, first)
        backstop.reloaded(lambda: backstop.write(text))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), support.STUCK)

    def test_an_answer_is_given_although_its_upstream_is_removed(self):
        simulator = self.simulator("--limits", "off", "--fault", "latency ms=1500")
        text = support.config(simulator.url)
        backstop = self.backstop(text + one_more("passing", simulator.url))
        port = backstop.port_of("passing")
        answers = []
        client = threading.Thread(
            target=lambda: answers.append(
                support.send("127.0.0.1", port, "POST", END, support.end_body(next(IDS)),
                             support.AUTHORIZATION)))  # fmt: skip
        client.start()
        support.until(simulator.journal, "the request at the API")
        backstop.reloaded(lambda: backstop.write(text))
        client.join()
        self.assertEqual(answers[0].status, 200)
        self.assertEqual(answers[0].headers["Connection"], "close")

    def test_an_address_moves_with_the_clients_that_are_connected(self):
        first, second = self.two()
        here, there = free_address(), free_address()
        config = '[admin]\nlisten = "127.0.0.1:0"\n[shutdown]\nquiet = "100ms"\n'
        backstop = self.backstop(
            config + one_more("one", first.url, here) + one_more("two", second.url, there)
        )
        kept = KeptConnection(self, int(here.rsplit(":", 1)[1]))
        self.assertEqual(kept.end().status, 200)
        self.assertEqual(len(first.journal(END)), 1)
        backstop.reloaded(
            lambda: backstop.write(
                config + one_more("one", first.url, there) + one_more("two", second.url, here)
            )
        )
        answer = kept.end()
        self.assertEqual((answer.status, answer.headers["Connection"]), (200, None))
        self.assertEqual((len(first.journal(END)), len(second.journal(END))), (1, 1))


Asked = collections.namedtuple("Asked", "call status begun ended")
KEYS = [f"sk_test_{number:03}" for number in range(51)]


class Storm(TestCase):
    """Configuration and key are swapped all the time, while clients come and go."""

    SWAPS = 50
    RATE = 500.0  # requests a second, as far as the machine goes
    CLIENTS = 8

    def test_nobody_notices(self):
        arguments = [word for key in KEYS for word in ("--api-key", key)]
        simulator = self.simulator("--limits", "off", *arguments)
        folder = self.folder()
        secret = support.Mounted(folder / "secret", {"key": KEYS[0]})
        texts = self.texts(simulator.url, secret.folder / "key")
        mounted = support.Mounted(folder / "config", {"backstop.toml": texts[0]})
        backstop = self.backstop(None, file=mounted.folder / "backstop.toml")
        done = asyncio.Event()
        memory = []
        asked = asyncio.run(self.storm(backstop, mounted, secret, texts, memory, done))

        failed = [each for each in asked if each.status != 200]
        self.assertEqual(failed, [])
        took = max(each.ended for each in asked) - min(each.begun for each in asked)
        self.figure(f"{len(asked)} requests, {len(asked) / took:.0f} a second")
        self.assert_keys(simulator, asked)
        metrics = backstop.metrics()
        self.assertEqual(metrics.value("backstop_config_last_reload_successful"), 1)
        self.assertEqual(
            metrics.total("backstop_requests_total", upstream="sticky-calls", code="200"), len(asked)
        )
        self.figure(f"resident memory after each tenth swap, KiB: {memory}")
        if int(os.environ.get("CALLS", "10000")) >= 10000:  # sanitizers keep what is freed
            self.assertLess(memory[-1] - memory[1], 4096, "it grows with each reload")

    def texts(self, url, key):
        """Configurations that differ in rules, in upstreams and in sockets."""
        credential = f'[upstream.credential]\nfile = "{key}"\n'
        plain = support.config(url, credential)
        rules = support.config(url, "[upstream.retry]\nattempts = 2\n" + credential)
        pool = support.config(url, '[upstream.pool]\nidle = "3s"\n' + credential)
        return [plain, rules, plain + one_more("guest", url), pool + one_more("visitor", url)]

    async def storm(self, backstop, mounted, secret, texts, memory, done):
        asked = []
        clients = [
            asyncio.create_task(self.client(backstop, number, asked, done))
            for number in range(self.CLIENTS)
        ]
        await asyncio.gather(
            self.swap_all(backstop, mounted, texts, memory), self.rotate_all(backstop, secret)
        )
        done.set()
        await asyncio.gather(*clients)
        return asked

    async def told(self, backstop, words, count):
        give_up = time.monotonic() + support.STUCK
        while backstop.count(words) < count:
            self.assertLess(time.monotonic(), give_up, f"{words} {count} times")
            await asyncio.sleep(0.02)

    async def swap_all(self, backstop, mounted, texts, memory):
        for number in range(1, self.SWAPS + 1):
            mounted.swap({"backstop.toml": texts[number % len(texts)]})
            await self.told(backstop, '"msg":"the configuration was reloaded', number)
            if number % 10 == 0:
                memory.append(backstop.rss())

    async def rotate_all(self, backstop, secret):
        for number in range(1, self.SWAPS + 1):
            secret.swap({"key": KEYS[number]})
            await self.told(backstop, '"msg":"a new key is in use"', number)

    async def client(self, backstop, number, asked, done):
        """Paced; every hundredth request comes on a new connection."""
        pause = self.CLIENTS / self.RATE
        client = load.Client(backstop.host, backstop.port)
        due = time.monotonic()
        count = 0
        while not done.is_set():
            count += 1
            call = f"c{number}-{count}"
            begun = time.monotonic()
            try:
                status, _, _ = await client.post(END, support.end_body(call))
            except load.Broken as broken:
                status = str(broken)
            asked.append(Asked(call, status, begun, time.monotonic()))
            if count % 100 == 0:
                await client.close()
            due = max(due + pause, time.monotonic() - 1)
            await asyncio.sleep(max(0, due - time.monotonic()))
        await client.close()

    def assert_keys(self, simulator, asked):
        """Once an answer has come of a request with a new key, no later request has an older one."""
        numbers = {}
        for entry in simulator.journal(END):
            (sent,) = [v for name, v in entry["headers"] if name.lower() == "authorization"]
            numbers[json.loads(entry["body"])["call_id"]] = KEYS.index(sent.removeprefix("Bearer "))
        self.assertEqual(len(numbers), len(asked))
        self.assertEqual(max(numbers.values()), self.SWAPS)
        newest = 0
        ended = sorted(asked, key=lambda each: each.ended)
        at = 0
        for each in sorted(asked, key=lambda each: each.begun):
            while ended[at].ended < each.begun:
                newest = max(newest, numbers[ended[at].call])
                at += 1
            self.assertGreaterEqual(numbers[each.call], newest, each)
        self.figure(f"{len(set(numbers.values()))} of {len(KEYS)} keys were used")


if __name__ == "__main__":
    support.main()
