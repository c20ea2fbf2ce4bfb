"""What the catalog refuses, in sentences."""

from __future__ import annotations


class CatalogError(RuntimeError):
    """The catalog cannot be opened or used; the message says what to do."""


class Conflict(CatalogError):  # noqa: N818 - it is an answer for the editor, no fault
    """Somebody was quicker: the photo is held, decided, published or retouched anew. Nothing was changed."""
