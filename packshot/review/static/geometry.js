// The same affine as packshot/geometry.py: from pixel centres of the upright photo to those of the finished picture.

/** {a, b, c, d, x, y}: x' = a x + b y + x0, y' = c x + d y + y0. */
export function affineOf(card, edit) {
  const {source, canvas} = card;
  const radians = (card.predicted.angle + edit.angle) * Math.PI / 180;
  const scale = card.predicted.scale * edit.zoom;
  const [a, b] = [scale * Math.cos(radians), scale * Math.sin(radians)];
  const [x, y] = edit.centre || card.predicted.centre || [(source[0] - 1) / 2, (source[1] - 1) / 2];
  return {a, b, c: -b, d: a, x: (canvas[0] - 1) / 2 - a * x - b * y, y: (canvas[1] - 1) / 2 + b * x - a * y, scale};
}

export function forward(map, [x, y]) {
  return [map.a * x + map.b * y + map.x, map.c * x + map.d * y + map.y];
}

export function back(map, [x, y]) {
  const determinant = map.a * map.d - map.b * map.c;
  const [u, v] = [x - map.x, y - map.y];
  return [(map.d * u - map.b * v) / determinant, (map.a * v - map.c * u) / determinant];
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
