// The hand on the picture: panning, zooming, brush, spots and crop box, by pointer or by arrow keys and space.

import {affineOf, back, clamp} from './geometry.js';
import {cropBox} from './marks.js';

const NUDGE = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const MOST_POINTS = 3900;

export class Tools {
  /** `work`: {edits(), change(values, name, moving), brush(), told()}: the page's own state, and what it does with it. */
  constructor(stage, viewer, work) {
    Object.assign(this, {stage, viewer, work, tool: '', stroke: null, cursor: null, base: null});
    stage.addEventListener('pointerdown', (event) => this.down(event));
    stage.addEventListener('pointermove', (event) => this.move(event));
    for (const name of ['pointerup', 'pointercancel']) stage.addEventListener(name, () => this.up());
    stage.addEventListener('wheel', (event) => this.wheel(event), {passive: false});
    stage.addEventListener('dblclick', (event) => this.tool || this.toggleFull(event));
  }

  choose(tool) {
    this.tool = this.tool === tool ? '' : tool;
    this.stroke = this.cursor = this.held = null;
    this.stage.dataset.tool = this.tool;
    const edit = this.work.edits();
    this.base = edit && {centre: edit.centre, zoom: edit.zoom};
    this.viewer.lay();
  }

  /** The edit that the picture in the panes shows: while the crop box is drawn, the frame it is drawn on. */
  shownEdit() {
    const edit = this.work.edits();
    return this.tool === 'crop' ? {...edit, ...this.base} : edit;
  }

  map() {
    return affineOf(this.viewer.card, this.shownEdit());
  }

  toggleFull(event) {
    const {x, y} = event ? this.viewer.at(event) : {};
    this.viewer.toggleFull(x, y);
  }

  wheel(event) {
    if (!this.viewer.card) return;
    event.preventDefault();
    const {x, y} = this.viewer.at(event);
    this.viewer.wheel(event, x, y);
  }

  down(event) {
    if (!this.viewer.card || event.target.id === 'split' || event.button > 1) return;
    const at = this.viewer.at(event);
    this.stage.setPointerCapture(event.pointerId);
    this.pane = at.pane;
    const drag = event.button === 1 ? null : this.grips()[this.tool];
    this.held = drag ? drag({...at, shift: event.shiftKey}) : this.panning(at);
    this.stage.classList.add('dragging');
  }

  grips() {
    return {
      add: (at) => this.painting(at, 'add'),
      remove: (at) => this.painting(at, 'remove'),
      spots: (at) => this.spot(at.point),
      crop: (at) => this.cropping(at.point),
    };
  }

  move(event) {
    if (!this.viewer.card) return;
    const at = this.viewer.at(event, this.held && this.pane);
    if (this.brushes()) {
      this.cursor = {x: at.point[0], y: at.point[1], radius: this.work.brush() / this.viewer.scaleNow()};
      if (!this.held) this.viewer.draw();
    }
    this.held?.move?.(at, event);
  }

  up() {
    this.held?.up?.();
    this.held = null;
    this.stage.classList.remove('dragging');
  }

  brushes() {
    return ['add', 'remove', 'spots'].includes(this.tool);
  }

  panning({x, y}) {
    const slider = this.viewer.view === 'slider' && !this.viewer.scale;
    if (slider) this.work.split(x / this.stage.clientWidth);
    let [lastX, lastY] = [x, y];
    return {
      move: (at) => {
        if (slider) this.work.split(at.x / this.stage.clientWidth);
        else this.viewer.pan(at.x - lastX, at.y - lastY);
        [lastX, lastY] = [at.x, at.y];
      },
    };
  }

  /** The brush's radius in the photo's pixels. */
  radius() {
    return this.work.brush() / this.viewer.scaleNow() / this.map().scale;
  }

  painting({point, shift}, mode) {
    const map = this.map();
    const straight = shift && this.lastPoint ? [this.lastPoint] : [];
    this.stroke = {mode, radius: this.radius(), points: [...straight, back(map, point)]};
    this.viewer.draw();
    return {
      move: ({point: next}) => {
        if (this.stroke.points.length < MOST_POINTS) this.stroke.points.push(back(map, next));
        this.viewer.draw();
      },
      up: () => {
        const edit = this.work.edits();
        const rounded = {...this.stroke, points: this.stroke.points.map((each) => each.map((value) => Math.round(value * 10) / 10))};
        this.lastPoint = rounded.points.at(-1);
        this.stroke = null;
        this.work.change({strokes: [...edit.strokes, rounded]});
      },
    };
  }

  /** A click on a spot takes it out, or brings it back; elsewhere it adds one, and drawing on adds more along a hair. */
  spot(point) {
    const edit = this.work.edits();
    const [x, y] = back(this.map(), point);
    const near = 7 / this.viewer.scaleNow() / this.map().scale;
    const hits = (spot) => Math.hypot(spot[0] - x, spot[1] - y) <= Math.max(spot[2], near);
    const added = edit.spots_added.findIndex((spot) => hits([spot.x, spot.y, spot.radius]));
    const predicted = this.viewer.card.predicted.spots.findIndex(hits);
    if (added >= 0) this.work.change({spots_added: edit.spots_added.filter((_, at) => at !== added)});
    else if (predicted >= 0) this.work.change({spots_removed: toggled(edit.spots_removed, predicted)});
    else return this.healing([x, y]);
    return null;
  }

  healing(from) {
    const radius = this.radius();
    let last = from;
    const heal = ([x, y]) => this.work.change({spots_added: [...this.work.edits().spots_added, {x, y, radius}]}, 'heal');
    heal(from);
    return {
      move: ({point}) => {
        const next = back(this.map(), point);
        if (Math.hypot(next[0] - last[0], next[1] - last[1]) < radius) return;
        last = next;
        heal(next);
      },
    };
  }

  cropping(point) {
    const {card} = this.viewer;
    const box = cropBox(card, this.work.edits(), this.shownEdit());
    const near = 16 / this.viewer.scaleNow();
    const corner = [[0, 0], [1, 0], [1, 1], [0, 1]].find(([right, bottom]) =>
      Math.hypot(point[0] - box.left - right * box.width, point[1] - box.top - bottom * box.height) < near);
    return {move: (at) => this.setBox(corner ? pulled(box, corner, at.point) : moved(box, point, at.point), true)};
  }

  /** The box in the shown frame as centre and zoom of the edit. */
  setBox(box, moving) {
    const {card} = this.viewer;
    const middle = [box.left + box.width / 2 - 0.5, box.top + box.height / 2 - 0.5];
    const centre = back(affineOf(card, {...this.work.edits(), ...this.base}), middle).map((value) => Math.round(value * 100) / 100);
    const zoom = clamp(this.base.zoom * card.canvas[0] / box.width, 0.05, 20);
    this.work.change({centre, zoom}, 'crop', moving);
  }

  /** Arrow keys and space for the tool in hand. Returns whether the key meant something. */
  key(event) {
    const {viewer} = this;
    if (!viewer.card) return false;
    const step = NUDGE[event.key];
    if (this.tool === 'crop') return this.cropKey(event, step);
    if (this.brushes() && (step || event.key === ' ')) return this.cursorKey(event, step);
    if (!step) return false;
    if (viewer.scale) viewer.pan(-step[0] * 80, -step[1] * 80);
    else if (viewer.view === 'slider') this.work.split(this.work.splitNow() + step[0] * 0.03);
    else return false;
    return true;
  }

  cropKey(event, step) {
    const box = cropBox(this.viewer.card, this.work.edits(), this.shownEdit());
    const unit = this.viewer.card.canvas[0] * (event.shiftKey ? 0.02 : 0.004);
    const grows = {'+': -1, '=': -1, '-': 1}[event.key];
    if (step) this.setBox({...box, left: box.left + step[0] * unit, top: box.top + step[1] * unit}, false);
    else if (grows) this.setBox(grown(box, grows * 2 * unit), false);
    else return false;
    return true;
  }

  cursorKey(event, step) {
    const {viewer} = this;
    const radius = this.work.brush() / viewer.scaleNow();
    const [width, height] = viewer.card.canvas;
    this.cursor ||= {x: width / 2, y: height / 2, radius};
    if (step) {
      const unit = (event.shiftKey ? 40 : 6) / viewer.scaleNow();
      Object.assign(this.cursor, {x: clamp(this.cursor.x + step[0] * unit, 0, width), y: clamp(this.cursor.y + step[1] * unit, 0, height)});
      viewer.draw();
    } else {
      this.grips()[this.tool]({point: [this.cursor.x, this.cursor.y]})?.up?.();
    }
    return true;
  }
}

const toggled = (list, value) => list.includes(value) ? list.filter((each) => each !== value) : [...list, value].sort((a, b) => a - b);

const moved = (box, from, to) => ({...box, left: box.left + to[0] - from[0], top: box.top + to[1] - from[1]});

function grown(box, by) {
  const width = Math.max(box.width + by, 20);
  const height = width * box.height / box.width;
  return {left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height};
}

/** The box with one corner pulled, its shape kept, the opposite corner staying. */
function pulled(box, [right, bottom], [x, y]) {
  const shape = box.height / box.width;
  const across = Math.abs(x - (right ? box.left : box.left + box.width));
  const down = Math.abs(y - (bottom ? box.top : box.top + box.height));
  const width = Math.max(across, down / shape, 20);
  const height = width * shape;
  return {left: right ? box.left : box.left + box.width - width, top: bottom ? box.top : box.top + box.height - height, width, height};
}

