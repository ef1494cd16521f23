"""Put a limiter in front of a WSGI application."""

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
        body = f"Too many requests. Try again in {seconds} s.\n".encode()
        start_response("429 Too Many Requests", [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(seconds)),
        ])
        return [body]

    return answer
