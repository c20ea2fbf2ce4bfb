// The review page: one photo after another, judged and corrected, all by keyboard.

import {Refused, ask, post, uuid} from './client.js';
import {NEUTRAL, Edits, anyChanged, isAsCarried, isChanged, lightAsCarried, sent} from './edits.js';
import {SLIDERS, TOOLS, VIEWS, drawLegend} from './keys.js';
import {drawMarks} from './marks.js';
import {Outbox} from './outbox.js';
import {Controls, byId, drawCarried, drawFacts, drawVerdict} from './panel.js';
import {Queue} from './queue.js';
import {Tools} from './tools.js';
import {Viewer} from './viewer.js';

const MOST_UNDONE = 50;
const PACE_OVER = 20;
const LOOK_AGAIN = 300;
const stage = byId('stage');
const look = {pressed: 0, regions: true, told: null, split: 0.5, surround: document.documentElement.dataset.surround};
const history = [];
const paces = [];

const viewer = new Viewer(stage, shownState, draw);
const tools = new Tools(stage, viewer, {
  edits: () => edits().now, change, brush: () => Number(controls.input('brush').value), split: setSplit, splitNow: () => look.split,
});
const controls = new Controls(byId('controls'), change);
const queue = new Queue(() => Math.max(stage.clientWidth, stage.clientHeight, 1) === 1 ? 640 : longSide(), queueChanged, say);
const products = new Map();
const outbox = new Outbox(document.body.dataset.editor, tellConnection, refused, answered);

/** The long side at which a picture fills the stage, in the screen's own pixels. */
function longSide() {
  const canvas = queue.front?.canvas || [4, 5];
  const share = Math.min(stage.clientWidth / canvas[0], stage.clientHeight / canvas[1]);
  return Math.ceil(share * Math.max(...canvas) * devicePixelRatio);
}

function edits() {
  const card = queue.front;
  if (!card) return {now: NEUTRAL};
  if (!card.edits) {
    card.edits = new Edits();
    card.entered = null;
    if (card.carried && !card.carried.by_lot && document.body.dataset.carry === 'on') enter(card, false);
  }
  return card.edits;
}

/** Enters what is carried to a photo, and has the judge look at it so. */
function enter(card, byHand) {
  card.edits.carry(card.carried, byHand);
  card.entered = card.carried.key;
  judgeAnew(card);
}

async function judgeAnew(card) {
  const {carried} = card;
  card.predictedVerdict ||= {quality: card.quality, reasons: card.reasons};
  try {
    carried.verdict ||= ask(`/photos/${card.id}/judged`, {edit: carried.edit});
    const verdict = {...card.predictedVerdict, ...await carried.verdict};
    if (card.edits?.now.carried && card.carried === carried) tellVerdict(card, verdict);
  } catch (error) {
    carried.verdict = null; // the prediction's stays; asked for again when it is entered again
    if (error instanceof Refused) say(error.message);
  }
}

function tellVerdict(card, verdict) {
  Object.assign(card, verdict);
  if (card !== queue.front) return;
  look.told = look.examined = null;
  drawVerdict(card, (at) => { look.told = at; draw(); });
  drawFacts(card, edits().now);
  draw();
}

/** Takes back what was carried to the photo, or enters it. */
function toggleCarried() {
  const card = queue.front;
  if (!card?.carried) return;
  if (edits().now.carried) {
    edits().carry(null);
    if (card.predictedVerdict) tellVerdict(card, card.predictedVerdict);
  } else enter(card, true);
  changed();
}

/** What is carried to a photo is another thing now. Where a hand has been, it is only offered. */
function carriedAnew(card) {
  if (card.edits?.untouched) card.edits = null;
  if (card.predictedVerdict) Object.assign(card, card.predictedVerdict);
  if (card !== queue.front) return;
  edits();
  if (card.carried) look.carried = {card, at: performance.now()};
  drawVerdict(card, (at) => { look.told = at; draw(); });
  card.pictures?.carried?.ready.then(() => card === queue.front && viewer.lay());
  changed();
}

/** What the panes are to show. */
function shownState() {
  const edit = tools ? tools.shownEdit() : edits().now;
  return {edit: sent(edit), changed: anyChanged(edit), asCarried: isAsCarried(edit, queue.front?.carried), moved: ['category', 'alignment', 'cropping'].some((name) => isChanged(edit, name)), around: tools?.tool === 'crop'};
}

function draw() {
  if (!tools) return;
  const state = {
    edit: edits().now, base: tools.shownEdit(), tool: document.activeElement === controls.input('angle') ? 'angle' : tools.tool,
    regions: look.regions && !anyChanged(edits().now), told: look.told, stroke: tools.stroke, cursor: tools.brushes() ? tools.cursor : null,
  };
  for (const pane of viewer.panes) drawMarks(pane.marks, viewer, state);
  byId('zoom').textContent = zoomText();
}

function zoomText() {
  const {card} = viewer;
  if (!card) return '';
  const share = viewer.scaleNow() * devicePixelRatio;
  return `${Math.round(share * 100)} % · photo ${Math.round(share * card.predicted.scale * edits().now.zoom * 100)} %`;
}

function change(values, name = '', moving = false) {
  if (!queue.front) return;
  if ('category' in values) return void recategorize(values.category);
  edits().set(values, name);
  changed(moving);
}

/** Another category has other margins, another canvas and another light: what the page must know of that is asked for
 * once; the crop starts from it, and so does the light that the hand has not changed. */
async function recategorize(name) {
  const card = queue.front;
  const category = name === card.category ? null : name;
  const mine = edits();
  mine.recategorize(category); // at once, so that who accepts before the answer accepts it too
  tellEdit();
  say(`Crop, colour, light and spots are decided anew for ${name.replaceAll('_', ' ')} …`);
  try {
    card.categorized ||= {};
    if (category) card.categorized[category] ||= await ask(`/photos/${card.id}/category`, {category});
  } catch (error) {
    if (mine.now.category === category) mine.back();
    say(error instanceof Refused ? error.message : 'No connection: the category is as it was.');
  }
  if (card !== queue.front) return;
  if (byId('said').textContent.endsWith('…')) say('');
  if (tools.tool === 'crop') chooseTool('crop');
  changed();
}

/** Lays the photo's canvas and spots out as its category has them. */
function frame(card, {category, kept} = NEUTRAL) {
  if (!card) return;
  const {canvas, predicted} = card;
  card.first ||= {canvas, centre: predicted.centre, scale: predicted.scale, spots: predicted.spots};
  const crop = card.categorized?.[category] || card.first;
  const {spots} = card.categorized?.['detailing' in kept ? kept.detailing : category] || card.first;
  card.canvas = crop.canvas;
  card.predicted = {...predicted, centre: crop.centre, scale: crop.scale, spots};
}

function changed(moving = false) {
  frame(queue.front, edits().now);
  tellEdit();
  viewer.lay(moving);
}

function tellEdit() {
  drawFacts(queue.front, edits().now);
  controls.show(queue.front, edits().now);
  drawCarried(queue.front, edits().now);
  byId('accept-what').textContent = isAsCarried(edits().now, queue.front?.carried) ? 'Accept carried' : anyChanged(edits().now) ? 'Accept corrected' : 'Accept';
}

// One photo after another.

let shownSince = 0;

async function queueChanged() {
  tellQueue();
  const card = queue.front || null;
  if (card === viewer.card) return;
  const begun = Math.max(look.pressed, performance.now() - 1000);
  look.pressed = performance.now();
  if (tools.tool) chooseTool(tools.tool);
  look.told = look.examined = null;
  shownSince = performance.now();
  const shown = viewer.show(card);
  drawVerdict(card, (at) => { look.told = at; draw(); });
  changed();
  await shown;
  if (card && card === queue.front) afterPaint(() => performance.measure('packshot:shown', {start: begun, end: performance.now(), detail: card.id}));
}

/** Calls back when what is laid out now has been painted: after the next frame has begun, the one before is seen. */
function afterPaint(done) {
  requestAnimationFrame(() => requestAnimationFrame(done));
}

function tellQueue() {
  const {counters} = queue;
  if (counters) {
    byId('waiting').textContent = `${counters.waiting.toLocaleString('en')} waiting`;
    options('reason', counters.reasons);
    options('category', counters.categories);
  }
  byId('blank-words').textContent = queue.front || !queue.empty ? '' : emptyWords();
  byId('again').hidden = Boolean(queue.front) || !queue.empty || !counters?.skipped;
}

/** Why there is nothing to look at. */
function emptyWords() {
  const {reason, category, find} = queue.filter;
  if (find) return `No more photos with “${find}” in their path.`;
  if (reason || category) return 'Nothing more with this reason and category.';
  return 'Nothing waits for you. New photos appear here by themselves; what is accepted goes out with “packshot publish”.';
}

function filterQueue() {
  const filter = Object.fromEntries([...new FormData(byId('filters'))].filter(([, value]) => value));
  if (JSON.stringify(filter) !== JSON.stringify(queue.filter)) queue.restart(filter);
}

function options(name, counts) {
  const select = byId('filters').elements[name];
  const chosen = select.value;
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]).map(([value, count]) => new Option(`${value.replaceAll('_', ' ')} (${count})`, value));
  if (chosen && !(chosen in counts)) rows.push(new Option(chosen, chosen));
  select.replaceChildren(new Option('any', ''), ...rows);
  select.value = chosen;
}

function decide(outcome, reason = null) {
  const card = queue.front;
  if (!card) return;
  if (look.carried?.card === card && performance.now() - look.carried.at < LOOK_AGAIN) return void say(`Its colour has this moment been carried from ${card.carried.from}: look again.`);
  const corrected = outcome === 'accept' && anyChanged(edits().now);
  const key = uuid();
  const body = {
    key, photo: card.id, prediction: card.prediction, outcome: corrected ? 'correct' : outcome, reason,
    edit: corrected ? sent(edits().now) : {}, carried: card.entered, as_carried: lightAsCarried(edits().now, card.carried), seconds: Math.round((performance.now() - shownSince) / 100) / 10,
  };
  done(card, key, {accept: corrected ? 'Corrected and accepted' : 'Accepted', reject: 'Rejected', skip: 'Skipped'}[outcome], outcome !== 'skip');
  if (card.product) products.set(key, card.product);
  outbox.add('/api/decide', body);
}

/** The server has a decision, or has taken one back: its product's other photos may have another colour to go by. */
function answered({path, body}, {product = {}}) {
  const key = path === '/api/undo' ? body.of : body.key;
  const name = products.get(key);
  if (!name || document.body.dataset.carry === 'off') return;
  const told = [product.waiting && `${product.waiting} more of ${name} go by it`, product.out && `${product.out} of ${name} ${product.out > 1 ? 'are' : 'is'} out or on the way as before`].filter(Boolean);
  if (told.length && byId('said').textContent.startsWith('Corrected')) say(`${byId('said').textContent}. ${told.join(', ')}.`);
  if (path === '/api/undo' || 'waiting' in product || body.carried) queue.carry(name, carriedAnew);
}

/** A photo is done with: the next one. One that was only skipped waits on, and says nothing of the pace. */
function done(card, key, said, decided = true) {
  history.push({card, key, said, decided});
  if (history.length > MOST_UNDONE) history.shift();
  card.pictures = null;
  say(`${said}: ${card.name}`);
  if (decided) tellPace();
  if (decided && queue.counters) queue.counters.waiting = Math.max(0, queue.counters.waiting - 1);
  queue.next();
  stage.focus({preventScroll: true});
}

function undo() {
  const last = history.pop();
  if (!last) return say('Nothing to undo here.');
  outbox.add('/api/undo', {key: uuid(), of: last.key});
  if (last.decided && queue.counters) queue.counters.waiting += 1;
  queue.putBack(last.card);
  say(`Taken back: ${last.card.name}`);
}

function refused(entry, sentence) {
  const id = entry.body.photo;
  say(`Not taken: ${sentence}`);
  const at = history.findIndex((each) => each.key === (entry.body.of || entry.body.key));
  if (at >= 0) history.splice(at, 1);
  if (id) queue.drop(id);
}

function say(text) {
  byId('said').textContent = text;
}

function tellPace() {
  paces.push(performance.now());
  if (paces.length > PACE_OVER) paces.shift();
  if (paces.length < 3) return;
  const minutes = (paces.at(-1) - paces[0]) / 60000;
  byId('pace').textContent = `${Math.round((paces.length - 1) / minutes * 60).toLocaleString('en')} an hour`;
}

function tellConnection({waiting, offline, signedOut}) {
  const kept = waiting ? `${waiting} decision${waiting > 1 ? 's' : ''} kept here` : '';
  byId('connection').textContent = signedOut ? `Signed out. ${kept}. Sign in again in another tab.` : offline ? `No connection. ${kept}, sent as soon as it is back.` : '';
}

// What buttons and keys do.

const DOES = {
  accept: () => decide('accept'),
  reject: () => queue.front && byId('rejecting').showModal(),
  skip: () => decide('skip'),
  undo,
  white: () => press('white', stage.dataset.white = stage.dataset.white === 'yes' ? 'no' : 'yes'),
  regions: () => { look.regions = !look.regions; press('regions', look.regions ? 'yes' : 'no'); draw(); },
  fit: () => viewer.zoomTo(0),
  full: () => tools.toggleFull(),
  surround: nextSurround,
  carried: toggleCarried,
  tidy: () => queue.front && change({tidy: !edits().now.tidy}),
  legend: () => byId('legend').showModal(),
  package: download,
  again: () => queue.restart({...queue.filter, skipped: true}),
  'reset-all': () => { edits().resetAll?.(); changed(); },
};

function press(does, state) {
  document.querySelector(`[data-does=${does}]`).setAttribute('aria-pressed', String(state === 'yes'));
}

function setView(view) {
  viewer.setView(view);
  for (const button of document.querySelectorAll('[data-view]')) if (button !== stage) button.setAttribute('aria-pressed', String(button.dataset.view === view));
}

function chooseTool(tool) {
  if (!queue.front && tool) return;
  tools.choose(tool);
  for (const button of document.querySelectorAll('[data-tool]')) if (button !== stage) button.setAttribute('aria-pressed', String(button.dataset.tool === tools.tool));
  byId('hint').textContent = {
    add: 'Paint what belongs to the product.', remove: 'Paint what is backdrop.', crop: 'Pull a corner, or move the box. Arrows, + and − too.',
    spots: 'Click a speck or draw along a hair to heal it; click a ring to leave it as it was.',
  }[tools.tool] || '';
  stage.focus({preventScroll: true});
}

function setSplit(share) {
  look.split = Math.min(Math.max(share, 0), 1);
  stage.style.setProperty('--split', `${100 * look.split}%`);
  byId('split').value = 100 * look.split;
}

function nextSurround() {
  const names = ['mid', 'light', 'dark'];
  look.surround = names[(names.indexOf(look.surround) + 1) % names.length];
  document.documentElement.dataset.surround = look.surround;
  document.cookie = `surround=${look.surround}; path=/; max-age=31536000; samesite=strict`;
}

/** Close up to the next marked region; after the last one back to the whole. */
function examine() {
  const card = queue.front;
  if (!card) return;
  const marked = card.reasons.map((reason, at) => [reason.region, at]).filter(([region]) => region && viewer.hasCloseUp(region));
  const [region, at] = marked.find(([, place]) => place > (look.examined ?? -1)) || [];
  look.examined = look.told = at ?? null;
  if (!region) return viewer.zoomTo(0);
  viewer.closeUp(region);
}

function compare(on) {
  viewer.comparing = on;
  frame(queue.front, on ? NEUTRAL : edits().now);
  viewer.lay();
}

function holdBefore(on) {
  if (on && !look.heldView) {
    look.heldView = viewer.view;
    viewer.setView('flicker');
    clearInterval(viewer.beat);
    stage.dataset.shows = 'before';
  } else if (!on && look.heldView) {
    setView(look.heldView);
    look.heldView = '';
  }
}

function resetInHand() {
  const focused = document.activeElement?.closest?.('[data-stage]')?.dataset.stage;
  const held = {add: 'background', remove: 'background', crop: 'cropping', spots: 'detailing'}[tools.tool];
  if (focused || held) reset(focused || held);
}

function reset(name) {
  if (!queue.front) return;
  edits().reset(name);
  if (name === 'cropping' && tools.tool === 'crop') tools.base = {centre: null, zoom: 1};
  changed();
}

function brushSize(factor) {
  const input = controls.input('brush');
  input.value = Math.round(Number(input.value) * factor);
  controls.tell('brush');
  if (tools.cursor) tools.cursor.radius = Number(input.value) / viewer.scaleNow();
  draw();
}

const LETTERS = {
  a: DOES.accept, r: DOES.reject, s: DOES.skip, u: undo, w: DOES.white, m: DOES.tidy, e: examine, g: DOES.regions, z: DOES.full, v: nextSurround, '?': DOES.legend, 0: DOES.fit,
  '/': () => byId('filters').elements.find.focus(), x: download, i: () => queue.front && byId('upload').click(), j: () => controls.input('shadow').focus(), f: () => controls.input('category').focus(),
  '[': () => brushSize(0.85), ']': () => brushSize(1.18), '+': () => viewer.step(1), '=': () => viewer.step(1), '-': () => viewer.step(-1),
  Backspace: resetInHand, ',': toggleCarried, c: () => compare(true), b: () => holdBefore(true),
};

function key(event) {
  look.pressed = event.timeStamp;
  if (document.querySelector('dialog[open]')) return rejectKey(event);
  const typed = event.target.matches('select, input:not([type=range])');
  if (event.key === 'Escape' || event.key === 'Enter' && event.target.matches('select')) {
    if (event.key === 'Enter') event.preventDefault();
    else if (tools.tool) chooseTool(tools.tool);
    return stage.focus({preventScroll: true});
  }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') {
    event.preventDefault();
    return edits().back?.() && changed();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typed) return undefined;
  const onRange = event.target.type === 'range' && event.key.startsWith('Arrow');
  if (onRange && event.shiftKey && event.target.name) return stride(event);
  if (!onRange && !(event.target.matches('button, a') && event.key === ' ') && tools.key(event)) return event.preventDefault();
  const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.repeat && 'arsubc'.includes(letter)) return undefined;
  if (letter in VIEWS) setView(VIEWS[letter]);
  else if (letter in SLIDERS) controls.input(SLIDERS[letter]).focus();
  else if (letter in TOOLS) chooseTool(TOOLS[letter]);
  else if (letter in LETTERS) LETTERS[letter]();
  else return undefined;
  return event.preventDefault();
}

/** Ten steps of a slider at once. */
function stride(event) {
  const {target} = event;
  const way = ['ArrowRight', 'ArrowUp'].includes(event.key) ? 1 : -1;
  target.value = Number(target.value) + way * 10 * Number(target.step);
  target.dispatchEvent(new Event('input', {bubbles: true}));
  event.preventDefault();
}

function rejectKey(event) {
  const button = byId('rejecting').open && byId('rejecting').querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (button) button.click();
}

addEventListener('keydown', key);
addEventListener('keyup', (event) => {
  if (event.key.toLowerCase() === 'c') compare(false);
  if (event.key.toLowerCase() === 'b') holdBefore(false);
});
addEventListener('blur', () => { compare(false); holdBefore(false); });
document.addEventListener('focusin', draw);
document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const {does, view, tool, reset: name, reason} = button.dataset;
  if (does) DOES[does]?.();
  else if (view) setView(view);
  else if (tool) chooseTool(tool);
  else if (name) reset(name);
  else if (reason) {
    byId('rejecting').close();
    decide('reject', reason);
  }
});
const comparing = document.querySelector('[data-does=compare]');
comparing.addEventListener('pointerdown', () => compare(true));
for (const name of ['pointerup', 'pointerleave']) comparing.addEventListener(name, () => compare(false));
byId('split').addEventListener('input', (event) => setSplit(event.target.value / 100));
byId('filters').addEventListener('change', filterQueue);
byId('filters').addEventListener('search', filterQueue); // its cross was clicked
byId('filters').addEventListener('submit', (event) => {
  event.preventDefault();
  stage.focus({preventScroll: true});
});
byId('upload').addEventListener('change', upload);
stage.addEventListener('trouble', (event) => say(event.detail));

async function download() {
  const card = queue.front;
  if (!card) return;
  say(`Packing ${card.name} …`);
  try {
    const response = await post(`/photos/${card.id}/package`, {edit: sent(edits().now)});
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await response.blob());
    link.download = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition'))[1];
    link.click();
    URL.revokeObjectURL(link.href);
    say(`Downloaded ${link.download}`);
  } catch (error) {
    say(error instanceof Refused ? error.message : 'No connection: nothing was downloaded.');
  }
}

const categoryOf = (edit) => edit.category ? {category: edit.category} : {};

async function upload() {
  const card = queue.front;
  const [file] = byId('upload').files;
  if (!card || !file) return;
  const key = uuid();
  const form = new FormData();
  const anyway = card.refused === file.size;
  for (const [name, value] of Object.entries({anyway, key, prediction: card.prediction, seconds: Math.round((performance.now() - shownSince) / 100) / 10, after: file, ...categoryOf(edits().now)})) form.append(name, value);
  say(`Uploading ${file.name} …`);
  try {
    const answer = await (await post(`/photos/${card.id}/after`, form)).json();
    if (queue.front === card) done(card, key, answer.said);
  } catch (error) {
    if (error instanceof Refused) card.refused = file.size;
    say(error instanceof Refused ? `Not taken: ${error.message}` : 'No connection: the upload did not arrive. Try again.');
  } finally {
    byId('upload').value = '';
  }
}

drawLegend(byId('legend').querySelector('div'));
queue.restart({});
setInterval(() => queue.empty && !queue.idle && queue.take(), 5000);
for (const name of ['keydown', 'pointerdown', 'wheel']) addEventListener(name, () => queue.awake(), {capture: true, passive: true});
stage.focus({preventScroll: true});
