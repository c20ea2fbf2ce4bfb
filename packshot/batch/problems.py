"""What stops a run as a whole, as against one photo of it."""

from __future__ import annotations


class UsageError(ValueError):
    """The run cannot begin as it was asked for; the message says what to change."""


class RunError(RuntimeError):
    """The run cannot go on, through no photo's fault (a full disk, say). What is done stays done."""
