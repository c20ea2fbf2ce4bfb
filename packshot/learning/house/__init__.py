"""What a house does with each category: habits, look, style, and the analysis of all three."""
