"""Token bucket: bursts up to a capacity, a steady rate after that."""


class Bucket:
    """Tokens flow in at `rate` a second, up to `capacity`; a request takes one."""

    __slots__ = ("tokens", "updated")

    def __init__(self, capacity, now):
        self.tokens = capacity
        self.updated = now

    def take(self, rate, capacity, now):
        """Seconds to wait, or 0.0 if the request may pass."""
        elapsed = max(0.0, now - self.updated)
        self.tokens = min(capacity, self.tokens + elapsed * rate)
        self.updated = max(now, self.updated)
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / rate
