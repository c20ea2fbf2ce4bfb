"""The memory budget."""

from __future__ import annotations

import threading

from packshot.engines.memory import Budget, free_megabytes


def test_free_memory_is_plausible() -> None:
    assert 50 < free_megabytes() < 1e8


def test_a_task_waits_until_there_is_room() -> None:
    budget = Budget(100)
    assert budget.take(80)
    got = threading.Event()
    waiting = threading.Thread(target=lambda: budget.take(30) and got.set())
    waiting.start()
    assert not got.wait(0.1)
    budget.give_back(80)
    assert got.wait(10)
    waiting.join()


def test_a_task_larger_than_the_budget_runs_when_it_is_alone() -> None:
    budget = Budget(100)
    assert budget.take(5000)
    budget.give_back(5000)
    assert budget.take(100)


def test_closing_lets_those_who_wait_go_without() -> None:
    budget = Budget(100)
    budget.take(100)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(budget.take(1)))
    waiting.start()
    budget.close()
    waiting.join(10)
    assert answers == [False]
