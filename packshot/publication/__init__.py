"""Publication: what marketplaces ask, whether an output meets it, where outputs go, and the page that shows them."""
