"""``python -m packshot``."""

from packshot.cli import main

if __name__ == "__main__":
    main()
