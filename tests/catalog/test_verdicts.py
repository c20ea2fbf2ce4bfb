"""Which decisions may calibrate a pack."""

from __future__ import annotations

from pathlib import Path

from packshot.catalog import Catalog, Chance
from packshot.catalog.verdicts import Verdicts, verdicts_of
from packshot.evaluation.judge_model import digest_of_group
from packshot.learning.judging.training import add_judge
from packshot.pack import Pack
from tests.catalog.desk import decide
from tests.catalog.shots import made
from tests.learning.judging.test_training import judge
from tests.tiny import make_pack


def decided(folder: Path, digest: str, chance: Chance) -> Catalog:
    """A catalog in which somebody accepted six photos, each a product of its own but for the last two."""
    folder.mkdir(exist_ok=True)
    catalog = Catalog.open(str(folder / "catalog.sqlite"), chance)
    products = {number: {"product": f"product-{min(number, 4)}"} for number in range(6)}
    catalog.add([made(folder / "out", number, pack_digest=digest, carried=products[number]) for number in range(6)])
    for entry in catalog.queue(limit=9):
        decide(catalog, entry)
    return catalog


def told(folder: Path, digest: str, pack: Pack, share: float = 1.0, seed: str = "seed") -> Verdicts:
    with decided(folder, digest, Chance(share, seed)) as catalog:
        return verdicts_of(catalog, pack)


def test_photos_that_came_by_lot_calibrate(tmp_path: Path) -> None:
    pack = Pack(make_pack(tmp_path / "pack"))
    all_drawn = told(tmp_path / "all", pack.content_digest, pack)
    assert (len(all_drawn.cases), all_drawn.chosen, all_drawn.learned_from, all_drawn.other_packs) == (6, 0, 0, 0)
    lots = [told(tmp_path / seed, pack.content_digest, pack, 0.5, seed) for seed in "abcd"]
    assert 0 < sum(len(lot.cases) for lot in lots) < 24
    assert all(lot.chosen == 6 - len(lot.cases) for lot in lots)


def test_products_that_the_judge_learned_from_do_not(tmp_path: Path) -> None:
    folder = make_pack(tmp_path / "pack")
    add_judge(folder, judge().model_copy(update={"seen": (digest_of_group("product-4"),)}))
    pack = Pack(folder)
    found = told(tmp_path, pack.content_digest, pack)
    assert {case.group for case in found.cases} == {f"product-{number}" for number in range(4)}
    assert found.learned_from == 2


def test_verdicts_on_another_packs_shots_do_not(tmp_path: Path) -> None:
    found = told(tmp_path, "0" * 64, Pack(make_pack(tmp_path / "pack")))
    assert found == Verdicts((), 0, 0, 6)
