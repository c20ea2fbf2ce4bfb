"""Outcomes with known causes, as if a pack had been tried on many pairs: what the judge must find again."""

from __future__ import annotations

import numpy as np

from packshot.learning.judging.outcomes import Outcome

DIMENSIONS = 24


def outcomes(seed: int, count: int, hidden: float = 0.2) -> list[Outcome]:
    """Colour errors follow ``contrast``, outlines ``cut_apart``, frames ``angle``, each in its own way, with noise;
    glassware has highlights and a place of its own among embeddings. Three photos a product.
    """
    draw = np.random.default_rng(seed)
    made = []
    for index in range(count):
        glass = index // 3 % 6 == 0
        causes = draw.normal(size=3)
        noise = hidden * draw.normal(size=3)
        embedding = draw.normal(size=DIMENSIONS) + (2.0 if glass else 0.0) * (np.arange(DIMENSIONS) < 4)
        figures = {
            "delta_e": 3.0 * np.exp(0.5 * causes[0] + noise[0]),
            "iou": 1 - 0.025 * np.exp(0.8 * causes[1] + noise[1]),
            "corner": 1.2 * np.exp(0.6 * causes[2] + noise[2]),
        }
        features = {
            "contrast": float(causes[0]),
            "cut_apart": float(causes[1]),
            "angle": float(causes[2]),
            "specular": float(abs(draw.normal(0.3 if glass else 0.05, 0.05))),
            "area": float(draw.uniform(0.1, 0.5)),
            "apart_left": float(draw.random()),
            **{f"nothing_{place}": float(draw.normal()) for place in range(8)},
        }
        if index % 7 == 0:
            del features["nothing_0"]
        made.append(
            Outcome(
                id=f"{seed}-{index}",
                category="glassware" if glass else ("tops", "shoes")[index % 2],
                group=f"{seed}-{index // 3}",
                features=features,
                embedding=tuple(float(value) for value in embedding),
                grave=0.0,
                figures={name: float(value) for name, value in figures.items()},
                quality=0.5,
            )
        )
    return made
