"""The contact page of a run: before and after of every photo with verdict and reasons, opened from disk."""

from packshot.publication.contact.page import write_page
from packshot.publication.contact.pictures import Aligned, make_thumb, write_pictures

__all__ = ["Aligned", "make_thumb", "write_page", "write_pictures"]
