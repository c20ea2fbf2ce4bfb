"""The pages for people: the review queue, corrections in place, handing photos to another editor, accounts."""
