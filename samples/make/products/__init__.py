"""One module a product; each has build(), which makes its objects standing on z = 0."""
