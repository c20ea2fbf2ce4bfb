"""Learning from a studio's own before/after pairs: reading them, registering them, fitting recipes, training."""
