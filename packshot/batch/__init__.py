"""Batches: a run over many photos, resumable and safe against kills."""

from packshot.batch.problems import RunError, UsageError
from packshot.batch.recording import Recorder
from packshot.batch.runs import RunSettings, Summary, Watcher, run

__all__ = ["Recorder", "RunError", "RunSettings", "Summary", "UsageError", "Watcher", "run"]
