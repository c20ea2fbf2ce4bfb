"""The local engine: every task once, whatever happens to its worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from packshot.engines import EngineError, EngineSettings, Outcome, make_engine
from packshot.engines.local import LocalEngine
from tests.engines.works import Doing, DyingEarly, Unprepared


def outcomes(folder: Path, tasks: list[tuple[str, object]], workers: int = 2, timeout: float = 60) -> list[Outcome]:
    engine = LocalEngine(EngineSettings(workers=workers, timeout=timeout))
    return sorted(engine.outcomes(Doing(folder), tasks), key=lambda outcome: tasks.index(outcome.task))


def test_every_task_is_done_once_by_several_processes(tmp_path: Path) -> None:
    found = outcomes(tmp_path, [("echo", number) for number in range(40)])
    assert [outcome.answer["value"] for outcome in found] == list(range(40))
    assert os.getpid() not in {outcome.answer["process"] for outcome in found}


def test_no_tasks_need_no_worker(tmp_path: Path) -> None:
    assert outcomes(tmp_path, []) == []


def test_a_task_that_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    tasks = [("echo", 0), ("crash", 1), ("leave", 2), ("echo", 3), ("echo", 4)]
    found = outcomes(tmp_path, tasks)
    assert [outcome.problem for outcome in found] == [None, "crashed", "crashed", None, None]
    assert "Segmentation fault" in found[1].sentence
    assert "exit status 3" in found[2].sentence


def test_a_worker_killed_from_outside_costs_no_task(tmp_path: Path) -> None:
    found = outcomes(tmp_path, [("crash_once", 7), ("echo", 8)], workers=1)
    assert [outcome.answer["value"] for outcome in found] == [7, 8]
    assert found[0].answer["process"] == found[1].answer["process"]


def test_a_task_that_hangs_fails_alone_and_is_not_tried_again(tmp_path: Path) -> None:
    begun = time.monotonic()
    found = outcomes(tmp_path, [("hang", 0), ("echo", 1)], workers=1, timeout=2)
    assert [outcome.problem for outcome in found] == ["hung", None]
    assert "longer than 2 s" in found[0].sentence
    assert time.monotonic() - begun < 60


def test_what_a_task_raises_stops_the_work_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="the disk is full"):
        outcomes(tmp_path, [("stop", 0), ("hang", 1)])


def test_a_work_that_cannot_be_prepared_says_why() -> None:
    with pytest.raises(EngineError, match="copy it again"):
        list(LocalEngine(EngineSettings(workers=1)).outcomes(Unprepared(), [1]))


def test_a_worker_that_dies_while_starting_leaves_its_last_words() -> None:
    with pytest.raises(EngineError, match=r"could not start \(exit status 9\): some library complains"):
        list(LocalEngine(EngineSettings(workers=1)).outcomes(DyingEarly(), [1]))


def test_workers_use_one_thread_each(tmp_path: Path) -> None:
    found = outcomes(tmp_path, [("count_threads", 0)])
    assert (found[0].answer["threads"], found[0].answer["omp"]) == (1, "1")


def test_tasks_that_need_all_memory_run_one_after_another(tmp_path: Path) -> None:
    found = outcomes(tmp_path, [("hold", 1e9), ("hold", 2e9)])
    first, second = sorted((outcome.answer["from"], outcome.answer["to"]) for outcome in found)
    assert second[0] >= first[1]


def test_small_tasks_run_side_by_side(tmp_path: Path) -> None:
    found = outcomes(tmp_path, [("hold", number) for number in range(8)])
    assert len({outcome.answer["process"] for outcome in found}) == 2


def test_leaving_early_ends_the_workers(tmp_path: Path) -> None:
    engine = LocalEngine(EngineSettings(workers=2))
    running = engine.outcomes(Doing(tmp_path), [("echo", 0), ("mark_and_sleep", 1), ("mark_and_sleep", 2)])
    next(running)
    wait_for(lambda: list(tmp_path.glob("*.begun")))
    running.close()
    assert all(gone(int(path.stem)) for path in tmp_path.glob("*.begun"))


def test_workers_end_with_the_process_that_started_them_even_mid_task(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from packshot.engines import EngineSettings\n"
        "from packshot.engines.local import LocalEngine; from tests.engines.works import Doing\n"
        f"work = Doing(Path({str(tmp_path)!r}))\n"
        "list(LocalEngine(EngineSettings(workers=1)).outcomes(work, [('mark_and_sleep', 1)]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    wait_for(lambda: list(tmp_path.glob("*.begun")))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    worker = int(next(tmp_path.glob("*.begun")).stem)
    wait_for(lambda: gone(worker))


def test_an_engine_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no engine 'cloud' in this release: use local"):
        make_engine("cloud", EngineSettings())


def wait_for(condition: object, seconds: float = 60) -> None:
    begun = time.monotonic()
    while not condition():  # type: ignore[operator]
        assert time.monotonic() - begun < seconds, "it did not happen in time"
        time.sleep(0.02)


def gone(process: int) -> bool:
    """Whether a process has ended; one that is not yet waited for has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
