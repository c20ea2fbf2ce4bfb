"""What people corrected of colour and light on one photo of a product, for its other photos that still wait.

Nothing is stored for a photo until a person decides on it: what would be carried to it follows from the decisions that
stand. So a correction that is taken back is carried no more, and no photo changes under anybody's hands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.sql import func

from packshot.carrying import carried, product_colors
from packshot.catalog.database import Database, Transaction
from packshot.catalog.entries import Entry, Prediction
from packshot.catalog.rows import prediction_of, read_entries, standing_decisions
from packshot.catalog.schema import decisions, draws, photos, predictions
from packshot.colorscience import Floats
from packshot.recipe import Recipe
from packshot.shift import Shift

NOTED = "carried"
"""Under what name a decision's changes note the correction that was carried to its photo."""

_LOOKED_AT = 20  # of a product's last decisions


@dataclass(frozen=True)
class Carrying:
    """A person's correction of another photo of the product.

    key: of the decision, for ``Answer.carried``. entry: the photo that was corrected; prediction: what the person saw
    of it; predicted: its recipe, without its files. shift: what the person changed. by_lot: the photo to carry it to
    came by lot, and is to be judged as it was made.
    """

    key: str
    editor: str
    entry: Entry
    prediction: Prediction
    predicted: Recipe
    shift: Shift
    by_lot: bool

    @property
    def name(self) -> str:
        """Of the photo that was corrected."""
        return self.prediction.name

    def colors(self) -> Floats:
        """Of the product on the photo that was corrected, as predicted. Raises PhotoError or ValueError."""
        return product_colors(self.entry.photo(), self.predicted.with_files(self.prediction.recipe_path))

    def onto(self, entry: Entry) -> Shift:
        """What it is on another photo of the product. Raises PhotoError or ValueError when a file is gone."""
        return carried(self.shift, self.colors(), product_colors(entry.photo(), _recipe(entry)))

    def changes(self, entry: Entry) -> dict[str, dict[str, Any]]:
        """As ``Answer.changes`` takes them. Raises PhotoError or ValueError when a file is gone."""
        return self.onto(entry).changes(_recipe(entry))


def _recipe(entry: Entry) -> Recipe:
    if entry.prediction is None:
        raise ValueError(f"{entry.source.name} was not retouched yet: there is nothing to carry a correction to")
    return entry.prediction.recipe()


def carrying(database: Database, ids: Iterable[int]) -> dict[int, Carrying]:
    """By photo, what is to be carried to it: the last correction of colour or light that stands on another photo of its
    product, retouched by the same pack. Only to photos that wait for a decision before publication."""
    chosen = list(ids)

    def work(transaction: Transaction) -> dict[int, Carrying]:
        waiting = transaction.execute(_waiting(chosen)).all()
        drawn = _by_lot(transaction, [row.prediction_id for row in waiting])
        known = {kin: _last(transaction, *kin) for kin in {(row.product, row.pack_digest) for row in waiting}}
        found = {row: known[row.product, row.pack_digest] for row in waiting}
        return {
            row.id: Carrying(**one, by_lot=row.prediction_id in drawn)
            for row, one in found.items()
            if one is not None and one["entry"].id != row.id
        }

    return database.read(work)


def _waiting(ids: list[int]) -> Select[Any]:
    query = select(photos.c.id, photos.c.product, photos.c.prediction_id, predictions.c.pack_digest)
    query = query.join(predictions, photos.c.prediction_id == predictions.c.id)
    return query.where(photos.c.id.in_(ids), photos.c.state == "review", func.coalesce(photos.c.product, "") != "")


def _by_lot(transaction: Transaction, made: list[int]) -> set[int]:
    query = select(draws.c.prediction_id).where(draws.c.purpose == "random", draws.c.prediction_id.in_(made))
    return set(transaction.execute(query).scalars())


def _last(transaction: Transaction, product: str, pack_digest: str) -> dict[str, Any] | None:
    """The last word on a product's colour: a correction, or nothing where a person has since taken a carried one back
    and accepted the photo as it had been. What was accepted as it was carried says nothing new."""
    standing = standing_decisions().where(decisions.c.outcome.in_(("accept", "correct"))).subquery()
    query = select(standing).join(photos, photos.c.id == standing.c.photo_id)
    query = query.join(predictions, predictions.c.id == standing.c.prediction_id)
    query = query.where(photos.c.product == product, predictions.c.pack_digest == pack_digest)
    for row in transaction.execute(query.order_by(standing.c.id.desc()).limit(_LOOKED_AT)):
        noted = row.changes.get(NOTED)
        if noted is not None and noted["kept"] and not noted["moved"]:
            continue
        if "color" in row.changes or "lighting" in row.changes:
            word = _word(transaction, row)
            if word is not None:
                return word
        elif noted is not None:
            return None
    return None


def _word(transaction: Transaction, row: Row[Any]) -> dict[str, Any] | None:
    """A decision as a correction of colour or light; None where it is none."""
    made = transaction.execute(select(predictions).where(predictions.c.id == row.prediction_id)).one()
    (entry,) = read_entries(transaction, [row.photo_id])
    predicted = _as_decided_for(Recipe.model_validate_json(made.recipe), row.changes)
    shift = Shift.between(predicted, Recipe.model_validate_json(row.recipe))
    about = {"prediction": prediction_of(made, transaction.places), "predicted": predicted, "shift": shift}
    return {"key": row.key, "editor": row.editor, "entry": entry, **about} if shift else None


def _as_decided_for(predicted: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The prediction with the colour and light of the corrected category, which are no hand's change."""
    light = changes.get("category", {}).get("light", {})
    parts = {stage: type(getattr(predicted, stage)).model_validate(part) for stage, part in light.items()}
    return predicted.model_copy(update=parts)


def source_of(transaction: Transaction, key: str, photo: int) -> Prediction:
    """The prediction of the photo that was corrected. Raises ValueError where it is none of the photo's product."""
    product = select(photos.c.product).where(photos.c.id == photo).scalar_subquery()
    query = select(predictions).join(decisions, decisions.c.prediction_id == predictions.c.id)
    query = query.join(photos, photos.c.id == decisions.c.photo_id)
    row = transaction.execute(query.where(decisions.c.key == key, photos.c.product == product)).first()
    if row is None:
        raise ValueError("what was carried is no correction of this product: look at the photo again")
    return prediction_of(row, transaction.places)


def mates(database: Database, photo: int) -> dict[str, int]:
    """How many other photos of a photo's product stand where, by state."""

    def work(transaction: Transaction) -> dict[str, int]:
        product = select(photos.c.product).where(photos.c.id == photo).scalar_subquery()
        query = select(photos.c.state, func.count()).where(photos.c.product == product, photos.c.id != photo)
        query = query.where(photos.c.product != "").group_by(photos.c.state)
        return {str(state): int(count) for state, count in map(tuple, transaction.execute(query))}

    return database.read(work)
