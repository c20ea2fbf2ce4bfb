"""Dust and lint: how a network learns to find them, from pairs and from specks laid on clean photos."""
