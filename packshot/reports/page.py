"""A page as one file: template, style and everything it shows, with nothing fetched from anywhere and no scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packshot.photo import write_atomic


def write_page(path: Path, template: str, **values: Any) -> None:
    """Renders a template of ``packshot/reports/templates`` into the file ``path``, whole or not at all.

    Texts are escaped; plots and pictures come as ``Markup``. Raises ImportError when the extra is not installed.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("packshot.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": share, "number": number}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, environment.get_template(template).render(**values).encode("utf-8"))


def share(value: float | None) -> str:
    """A share in percent; a dash for what is not known."""
    if value is None:
        return "–"
    percent = 100 * value
    return f"{percent:.1f} %" if 0 < abs(percent) < 9.95 or 95 < percent < 100 else f"{percent:.0f} %"


def number(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals; a dash for what is not known."""
    return "–" if value is None else f"{value:.{digits}f}"
