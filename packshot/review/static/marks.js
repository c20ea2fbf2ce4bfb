// What is drawn over the pictures: regions of the reasons, spots, brush strokes, the crop box, a grid while turning.

import {affineOf, back, forward} from './geometry.js';

const SVG = 'http://www.w3.org/2000/svg';

function shape(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Draws all marks of one pane. `state`: {card, edit, tool, told, regions, stroke, cursor, base}. */
export function drawMarks(svg, viewer, state) {
  svg.replaceChildren();
  const {card} = viewer;
  if (!card) return;
  const {left, top, scale} = viewer.place();
  const [width, height] = card.canvas;
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  Object.assign(svg.style, {width: `${width * scale}px`, height: `${height * scale}px`, transform: `translate(${left}px, ${top}px)`, fontSize: `${15 / scale}px`});
  const map = affineOf(card, state.base);
  const drawn = [
    ...(state.regions ? regions(viewer, state.told, scale) : []),
    ...(state.tool === 'spots' ? spots(card, state.edit, map, scale) : []),
    ...strokes(state, map),
    ...(state.tool === 'angle' ? grid(width, height) : []),
    ...(state.tool === 'crop' ? crop(card, state, scale) : []),
    ...(state.cursor ? [cursor(state.cursor, scale)] : []),
  ];
  svg.append(...drawn);
}

/** Reasons that mark the same place share a box, with all their numbers. A box around the whole product says nothing and
 * covers its edge: it is drawn only while its reason is pointed at. */
function regions(viewer, told, scale) {
  const {card} = viewer;
  const [width, height] = card.canvas;
  const drawn = ({region}, at) => region && (told === null ? viewer.hasCloseUp(region) : told === at);
  const places = Map.groupBy([...card.reasons.keys()].filter((at) => drawn(card.reasons[at], at)), (at) => String(card.reasons[at].region));
  return [...places.values()].flatMap((numbers) => {
    const [left, top, right, bottom] = card.reasons[numbers[0]].region;
    const box = {x: left * width, y: top * height, width: (right - left) * width, height: (bottom - top) * height};
    const label = {x: box.x + 3 / scale, y: box.y - 4 / scale, 'stroke-width': 3 / scale};
    return [shape('rect', {...box, class: told === null ? 'region' : 'region told'}), shape('text', label, numbers.map((at) => at + 1).join(', '))];
  });
}

function spots(card, edit, map, scale) {
  const ring = ([x, y, radius], kind) => {
    const [cx, cy] = forward(map, [x, y]);
    return shape('circle', {cx: cx + 0.5, cy: cy + 0.5, r: Math.max(radius * map.scale, 5 / scale), class: kind});
  };
  const predicted = card.predicted.spots.map((spot, at) => ring(spot, edit.spots_removed.includes(at) ? 'gone' : 'kept'));
  return [...predicted, ...edit.spots_added.map((spot) => ring([spot.x, spot.y, spot.radius], 'new'))];
}

/** The stroke under the hand; those before it are in the picture already. */
function strokes({stroke}, map) {
  if (!stroke) return [];
  const points = stroke.points.map((point) => forward(map, point).map((value) => (value + 0.5).toFixed(1)));
  const path = `M${points.map((point) => point.join(' ')).join('L')}${points.length === 1 ? 'l0.01 0' : ''}`;
  return [shape('path', {d: path, class: `stroke ${stroke.mode}`, 'stroke-width': 2 * stroke.radius * map.scale})];
}

function grid(width, height) {
  const lines = [];
  for (let at = 1; at < 12; at++) {
    lines.push(shape('line', {x1: width * at / 12, y1: 0, x2: width * at / 12, y2: height}));
    lines.push(shape('line', {x1: 0, y1: height * at / 12, x2: width, y2: height * at / 12}));
  }
  return lines;
}

/** The crop box in the frame that is shown: left, top, width, height in its pixels. */
export function cropBox(card, edit, base) {
  const [width, height] = card.canvas;
  const map = affineOf(card, base);
  const centre = edit.centre || back(affineOf(card, edit), [(width - 1) / 2, (height - 1) / 2]);
  const [x, y] = forward(map, centre);
  const share = base.zoom / edit.zoom;
  return {left: x + 0.5 - width * share / 2, top: y + 0.5 - height * share / 2, width: width * share, height: height * share};
}

function crop(card, {edit, base}, scale) {
  const [width, height] = card.canvas;
  const box = cropBox(card, edit, base);
  const far = 2 * Math.max(width, height);
  const outside = `M${-far} ${-far}H${width + far}V${height + far}H${-far}Z M${box.left} ${box.top}v${box.height}h${box.width}v${-box.height}Z`;
  const size = 12 / scale;
  const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([right, bottom]) =>
    shape('rect', {x: box.left + right * box.width - size / 2, y: box.top + bottom * box.height - size / 2, width: size, height: size, class: 'handle'}));
  return [shape('path', {d: outside, class: 'outside', 'fill-rule': 'evenodd'}), shape('rect', {x: box.left, y: box.top, width: box.width, height: box.height, class: 'crop'}), ...corners];
}

function cursor({x, y, radius}, scale) {
  const group = shape('g', {class: 'cursor'});
  const arm = 9 / scale;
  group.append(shape('circle', {cx: x + 0.5, cy: y + 0.5, r: Math.max(radius, 2 / scale)}),
    shape('line', {x1: x + 0.5 - arm, y1: y + 0.5, x2: x + 0.5 + arm, y2: y + 0.5}), shape('line', {x1: x + 0.5, y1: y + 0.5 - arm, x2: x + 0.5, y2: y + 0.5 + arm}));
  return group;
}
