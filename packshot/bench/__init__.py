"""Measuring packshot on this machine: one photo, one thread, against the floor of decoding and encoding it."""

from packshot.bench.measure import Report, Settings, bench

__all__ = ["Report", "Settings", "bench"]
