"""Ports for servers that must be told theirs before they start."""

import random
import socket

RANGE = range(20_000, 32_000)
"""Below the ports that a system gives to whoever asks for any one: no fake takes one of these."""


def free_port() -> int:
    """A port of loopback that nobody listens on, and that nobody is likely to take before the server does."""
    for port in random.SystemRandom().sample(RANGE, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on loopback")
