"""A rate limiter for WSGI applications."""

from .limiter import Limiter
from .wsgi import limited

__all__ = ["Limiter", "limited"]
