"""The catalog: what was seen, predicted, decided and published. SQLite by default, PostgreSQL for teams."""

from packshot.catalog.carrying import Carrying
from packshot.catalog.catalog import Catalog
from packshot.catalog.entries import (
    Answer,
    Counters,
    Decision,
    Entry,
    Event,
    Filter,
    Lease,
    Made,
    Prediction,
)
from packshot.catalog.intake import Chance
from packshot.catalog.outbox import Publication
from packshot.catalog.problems import CatalogError, Conflict

__all__ = [
    "Answer",
    "Carrying",
    "Catalog",
    "CatalogError",
    "Chance",
    "Conflict",
    "Counters",
    "Decision",
    "Entry",
    "Event",
    "Filter",
    "Lease",
    "Made",
    "Prediction",
    "Publication",
]
