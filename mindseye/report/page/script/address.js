// The address says which view is shown, and after a ? how: filter, search, order. What an address cannot say belongs to the entry
// of the browser's history: how far it was scrolled, and which link led away.
const pageTitle = document.title;
const entries = new Map();
let entry = null, numbered = 0;

history.scrollRestoration = "manual"; // a view is filled only after the browser would have scrolled

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, ...rest] = path.split("/");
  return { path, view, rest, asked: new URLSearchParams(query || "") };
}

const withQuery = (path, asked) => `#/${path}${[...asked].length ? `?${asked}` : ""}`;

// Changes what stands after the ? without a new entry: a letter typed is no step that one goes back by. Empty values are left out.
function remember(changes) {
  const { path, asked } = address();
  for (const [key, value] of Object.entries(changes)) {
    if (value) asked.set(key, value);
    else asked.delete(key);
  }
  history.replaceState(history.state, "", withQuery(path, asked));
}

// To be called before a view is replaced.
function leaveEntry() {
  clearTimeout(stopped);
  if (entry === null) return;
  const link = document.activeElement && document.activeElement.closest("main a[href], #side a[href]");
  const point = document.activeElement && document.activeElement.closest("svg [data-photo]");
  entries.set(entry, { scroll: scrollY, link: link ? link.getAttribute("href") : null, point });
}

// What was kept of the entry that is shown now; null for one that is new. A page that is loaded again has lost all but the scroll.
function enterEntry() {
  const state = history.state || {};
  entry = state.entry ?? `${Date.now()}.${numbered++}`;
  if (state.entry === undefined) history.replaceState({ entry }, "");
  return entries.get(entry) || (state.scroll === undefined ? null : { scroll: state.scroll, link: null });
}

// For a page that is loaded again. Written when scrolling has stopped: browsers refuse many changes in a short time.
let stopped = 0;
addEventListener("scroll", () => {
  clearTimeout(stopped);
  stopped = setTimeout(() => history.replaceState({ entry, scroll: scrollY }, ""), 150);
}, { passive: true });

// Focus goes to the link or the photo on the map that led away, or to the heading of the view: whoever uses keys or listens goes on from there.
function focusView(section, kept) {
  if (kept && kept.point) return kept.point.focus({ preventScroll: true }); // of the map, which stands beside several views
  const links = kept && kept.link ? [...section.querySelectorAll("a[href]")] : [];
  const goal = links.find((one) => one.getAttribute("href") === kept.link) || section.querySelector("h2") || section;
  if (!goal.matches("a[href]")) goal.tabIndex = -1;
  goal.focus({ preventScroll: true });
}

const motionAllowed = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;
