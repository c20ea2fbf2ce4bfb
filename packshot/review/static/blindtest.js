// The blind test: both pictures appear together, when both are there, so that loading tells nothing; they zoom and move
// as one, from what is loaded already, so that looking closer tells nothing either.
import {ask, Offline} from './client.js';
import {Lens} from './lens.js';

const $ = (selector) => document.querySelector(selector);
const trial = $('#trial');
const images = {left: $('[data-side=left] img'), right: $('[data-side=right] img')};
const views = [...document.querySelectorAll('#trial .view')];
const MARGIN = 8;
const NUDGE = {ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
const STRIDE = 80;
const KEYS = {ArrowLeft: ['studio', 'left'], ArrowRight: ['studio', 'right'], a: ['left', true], s: ['left', false], k: ['right', true], l: ['right', false]};
let rater = document.body.dataset.rater;
let current = null;
let given = {};
let shownAt = 0;
let busy = false;

/** Both pictures, of one size, under one lens. */
class Both extends Lens {
  constructor() {
    super();
    this.canvas = null;
    this.reset();
    new ResizeObserver(() => this.lay()).observe(trial);
  }

  show(size) {
    this.canvas = size;
    this.reset();
    this.lay();
  }

  room() {
    return [views[0].clientWidth, views[0].clientHeight];
  }

  fitScale() {
    return super.fitScale(MARGIN);
  }

  lay() {
    if (!this.canvas) return;
    const {left, top, scale} = this.place();
    const whole = (value) => Math.round(value * devicePixelRatio) / devicePixelRatio; // 100 % is exactly pixel to pixel
    for (const image of Object.values(images)) {
      Object.assign(image.style, {transform: `translate(${whole(left)}px, ${whole(top)}px)`, width: `${this.canvas[0] * scale}px`, height: `${this.canvas[1] * scale}px`});
    }
    $('#zoom').textContent = `${Math.round(scale * devicePixelRatio * 100)} %`;
  }
}

const lens = new Both();

function fetched(url) {
  const image = new Image();
  image.src = url;
  return image.decode();
}

async function show(state) {
  $('#progress').textContent = `${state.done} of ${state.all}`;
  current = state.trials[0] ?? null;
  trial.hidden = $('.looks').hidden = !current;
  $('#end').hidden = Boolean(current);
  if (!current) return;
  trial.dataset.ready = 'no';
  given = {};
  draw();
  await Promise.all([fetched(current.left), fetched(current.right)]);
  images.left.src = current.left;
  images.right.src = current.right;
  await Promise.all([images.left.decode(), images.right.decode()]);
  lens.show([images.left.naturalWidth, images.left.naturalHeight]);
  trial.dataset.ready = 'yes';
  shownAt = performance.now();
  for (const later of state.trials.slice(1)) for (const url of [later.left, later.right]) fetched(url).catch(() => {});
}

const whole = () => 'studio' in given && 'left' in given && 'right' in given;

function draw() {
  for (const button of document.querySelectorAll('[data-studio]')) button.setAttribute('aria-pressed', String(given.studio === button.dataset.studio));
  for (const button of document.querySelectorAll('[data-publish]')) {
    const wanted = button.dataset.value === 'yes';
    button.setAttribute('aria-pressed', String(given[button.dataset.publish] === wanted));
  }
  $('#next').disabled = !whole();
}

function give(what, value) {
  if (!current || busy || trial.dataset.ready !== 'yes') return;
  given[what] = value;
  draw();
}

/** Sends until the server has it: an answer given is not lost, and sent twice it counts once. */
async function insisted(path, body) {
  for (let wait = 500; ; wait = Math.min(8000, wait * 2)) {
    try {
      const state = await ask(path, body);
      $('#connection').textContent = '';
      return state;
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
      $('#connection').textContent = 'No connection. Your answer is kept and sent as soon as there is one.';
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

async function next() {
  if (!whole() || busy) return;
  busy = true;
  const reply = {trial: current.id, studio: given.studio, publish_left: given.left, publish_right: given.right, seconds: (performance.now() - shownAt) / 1000};
  try {
    await show(await insisted('/api/blindtest/answer', {rater, reply}));
  } catch (error) {
    $('#connection').textContent = error.message;
  } finally {
    busy = false;
  }
}

async function begin() {
  $('#who').hidden = true;
  await show(await insisted('/api/blindtest/next', {rater}));
}

const LOOKS = {fit: () => lens.zoomTo(0), full: () => lens.toggleFull(), nearer: () => lens.step(1), further: () => lens.step(-1)};
const LOOK_KEYS = {0: 'fit', z: 'full', '+': 'nearer', '=': 'nearer', '-': 'further'};

/** Where a pointer is in its own view. */
function at(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function drag(event) {
  if (!event.buttons || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
  lens.pan(event.movementX, event.movementY);
}

for (const view of views) {
  view.addEventListener('wheel', (event) => {
    event.preventDefault();
    lens.wheel(event, ...at(event));
  }, {passive: false});
  view.addEventListener('dblclick', (event) => lens.toggleFull(...at(event)));
  view.addEventListener('pointerdown', (event) => {
    view.setPointerCapture(event.pointerId);
    trial.dataset.dragged = 'yes';
  });
  view.addEventListener('pointermove', drag);
  for (const name of ['pointerup', 'pointercancel']) view.addEventListener(name, () => delete trial.dataset.dragged);
}
$('#who').addEventListener('submit', (event) => {
  event.preventDefault();
  rater = $('#rater').value.trim();
  if (rater) begin();
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.studio) give('studio', button.dataset.studio);
  if (button.dataset.publish) give(button.dataset.publish, button.dataset.value === 'yes');
  if (button.dataset.look) LOOKS[button.dataset.look]();
  if (button.id === 'next') next();
});
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || trial.hidden) return;
  const nudge = event.shiftKey && NUDGE[event.key];
  const look = LOOK_KEYS[event.key.toLowerCase()];
  const key = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (nudge) {
    event.preventDefault();
    lens.pan(...nudge.map((way) => way * STRIDE));
  } else if (look) {
    event.preventDefault();
    LOOKS[look]();
  } else if (key) {
    event.preventDefault();
    give(...key);
  } else if (event.key === 'Enter') {
    event.preventDefault();
    next();
  }
});
if (rater) begin();
