"""At limits.client_connections: the client that has been idle for longest makes room for one that waits.
Where none is idle, that is told once, and who waits is served as soon as somebody leaves."""

import json
import threading

import support
import wire

LIMIT = 16
TOP = f'[limits]\nclient_head = "5m"\nclient_connections = {LIMIT}\n'
STREAMS = f"[upstream.pool]\nconnections = {2 * LIMIT}\n"
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
WARNING = "none of them is idle"


class ClientLimit(wire.WireCase):
    def script(self, connection):
        """/events goes on until the test is over; everything else is answered at once."""
        while request := connection.request():
            if "/events" in request[0]:
                connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                self.over.wait(support.STUCK)
                connection.send(b"0\r\n\r\n")
            else:
                connection.send(wire.OK)

    def setUp(self):
        self.over = threading.Event()

    def tearDown(self):
        self.over.set()  # before backstop is told to end, which waits for what is in flight
        super().tearDown()

    def begin(self, streams=0, idle=0):
        """As many clients, in this order."""
        first = self.serve(self.script, STREAMS, TOP)
        clients = [first] + [self.client() for _ in range(streams + idle - 1)]
        for client in clients[:streams]:
            self.listen(client)
        for client in clients[streams:]:
            self.assert_served(client)
        return clients

    def listen(self, client):
        client.send(GET % b"/events")
        self.assertEqual(client.head()[0], 200)

    def assert_served(self, client, request=GET % b"/ok"):
        client.send(request)
        self.assertEqual(client.response()[0], 200)

    def kept_waiting(self):
        return self.proxy.metrics().total("backstop_client_errors_total", kind="connections")

    def wait_until_told(self, times):
        support.until(lambda: self.kept_waiting() == times, "it is told that somebody waits")
        support.until(lambda: self.proxy.count(WARNING) == times, "it is logged as often")

    def test_the_longest_idle_makes_room(self):
        clients = self.begin(idle=LIMIT)
        metrics = self.proxy.metrics()
        self.assertEqual(metrics.value("backstop_client_connections_limit"), LIMIT)
        self.assertEqual(metrics.value("backstop_client_connections"), LIMIT)
        for _ in range(3):
            newcomer = self.client()
            self.assert_served(newcomer)
            longest = clients.pop(0)
            self.assertTrue(longest.ended(), "an orderly end")
            clients.append(newcomer)
            for client in clients:  # nobody else was closed
                self.assert_served(client)
        self.assertEqual(self.kept_waiting(), 0)
        self.assertEqual(self.proxy.count(WARNING), 0)

    def test_a_client_that_never_asked_makes_room_too(self):
        clients = self.begin(streams=LIMIT - 1)
        silent = self.client()
        self.assert_served(self.client())
        self.assertTrue(silent.ended())
        self.assertEqual(self.proxy.metrics().value("backstop_inflight_requests"), len(clients))

    def test_one_that_has_begun_to_ask_is_left_alone(self):
        clients = self.begin(streams=LIMIT - 1, idle=1)
        asking = clients[-1]
        asking.send((GET % b"/ok")[:-2])
        waiting = self.client()
        waiting.send(GET % b"/ok")
        self.wait_until_told(1)
        self.assert_served(asking, b"\r\n")
        # Now that it is idle, the other is served.
        self.assertEqual(waiting.response()[0], 200)
        self.assertTrue(asking.ended())

    def test_none_is_idle(self):
        clients = self.begin(streams=LIMIT)
        waiting = [self.client() for _ in range(3)]
        for client in waiting:
            client.send(GET % b"/events")
        self.wait_until_told(1)
        line = json.loads(self.proxy.first_line(WARNING))
        self.assertEqual((line["level"], line["limit"]), ("warn", LIMIT))
        self.assertIn("limits.client_connections", line["msg"])
        self.assertEqual(self.proxy.admin("/readyz").status, 200)
        for leaving, client in zip(clients, waiting):
            leaving.close()
            self.assertEqual(client.head()[0], 200)
        self.wait_until_told(1)
        # Everybody has been taken, so that the next to wait is told of.
        self.client()
        self.wait_until_told(2)

    def test_a_reload_changes_the_limit(self):
        self.begin(streams=LIMIT)
        waiting = self.client()
        waiting.send(GET % b"/ok")
        text = self.proxy.config.read_text()
        more = text.replace(f"client_connections = {LIMIT}", f"client_connections = {LIMIT + 1}")
        self.proxy.reloaded(lambda: self.proxy.write(more))
        self.assertEqual(waiting.response()[0], 200)
        limit = self.proxy.metrics().value("backstop_client_connections_limit")
        self.assertEqual(limit, LIMIT + 1)


if __name__ == "__main__":
    support.main()
