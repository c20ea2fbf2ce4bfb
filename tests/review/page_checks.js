// What the tests ask of a page: whether everybody can read it, name it and reach it.

function light(color) {
  const linear = color.slice(0, 3).map((byte) => byte / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

const numbers = (color) => color.match(/[\d.]+/g).map(Number);

function ground(node) {
  for (; node; node = node.parentElement) {
    const color = numbers(getComputedStyle(node).backgroundColor);
    if (color.length < 4 || color[3] > 0.5) return color;
  }
  return [255, 255, 255];
}

/** Texts whose contrast to their ground is below 4.5, WCAG 2.2 level AA. */
function pale() {
  const says = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  const texts = [...document.querySelectorAll('body *')].filter((node) => node.checkVisibility() && !node.closest('svg, option') && says(node));
  const ratio = (node) => {
    const [one, other] = [light(numbers(getComputedStyle(node).color)), light(ground(node))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  return texts.filter((node) => ratio(node) < 4.5).map((node) => [ratio(node), node.textContent.trim().slice(0, 40)]);
}

/** What can be used but has no name for those who do not see it. */
function unnamed() {
  const name = (node) => node.getAttribute('aria-label') || [...(node.labels || [])].map((label) => label.textContent).join('') || node.textContent || node.title;
  return [...document.querySelectorAll('button, input:not([type=hidden]), select, a, [tabindex], dialog')].filter((node) => !name(node).trim()).map((node) => node.outerHTML.slice(0, 90));
}

const overflows = () => [document.documentElement, document.querySelector('aside')].map((each) => [each.scrollWidth - each.clientWidth, each.scrollHeight - each.clientHeight]);
const grounds = () => ['body', 'aside', 'header', '#stage'].map((each) => getComputedStyle(document.querySelector(each)).backgroundColor);
