"""The commits of the rate limiter: when, what, and which files changed."""

BUCKET_FIRST = '''"""Token bucket: bursts up to a capacity, a steady rate after that."""


class Bucket:
    """Tokens flow in at `rate` a second, up to `capacity`; a request takes one."""

    __slots__ = ("tokens", "updated")

    def __init__(self, capacity, now):
        self.tokens = capacity
        self.updated = now

    def take(self, rate, capacity, now):
        """Seconds to wait, or 0.0 if the request may pass."""
        self.tokens = min(capacity, self.tokens + (now - self.updated) * rate)
        self.updated = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / rate
'''

LIMITER = '''"""One bucket per client, and no more of them than fit."""

import threading
import time
from collections import OrderedDict

from .bucket import Bucket


class Limiter:
    """Thread-safe. Forgets the client that was quiet longest when `clients_max` is reached.

    A forgotten client starts with a full bucket, so that forgetting can only be generous.
    """

    def __init__(self, rate, capacity, clients_max=10_000, clock=time.monotonic):
        if rate <= 0 or capacity < 1 or clients_max < 1:
            raise ValueError("rate, capacity and clients_max must be positive")
        self.rate = rate
        self.capacity = capacity
        self.clients_max = clients_max
        self._clock = clock
        self._buckets = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, client):
        """Seconds until `client` may try again; 0.0 if this request may pass."""
        now = self._clock()
        with self._lock:
            bucket = self._buckets.get(client)
            if bucket is None:
                bucket = self._buckets[client] = Bucket(self.capacity, now)
                if len(self._buckets) > self.clients_max:
                    self._buckets.popitem(last=False)
            self._buckets.move_to_end(client)
            return bucket.take(self.rate, self.capacity, now)

    def __len__(self):
        return len(self._buckets)
'''

WSGI = '''"""Put a limiter in front of a WSGI application."""

import math


def client_of(environ):
    """The API key if the request has one, otherwise the address."""
    key = environ.get("HTTP_X_API_KEY", "").strip()
    return f"key:{key}" if key else f"address:{environ.get('REMOTE_ADDR', '')}"


def limited(application, limiter, client_of=client_of):
    """`application` behind `limiter`; a refused request gets 429 and Retry-After."""

    def answer(environ, start_response):
        wait = limiter.wait(client_of(environ))
        if not wait:
            return application(environ, start_response)
        seconds = max(1, math.ceil(wait))
        body = f"Too many requests. Try again in {seconds} s.\\n".encode()
        start_response("429 Too Many Requests", [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(seconds)),
        ])
        return [body]

    return answer
'''

TEST_BUCKET = '''import unittest

from sluice.bucket import Bucket


class BucketTest(unittest.TestCase):
    def test_a_burst_up_to_the_capacity_passes(self):
        bucket = Bucket(capacity=3, now=0.0)
        self.assertEqual([bucket.take(1, 3, 0.0) for _ in range(3)], [0.0, 0.0, 0.0])
        self.assertEqual(bucket.take(1, 3, 0.0), 1.0)

    def test_tokens_come_back_at_the_rate(self):
        bucket = Bucket(capacity=1, now=0.0)
        self.assertEqual(bucket.take(5, 1, 0.0), 0.0)
        self.assertGreater(bucket.take(5, 1, 0.1), 0.0)
        self.assertEqual(bucket.take(5, 1, 0.3), 0.0)

    def test_a_long_pause_fills_the_bucket_and_no_more(self):
        bucket = Bucket(capacity=2, now=0.0)
        passed = sum(bucket.take(1, 2, 1000.0) == 0.0 for _ in range(10))
        self.assertEqual(passed, 2)


if __name__ == "__main__":
    unittest.main()
'''

TEST_LIMITER = '''import threading
import unittest

from sluice import Limiter


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class LimiterTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.limiter = Limiter(rate=5, capacity=20, clients_max=3, clock=self.clock)

    def test_clients_do_not_share_a_bucket(self):
        for _ in range(20):
            self.assertEqual(self.limiter.wait("a"), 0.0)
        self.assertGreater(self.limiter.wait("a"), 0.0)
        self.assertEqual(self.limiter.wait("b"), 0.0)

    def test_memory_is_bounded_and_the_quiet_client_goes_first(self):
        for client in "abc":
            self.limiter.wait(client)
        self.limiter.wait("a")
        self.limiter.wait("d")
        self.assertEqual(len(self.limiter), 3)
        self.assertNotIn("b", self.limiter._buckets)

    def test_impossible_settings_are_refused(self):
        for rate, capacity, clients_max in [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-1, 1, 1)]:
            with self.assertRaises(ValueError):
                Limiter(rate, capacity, clients_max)

    def test_threads_cannot_take_one_token_twice(self):
        passed = []
        threads = [threading.Thread(target=lambda: passed.append(self.limiter.wait("a") == 0.0))
                   for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(passed), 20)


if __name__ == "__main__":
    unittest.main()
'''

TEST_WSGI = '''import unittest

from sluice import Limiter, limited


def hello(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]


class WsgiTest(unittest.TestCase):
    def setUp(self):
        self.now = 0.0
        limiter = Limiter(rate=0.5, capacity=1, clock=lambda: self.now)
        self.application = limited(hello, limiter)

    def ask(self, **environ):
        seen = {}
        body = self.application(environ, lambda status, headers: seen.update(status=status, **dict(headers)))
        return seen, b"".join(body)

    def test_the_second_request_is_told_when_to_come_back(self):
        self.assertEqual(self.ask(REMOTE_ADDR="192.0.2.1")[0]["status"], "200 OK")
        seen, body = self.ask(REMOTE_ADDR="192.0.2.1")
        self.assertEqual(seen["status"], "429 Too Many Requests")
        self.assertEqual(seen["Retry-After"], "2")
        self.assertIn(b"Try again in 2 s", body)
        self.now = 2.0
        self.assertEqual(self.ask(REMOTE_ADDR="192.0.2.1")[0]["status"], "200 OK")

    def test_a_key_counts_before_the_address(self):
        first = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_API_KEY": "reseller-1"}
        second = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_API_KEY": "reseller-2"}
        self.assertEqual(self.ask(**first)[0]["status"], "200 OK")
        self.assertEqual(self.ask(**second)[0]["status"], "200 OK")
        self.assertEqual(self.ask(**first)[0]["status"], "429 Too Many Requests")

    def test_a_key_cannot_pose_as_an_address(self):
        self.ask(REMOTE_ADDR="192.0.2.1")
        self.assertEqual(self.ask(HTTP_X_API_KEY="192.0.2.1")[0]["status"], "200 OK")


if __name__ == "__main__":
    unittest.main()
'''

README = '''# sluice

A rate limiter for WSGI applications: bursts are fine, a flood is not.

    from sluice import Limiter, limited

    application = limited(application, Limiter(rate=5, capacity=20))

Each client may burst up to `capacity` requests and then go on at `rate` a second. A refused
request gets `429 Too Many Requests` with `Retry-After`. Memory is bounded by `clients_max`.

Run the tests with `python3 -m unittest discover -s tests -t .`; they take no time and never sleep.
'''

PYPROJECT = '''[project]
name = "sluice"
version = "0.1.0"
description = "A rate limiter for WSGI applications"
requires-python = ">=3.9"
authors = [{ name = "Jonas Weidner" }]

[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
packages = ["sluice"]
'''

COMMITS = [
    ("2024-11-05T09:12:00 +0100", "Start the package\n\nName, version, nothing that runs yet.", {
        "pyproject.toml": PYPROJECT, "sluice/__init__.py": '"""A rate limiter for WSGI applications."""\n',
        ".gitignore": "__pycache__/\n*.pyc\n/dist/\n", "tests/__init__.py": "",
    }),
    ("2024-11-05T16:40:00 +0100", "Add the token bucket\n\nThe caller brings the time, so the tests need not sleep.", {
        "sluice/bucket.py": BUCKET_FIRST, "tests/test_bucket.py": TEST_BUCKET,
    }),
    ("2024-11-07T11:03:00 +0100", "Limit per client, with bounded memory\n\n"
     "A client that came by once must not cost memory for ever. The one that was\n"
     "quiet longest is forgotten first.", {
         "sluice/limiter.py": LIMITER, "tests/test_limiter.py": TEST_LIMITER,
         "sluice/__init__.py": '"""A rate limiter for WSGI applications."""\n\nfrom .limiter import Limiter\n\n__all__ = ["Limiter"]\n',
     }),
    ("2024-11-11T14:25:00 +0100", "Answer refused requests with 429 and Retry-After", {
        "sluice/wsgi.py": WSGI, "tests/test_wsgi.py": TEST_WSGI,
        "sluice/__init__.py": [
            ("from .limiter import Limiter\n", "from .limiter import Limiter\nfrom .wsgi import limited\n"),
            ('["Limiter"]', '["Limiter", "limited"]'),
        ],
    }),
    ("2024-11-12T10:08:00 +0100", "Do not lose tokens when the clock steps back\n\n"
     "Seen in the soak run: one process resumed from suspension with an older\n"
     "reading, and its clients owed tokens.", {
         "sluice/bucket.py": [
             ("        self.tokens = min(capacity, self.tokens + (now - self.updated) * rate)\n",
              "        elapsed = max(0.0, now - self.updated)\n"
              "        self.tokens = min(capacity, self.tokens + elapsed * rate)\n"),
             ("        self.updated = now\n        if", "        self.updated = max(now, self.updated)\n        if"),
         ],
         "tests/test_bucket.py": [
             ("\n\nif __name__", '''
    def test_a_clock_that_steps_back_takes_nothing_away(self):
        bucket = Bucket(capacity=2, now=100.0)
        self.assertEqual(bucket.take(1, 2, 40.0), 0.0)
        self.assertEqual(bucket.take(1, 2, 40.0), 0.0)
        self.assertEqual(bucket.take(1, 2, 101.0), 0.0)


if __name__'''),
         ],
     }),
    ("2024-11-14T17:31:00 +0100", "Say how to use it", {"README.md": README}),
    ("2024-11-18T09:47:00 +0100", "Release 1.0.0\n\nTwo weeks on the staging system without a change of code.", {
        "pyproject.toml": [('version = "0.1.0"', 'version = "1.0.0"'),
                           ('authors = [', 'readme = "README.md"\nauthors = [')],
    }),
]
