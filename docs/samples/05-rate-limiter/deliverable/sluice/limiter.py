"""One bucket per client, and no more of them than fit."""

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
