'use strict';
// The run, what is filtered, and what remains. Nothing here touches the page.

const run = JSON.parse(document.getElementById('run').textContent);
const photos = run.photos;
const ROUTES = {
  publish: {label: 'Published', mark: '✓', rank: 2},
  review: {label: 'To review', mark: '◐', rank: 0},
  failed: {label: 'Failed', mark: '✕', rank: 1},
};
const filter = {route: '', category: '', kind: '', preset: '', folder: '', text: '', sort: 'attention'};
let shown = [];

photos.forEach((photo, order) => {
  photo.order = order;
  photo.before = photo.viewable ? photo.original : null;
  photo.search = (photo.name + '\n' + photo.source).toLowerCase();
  photo.kinds = new Set(photo.reasons.map((reason) => reason.kind));
});

const TESTS = {
  route: (photo) => filter.route === 'would' ? isWould(photo) : photo.route === filter.route,
  category: (photo) => photo.category === filter.category,
  kind: (photo) => photo.kinds.has(filter.kind),
  folder: (photo) => photo.folder === filter.folder,
  preset: (photo) => photo.presets.some((preset) => !preset.meets && preset.name === filter.preset),
  text: (photo) => photo.search.includes(filter.text),
};

const ORDERS = {
  attention: (a, b) => ROUTES[a.route].rank - ROUTES[b.route].rank || number(a.quality, -1) - number(b.quality, -1),
  best: (a, b) => number(b.quality, -1) - number(a.quality, -1),
  name: (a, b) => a.folder.localeCompare(b.folder, undefined, {numeric: true}) || a.name.localeCompare(b.name, undefined, {numeric: true}),
  run: () => 0,
};

const common = new Set(tally(photos, (photo) => photo.kinds).filter(([, count]) => count > 0.9 * photos.length).map(([kind]) => kind));

/** The sentence a card has room for: the first reason that is not every photo's. */
function mainReason(photo) {
  const reason = photo.reasons.find((each) => !common.has(each.kind)) || photo.reasons[0];
  return reason ? reason.text : '';
}

function isWould(photo) {
  return photo.route === 'review' && photo.would;
}

function number(value, otherwise) {
  return value === null ? otherwise : value;
}

/** The photos that pass every filter but `except`: a facet counts what choosing another of its values would show. */
function passing(except) {
  const tests = Object.keys(TESTS).filter((name) => name !== except && filter[name]).map((name) => TESTS[name]);
  return photos.filter((photo) => tests.every((test) => test(photo)));
}

function select() {
  const order = ORDERS[filter.sort];
  shown = passing('').sort((a, b) => order(a, b) || a.order - b.order);
}

/** How many photos have each value: [value, count], most first. `values` gives a photo's values. */
function tally(list, values) {
  const counts = new Map();
  for (const photo of list) for (const value of values(photo)) counts.set(value, (counts.get(value) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function percent(part, whole) {
  const share = whole ? 100 * part / whole : 0;
  return (share > 0 && share < 10 ? share.toFixed(1) : Math.round(share)) + ' %';
}

/** An element with attributes (`text` is its text; one that is null is left out) and children. */
function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'text') node.textContent = value;
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

function byId(id) {
  return document.getElementById(id);
}
