// The photos ahead: taken from the server in small lots, held so that no colleague sees them, their pictures loaded.

import {Offline, ask} from './client.js';

const LOT = 8;
const LOADED = 4;
const HOLD_EVERY = 60000;
const IDLE = 15 * 60000;

export class Queue {
  /** `changed` is called when the photo in front may be another one, `troubled` with a sentence; `longSide()` says how
   * large pictures are shown. */
  constructor(longSide, changed, troubled) {
    this.troubled = troubled;
    this.longSide = longSide;
    this.changed = changed;
    this.filter = {};
    this.cards = [];
    this.empty = false;
    this.active = Date.now();
    setInterval(() => this.idle || this.hold(), HOLD_EVERY);
  }

  /** Nobody is at the page: it holds nothing any longer, so that colleagues see its photos after a while. */
  get idle() {
    return Date.now() - this.active > IDLE;
  }

  /** Somebody is at the page, perhaps again: what was lost meanwhile goes. */
  awake() {
    const slept = this.idle;
    this.active = Date.now();
    if (slept) this.hold(true);
  }

  get front() {
    return this.cards[0];
  }

  async restart(filter) {
    this.filter = filter;
    this.cards = [];
    this.changed();
    await this.take(true);
  }

  next() {
    const card = this.cards.shift();
    this.load();
    if (this.cards.length <= LOT / 2) this.take();
    this.changed();
    return card;
  }

  putBack(card) {
    this.cards = [card, ...this.cards.filter((other) => other.id !== card.id)];
    this.load();
    this.changed();
  }

  /** Drops a photo that cannot be decided here any more. */
  drop(id) {
    const front = this.front;
    this.cards = this.cards.filter((card) => card.id !== id);
    if (this.front !== front) this.changed();
  }

  async take(anew = false) {
    if (this.taking) {
      this.again = this.again || anew;
      return;
    }
    this.taking = true;
    const filter = this.filter;
    try {
      const held = anew ? [] : this.cards.map((card) => card.id);
      const answer = await ask('/api/take', {count: LOT, filter, anew, held});
      if (filter === this.filter) this.receive(answer);
    } catch (error) {
      if (!(error instanceof Offline)) this.troubled(error.message);
      else setTimeout(() => this.take(anew), 3000);
    } finally {
      this.taking = false;
    }
    if (filter !== this.filter) this.take(true);
  }

  receive({cards, counters}) {
    const known = new Set(this.cards.map((card) => card.id));
    const before = this.front;
    this.cards.push(...cards.filter((card) => !known.has(card.id)));
    this.empty = !this.cards.length;
    this.counters = counters;
    this.load();
    this.changed(before !== this.front);
  }

  /** Loads and decodes the pictures of the next photos; those further off wait, so memory does not grow. */
  load() {
    for (const card of this.cards.slice(0, LOADED)) card.pictures ||= picturesOf(card, this.longSide());
    for (const card of this.cards.slice(LOADED)) card.pictures = null;
  }

  /** What is carried to photos of a product may have changed: asked for in turn, the photo in front first, and told. */
  async carry(product, told) {
    for (const card of this.cards.filter((each) => product && each.product === product)) {
      try {
        const {carried} = await ask('/api/carried', {photos: [card.id]});
        if (!this.cards.includes(card) || carried[card.id]?.key === card.carried?.key) continue;
        card.carried = carried[card.id];
        if (card.pictures) card.pictures.carried = card.carried && pictureOf(card, 'carried', card.pictures.after.long);
        told(card);
      } catch (error) {
        if (!(error instanceof Offline)) this.troubled(error.message);
        return; // the next time the product is corrected, or its photos are taken anew
      }
    }
  }

  async hold(all = false) {
    if (!this.cards.length) return;
    try {
      const {lost} = await ask('/api/hold', {photos: this.cards.map((card) => card.id)});
      for (const id of lost) if (all || id !== this.front?.id) this.drop(id);
    } catch (error) {
      if (!(error instanceof Offline)) this.troubled(error.message);
    }
  }
}

const STEPS = [640, 960, 1280, 1600, 2048, 2560, 3200, 4096];

function picturesOf(card, longSide) {
  const long = STEPS.find((step) => step >= longSide) || 4096;
  const kinds = ['before', 'after', ...(card.human ? ['human'] : []), ...(card.carried ? ['carried'] : [])];
  return Object.fromEntries(kinds.map((kind) => [kind, pictureOf(card, kind, long)]));
}

function pictureOf(card, kind, long) {
  const of = kind === 'carried' ? card.carried.key : card.version;
  return picture(`/photos/${card.id}/${kind}?of=${of}&long=${long}`, long);
}

function picture(url, long) {
  const image = new Image();
  image.draggable = false;
  image.alt = '';
  image.decoding = 'sync';
  image.src = url;
  const loaded = {image, long, there: false};
  loaded.ready = image.decode().then(() => loaded.there = true, () => false);
  return loaded;
}
