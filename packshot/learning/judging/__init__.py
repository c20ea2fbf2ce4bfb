"""What the judge is learned from, and how far it can be trusted."""
