"""A blind test as files: what is shown, and what was answered.

``test.json`` says what every trial is and never leaves the server; ``pictures/`` holds the pictures under random
names; ``answers.jsonl`` gets a line per answer, on disk before the rater sees the next trial.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from packshot.photo import write_atomic
from packshot.recipe import Frozen

Kind = Literal["ai", "human", "check"]
Side = Literal["left", "right"]
TEST, ANSWERS, PICTURES = "test.json", "answers.jsonl", "pictures"
Rater = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]


class BlindTestError(ValueError):
    """A test that cannot be used; the message says what is wrong and what to do."""


class Trial(Frozen):
    """Two pictures of one product. ``studio``: the one a human retouched; ``other``: packshot's (ai), another
    human's (human: the control), or the studio's own with a gross error (check: whoever looks sees it).
    """

    id: str
    kind: Kind
    category: str
    product: str
    studio: str
    other: str


class BlindTestFile(Frozen):
    """``test.json``. ``margin`` and ``doubt`` are fixed before the first answer; ``trials_planned`` per arm too."""

    blindtest: Literal[1] = 1
    made: str
    pack: str
    margin: float = Field(gt=0, lt=0.5)
    doubt: float = Field(gt=0, lt=0.5)
    trials_planned: int
    secret: str = Field(repr=False, description="sides and order are drawn from it")
    trials: tuple[Trial, ...]

    def order(self, rater: str) -> list[Trial]:
        """The trials as one rater gets them: every rater in another order."""
        return sorted(self.trials, key=lambda trial: self._draw("order", rater, trial.id))

    def studio_side(self, rater: str, trial: Trial) -> Side:
        """On which side the studio's own picture lies for this rater."""
        return "left" if self._draw("side", rater, trial.id)[0] % 2 == 0 else "right"

    def _draw(self, what: str, rater: str, trial: str) -> bytes:
        return hashlib.sha256(f"{self.secret}\0{what}\0{rater}\0{trial}".encode()).digest()


class Reply(Frozen):
    """What a rater said of a trial."""

    trial: str = Field(max_length=64)
    studio: Side = Field(description="which one the rater took for the studio's own")
    publish_left: bool
    publish_right: bool
    seconds: float = Field(ge=0, le=86400)


class Answer(Frozen):
    """A line of ``answers.jsonl``: the reply with the sides resolved."""

    rater: str
    trial: str
    recognised: bool = Field(description="whether the studio's own was taken for it")
    publish_studio: bool
    publish_other: bool
    studio_side: Side
    seconds: float
    at: str


class BlindTestFolder:
    """A blind test on disk. One process serves it; a second answer of one rater to one trial changes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.test = _read(folder)
        self._trials = {trial.id: trial for trial in self.test.trials}
        self._guard = threading.Lock()
        self._answers = {(answer.rater, answer.trial): answer for answer in read_answers(folder)}

    @property
    def answers(self) -> list[Answer]:
        """All answers so far."""
        with self._guard:
            return list(self._answers.values())

    def waiting(self, rater: str) -> list[Trial]:
        """The rater's trials that are not answered yet, in the rater's order."""
        with self._guard:
            return [trial for trial in self.test.order(rater) if (rater, trial.id) not in self._answers]

    def answer(self, rater: str, reply: Reply) -> bool:
        """Keeps an answer; whether it is new. Raises BlindTestError for a trial that is not in the test."""
        trial = self._trials.get(reply.trial)
        if trial is None:
            raise BlindTestError(f"this test has no trial {reply.trial!r}: load the page again")
        answer = self._resolved(rater, trial, reply)
        with self._guard:
            if (rater, trial.id) in self._answers:
                return False
            with (self.folder / ANSWERS).open("ab") as lines:
                lines.write(answer.model_dump_json().encode() + b"\n")
                lines.flush()
                os.fsync(lines.fileno())
            self._answers[rater, trial.id] = answer
        return True

    def _resolved(self, rater: str, trial: Trial, reply: Reply) -> Answer:
        side = self.test.studio_side(rater, trial)
        published = {"left": reply.publish_left, "right": reply.publish_right}
        return Answer(
            rater=rater,
            trial=trial.id,
            recognised=reply.studio == side,
            publish_studio=published[side],
            publish_other=published["right" if side == "left" else "left"],
            studio_side=side,
            seconds=round(reply.seconds, 2),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def picture(self, name: str) -> Path:
        """A picture's file. Raises BlindTestError for a name that no trial has."""
        if not any(name in (trial.studio, trial.other) for trial in self.test.trials):
            raise BlindTestError("this test has no such picture")
        return self.folder / PICTURES / name

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Makes sure that no other process serves the test meanwhile. Raises BlindTestError when one does."""
        import fcntl

        with (self.folder / ".serving").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BlindTestError(f"{self.folder} is being served already: end that server first") from error
            yield


def read_answers(folder: Path) -> list[Answer]:
    """The answers so far; a half-written last line, left by a power cut, is left out."""
    path = folder / ANSWERS
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    if lines and lines[-1]:
        path.write_bytes(b"\n".join(lines[:-1]) + b"\n" if lines[:-1] else b"")
    return [Answer.model_validate_json(line) for line in lines[:-1] if line]


def write_test(folder: Path, test: BlindTestFile) -> None:
    """Writes ``test.json``, whole or not at all, for its owner's eyes only."""
    path = folder / TEST
    write_atomic(path, (json.dumps(test.model_dump(), indent=1) + "\n").encode())
    path.chmod(0o600)


def _read(folder: Path) -> BlindTestFile:
    path = folder / TEST
    if not path.is_file():
        raise BlindTestError(f"{folder} holds no blind test: `packshot blindtest make PAIRS --out FOLDER` makes one")
    try:
        return BlindTestFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BlindTestError(f"{path} cannot be read: {error.errors()[0]['msg']}") from error
