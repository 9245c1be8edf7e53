// Elements from names and values: text stays text, whatever it holds.
const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key.startsWith("--")) node.style.setProperty(key, value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(3)) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

const el = (name, props, ...children) => fill(document.createElement(name), props, children);
const svg = (name, props, ...children) => fill(document.createElementNS(SVG, name), props, children);
const byId = (id) => document.getElementById(id);
const tint = (facet) => content.colours[facet % content.colours.length];
const why = (text, words) => (words ? el("span", { class: "me-why", "data-tip": words, tabindex: 0 }, text) : el("span", {}, text));

// A name of the glossary with what it means, or other text with that meaning.
const term = (key, text) => why(text || content.terms[key][0], content.terms[key][1]);

// A number with two or three digits that count, as the figures show it.
function shown(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const minus = (text) => text.replace("-", "−");
  if (value && !(size >= 0.095 && size < 1e5)) return minus(Number(value.toPrecision(2)).toString());
  return minus(value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0));
}

// A probability of next to nothing is no more than that.
const shownOn = (span, value) => (span[0] === 0 && span[1] === 1 && value > 0 && value < 0.001 ? "<0.001" : shown(value));
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
