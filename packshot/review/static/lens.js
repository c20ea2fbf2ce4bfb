// Where a picture lies in its pane: a scale, and the point of the picture at the pane's middle. Panes that show the same
// share one lens, so that they zoom and pan as one.

import {clamp} from './geometry.js';

const DEEPEST = 16;
const STEP = 1.25;
const WHEEL = {pixels: 0.002, lines: 0.05};

/** Who extends it says `canvas` ([width, height] of the picture, null while there is none), `room()` (those of a pane in
 * screen pixels) and `lay()` (what to do after a change). */
export class Lens {
  reset() {
    this.scale = 0;
    this.x = this.y = 0.5;
  }

  /** The scale at which the whole picture is seen, `margin` screen pixels around it. */
  fitScale(margin = 0) {
    const [width, height] = this.room();
    const [across, down] = this.canvas;
    return Math.max(0.001, Math.min((width - 2 * margin) / across, (height - 2 * margin) / down));
  }

  scaleNow() {
    return this.scale || this.fitScale();
  }

  /** Zooms to `scale` (screen pixels per pixel of the picture; 0 fits), the point of the pane at (x, y) staying put. */
  zoomTo(scale, x, y) {
    if (!this.canvas) return;
    const from = this.scaleNow();
    const least = this.fitScale();
    const to = scale === 0 || scale <= least * 1.001 ? 0 : Math.min(scale, DEEPEST);
    const [width, height] = this.room();
    const [across, down] = this.canvas;
    const [dx, dy] = [(x ?? width / 2) - width / 2, (y ?? height / 2) - height / 2];
    const now = to || least;
    this.x += dx / across * (1 / from - 1 / now);
    this.y += dy / down * (1 / from - 1 / now);
    if (to === 0) this.x = this.y = 0.5;
    this.scale = to;
    this.settle();
  }

  /** One pixel of the picture to one of the screen, or back to the whole. Of a small picture, whose whole is about as
   * large as that, to two, four, eight: the key must bring something nearer. */
  toggleFull(x, y) {
    if (!this.canvas) return;
    let full = 1 / devicePixelRatio;
    while (full < 1.25 * this.fitScale()) full *= 2;
    this.zoomTo(this.scale ? 0 : full, x, y);
  }

  /** A step nearer (1) or further away (-1). */
  step(direction) {
    if (this.canvas) this.zoomTo(this.scaleNow() * STEP ** direction);
  }

  wheel(event, x, y) {
    if (!this.canvas) return;
    this.zoomTo(this.scaleNow() * Math.exp(-event.deltaY * (event.deltaMode ? WHEEL.lines : WHEEL.pixels)), x, y);
  }

  /** Whether a region (left, top, right, bottom in 0..1) is small enough to be worth going closer to. */
  hasCloseUp([left, top, right, bottom]) {
    return Math.max(right - left, bottom - top) < 0.6;
  }

  /** Zooms so that a region (left, top, right, bottom in 0..1) fills about half of a pane, to 200 % at most. */
  closeUp([left, top, right, bottom]) {
    const [width, height] = this.room();
    const [across, down] = this.canvas;
    const scale = Math.min(width / Math.max((right - left) * across, 1), height / Math.max((bottom - top) * down, 1)) / 2;
    this.scale = clamp(scale, this.fitScale() * 1.01, Math.max(2 / devicePixelRatio, this.fitScale() * 1.5));
    [this.x, this.y] = [(left + right) / 2, (top + bottom) / 2];
    this.settle();
  }

  pan(dx, dy) {
    if (!this.canvas || !this.scale) return;
    this.x -= dx / this.scale / this.canvas[0];
    this.y -= dy / this.scale / this.canvas[1];
    this.settle();
  }

  settle() {
    this.x = clamp(this.x, 0, 1);
    this.y = clamp(this.y, 0, 1);
    this.lay();
  }

  /** Where the picture's corner lies in a pane, and its scale. */
  place() {
    const [width, height] = this.room();
    const scale = this.scaleNow();
    return {left: width / 2 - this.x * this.canvas[0] * scale, top: height / 2 - this.y * this.canvas[1] * scale, scale};
  }
}
