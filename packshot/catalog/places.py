"""The two forms of a path: as the catalog notes it, and where it is."""

from __future__ import annotations

from pathlib import Path


class Places:
    """Paths as the catalog notes them: relative to an SQLite catalog's own folder where they lie below it."""

    def __init__(self, home: Path | None) -> None:
        self._home = home

    def noted(self, path: Path | str) -> str:
        """How a path is written down. An address (``s3://...``) stays as it is."""
        if "://" in str(path):
            return str(path)
        whole = Path(path).absolute()
        if self._home is not None and whole.is_relative_to(self._home):
            return whole.relative_to(self._home).as_posix()
        return str(whole)

    def located(self, noted: str) -> Path:
        """Where a noted path is."""
        return Path(noted) if self._home is None else self._home / noted
