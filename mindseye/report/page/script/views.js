// Which view is shown stands behind the # of the address, so that back, forward and a sent link do what they should.
const columns = byId("columns"), side = byId("side");
let reading = 0, before = null; // the view that is left
const openers = new Map(); // the view that a link led away from, by entry of the history

// All pictures, as they were filtered when they were left.
// A run of `inspect` opens on what it was made for; its facets have an address of their own.
const FRONT = content.inspect ? "facets" : "";
const frontHref = () => withQuery(FRONT, new URLSearchParams(Object.entries({ filter: field.value, sort: orderField.value, ...selectionQuery(), map: position }).filter(([, value]) => value)));
const channelsHref = (place) => withQuery(`channels${place === undefined ? "" : `/${place}`}`, new URLSearchParams(selectionQuery()));

const visibleNumbers = () => {
  const cards = [...document.querySelectorAll(".me-card")].filter((card) => !card.hidden).map((card) => Number(card.dataset.number));
  return cards.length ? cards : items.map((item) => item.number);
};

function show(view, wide) {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== view;
  for (const tab of document.querySelectorAll("#tabs a")) tab.toggleAttribute("aria-current", tab.dataset.view === (["item", "photo", "compare"].includes(view) ? "front" : view));
  if (side) side.hidden = wide;
  columns.classList.toggle("mapped", Boolean(side) && !wide);
  columns.classList.toggle("single", view !== "front"); // one picture or photo: it has the room, the map is small beside it
}

// An address may have been typed, so that it need not be decodable.
function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const hasChannels = layers.some((layer) => layer.entangled || layer.items.some((item) => item.channels.length));

function channelsAt(layer, place, channel) {
  if (place < 0) return [el("h2", {}, "Not on this page"), el("p", { id: "unknown" }, `This run has no layer “${layer}”.`)];
  if (channel) return channelView(place, channel);
  return content.inspect ? entangledView(place) : channelsView(place);
}

// Fills the view that the address asks for: its section, its title, and where to scroll where nothing is known of the entry.
function fillView() {
  const { view, rest, asked } = address();
  const [first, second] = rest.map(Number);
  if (view === "picture") {
    const place = layers[second] ? second : deepest;
    const item = places[place] && places[place].get(first);
    if (item) {
      byId("item").replaceChildren(...itemView(item, place));
      show("item", false);
      choose([item.number]);
      if (asked.get("map")) showPosition(asked.get("map"));
      return ["item", [item.label, item.name, place === deepest ? "" : layers[place].name]];
    }
  }
  if (view === "photo") {
    byId("photo").replaceChildren(...photoView(rest[0]));
    show("photo", false);
    choose([facetOfPhoto(Number(rest[0]))].filter((facet) => facet !== null));
    return ["photo", [content.photos.names[Number(rest[0])] || "no photo"]];
  }
  if (view === "compare") {
    const { titles, pair, parts } = pairView(rest);
    byId("compare").replaceChildren(...parts);
    show("compare", false);
    choose(pair.map((item) => item.number));
    return ["compare", titles];
  }
  if (view === "layers" && layers.length > 1) {
    byId("layers").replaceChildren(...layersView());
    show("layers", true);
    return ["layers", ["Layers"]];
  }
  if (hasChannels && (view === "channels" || (content.inspect && view === ""))) {
    const [layer, channel] = rest.map(plain);
    const place = layerPlace(layer);
    if (!channel) select(selectionIn(asked));
    byId("channels").replaceChildren(...channelsAt(layer, place, channel).filter(Boolean));
    show("channels", true);
    return ["channels", [channel ? `channel ${channel}` : content.inspect ? "Entanglement" : "Channels", place < 0 ? "" : layers[place].name]];
  }
  if (view === "words") {
    byId("words").replaceChildren(...wordsView());
    show("words", true);
    return ["words", ["Words"]];
  }
  if (view === "making") {
    show("making", true);
    return ["making", ["Details"]];
  }
  show("front", false);
  field.value = asked.get("filter") || "";
  sortCards(asked.get("sort") || "");
  select(selectionIn(asked));
  showPosition(asked.get("map") || "");
  return ["front", []];
}

function route(event) {
  if (!byId("front").hidden) reading = scrollY;
  leaveEntry();
  choose([]);
  explain(null);
  unpeek();
  const kept = enterEntry();
  const [section, titles] = fillView();
  if (!kept && before) openers.set(entry, before);
  before = section;
  document.title = [...titles.filter(Boolean), pageTitle].join(" · ");
  scrollTo(0, kept ? kept.scroll : section === "front" ? reading : 0);
  if (event) focusView(byId(section), kept);
}
