"""Batches: a run over many photos, resumable and safe against kills."""

from packshot.batch.problems import RunError, UsageError
from packshot.batch.recording import Recorder
from packshot.batch.runs import Foreseen, RunSettings, Summary, Watcher, foresee, run

__all__ = ["Foreseen", "Recorder", "RunError", "RunSettings", "Summary", "UsageError", "Watcher", "foresee", "run"]
