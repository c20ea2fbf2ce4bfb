"""What is installed only for some of the commands, and how to get it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extra:
    """One extra of the package: the modules it brings, and what for."""

    name: str
    modules: tuple[str, ...]
    purpose: str

    @property
    def installing(self) -> str:
        """The line that installs it."""
        return f"pip install 'packshot[{self.name}]'"


EXTRAS = (
    Extra("raw", ("rawpy",), "camera RAW photos"),
    Extra("serve", ("fastapi", "uvicorn", "python_multipart"), "the pages: review, blind test, manager's view"),
    Extra("report", ("matplotlib", "jinja2"), "reports as pages"),
    Extra("catalog", ("sqlalchemy", "alembic"), "catalogs: publish, report, feedback"),
    Extra("postgres", ("psycopg",), "catalogs in PostgreSQL"),
    Extra("learn", ("torch", "onnx", "onnxscript", "sklearn"), "learning packs"),
)


def extra_with(module: str) -> Extra | None:
    """The extra that brings a module, which may be named with its parts; None where none does."""
    return next((extra for extra in EXTRAS if module.partition(".")[0] in extra.modules), None)
