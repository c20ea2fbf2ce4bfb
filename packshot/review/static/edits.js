// A person's changes over the prediction, with the way back. Zero everywhere is the prediction.

export const STAGES = {
  category: ['category', 'kept'],
  color: ['warmth', 'tint'],
  lighting: ['exposure', 'shadows', 'highlights'],
  background: ['strokes', 'tidy', 'shadow'],
  alignment: ['angle'],
  cropping: ['centre', 'zoom'],
  detailing: ['spots_added', 'spots_removed'],
};

export const NEUTRAL = Object.freeze({
  category: null, kept: {}, warmth: 0, tint: 0, exposure: 0, shadows: 0, highlights: 0, angle: 0, centre: null, zoom: 1,
  strokes: [], tidy: false, shadow: null, spots_added: [], spots_removed: [], carried: false,
});

/** What a correction of another photo of the product changes: it is entered as if by hand, and `carried` says so. */
const CARRIED = ['warmth', 'tint', 'exposure', 'shadows', 'highlights'];
const entered = (carried) => ({...Object.fromEntries(CARRIED.map((name) => [name, carried?.edit[name] ?? 0])), carried: Boolean(carried)});

/** Whether an edit's colour and light are as they were carried to the photo. */
export const lightAsCarried = (edit, carried) => Boolean(carried) && CARRIED.every((name) => edit[name] === (carried.edit[name] ?? 0));

/** Whether an edit is what was carried to the photo, and nothing else. */
export const isAsCarried = (edit, carried) => Boolean(carried) && same({...edit, kept: {}}, {...NEUTRAL, ...entered(carried)});

/** What another category decides anew, as long as the hand has not changed it. */
const LIGHT = ['color', 'lighting', 'detailing'];

const same = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);

export const isChanged = (edit, stage) => STAGES[stage].some((name) => !same(edit[name], NEUTRAL[name]));
export const anyChanged = (edit) => Object.keys(STAGES).some((stage) => isChanged(edit, stage));

/** What differs from the prediction, as it is sent. */
export const sent = (edit) => Object.fromEntries(Object.entries(edit).filter(([name, value]) => name !== 'carried' && !same(value, NEUTRAL[name])));

/** The edit of one photo; lives on its card, so that undoing a decision brings it back. */
export class Edits {
  constructor() {
    this.now = NEUTRAL;
    this.past = [];
    this.untouched = true;
  }

  /** Enters what is carried to the photo, or takes it back (null). */
  carry(carried, byHand = true) {
    const {untouched} = this;
    this.set(entered(carried));
    this.untouched = untouched && !byHand;
  }

  /** Changes some values. Moves of one hand (`name` the same, within a second) are taken back together. */
  set(values, name = '') {
    const moment = performance.now();
    const going = name && this.last === name && moment - this.moment < 1000;
    this.untouched = false;
    if (!going) this.past.push(this.now);
    [this.last, this.moment] = [name, moment];
    this.now = {...this.now, ...values};
  }

  /** A stage as it was decided: for the corrected category, if there is one. */
  reset(stage) {
    const {[stage]: _, ...kept} = this.now.kept;
    const changes = {kept, ...Object.fromEntries(STAGES[stage].map((name) => [name, NEUTRAL[name]]))};
    const left = {...this.now, ...changes};
    this.set({...changes, carried: left.carried && CARRIED.some((name) => left[name])});
  }

  /** Another category, or null for the predicted one: its crop, and its light where the hand has not been. */
  recategorize(category) {
    const {now} = this;
    const held = LIGHT.filter((stage) => isChanged(now, stage)).map((stage) => [stage, stage in now.kept ? now.kept[stage] : now.category]);
    this.set({category, kept: category ? Object.fromEntries(held) : {}, centre: NEUTRAL.centre, zoom: NEUTRAL.zoom});
  }

  resetAll() {
    this.set({...NEUTRAL});
  }

  back() {
    if (!this.past.length) return false;
    this.now = this.past.pop();
    this.last = '';
    this.untouched = false;
    return true;
  }
}
