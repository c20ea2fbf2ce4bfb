"""What the catalog tells of photos, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from packshot.photo import Photo
from packshot.recipe import Reason, Recipe

State = Literal["seen", "review", "publish", "published", "rejected", "failed"]
"""Where a photo stands: waits for a worker, for a person, for publication; was published, rejected; failed."""

Outcome = Literal["accept", "reject", "skip", "correct", "edited", "undo"]
Purpose = Literal["review", "audit"]
"""Why a person is asked: before publication, or blindly after it."""

Order = Literal["priority", "oldest", "newest", "doubtful", "path"]


@dataclass(frozen=True)
class Made:
    """What one run made of one photo: the pack's prediction and the judge's verdict, as they were.

    ``source``: absolute path of the photo, or its address. ``folder``: of the run; ``files``: relative to it, by what
    they are (output, recipe, matte, preview, thumb, presets). ``recipe``: its JSON. ``house``: the rules for its
    category.
    """

    source: str
    sha256: str
    folder: Path
    name: str
    category: str
    pack: str
    pack_digest: str
    route: Literal["publish", "review", "failed"]
    quality: float | None = None
    would_publish: bool | None = None
    reasons: tuple[Reason, ...] = ()
    recipe: str | None = None
    files: Mapping[str, Any] = field(default_factory=dict)
    house: Mapping[str, Any] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    shadow: bool = False


@dataclass(frozen=True)
class Prediction:
    """What a pack said of a photo, and where its files lie. ``folder`` is absolute."""

    id: int
    folder: Path
    name: str
    pack: str
    pack_digest: str
    category: str
    route: str
    quality: float | None
    would_publish: bool | None
    reasons: tuple[Reason, ...]
    recipe_json: str | None
    files: Mapping[str, Any]
    house: Mapping[str, Any]
    seconds: float | None
    made_at: datetime
    shadow: bool = False

    def file(self, what: str) -> Path | None:
        """Where its ``output``, ``recipe``, ``matte``, ``preview`` or ``thumb`` lies."""
        path = self.files.get(what)
        return None if path is None else self.folder / str(path)

    @property
    def recipe_path(self) -> Path:
        """Where its recipe's JSON was written; its mattes are named relative to it."""
        return self.folder / "recipes" / f"{self.name}.json"

    def recipe(self) -> Recipe:
        """The recipe with its mattes. Raises ValueError when a matte is gone or is not the one it was made with."""
        if self.recipe_json is None:
            raise ValueError(f"{self.name} has no recipe: it could not be retouched")
        return Recipe.model_validate_json(self.recipe_json).with_files(self.recipe_path)


@dataclass(frozen=True)
class Lease:
    """Who holds a photo, and until when."""

    owner: str
    until: datetime


@dataclass(frozen=True)
class Entry:
    """A photo as it stands. ``prediction`` is the one that counts; None until the photo was retouched."""

    id: int
    source: Path
    sha256: str
    category: str
    product: str | None
    carried: Mapping[str, str]
    state: State
    purpose: Purpose | None
    priority: float
    seen_at: datetime
    changed_at: datetime
    lease: Lease | None
    prediction: Prediction | None

    def photo(self) -> Photo:
        """The photo itself. Raises PhotoError, and ValueError when its file is another photo by now."""
        photo = Photo.open(self.source)
        if photo.sha256 != self.sha256:
            raise ValueError(
                f"{self.source} is not the photo that was decided on any more: put that one back, or run it again"
            )
        return photo


@dataclass(frozen=True)
class Answer:
    """What an editor answers. ``prediction_id``: of the entry the editor saw.

    ``changes``: of a correction, as ``packshot.correct`` takes them, and ``assets``: new mattes' contents by sha256.
    ``category``: what the photo really shows, where it was taken for something else, ``house``: the rules for that,
    and ``light``: its parts by stage, as they are decided for that category before any hand's change.
    ``after``: the finished picture of an edit made elsewhere, a JPEG, PNG or TIFF. ``carried``: the key of the
    correction of another photo of the product that the editor was shown as this one's; ``changes`` have it unless it
    was taken back, and ``as_carried`` says that no hand moved it on. ``seconds``: the editor's time.
    ``key``: the same for the same answer sent again, so that a repeated message counts once.
    """

    outcome: Literal["accept", "reject", "skip", "correct", "edited"]
    prediction_id: int
    reason: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    assets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    category: str | None = None
    house: Mapping[str, Any] = field(default_factory=dict, repr=False)
    light: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    after: bytes | None = field(default=None, repr=False)
    carried: str | None = None
    as_carried: bool = False
    seconds: float | None = None
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Decision:
    """What a person decided. ``undoes``: the decision taken back.

    ``changes``: over the prediction's recipe, by stage; under ``category`` the corrected one's name, house rules and
    light, and the stages that follow from it without a hand's change (``follows``); under ``carried`` the name of the
    photo whose colour and light were carried to this one, whether that was kept, and whether a hand moved it on.
    """

    id: int
    photo_id: int
    prediction_id: int
    editor: str
    outcome: Outcome
    purpose: Purpose
    reason: str | None
    changes: Mapping[str, Any]
    recipe_json: str | None
    after: Path | None
    undoes: int | None
    seconds: float | None
    at: datetime


@dataclass(frozen=True)
class Event:
    """One line of a photo's history: ``what`` happened, ``by`` whom (a pack, an editor, the gate), and particulars."""

    at: datetime
    what: str
    by: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Filter:
    """Which of the waiting photos. ``purpose`` None: both; ``reason``: a code the prediction's verdict names.

    ``find``: what their path has in it, large or small letters alike. ``skipped``: those too that who leases them has
    skipped.
    """

    category: str | None = None
    reason: str | None = None
    purpose: Purpose | None = None
    order: Order = "priority"
    find: str | None = None
    skipped: bool = False


@dataclass(frozen=True)
class Counters:
    """How many photos stand where; ``waiting`` those a person is to look at, also by category and by reason."""

    states: Mapping[str, int]
    waiting: int
    held: int
    audits: int
    by_category: Mapping[str, int]
    by_reason: Mapping[str, int]
    oldest_waiting: datetime | None
