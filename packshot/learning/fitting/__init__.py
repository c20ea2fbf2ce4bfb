"""Fitting: the recipe whose render comes nearest to what the retoucher made of a photo."""
