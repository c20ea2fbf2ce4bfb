// One photo, large: slider, flip or side by side, zoom and pan linked between both pictures.

const MARGIN = 18;
const viewer = byId('viewer');
const stage = byId('stage');
const view = {at: -1, mode: 'slider', before: false, framing: false, scale: 0, x: 0.5, y: 0.5, split: 0.5, region: null};
const pictures = {after: byId('after'), over: byId('over-before'), side: byId('side-before')};

function current() {
  return shown[view.at];
}

function openViewer(at) {
  if (!shown[at]) return;
  view.at = at;
  Object.assign(view, {before: false, scale: 0, x: 0.5, y: 0.5, region: null});
  if (!viewer.open) viewer.showModal();
  loadPictures();
  drawPanel();
  draw();
  stage.focus();
  history.replaceState(null, '', '#' + current().id);
  for (const near of [shown[at + 1], shown[at - 1]]) if (near) prefetch(near);
}

function prefetch(photo) {
  for (const link of [photo.output, photo.preview]) if (link) new Image().src = link;
}

function closed() {
  history.replaceState(null, '', '#');
  focusCard(view.at);
}

/** Aligned pictures need a preview in the output's frame; without one only the original framing is left. */
function framed() {
  return view.framing || !current().preview;
}

function mode() {
  if (!current().output) return 'before';
  if (!framed()) return view.mode;
  return current().before ? 'side' : 'after';
}

function loadPictures() {
  const photo = current();
  show(pictures.after, photo.output);
  show(pictures.over, photo.preview);
  show(pictures.side, framed() ? photo.before : photo.preview);
}

function show(image, link) {
  const missing = image.closest('.pane').querySelector('.missing');
  if (image !== pictures.over) missing.hidden = true;
  if (!link) {
    image.removeAttribute('src');
    if (image === pictures.side && !current().output) say(missing);
  } else if (image.getAttribute('src') !== link) {
    image.src = link;
  }
}

function say(missing) {
  missing.textContent = 'The browser cannot show this file. Its place is given beside the picture.';
  missing.hidden = false;
}

for (const image of Object.values(pictures)) {
  image.addEventListener('load', draw);
  image.addEventListener('error', () => {
    if (image.getAttribute('src')) say(image.closest('.pane').querySelector('.missing'));
  });
}

/** Size of the frame both pictures share, in pixels of the output; of the photo itself where there is no output. */
function frame() {
  const image = current().output ? pictures.after : pictures.side;
  return {width: image.naturalWidth, height: image.naturalHeight};
}

function fitScale(pane, size) {
  const room = (length) => Math.max(length - 2 * MARGIN, 1);
  return Math.min(room(pane.clientWidth) / size.width, room(pane.clientHeight) / size.height);
}

function mainPane() {
  return byId(mode() === 'before' ? 'pane-before' : 'pane-after');
}

function scaleNow() {
  return view.scale || fitScale(mainPane(), frame());
}

function draw() {
  if (!viewer.open) return;
  const now = mode();
  stage.dataset.mode = now;
  const size = frame();
  if (size.width) {
    keepInside(size);
    lay(pictures.after, byId('pane-after'), size, scaleNow());
    lay(pictures.over, byId('pane-after'), size, scaleNow());
    laySide(size);
    layRegion(size);
  }
  layDivider(now);
  drawControls(now);
}

/** Keeps the picture's edge from leaving the pane, and centres it along a side that fits. */
function keepInside(size) {
  const pane = mainPane();
  const inside = (at, whole, room) => whole * scaleNow() <= room ? 0.5 : Math.min(Math.max(at, room / 2 / whole / scaleNow()), 1 - room / 2 / whole / scaleNow());
  view.x = inside(view.x, size.width, pane.clientWidth);
  view.y = inside(view.y, size.height, pane.clientHeight);
}

function lay(image, pane, size, scale) {
  image.style.width = `${size.width * scale}px`;
  image.style.height = `${size.height * scale}px`;
  image.style.transform = `translate(${pane.clientWidth / 2 - view.x * size.width * scale}px, ${pane.clientHeight / 2 - view.y * size.height * scale}px)`;
  image.classList.toggle('pixels', scale * devicePixelRatio > 2);
}

/** The before beside the after: in the same frame, or in its own one, then zoomed by the same factor over its fit. */
function laySide(size) {
  const pane = byId('pane-before');
  if (!framed() || mode() === 'before') return lay(pictures.side, pane, size, scaleNow());
  const own = {width: pictures.side.naturalWidth, height: pictures.side.naturalHeight};
  if (own.width) lay(pictures.side, pane, own, fitScale(pane, own) * scaleNow() / fitScale(byId('pane-after'), size));
}

function layRegion(size) {
  const box = byId('region');
  box.hidden = !view.region || (mode() === 'flip' && view.before);
  if (box.hidden) return;
  const [left, top, right, bottom] = view.region;
  const pane = byId('pane-after');
  const scale = scaleNow();
  const x = (at) => pane.clientWidth / 2 + (at - view.x) * size.width * scale;
  const y = (at) => pane.clientHeight / 2 + (at - view.y) * size.height * scale;
  Object.assign(box.style, {left: `${x(left)}px`, top: `${y(top)}px`, width: `${x(right) - x(left)}px`, height: `${y(bottom) - y(top)}px`});
}

function layDivider(now) {
  const percentage = 100 * view.split;
  const whole = now === 'flip' && view.before ? 0 : 100;
  byId('over').style.clipPath = `inset(0 ${now === 'slider' ? 100 - percentage : whole}% 0 0)`;
  const handle = byId('handle');
  handle.style.left = `${percentage}%`;
  handle.hidden = now !== 'slider';
  handle.setAttribute('aria-valuenow', Math.round(percentage));
}

function drawControls(now) {
  const single = now === 'flip' ? (view.before ? 'Before' : 'After') : now === 'slider' ? 'Before' : 'After';
  byId('tag-left').textContent = single;
  byId('tag-right').textContent = now === 'slider' ? 'After' : '';
  for (const button of byId('modes').children) {
    button.disabled = !comparable();
    button.setAttribute('aria-pressed', String(button.dataset.mode === now));
  }
  byId('framing').disabled = !(current().before && current().preview);
  byId('framing').setAttribute('aria-pressed', String(framed()));
  const size = frame();
  const shownAt = size.width ? scaleNow() * devicePixelRatio : 0;
  byId('zoom-now').textContent = shownAt ? `${Math.round(100 * shownAt)} %` : '';
  byId('zooms').children[0].setAttribute('aria-pressed', String(view.scale === 0));
  byId('zooms').children[1].setAttribute('aria-pressed', String(Math.abs(shownAt - 1) < 0.005));
  byId('position').textContent = `${(view.at + 1).toLocaleString('en')} of ${shown.length.toLocaleString('en')}`;
  byId('previous').disabled = view.at === 0;
  byId('next').disabled = view.at === shown.length - 1;
}

function comparable() {
  return Boolean(current().output && current().preview);
}

/** Compares in the output's frame; the original framing, if shown, is left for it. */
function compareBy(name, before) {
  if (!comparable()) return;
  if (view.framing) toggleFraming();
  Object.assign(view, {mode: name, before});
  draw();
}

function setMode(name) {
  compareBy(name, false);
}

function flip() {
  compareBy('flip', mode() === 'flip' ? !view.before : true);
}

function toggleFraming() {
  if (byId('framing').disabled) return;
  view.framing = !view.framing;
  Object.assign(view, {scale: 0, x: 0.5, y: 0.5});
  loadPictures();
  draw();
}

/** Zooms to `scale` (screen pixels per picture pixel; 0 fits), keeping what is under the given point of the pane there. */
function zoomTo(scale, point) {
  const size = frame();
  if (!size.width) return;
  const pane = mainPane();
  const at = point || {x: pane.clientWidth / 2, y: pane.clientHeight / 2};
  const old = scaleNow();
  const offset = {x: (at.x - pane.clientWidth / 2) / size.width, y: (at.y - pane.clientHeight / 2) / size.height};
  view.scale = scale && Math.min(Math.max(scale, fitScale(pane, size) / 2), 16);
  view.x += offset.x / old - offset.x / scaleNow();
  view.y += offset.y / old - offset.y / scaleNow();
  draw();
}

function toggleZoom(point) {
  const full = 1 / devicePixelRatio;
  zoomTo(Math.abs(scaleNow() - full) < 0.005 ? 0 : full, point);
}

function pointIn(event) {
  const boxes = [byId('pane-before'), byId('pane-after')].map((pane) => pane.getBoundingClientRect());
  const box = boxes.find((each) => each.left <= event.clientX && event.clientX < each.right) || boxes[1];
  return {x: event.clientX - box.left, y: event.clientY - box.top};
}

stage.addEventListener('wheel', (event) => {
  event.preventDefault();
  zoomTo(scaleNow() * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), pointIn(event));
}, {passive: false});

stage.addEventListener('dblclick', (event) => toggleZoom(pointIn(event)));

stage.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return;
  const divider = event.target.id === 'handle';
  stage.setPointerCapture(event.pointerId);
  stage.classList.add('held');
  let last = event;
  const move = (now) => {
    if (divider) splitAt(pointFrom(now));
    else pan(now.clientX - last.clientX, now.clientY - last.clientY);
    last = now;
  };
  const end = () => {
    stage.classList.remove('held');
    stage.removeEventListener('pointermove', move);
  };
  stage.addEventListener('pointermove', move);
  stage.addEventListener('lostpointercapture', end, {once: true});
  if (!divider) event.preventDefault();
  stage.focus();
});

function pointFrom(event) {
  const box = byId('pane-after').getBoundingClientRect();
  return (event.clientX - box.left) / box.width;
}

function splitAt(share) {
  view.split = Math.min(Math.max(share, 0), 1);
  layDivider(mode());
}

function pan(x, y) {
  const size = frame();
  if (!size.width) return;
  view.x -= x / size.width / scaleNow();
  view.y -= y / size.height / scaleNow();
  draw();
}

function viewerKey(event) {
  const sideways = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (sideways && (event.shiftKey || event.target.id === 'handle')) {
    splitAt(view.split + sideways * 0.02);
    return true;
  }
  const actions = {
    ArrowLeft: () => view.at > 0 && openViewer(view.at - 1),
    ArrowRight: () => view.at < shown.length - 1 && openViewer(view.at + 1),
    ' ': flip, s: () => setMode('slider'), b: () => setMode('side'), z: () => toggleZoom(), o: toggleFraming,
    0: () => zoomTo(0), '+': () => zoomTo(scaleNow() * 1.25), '=': () => zoomTo(scaleNow() * 1.25), '-': () => zoomTo(scaleNow() / 1.25),
  };
  if (event.key === ' ' && event.target.matches('button, a')) return false;
  if (!actions[event.key]) return false;
  actions[event.key]();
  return true;
}
