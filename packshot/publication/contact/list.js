// The list: summary, filters, and a grid that holds only the cards in sight, so that thousands of photos scroll.

const GAP = 14;
const CARD = 286;
const CAPTION = 68;
const SHAPE = 1.7;
const MOST_FOLDERS = 200;
const scroller = byId('scroller');
const gridList = byId('grid');
const grid = {columns: 1, width: CARD, height: 0, cards: new Map(), current: 0};

function drawSummary() {
  const count = (route) => photos.filter((photo) => photo.route === route).length;
  const would = photos.filter(isWould).length;
  const small = (route) => route === 'review' && would ? `${would.toLocaleString('en')} would be published`
    : route === 'publish' && !count(route) && count('review') ? 'nothing goes out unseen yet' : percent(count(route), photos.length);
  const routes = Object.keys(ROUTES).map((route) => [ROUTES[route].label, count(route).toLocaleString('en'), small(route)]);
  const figures = [['Photos', photos.length.toLocaleString('en'), ''], ...routes, ...marketplaces()];
  byId('title').textContent = run.title;
  byId('figures').replaceChildren(...figures.map(([name, value, small]) => element('div', {},
    element('dt', {text: name}), element('dd', {}, element('b', {text: value}), ' ', small && element('span', {text: small})))));
  if (run.unread) {
    byId('notice').textContent = `${run.unread} lines of run.jsonl could not be read, so their photos are not shown. Run the same command again to bring them back.`;
    byId('notice').hidden = false;
  }
}

/** For each marketplace how many outputs meet its rules. */
function marketplaces() {
  const names = [...new Set(photos.flatMap((photo) => photo.presets.map((preset) => preset.name)))].sort();
  return names.map((name) => {
    const made = photos.flatMap((photo) => photo.presets.filter((preset) => preset.name === name));
    return [name, made.filter((preset) => preset.meets).length.toLocaleString('en'), `of ${made.length.toLocaleString('en')} meet its rules`];
  });
}

function drawFacets() {
  const routes = passing('route');
  const would = routes.filter(isWould).length;
  const routeRows = Object.keys(ROUTES).map((route) => [route, routes.filter((photo) => photo.route === route).length, `${ROUTES[route].mark} ${ROUTES[route].label}`]);
  if (would) routeRows.splice(2, 0, ['would', would, 'Would be published']);
  const kinds = tally(passing('kind'), (photo) => photo.kinds).map(([kind, count]) => [kind, count, run.kinds[kind]]);
  const categories = tally(passing('category'), (photo) => photo.route === 'failed' && photo.category === 'unknown' ? [] : [photo.category]).map(([name, count]) => [name, count, name]);
  byId('facets').replaceChildren(
    facet('Route', 'route', routeRows, routes.length),
    facet('Reasons', 'kind', kinds, passing('kind').length),
    ...marketplaceFacet(),
    facet('Category', 'category', categories, passing('category').length),
    ...folderFacet());
}

function marketplaceFacet() {
  const photos = passing('preset');
  const rows = tally(photos, (photo) => photo.presets.filter((preset) => !preset.meets).map((preset) => preset.name));
  return rows.length || filter.preset ? [facet('Marketplace not met', 'preset', rows.map(([name, count]) => [name, count, name]), photos.length)] : [];
}

/** The folders photos came from, where there are several, but not one for nearly each photo. */
function folderFacet() {
  const folders = new Set(photos.map((photo) => photo.folder));
  if (folders.size < 2 || folders.size > MOST_FOLDERS) return [];
  const rows = tally(passing('folder'), (photo) => photo.folder ? [photo.folder] : []).sort(([a], [b]) => a.localeCompare(b, undefined, {numeric: true}));
  return [facet('Folder', 'folder', rows.map(([name, count]) => [name, count, name]), passing('folder').length)];
}

function facet(title, name, rows, whole) {
  const most = Math.max(1, ...rows.map((row) => row[1]));
  const active = filter[name];
  const list = rows.map(([value, count, label]) => {
    const button = element('button', {type: 'button', 'aria-pressed': String(value === active), title: label, 'data-facet': name, 'data-value': value},
      element('span', {class: 'fill'}), element('span', {class: 'label', text: label}),
      element('span', {class: 'number', text: count.toLocaleString('en'), title: percent(count, whole)}));
    button.firstChild.style.width = `${100 * count / most}%`;
    return element('li', {}, button);
  });
  return element('section', {}, element('h2', {text: title}), list.length ? element('ul', {}, ...list) : element('p', {text: 'None'}));
}

function refresh() {
  select();
  grid.current = 0;
  scroller.scrollTop = 0;
  for (const card of grid.cards.values()) card.remove();
  grid.cards.clear();
  drawFacets();
  const filtered = ['route', 'category', 'kind', 'preset', 'folder', 'text'].some((name) => filter[name]);
  byId('clear').hidden = !filtered;
  byId('count').textContent = filtered ? `${shown.length.toLocaleString('en')} of ${photos.length.toLocaleString('en')}` : `${photos.length.toLocaleString('en')} photos`;
  byId('nothing').hidden = shown.length > 0;
  layOut();
}

function layOut() {
  const room = gridList.clientWidth;
  grid.columns = Math.max(1, Math.floor((room + GAP) / (CARD + GAP)));
  grid.width = Math.floor((room + GAP) / grid.columns) - GAP;
  grid.height = Math.round(grid.width / SHAPE) + CAPTION;
  gridList.style.height = `${Math.ceil(shown.length / grid.columns) * (grid.height + GAP)}px`;
  for (const [at, card] of grid.cards) place(card, at);
  drawCards();
}

function place(card, at) {
  const x = (at % grid.columns) * (grid.width + GAP);
  const y = Math.floor(at / grid.columns) * (grid.height + GAP);
  card.style.transform = `translate(${x}px, ${y}px)`;
  card.style.width = `${grid.width}px`;
  card.style.height = `${grid.height}px`;
}

function drawCards() {
  const step = grid.height + GAP;
  const first = Math.max(0, Math.floor(scroller.scrollTop / step) - 2) * grid.columns;
  const last = Math.min(shown.length, (Math.ceil((scroller.scrollTop + scroller.clientHeight) / step) + 2) * grid.columns);
  for (const [at, card] of grid.cards) {
    if ((at < first || at >= last) && !card.contains(document.activeElement)) {
      card.remove();
      grid.cards.delete(at);
    }
  }
  for (let at = first; at < last; at++) {
    if (grid.cards.has(at)) continue;
    const card = makeCard(shown[at], at);
    place(card, at);
    grid.cards.set(at, card);
    gridList.append(card);
  }
}

function makeCard(photo, at) {
  const route = ROUTES[photo.route];
  const why = mainReason(photo);
  const picture = photo.thumb
    ? element('img', {src: photo.thumb, alt: '', decoding: 'async', draggable: 'false'})
    : element('span', {class: 'blank', text: photo.route === 'failed' ? why : 'No thumbnail'});
  const quality = photo.quality === null ? '' : `quality ${photo.quality.toFixed(2)}`;
  const button = element('button', {type: 'button', class: 'card', 'data-at': at, tabindex: at === grid.current ? '0' : '-1', 'aria-label': `${photo.name}, ${route.label}${quality && ', ' + quality}${why && ': ' + why}`},
    element('span', {class: 'picture'}, picture),
    element('span', {class: 'line'}, element('span', {class: 'name', text: photo.name, title: photo.source}),
      element('span', {class: `route ${photo.route}`, text: `${route.mark} ${route.label}`})),
    element('span', {class: 'line small'}, element('span', {class: 'about', text: [photo.folder, photo.route === 'failed' ? '' : photo.category, quality].filter(Boolean).join(' · ')}),
      isWould(photo) && element('span', {class: 'would', text: 'would be published'})),
    element('span', {class: 'why', text: photo.route === 'failed' && !photo.thumb ? '' : why, title: why}));
  return element('li', {'aria-posinset': at + 1, 'aria-setsize': shown.length}, button);
}

/** Moves the one card that Tab reaches, brings it into sight and focuses it. */
function focusCard(at) {
  at = Math.min(Math.max(at, 0), shown.length - 1);
  if (at < 0) return;
  const step = grid.height + GAP;
  const top = Math.floor(at / grid.columns) * step;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + step > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + step - scroller.clientHeight;
  drawCards();
  const old = grid.cards.get(grid.current);
  if (old) old.firstChild.tabIndex = -1;
  grid.current = at;
  const card = grid.cards.get(at).firstChild;
  card.tabIndex = 0;
  card.focus({preventScroll: true});
}

function listKey(event) {
  const moves = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns, Home: -shown.length, End: shown.length};
  if (!(event.key in moves)) return false;
  const started = document.activeElement.matches('.card');
  focusCard(started ? grid.current + moves[event.key] : grid.current);
  return true;
}
