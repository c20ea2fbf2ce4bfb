from __future__ import annotations

from hypothesis import settings

# No deadline: a busy machine is no failure. Derandomised: the same examples on every machine and every day.
settings.register_profile("packshot", deadline=None, derandomize=True, max_examples=60, database=None)
settings.load_profile("packshot")
