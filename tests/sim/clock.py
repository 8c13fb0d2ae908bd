"""The wall clock of the simulated network, which a test may put forward."""

import time

_ahead = 0.0
_begin = time.time()
_speed = 1.0


def now():
    """Seconds since 1970, as the network sees it."""
    return _begin + (time.time() - _begin) * _speed + _ahead


def run_faster(factor):
    """For a gateway whose clock runs so much faster than ours."""
    global _speed
    _speed = factor


def real(seconds):
    """How long this many of its seconds take."""
    return seconds / _speed


def put_forward(loop, seconds):
    """Everything that is due by then happens now."""
    global _ahead
    _ahead += seconds
    ahead = _ahead
    loop.time = lambda: time.monotonic() + ahead
