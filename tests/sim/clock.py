"""The wall clock of the simulated network, which a test may put forward."""

import time

_ahead = 0.0


def now():
    """Seconds since 1970, as the network sees it."""
    return time.time() + _ahead


def put_forward(loop, seconds):
    """Everything that is due by then happens now."""
    global _ahead
    _ahead += seconds
    ahead = _ahead
    loop.time = lambda: time.monotonic() + ahead
