from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from packshot.evaluation.audit import AuditPlan, Watch, bets

PLAN = AuditPlan(risk=0.02, doubt=0.05)


def alarms(rate: float, audits: int, runs: int) -> np.ndarray:
    """After how many audits each of some streams raises the alarm; ``audits + 1``: never."""
    draw = np.random.default_rng(11)
    bad = draw.random((runs, audits)) < rate
    stakes = np.array(bets(PLAN.risk))[:, None, None]
    wealth = np.cumsum(np.log1p(stakes * (bad - PLAN.risk)), 2)
    evidence = np.exp(wealth).mean(0)
    over = evidence >= 1 / PLAN.doubt
    return np.where(over.any(1), over.argmax(1) + 1, audits + 1)


def test_false_alarms_are_as_rare_as_promised() -> None:
    """400 streams of 4,000 audits at the promised rate; 31 or more would come once in a thousand times."""
    assert (alarms(0.02, 4000, 400) <= 4000).sum() <= 30


def test_a_doubled_error_rate_is_noticed_within_450_audits() -> None:
    assert np.median(alarms(0.04, 2500, 400)) <= 450


def test_the_watch_is_that_process() -> None:
    draw = np.random.default_rng(1)
    stream = [bool(one) for one in draw.random(300) < 0.05]
    watch = Watch.begin(PLAN)
    for seen in range(1, 301):
        watch = watch.seen(stream[seen - 1])
        products = [np.prod([1 + bet * (x - PLAN.risk) for x in stream[:seen]]) for bet in bets(PLAN.risk)]
        assert watch.evidence == pytest.approx(np.mean(products), rel=1e-9)
    assert Watch.after(PLAN, stream) == watch
    assert (watch.audits, watch.errors) == (300, sum(stream))


def test_an_alarm_stays() -> None:
    watch = Watch.after(PLAN, [True] * 6)
    assert watch.alarm
    assert "Close the gate" in watch.sentence()
    assert Watch.after(PLAN, [True] * 6 + [False] * 2000).alarm


def test_the_evidence_starts_at_one_and_good_audits_lower_it() -> None:
    watch = Watch.begin(PLAN)
    assert (watch.evidence, watch.alarm, watch.bound()) == (1, False, 1)
    assert watch.seen(False).evidence < 1 < watch.seen(True).evidence


def test_it_survives_any_number_of_errors() -> None:
    watch = Watch.after(PLAN, [True] * 5000)
    assert np.isfinite(watch.evidence)
    assert watch.alarm


def test_the_bound_is_exact() -> None:
    watch = Watch.after(PLAN, [True] * 2 + [False] * 198)
    assert watch.bound(0.95) == pytest.approx(stats.beta.ppf(0.95, 3, 198))


@pytest.mark.parametrize("risk", [0.001, 0.02, 0.2, 0.5, 0.9])
def test_no_bet_can_be_lost_whole(risk: float) -> None:
    assert all(1 + bet * (0 - risk) >= 0.499 for bet in bets(risk))
