// Before, after and by hand in panes that zoom and pan as one, to 100 % and beyond. A pane shows the whole picture at
// screen size and, over it, the visible part at full size as soon as it is there; a changed recipe is seen the same way.

import {Offline, post} from './client.js';
import {clamp} from './geometry.js';
import {Lens} from './lens.js';

const ROOM = 14;
const SETTLES = 140;
const LOOKED = 700;
const FOLLOWS_IN = 120;
const MOVING_SIDES = [320, 1400];

export class Viewer extends Lens {
  /** `edits()` gives {edit, changed, moved, around} for the photo shown; `draw` redraws the marks. */
  constructor(stage, edits, draw) {
    super();
    this.stage = stage;
    this.edits = edits;
    this.draw = draw;
    this.movingSide = 900;
    this.panes = [...stage.querySelectorAll('.pane')].map((element) => new Pane(element, this));
    this.view = 'side';
    this.card = undefined; // unlike null, which is shown: no photo
    this.reset();
    new ResizeObserver(() => this.lay()).observe(stage);
  }

  get canvas() {
    return this.card?.canvas || null;
  }

  /** Shows a photo whose pictures are loaded, or are on their way. The zoom is kept for the next photo only if held. */
  async show(card) {
    this.card = card;
    this.reset();
    this.stage.dataset.human = card?.human ? 'yes' : 'no';
    for (const pane of this.panes) pane.show(card);
    this.lay();
    if (!card) return;
    await Promise.all([card.pictures.before.ready, card.pictures.after.ready]);
    card.pictures?.carried?.ready.then(() => card === this.card && this.lay());
    this.makeReady(card);
  }

  /** The photo is looked at for longer than a glance: what its first correction needs is made ready. */
  makeReady(card) {
    clearTimeout(this.readying);
    this.readying = setTimeout(() => {
      const after = this.panes.find((pane) => pane.kind === 'after');
      if (card && card === this.card) post(`/photos/${card.id}/ready`, {what: 'after', ...after.region(false, false)}).catch(() => {}); // only quicker
    }, LOOKED);
  }

  setView(view) {
    this.view = view;
    this.stage.dataset.view = view;
    this.flicker(view === 'flicker');
    this.lay();
  }

  flicker(on) {
    clearInterval(this.beat);
    this.stage.dataset.shows = 'after';
    if (on) this.beat = setInterval(() => this.stage.dataset.shows = this.stage.dataset.shows === 'after' ? 'before' : 'after', 450);
  }

  /** While the hand moves the picture is asked for as large as the server can make it in time; it sharpens after. */
  follow(milliseconds, side) {
    const could = Math.min(side, this.movingSide) * Math.sqrt(FOLLOWS_IN / Math.max(milliseconds, 10));
    this.movingSide = clamp((this.movingSide + could) / 2, ...MOVING_SIDES);
  }

  /** The size of one pane: side by side they share the stage, else each has all of it. */
  room() {
    const panes = this.view === 'side' ? (this.stage.dataset.human === 'yes' ? 3 : 2) : 1;
    return [this.stage.clientWidth / panes, this.stage.clientHeight];
  }

  fitScale() {
    return super.fitScale(ROOM) / (this.edits().around ? 1.35 : 1);
  }

  /** Lays out all panes after anything has changed. */
  lay(moving = false) {
    if (!this.card) {
      this.draw();
      return;
    }
    for (const pane of this.panes) pane.lay(moving);
    this.draw();
  }

  /** Where a pointer event is: the pane, the point in pixels from its corner, and in the finished picture's pixels.
   * A hand that went down in a pane (`held`) goes on in it, also beyond its edge. */
  at(event, held) {
    const pane = held || this.panes.find((each) => each.visible() && inside(each.element, event)) || this.panes[1];
    const box = pane.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const {left, top, scale} = this.place();
    return {pane, x, y, point: [(x - left) / scale - 0.5, (y - top) / scale - 0.5]};
  }
}

function inside(element, event) {
  const box = element.getBoundingClientRect();
  return event.clientX >= box.left && event.clientX < box.right && event.clientY >= box.top && event.clientY < box.bottom;
}

class Pane {
  constructor(element, viewer) {
    this.element = element;
    this.viewer = viewer;
    this.kind = element.dataset.kind;
    this.layer = element.querySelector('.layer');
    this.canvas = element.querySelector('.detail');
    this.marks = element.querySelector('.marks');
  }

  visible() {
    const {view, stage} = this.viewer;
    if (this.kind === 'human') return view === 'side' && stage.dataset.human === 'yes';
    return view === 'side' || view === 'slider' || view === 'flicker' || view === 'difference' || this.kind === (view === 'matte' ? 'before' : 'after');
  }

  show(card) {
    this.picture = card?.pictures?.[this.kind] || null;
    this.layer.replaceChildren(...(this.picture ? [this.picture.image] : []));
    this.clear();
  }

  clear() {
    this.wanted = this.shown = null;
    this.canvas.hidden = true;
    this.canvas.width = this.canvas.height = 0;
    this.layer.hidden = false;
  }

  lay(moving) {
    const {viewer} = this;
    if (!this.picture || !this.visible()) return;
    this.choose();
    const {left, top, scale} = viewer.place();
    const [width, height] = viewer.card.canvas;
    Object.assign(this.picture.image.style, {transform: `translate(${left}px, ${top}px)`, width: `${width * scale}px`, height: `${height * scale}px`});
    this.layCanvas();
    const wanted = this.wants(moving);
    if (!wanted) {
      if (!this.canvas.hidden) this.clear();
      return;
    }
    const text = JSON.stringify(wanted);
    if (text === this.wanted) return;
    if (this.shown && this.shown.what !== wanted.what) this.clear(); // a matte is no before, not even for a moment
    this.wanted = text;
    this.asked = performance.now();
    this.moving = moving;
    this.fetch();
    clearTimeout(this.settling);
    if (moving) this.settling = setTimeout(() => this.lay(false), SETTLES);
  }

  /** What must be asked of the server: nothing while the loaded picture shows the truth sharply enough. */
  wants(moving) {
    const {viewer} = this;
    const {edit, changed, moved, around} = viewer.edits();
    const scale = viewer.scaleNow() * devicePixelRatio;
    const soft = scale * Math.max(...viewer.card.canvas) > this.picture.long * 1.05 && viewer.scale !== 0;
    const what = this.kind === 'before' && viewer.view === 'matte' ? 'matte' : this.kind;
    const drafted = what === 'matte' || (this.kind === 'after' && changed && !this.asCarried) || (this.kind === 'before' && (moved || around)) || (this.kind === 'after' && around);
    if (!drafted && !soft) return null;
    return {what, edit: this.kind === 'human' ? {} : edit, ...this.region(around, moving)};
  }

  region(around, moving) {
    const {viewer} = this;
    const {left, top, scale} = viewer.place();
    const [width, height] = viewer.card.canvas.map((side) => side * scale);
    const [across, down] = viewer.room();
    const reach = around ? 1 : 0;
    const edges = [clamp(-left / width, -reach, 1 + reach), clamp(-top / height, -reach, 1 + reach), clamp((across - left) / width, -reach, 1 + reach), clamp((down - top) / height, -reach, 1 + reach)];
    const size = [(edges[2] - edges[0]) * width * devicePixelRatio, (edges[3] - edges[1]) * height * devicePixelRatio];
    const share = Math.min(1, (moving ? this.viewer.movingSide : 4096) / Math.max(...size));
    const [one, two] = size.map((side) => clamp(Math.round(side * share), 1, 4096));
    return {left: edges[0], top: edges[1], right: edges[2], bottom: edges[3], width: one, height: two};
  }

  /** One request at a time; what was asked for meanwhile is asked for next, and only its latest form. */
  async fetch() {
    if (this.fetching) return;
    this.fetching = true;
    const {card} = this.viewer;
    const [text, asked, moving] = [this.wanted, this.asked, this.moving];
    const begun = performance.now();
    try {
      const wanted = JSON.parse(text);
      const response = await post(`/photos/${card.id}/draft`, wanted);
      const bitmap = await createImageBitmap(await response.blob());
      if (card === this.viewer.card && this.wanted) this.paint(bitmap, wanted, asked);
      if (moving) this.viewer.follow(performance.now() - begun, Math.max(wanted.width, wanted.height));
      bitmap.close();
    } catch (error) {
      if (!(error instanceof Offline)) this.viewer.stage.dispatchEvent(new CustomEvent('trouble', {detail: error.message}));
    } finally {
      this.fetching = false;
    }
    if (this.wanted && this.wanted !== text) this.fetch();
  }

  paint(bitmap, wanted, asked) {
    this.canvas.width = bitmap.width;
    this.canvas.height = bitmap.height;
    this.canvas.getContext('2d', {alpha: false}).drawImage(bitmap, 0, 0);
    this.shown = wanted;
    this.canvas.hidden = false;
    this.layCanvas();
    performance.measure('packshot:followed', {start: asked, end: performance.now(), detail: Math.max(bitmap.width, bitmap.height)});
  }

  /** The picture under what is carried to the photo stands in for the finished one while that is what is shown. */
  choose() {
    if (this.kind !== 'after') return;
    const {card, comparing} = this.viewer;
    const {after, carried} = card.pictures || {};
    this.asCarried = Boolean(carried?.there && !comparing && this.viewer.edits().asCarried);
    const picture = this.asCarried ? carried : after;
    if (!picture || picture === this.picture) return;
    this.picture = picture;
    this.layer.replaceChildren(picture.image);
  }

  layCanvas() {
    if (!this.shown) return;
    const {left, top, scale} = this.viewer.place();
    const [width, height] = this.viewer.card.canvas.map((side) => side * scale);
    const {shown} = this;
    const whole = shown.left <= 0 && shown.top <= 0 && shown.right >= 1 && shown.bottom >= 1;
    this.layer.hidden = whole && !this.viewer.comparing;
    this.canvas.hidden = Boolean(this.viewer.comparing);
    Object.assign(this.canvas.style, {
      transform: `translate(${left + shown.left * width}px, ${top + shown.top * height}px)`,
      width: `${(shown.right - shown.left) * width}px`,
      height: `${(shown.bottom - shown.top) * height}px`,
    });
  }
}
