import threading
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
