"""Passwords: kept as scrypt hashes (RFC 7914), long rather than odd."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from importlib import resources
from itertools import pairwise

_COST, _BLOCK, _PARALLEL = 2**15, 8, 3  # OWASP's Password Storage Cheat Sheet: 32 MB a try
_LEAST, _MOST = 12, 128
_COMMON = frozenset(resources.files("packshot.review").joinpath("common_passwords.txt").read_text("utf-8").split())
_LOOKALIKES = str.maketrans("013457@$", "oleastas")
NOBODY = "scrypt$32768$8$3$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""A hash that no password has: checking it takes as long as checking a real one."""


def hashed(password: str) -> str:
    """The password's hash with its salt and costs, as text."""
    salt = secrets.token_bytes(16)
    derived = _derive(password, salt, _COST, _BLOCK, _PARALLEL)
    parts = (base64.b64encode(salt).decode(), base64.b64encode(derived).decode())
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${parts[0]}${parts[1]}"


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that was hashed, in a time that does not tell how near it was."""
    _, cost, block, parallel, salt, expected = kept.split("$")
    derived = _derive(password[: 4 * _MOST], base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(derived, base64.b64decode(expected))


def _derive(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    text = unicodedata.normalize("NFKC", password).encode()
    return hashlib.scrypt(text, salt=salt, n=cost, r=block, p=parallel, maxmem=2**27, dklen=32)


def require_strong(password: str, name: str) -> None:
    """Raises ValueError with what is wrong. Length counts; which kinds of characters there are does not."""
    if len(password) < _LEAST:
        raise ValueError(f"a password has at least {_LEAST} characters: a few words make a good one")
    if len(password) > _MOST:
        raise ValueError(f"a password has at most {_MOST} characters")
    plain = password.casefold()
    bare = re.sub(r"[\W\d_]+$", "", plain)  # figures and signs at the end make no word a better one
    words = re.sub(r"[\W\d_]+", "", bare.translate(_LOOKALIKES))
    parts = {words, *(words[:size] for size in range(1, len(words)) if words == words[:size] * (len(words) // size))}
    all_digits = plain.isdigit() and len(plain) < 20
    if parts & _COMMON or len(set(plain)) < 5 or all_digits:
        raise ValueError("this password is among the first that are tried: take a few words of your own")
    if name.casefold() in plain:
        raise ValueError("a password does not hold the account's name")
    steps = [ord(second) - ord(first) for first, second in pairwise(plain)]
    if len(set(steps)) == 1:
        raise ValueError("this password is a row of neighbours: take a few words of your own")
