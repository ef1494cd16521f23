import unittest

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

    def test_a_clock_that_steps_back_takes_nothing_away(self):
        bucket = Bucket(capacity=2, now=100.0)
        self.assertEqual(bucket.take(1, 2, 40.0), 0.0)
        self.assertEqual(bucket.take(1, 2, 40.0), 0.0)
        self.assertEqual(bucket.take(1, 2, 101.0), 0.0)


if __name__ == "__main__":
    unittest.main()
