"""One run in a folder at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from packshot.batch.lock import LOCK_NAME, only_run_in
from packshot.batch.problems import UsageError

HOLDER = """
import sys, time
from pathlib import Path
from packshot.batch.lock import only_run_in
with only_run_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_run_is_refused_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(UsageError, match="another run is writing"), only_run_in(tmp_path):
            pass
        holder.kill()
    assert (tmp_path / LOCK_NAME).exists()
    with only_run_in(tmp_path):
        pass


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with only_run_in(tmp_path):
        assert (tmp_path / LOCK_NAME).exists()
    with only_run_in(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
