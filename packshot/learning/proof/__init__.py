"""How good a pack is, on pairs it never saw: figures, baselines, tests."""
