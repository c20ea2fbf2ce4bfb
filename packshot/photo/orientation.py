"""EXIF orientation, and where pixel centres go when a photo is decoded smaller (CIPA DC-008, tag 0x0112)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def turn_upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Apply EXIF orientation 1 to 8 to (H, W, C) pixels."""
    if orientation == 1:
        return pixels
    # Imported here: most photos are upright, and OpenCV takes a while to load.
    import cv2

    turned: NDArray[Any]
    if orientation in (2, 4):
        turned = cv2.flip(pixels, 1 if orientation == 2 else 0)
    elif orientation in (5, 7):
        turned = cv2.transpose(pixels)
        turned = turned if orientation == 5 else cv2.rotate(turned, cv2.ROTATE_180)
    else:
        codes = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
        turned = cv2.rotate(pixels, codes[orientation])
    return turned


def upright_from_stored(size: tuple[int, int], orientation: int) -> NDArray[np.float64]:
    """(3, 3) matrix from pixel centres as stored, in a picture of (width, height) `size`, to upright ones."""
    right, bottom = size[0] - 1, size[1] - 1
    rows = {
        1: ((1, 0, 0), (0, 1, 0)),
        2: ((-1, 0, right), (0, 1, 0)),
        3: ((-1, 0, right), (0, -1, bottom)),
        4: ((1, 0, 0), (0, -1, bottom)),
        5: ((0, 1, 0), (1, 0, 0)),
        6: ((0, -1, bottom), (1, 0, 0)),
        7: ((0, -1, bottom), (-1, 0, right)),
        8: ((0, 1, 0), (-1, 0, right)),
    }[orientation]
    return np.array([*rows, (0, 0, 1)], dtype=np.float64)


def decoded_from_source(
    source: tuple[int, int], decoded: tuple[int, int], divisor: int, orientation: int
) -> NDArray[np.float64]:
    """(2, 3) affine between upright pixel centres, for a decode at 1/`divisor`.

    source: stored (width, height) at full size; decoded: upright (width, height) of the decode.
    """
    stored = decoded[::-1] if orientation >= 5 else decoded
    offset = 0.5 / divisor - 0.5
    shrink = np.array([[1 / divisor, 0, offset], [0, 1 / divisor, offset], [0, 0, 1]])
    to_stored = np.linalg.inv(upright_from_stored(source, orientation))
    matrix: NDArray[np.float64] = upright_from_stored((stored[0], stored[1]), orientation) @ shrink @ to_stored
    return matrix[:2]
