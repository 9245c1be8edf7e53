// A long list, a table or a row of buttons has one place among those that Tab stops at; arrows go on within it, Home and End to its
// ends (roving tabindex, as in the authoring practices of WAI-ARIA).
const LISTS = ".me-groups, .members, .gallery, .thumbs:not(.gallery .thumbs), .channels, .channels-of-pair, .strongest, .facet-list, .sortable, .matrix, .zooming, .pills, .numbers, .glossary, .tally, .me-headlines, .facts";
const REACHED = "a[href], button:not([disabled]), summary, [tabindex]";
const currentOf = new WeakMap();

const reachedIn = (list) => [...list.querySelectorAll(REACHED)].filter((one) => !one.closest("[hidden]"));

function setStops(list) {
  const all = reachedIn(list), kept = currentOf.get(list);
  const current = all.includes(kept) ? kept : all[0];
  for (const one of all) one.tabIndex = one === current ? 0 : -1;
}

function setAllStops() {
  for (const list of document.querySelectorAll(LISTS)) if (!list.closest("[hidden]")) setStops(list);
}

const isBelow = (box, other) => other.top >= box.bottom - 4;
const sharesRow = (box, other) => other.top < box.bottom - 4 && other.bottom > box.top + 4;

// What lies next to an element in the direction of a key; at the end of a row the next one of its kind.
function nextOf(all, from, key) {
  const box = from.getBoundingClientRect(), at = all.indexOf(from), isBack = key === "ArrowLeft" || key === "ArrowUp";
  const middle = (other) => (other.left + other.right) / 2;
  const boxes = all.map((one) => [one, one.getBoundingClientRect()]).filter(([one, other]) => one !== from && other.width > 0);
  const nearest = (offered, cost) => offered.reduce((best, one) => (best && cost(best[1]) <= cost(one[1]) ? best : one), null);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const offered = boxes.filter(([, other]) => (isBack ? isBelow(other, box) : isBelow(box, other)));
    const aside = (other) => Math.max(0, other.left - box.right, box.left - other.right) + 0.02 * Math.abs(middle(other) - middle(box));
    const away = (other) => (isBack ? box.top - other.bottom : other.top - box.bottom) + aside(other);
    return (nearest(offered, away) || [null])[0];
  }
  const offered = boxes.filter(([, other]) => sharesRow(box, other) && (isBack ? middle(other) < middle(box) : middle(other) > middle(box)));
  const found = nearest(offered, (other) => Math.abs(middle(other) - middle(box)));
  if (found) return found[0];
  const rest = isBack ? all.slice(0, at).reverse() : all.slice(at + 1);
  return rest.find((one) => one.className === from.className) || null;
}

document.addEventListener("focusin", (event) => {
  const list = event.target.closest(LISTS);
  if (!list || !event.target.matches(REACHED)) return;
  currentOf.set(list, event.target);
  setStops(list);
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const list = event.target.closest(LISTS);
  if (!list || !/^(Arrow|Home$|End$)/.test(event.key)) return;
  const all = reachedIn(list);
  if (!all.includes(event.target)) return;
  event.preventDefault();
  const goal = event.key === "Home" ? all[0] : event.key === "End" ? all[all.length - 1] : nextOf(all, event.target, event.key);
  if (goal) goal.focus();
});

for (const part of document.querySelectorAll("main, #side figure > div")) new MutationObserver(setAllStops).observe(part, { childList: true, subtree: true, attributeFilter: ["hidden", "disabled"] });
setAllStops();
