// The verdict beside the picture, and what ties keys and clicks to list and viewer.

const HEADLINES = {publish: 'Published', review: 'Sent to review', failed: 'Failed'};

function drawPanel() {
  const photo = current();
  byId('viewer-name').textContent = photo.name;
  const parts = [
    element('p', {class: `headline ${photo.route}`}, element('span', {'aria-hidden': 'true', text: ROUTES[photo.route].mark}), ` ${HEADLINES[photo.route]}`),
    isWould(photo) && element('p', {class: 'would', text: 'would be published'}),
    photo.quality !== null && meter(photo.quality),
    reasonList(photo),
    photo.route === 'failed' && element('p', {class: 'todo', text: 'What to do: put right what the message names, then run the same command again. Photos that are done are not run again.'}),
    ...presetList(photo),
    facts(photo),
  ];
  byId('verdict').replaceChildren(...parts.filter(Boolean));
}

function meter(quality) {
  const bar = element('span', {class: 'meter', role: 'img', 'aria-label': `Quality ${quality.toFixed(2)} of 1`}, element('span', {}));
  bar.firstChild.style.width = `${100 * Math.min(Math.max(quality, 0), 1)}%`;
  return element('p', {class: 'quality'}, element('span', {text: 'Quality'}), bar, element('b', {text: quality.toFixed(2)}));
}

function reasonList(photo) {
  if (!photo.reasons.length) return element('p', {class: 'none', text: photo.route === 'publish' ? 'Nothing was found wrong.' : 'Nothing stands out: look it over.'});
  return element('ul', {class: 'reasons'}, ...photo.reasons.map((reason) => {
    if (!reason.region) return element('li', {text: reason.text});
    const button = element('button', {type: 'button', text: reason.text, title: 'Show the place in the picture', 'aria-pressed': 'false'});
    const show = (region) => { view.region = region; draw(); };
    button.addEventListener('mouseenter', () => show(reason.region));
    button.addEventListener('focus', () => show(reason.region));
    for (const name of ['mouseleave', 'blur']) button.addEventListener(name, () => button.getAttribute('aria-pressed') === 'false' && show(null));
    button.addEventListener('click', () => {
      const held = button.getAttribute('aria-pressed') === 'true';
      button.setAttribute('aria-pressed', String(!held));
      show(held ? null : reason.region);
    });
    return element('li', {}, button);
  }));
}

/** What each marketplace's output still lacks, or that it lacks nothing. */
function presetList(photo) {
  return photo.presets.map((preset) => element('details', {class: 'preset', open: preset.meets ? null : ''},
    element('summary', {}, element('a', {href: preset.output, target: '_blank', rel: 'noopener', text: preset.name}), ' ',
      element('span', {text: preset.meets ? (preset.findings.length ? 'meets its rules, with advice' : 'meets its rules') : 'does not meet its rules'})),
    element('ul', {}, ...preset.findings.map((finding) => element('li', {class: finding.status, text: finding.sentence})))));
}

function facts(photo) {
  const links = [['output', 'Output'], ['recipe', 'Recipe'], ['matte', 'Matte'], ['original', 'Photo']].filter(([key]) => photo[key]);
  const rows = [
    ['Category', photo.category],
    ['Photo', photo.source],
  ];
  return element('div', {class: 'facts'},
    element('dl', {}, ...rows.flatMap(([name, value]) => [element('dt', {text: name}), breakable(value)])),
    element('p', {class: 'links'}, ...links.map(([key, label]) => element('a', {href: photo[key], target: '_blank', rel: 'noopener', text: label}))));
}

/** A path may wrap after each slash. */
function breakable(path) {
  const parts = path.split('/').map((part, at, all) => part + (at < all.length - 1 ? '/' : ''));
  return element('dd', {}, ...parts.flatMap((part) => [part, element('wbr')]));
}

function setSurround(name) {
  document.documentElement.dataset.surround = name;
  for (const button of byId('surrounds').children) button.setAttribute('aria-pressed', String(button.dataset.surroundTo === name));
}

function nextSurround() {
  const names = ['light', 'mid', 'dark'];
  setSurround(names[(names.indexOf(document.documentElement.dataset.surround) + 1) % names.length]);
}

function clearFilters() {
  Object.assign(filter, {route: '', category: '', kind: '', preset: '', folder: '', text: ''});
  byId('search').value = '';
  refresh();
}

document.addEventListener('click', (event) => {
  const target = event.target.closest('button');
  if (!target) return;
  if (target.dataset.facet) toggleFacet(target);
  else if (target.dataset.at) openViewer(Number(target.dataset.at));
  else if (target.dataset.surroundTo) setSurround(target.dataset.surroundTo);
  else if (target.dataset.mode === 'flip') flip();
  else if (target.dataset.mode) setMode(target.dataset.mode);
  else if (target.dataset.zoom) zoomTo(target.dataset.zoom === 'fit' ? 0 : 1 / devicePixelRatio);
  else if ('help' in target.dataset) byId('help').showModal();
});

function toggleFacet(button) {
  const {facet: name, value} = button.dataset;
  filter[name] = filter[name] === value ? '' : value;
  refresh();
  const again = [...byId('facets').querySelectorAll('button')].find((each) => each.dataset.facet === name && each.dataset.value === value);
  if (again) again.focus();
}

// A mouse click leaves the focus on the picture, so that the space bar goes on flipping.
viewer.querySelector('.viewer-bar').addEventListener('mousedown', (event) => event.preventDefault());
byId('previous').addEventListener('click', () => openViewer(view.at - 1));
byId('next').addEventListener('click', () => openViewer(view.at + 1));
byId('framing').addEventListener('click', toggleFraming);
byId('close').addEventListener('click', () => viewer.close());
byId('help-close').addEventListener('click', () => byId('help').close());
byId('clear').addEventListener('click', clearFilters);
viewer.addEventListener('close', closed);
byId('sort').addEventListener('change', (event) => { filter.sort = event.target.value; refresh(); });
byId('search').addEventListener('input', (event) => { filter.text = event.target.value.trim().toLowerCase(); refresh(); });
scroller.addEventListener('scroll', drawCards, {passive: true});
window.addEventListener('resize', () => { layOut(); draw(); });

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId('help').open) return;
  const typing = event.target.matches('input, select');
  if (!typing && everywhereKey(event) || (viewer.open ? viewerKey(event) : !typing && listKey(event))) event.preventDefault();
});

function everywhereKey(event) {
  const actions = {'?': () => byId('help').showModal(), d: nextSurround, '/': () => viewer.open || byId('search').focus()};
  if (!actions[event.key]) return false;
  actions[event.key]();
  return true;
}

setSurround('light');
drawSummary();
refresh();
if (location.hash) openViewer(shown.findIndex((photo) => '#' + photo.id === location.hash));
