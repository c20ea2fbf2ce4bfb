"""Reports: self-contained pages with plots and pictures, for people. Needs the ``report`` or ``learn`` extra."""
