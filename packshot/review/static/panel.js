// Beside the picture: what the judge said, and the controls of the corrections.

import {NEUTRAL, STAGES, isChanged} from './edits.js';

const UNITS = {warmth: 2, tint: 2, exposure: 2, shadows: 2, highlights: 2, angle: 1};
/** To the right is clockwise on the slider; a recipe counts angles the other way round. */
const SIGNS = {angle: -1};
const signed = (name, value) => (SIGNS[name] || 1) * value || 0;

export function drawVerdict(card, tell) {
  document.querySelector('.handover').hidden = !card;
  byId('photo-name').textContent = card ? card.name : 'No photo';
  byId('reasons').replaceChildren(...(card ? card.reasons : []).map((reason, at) => reasonItem(reason, at, tell)));
  if (card && !card.reasons.length) byId('reasons').textContent = card.blind ? 'A spot check: judge it as it stands.' : 'Nothing stands out: look it over.';
}

/** What is known of a photo in a line: its category, as corrected, and from what size to what size it goes. */
export function drawFacts(card, edit) {
  const quality = card && card.quality !== null ? `quality ${card.quality.toFixed(2)}` : '';
  const size = card ? `${card.source.join(' × ')} → ${card.canvas.join(' × ')} px` : '';
  byId('photo-facts').textContent = card ? [edit.category || card.category, card.product, quality, size].filter(Boolean).join(' · ') : '';
}

/** Whose colour is entered, or could be. */
export function drawCarried(card, edit) {
  const row = byId('carried');
  row.hidden = !card?.carried;
  if (row.hidden) return;
  const {from, by_lot: byLot} = card.carried;
  row.querySelector('p').textContent = edit.carried ? `Colour carried from ${from}` : `${from} was corrected${byLot ? '; this one came by lot' : ''}`;
  row.querySelector('span').textContent = edit.carried ? 'Take back' : 'Carry its colour';
}

function reasonItem(reason, at, tell) {
  const item = document.createElement('li');
  if (!reason.region) {
    item.textContent = reason.sentence;
    return item;
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = reason.sentence;
  button.title = 'Show the place in the picture';
  for (const name of ['mouseenter', 'focus']) button.addEventListener(name, () => tell(at));
  for (const name of ['mouseleave', 'blur']) button.addEventListener(name, () => tell(null));
  item.append(button);
  return item;
}

export class Controls {
  /** `change(values, name, moving)` is called as the hand moves. */
  constructor(form, change) {
    this.form = form;
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', (event) => {
      const {name, value, type} = event.target;
      if (name === 'brush') this.tell(name);
      else if (name) change({[name]: type === 'range' ? signed(name, Number(value)) : value}, name, type === 'range');
    });
    form.addEventListener('dblclick', (event) => event.target.type === 'range' && event.target.name in NEUTRAL && change({[event.target.name]: NEUTRAL[event.target.name]}));
    this.tell('brush');
  }

  input(name) {
    return this.form.elements[name];
  }

  /** Shows an edit: sliders, figures and which stages are changed. */
  show(card, edit) {
    this.form.hidden = !card;
    if (!card) return;
    for (const name of Object.keys(UNITS)) {
      this.input(name).value = signed(name, edit[name]);
      this.tell(name, signed(name, edit[name]));
    }
    this.form.querySelector('[data-does=tidy]').setAttribute('aria-pressed', String(edit.tidy));
    this.categories(card.categories);
    this.input('category').value = edit.category || card.category;
    this.input('shadow').value = edit.shadow || card.predicted.shadow;
    for (const stage of Object.keys(STAGES)) this.form.querySelector(`[data-stage=${stage}]`).classList.toggle('changed', isChanged(edit, stage));
  }

  categories(names) {
    const select = this.input('category');
    if (this.named === names) return;
    this.named = names;
    select.replaceChildren(...names.map((name) => new Option(name.replaceAll('_', ' '), name)));
  }

  tell(name, value = Number(this.input(name).value)) {
    const output = this.input(name).parentNode.querySelector('output');
    const amount = () => Math.abs(value).toFixed(UNITS[name]);
    output.textContent = name === 'brush' ? `${value} px` : value === 0 ? '0'
      : name === 'angle' ? `${amount()}° ${value > 0 ? '↻' : '↺'}` : `${value > 0 ? '+' : '−'}${amount()}`;
  }
}

export function byId(id) {
  return document.getElementById(id);
}
