// All keys in one table: what they do, and the legend made of it.

export const KEYS = [
  ['Decide', [['A', 'Accept, with your corrections if there are any'], ['R', 'Reject; then the number of the reason'], ['S', 'Skip: a colleague may see it'], ['U', 'Undo the last decision, again for the one before'], ['X', 'Download for another editor'], ['I', 'Upload the finished after'], ['/', 'Find photos by folder or name']]],
  ['Look', [['1', 'Side by side'], ['2', 'After'], ['3', 'Slider'], ['4', 'Flicker'], ['5', 'Matte: what was cut off is tinted'], ['6', 'Difference'], ['W', 'White stretch: dirt on white'], ['B', 'Hold: before'], ['G', 'Regions of the reasons'], ['E', 'Examine: to the next region, close up'], ['Z', '100 % (small pictures: nearer) or fit'], ['+ −', 'Zoom'], ['0', 'Fit'], ['← ↑ → ↓', 'Move about'], ['V', 'Light, middle or dark surround']]],
  ['Correct', [['F', 'Category: then its letters or ↑ ↓, Enter'], ['Y', 'Warmer: then ← →, with Shift ten steps'], ['N', 'Greener'], ['L', 'Brighter'], ['O', 'Shadows'], ['H', 'Highlights'], ['T', 'Turn: → clockwise'], ['K', 'Crop box: arrows, + −'], ['P', 'Cut-out: add what belongs to the product'], ['Q', 'Cut-out: erase backdrop; Shift-click draws a straight line'], ['M', 'Take away small loose pieces'], ['D', 'Spots: click or draw along a hair to heal, a ring to leave'], ['[ ]', 'Smaller or larger brush'], ['space', 'Paint or set a spot at the cross'], ['J', 'Shadow'], ['C', 'Hold: without your corrections'], [',', 'Colour of the product’s corrected photo: take it back, or enter it'], ['Ctrl Z', 'Take the last correction back'], ['Backspace', 'Reset the stage in hand'], ['Esc', 'Put the tool down']]],
];

export function drawLegend(place) {
  place.replaceChildren(...KEYS.map(([title, rows]) => {
    const list = document.createElement('dl');
    const heading = document.createElement('h3');
    heading.textContent = title;
    for (const [key, meaning] of rows) {
      const [term, text] = [document.createElement('dt'), document.createElement('dd')];
      const cap = document.createElement('kbd');
      cap.textContent = key;
      term.append(cap);
      text.textContent = meaning;
      list.append(term, text);
    }
    const section = document.createElement('section');
    section.append(heading, list);
    return section;
  }));
}

export const VIEWS = {1: 'side', 2: 'after', 3: 'slider', 4: 'flicker', 5: 'matte', 6: 'difference'};
export const SLIDERS = {y: 'warmth', n: 'tint', l: 'exposure', o: 'shadows', h: 'highlights', t: 'angle'};
export const TOOLS = {k: 'crop', p: 'add', q: 'remove', d: 'spots'};
