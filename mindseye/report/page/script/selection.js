// Photos that are selected, by a line drawn on the map or as those that a channel answers to most. The facets and channels that have
// none of them are left out, and the map shows which they are; what is selected stands in the address.
let selection = null; // { photos: a Set of numbers, facets: a Set of numbers, words, query: what stands in the address }

// Even-odd: whether a point lies inside a line that is closed from its last corner to its first.
function isInside(corners, x, y) {
  let inside = false;
  corners.forEach(([ax, ay], place) => {
    const [bx, by] = corners[(place || corners.length) - 1];
    if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

const selectionOf = (photos, words, query) => {
  const facets = new Set(photos.map(facetOfPhoto).filter((facet) => facet !== null));
  return { photos: new Set(photos), facets, words, query };
};

function selectionInside(corners) {
  if (corners.length < 3) return null;
  const photos = spots.filter(({ x, y }) => isInside(corners, x, y)).map(({ photo }) => photo);
  return selectionOf(photos, "on the map", { lasso: corners.map((corner) => corner.map(Math.round).join(".")).join("_") });
}

// What an address selects; null where it selects nothing, or what there is not.
function selectionIn(asked) {
  const line = asked.get("lasso"), channel = asked.get("channel");
  if (map && line) return selectionInside(line.split("_").map((corner) => corner.split(".").map(Number)).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)));
  const [place, number] = (channel || "").split("/");
  const activity = layers[place] && layers[place].activity[number];
  if (!activity || !about.facets) return null;
  return selectionOf(activity[4].map(([photo]) => photo), `that channel ${number} of ${layers[place].name} answers to most`, { channel });
}

const selectionQuery = () => (selection ? selection.query : {});

// The channels of a layer that the selected photos have among their strongest or, where that is not known, that their facets have
// among their top-k; null where nothing is selected.
function selectedChannels(place) {
  if (!selection) return null;
  if (about.strongest && about.layer === place) return new Set([...selection.photos].flatMap((photo) => (about.strongest[photo] || []).map(([channel]) => String(channel))));
  return new Set(layers[place].items.filter((item) => selection.facets.has(item.number)).flatMap((item) => item.channels.map(([channel]) => channel)));
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const selectionWords = () => `${count(selection.photos.size, "photo")} of ${count(selection.facets.size, "facet")} selected ${selection.words}`;
const MOST_SELECTED = 18;

// How many of the selected photos each facet has, the most first.
function tally() {
  const counts = new Map();
  for (const photo of selection.photos) counts.set(facetOfPhoto(photo), (counts.get(facetOfPhoto(photo)) || 0) + 1);
  return el("ul", { class: "tally" }, [...counts].sort((a, b) => b[1] - a[1]).map(([facet, photos]) => {
    const item = facet === null ? undefined : places[deepest].get(facet), name = item ? item.label || item.name : "no facet";
    return el("li", { class: "me-hue", ...(item ? tint(facet) : {}) }, el("a", { href: item ? `#/picture/${facet}` : null }, item ? el("i", { class: "me-dot" }) : null, `${name} `, el("b", {}, photos)));
  }));
}

function showSelection() {
  if (!map) return;
  map.classList.toggle("selecting", selection !== null);
  for (const node of map.querySelectorAll("[data-photo]")) node.classList.toggle("selected", selection !== null && selection.photos.has(Number(node.dataset.photo)));
  const box = byId("selection");
  if (!selection) return box.replaceChildren();
  const photos = [...selection.photos], without = withQuery(address().path, new URLSearchParams([...address().asked].filter(([key]) => !(key in selection.query))));
  box.replaceChildren(
    el("p", {}, `${selectionWords()}.`),
    el("div", { class: "tools" },
      hasChannels && photos.length ? el("a", { class: "as-button", href: withQuery(`channels/${deepest}`, new URLSearchParams(selection.query)) }, "Their channels") : null,
      selection.facets.size === 2 ? el("a", { class: "as-button", href: pairHref(...selection.facets, deepest) }, "Compare the two facets") : null,
      el("a", { class: "as-button", href: without, onclick: () => select(null) }, "Select nothing")),
    tally(), gallery(photos, MOST_SELECTED));
}

function select(wanted) {
  selection = wanted;
  showSelection();
  filter();
}

// A line that was drawn, or a rectangle: to the facets that have its photos, wherever one was.
function selectInside(corners) {
  select(selectionInside(corners));
  const { view } = address();
  if (view === FRONT || view === "") remember({ channel: "", lasso: "", ...selectionQuery() });
  else location.hash = frontHref();
}
