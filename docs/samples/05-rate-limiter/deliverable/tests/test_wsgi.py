import unittest

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
