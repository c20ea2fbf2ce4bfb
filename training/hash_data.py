"""Says exactly which data the base pack was trained on: python training/hash_data.py --shared DATA

One line a set in training/data.sha256: the sha256 over its sorted file names and contents, how many files, how many
bytes, the set. With --check nothing is written, and the exit status is 1 when a set is not the one that is noted.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

SETS = ("pairs/real", "pairs/studio", "pairs/rendered", "photos")
NOTED = Path(__file__).parent / "data.sha256"


@dataclass(frozen=True)
class SetHash:
    """A data set's name, sha256 in hexadecimal, number of files and of bytes."""

    name: str
    sha256: str
    files: int
    size: int

    def line(self) -> str:
        """As data.sha256 has it."""
        return f"{self.sha256}  {self.files} files  {self.size} bytes  {self.name}"


def hash_set(folder: Path, name: str) -> SetHash:
    """The hash of all files below ``folder``: for each, in the order of their paths, the path, a zero byte, the
    length in 8 bytes, and the content. Raises FileNotFoundError for an empty or missing folder."""
    total, size = hashlib.sha256(), 0
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if not paths:
        raise FileNotFoundError(f"{folder} holds no files: give the folder that has {', '.join(SETS)} with --shared")
    for path in paths:
        content = (folder / path).read_bytes()
        total.update(path.encode() + b"\0" + len(content).to_bytes(8, "big") + content)
        size += len(content)
    return SetHash(name, total.hexdigest(), len(paths), size)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True, help="the folder that has pairs/ and photos/")
    parser.add_argument("--check", action="store_true", help="compare with what is noted")
    options = parser.parse_args()
    lines = [hash_set(options.shared / name, name).line() for name in SETS]
    if not options.check:
        NOTED.write_text("\n".join(lines) + "\n")
        print("\n".join(lines))
        return
    wrong = sorted(set(lines) ^ set(NOTED.read_text().splitlines()))
    print("\n".join(wrong) if wrong else "The data is the one that is noted.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
