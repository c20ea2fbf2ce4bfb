"""Evaluation: colour science and perception, the rules, the judge."""
