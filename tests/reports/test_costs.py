"""What models cost."""

from __future__ import annotations

from packshot.pack import Pack
from packshot.reports.costs import model_costs


def test_every_model_of_the_base_pack_is_timed() -> None:
    pack = Pack.base()
    costs = {one.name: one for one in model_costs(pack)}
    assert set(costs) == set(pack.file.models)
    assert all(one.milliseconds is not None and 0 < one.milliseconds < 60_000 for one in costs.values())
    assert all(one.megabytes <= 16 for one in costs.values())
