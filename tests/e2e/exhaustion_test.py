"""More clients than there is room for: out of descriptors, and at limits.client_connections. Those
who are there are served, those who wait are taken as soon as somebody leaves, and waiting costs
neither processor time nor lines in the log."""

import json
import os
import queue
import resource
import select
import time
import unittest.mock

import support
import vitals
import wire

GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
# A connection to the upstream stays, so that a request needs none of the descriptors that are scarce.
KEEP = '[upstream.pool]\nidle = "60s"\n'
# A client that has begun to ask is not idle.
PATIENT = '[limits]\nclient_head = "5m"\n'
HALF, REST = b"GET /ok HTTP/1.1\r\n", b"Host: x\r\n\r\n"
WARNING = "until others leave; raise the limit of open files"
FULL = "none of them is idle"


class Exhaustion(wire.WireCase):
    def script(self, connection):
        """/events says what the test puts into self.events; everything else is answered at once."""
        request = connection.request()
        while request:
            if "/events" in request[0]:
                connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                event = self.events.get()
                while event:
                    connection.send(b"%x\r\n%s\r\n" % (len(event), event))
                    event = self.events.get()
                connection.send(b"0\r\n\r\n")
            else:
                connection.send(wire.OK)
            request = connection.request()

    def begin(self, top=""):
        self.events = queue.Queue()
        self.regular = self.serve(self.script, KEEP, top)
        self.assert_served(self.regular)
        self.listening = self.client()
        self.listening.send(GET % b"/events")
        self.assertEqual(self.listening.head()[0], 200)
        self.heard = self.listening.chunks()
        # The one connection of the pool is busy now; the next request opens another, which stays.
        self.assert_served(self.regular)

    def tearDown(self):
        self.events.put(None)  # before backstop is told to end, which waits for what is in flight
        super().tearDown()

    def assert_served(self, client, asked=False):
        if not asked:
            client.send(GET % b"/ok")
        self.assertEqual(client.response()[0], 200)

    def assert_others_go_on(self):
        """What is in flight goes on, and so do connections that are there."""
        self.events.put(b"still here")
        self.assertEqual(next(self.heard), b"still here")
        self.assert_served(self.regular)

    def crowd(self, there, waiting, saying=b""):
        """Clients that say no more than this, and then some that have asked; returned in order."""
        there = [self.client() for _ in range(there)]
        for client in there:
            client.send(saying)
        asked = [self.client() for _ in range(waiting)]
        for client in asked:
            client.send(GET % b"/ok")
        return there, asked

    def assert_waiting(self, clients):
        sockets = [client.socket for client in clients]
        self.assertEqual(select.select(sockets, [], [], 0)[0], [])

    def said(self, what):
        return sum(what in line for line in list(self.proxy.lines))

    def switches(self):
        """How often the process was put to sleep: twice for each time it wakes, at most."""
        with open(f"/proc/{self.proxy.pid}/status", encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt"))

    def observe(self, what):
        """Two seconds in which nobody says anything."""
        warnings = self.said('"level":"warn"')
        used, slept = vitals.processor_seconds(self.proxy), self.switches()
        time.sleep(2)  # the span that is measured
        used = vitals.processor_seconds(self.proxy) - used
        slept = self.switches() - slept
        self.figure(f"{what}: {used:.2f} s of processor time in 2 s, awake {slept} times")
        self.assertEqual(self.said('"level":"warn"'), warnings)
        self.assertLess(slept, 500)

    def assert_taken_up(self, what, there, asked):
        """Each that leaves makes room for the next that waits."""
        delays = []
        for leaving, client in zip(there, asked):
            begun = time.monotonic()
            leaving.close()
            self.assert_served(client, asked=True)
            delays.append(time.monotonic() - begun)
        self.figure(f"{what}: served after {1000 * max(delays):.1f} ms at most once somebody has left")

    def test_out_of_descriptors(self):
        self.begin()
        soft, hard = resource.prlimit(self.proxy.pid, resource.RLIMIT_NOFILE)
        self.addCleanup(resource.prlimit, self.proxy.pid, resource.RLIMIT_NOFILE, (soft, hard))
        highest = max(int(name) for name in os.listdir(f"/proc/{self.proxy.pid}/fd"))
        resource.prlimit(self.proxy.pid, resource.RLIMIT_NOFILE, (highest + 11, hard))
        for streak in (1, 2):
            before = vitals.descriptors(self.proxy)
            there, asked = self.crowd(there=20, waiting=10)
            support.until(lambda: self.said(WARNING) == streak, "the warning")
            self.observe("out of descriptors")
            self.assert_waiting(asked)
            self.assert_others_go_on()
            taken = vitals.descriptors(self.proxy) - before
            for client in there[taken:]:  # they wait ahead of those who have asked
                client.close()
            self.assert_taken_up("out of descriptors", there[:taken], asked)
            self.assertEqual(self.said(WARNING), streak, "one line for each streak")
            for client in there + asked:
                client.close()
            support.until(self.only_the_two, "the others have left")
        self.assert_others_go_on()
        self.assertEqual(self.proxy.metrics().total("backstop_internal_errors_total"), 0)

    def only_the_two(self):
        """Whom begin() made; a probe must find a descriptor for this to be told at all."""
        return self.proxy.metrics().total("backstop_client_connections") == 2

    def test_at_the_limit_of_connections(self):
        self.begin(PATIENT + "client_connections = 22\n")
        self.regular.send(HALF)  # an idle client would make room
        there, asked = self.crowd(there=20, waiting=20, saying=HALF)
        support.until(lambda: self.said(FULL), "the warning")
        self.observe("at the limit of connections")
        self.assert_waiting(asked)
        self.regular.send(REST)
        self.assert_served(self.regular, asked=True)
        self.assert_others_go_on()
        self.assert_taken_up("at the limit of connections", there, asked)

    def test_few_descriptors_at_the_start_are_told_and_enough(self):
        program = self.folder() / "backstop"
        program.write_text(f'#!/bin/sh\nulimit -n 250\nexec "{support.program("BACKSTOP")}" "$@"\n')
        program.chmod(0o755)
        with unittest.mock.patch.dict(os.environ, BACKSTOP=str(program)):
            self.begin(PATIENT)
        line = json.loads(self.proxy.first_line("fewer client connections than configured"))
        self.assertEqual(line["descriptors"], 250)
        self.regular.send(HALF)
        there, asked = self.crowd(there=line["limit"] - 2, waiting=10, saying=HALF)
        support.until(lambda: self.said(FULL), "the warning")
        self.assert_waiting(asked)
        self.regular.send(REST)
        self.assert_served(self.regular, asked=True)
        self.assert_others_go_on()
        self.assertEqual(self.proxy.admin("/readyz").status, 200)
        self.assert_taken_up("few descriptors", there, asked)
        self.assertEqual(self.said(WARNING), 0)


if __name__ == "__main__":
    support.main()
