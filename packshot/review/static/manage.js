// The what-if curve: a threshold under the hand, and what it would have done; and how far a comparison has come.

const place = document.querySelector('.what-if');
if (place) {
  const points = JSON.parse(place.dataset.points);
  const most = Math.max(...points.map((point) => point.bound), 0.01);
  const x = (point) => 720 * point.published;
  const y = (value) => 180 - 170 * value / most;
  for (const name of ['bad', 'bound']) document.getElementById(name).setAttribute('points', points.map((point) => `${x(point).toFixed(1)},${y(point[name]).toFixed(1)}`).join(' '));
  const percent = (value) => `${(100 * value).toFixed(1)} %`;
  document.getElementById('most-bad').textContent = `${percent(most)} bad`;
  const slider = document.getElementById('quality');
  const show = () => {
    const point = points[slider.value];
    document.getElementById('here').setAttribute('cx', x(point));
    document.getElementById('here').setAttribute('cy', y(point.bound));
    document.getElementById('what-if-said').textContent =
      `From quality ${point.quality.toFixed(2)} on: ${percent(point.published)} would be published, ${percent(point.bad)} of them bad, at most ${percent(point.bound)}.`;
  };
  slider.addEventListener('input', show);
  show();
}

/** Asks until the comparison has ended, then shows the page anew. */
async function follow() {
  let attempt = {standing: 'runs'};
  try {
    const response = await fetch('/manage/promotion', {headers: {Accept: 'application/json'}});
    if (response.status === 401) return location.reload();
    if (response.ok) ({attempt} = await response.json());
  } catch {
    // the server is away for a moment: asked again
  }
  if (attempt?.standing !== 'runs') return location.reload();
  if (attempt.of) {
    document.getElementById('step').textContent = `${attempt.step} ${attempt.done} of ${attempt.of}`;
    Object.assign(document.querySelector('.attempt progress'), {max: attempt.of, value: attempt.done});
  }
  return setTimeout(follow, 1000);
}

if (document.querySelector('.attempt[data-standing=runs]')) setTimeout(follow, 500);
