"""The blind test: can people tell packshot's shots from the studio's own, and would they publish them?"""
