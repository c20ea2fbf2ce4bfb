"""Pictures for a page: small JPEGs that stand in the page itself."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from packshot.photo import encode_jpeg

HEIGHT = 260


def inline(picture: NDArray[np.uint8], description: str, height: int = HEIGHT) -> Markup:
    """An upright sRGB picture (H, W, 3) uint8 as an ``img`` element, at most ``height`` pixels high."""
    scale = min(1.0, height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    content = base64.b64encode(encode_jpeg(small, 82)).decode()
    tag = Markup('<img src="data:image/jpeg;base64,{}" width="{}" height="{}" alt="{}">')
    return tag.format(content, size[0], size[1], description)
