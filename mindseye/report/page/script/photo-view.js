// One photo: large, with its path, its facet, its distance to the centre, and its strongest channels.
const about = content.photos;

const facetOfPhoto = (number) => (about.facets && about.facets[number] >= 0 ? about.facets[number] : null);

// The photos of a facet, the nearest to its centre first.
function photosOf(facet) {
  if (facet === null) return [];
  const own = about.facets.flatMap((other, number) => (other === facet ? [number] : []));
  const distance = (number) => about.distances[number] ?? Infinity;
  return own.sort((a, b) => distance(a) - distance(b));
}

function photoView(text) {
  const number = /^\d+$/.test(text || "") ? Number(text) : -1;
  const name = about.names[number];
  if (name === undefined) return [photoCrumbs([], -1), el("h2", { class: "item-title" }, "Not on this page"), el("p", { id: "unknown" }, `There is no photo ${text}: this run has ${about.names.length}.`)];
  const facet = facetOfPhoto(number), order = photosOf(facet);
  const source = about.thumbnails[number];
  const image = source ? el("img", { src: source, width: 480, height: 480, alt: name, decoding: "sync" }) : el("span", { class: "me-gone", role: "img", "aria-label": name }, "There is no copy of this photo on the page.");
  return [
    photoCrumbs(order, order.indexOf(number)),
    el("h2", { class: "item-title" }, el("span", {}, breakable(fileName(number)))),
    el("p", { class: "path" }, breakable(name)),
    el("div", { class: "look" },
      el("figure", { class: "one-photo" }, image, source ? pictureTools(image, fileName(number), null) : null),
      el("div", {}, photoFacts(number, facet, order), photoChannels(number), photoPictures(number))),
  ];
}

function photoCrumbs(order, at) {
  const step = (offset, arrow, label) => {
    const other = at < 0 ? undefined : order[at + offset];
    return el("a", { href: other === undefined ? null : `#/photo/${other}`, "aria-disabled": other === undefined, "aria-label": label, rel: offset < 0 ? "prev" : "next" }, arrow);
  };
  return el("div", { class: "crumbs" }, el("a", { href: frontHref() }, content.named ? "← all pictures" : "← all facets"),
    at < 0 ? null : el("span", { class: "step" }, step(-1, "←", "nearer to the centre"), el("span", {}, `${at + 1} of ${order.length}`), step(1, "→", "farther from the centre")));
}

const FACTS = { facet: "facet", centre: "distance to the centre", members: "one of its members" };

function photoFacts(number, facet, order) {
  const item = facet === null || !places[deepest] ? undefined : places[deepest].get(facet);
  if (!item) return about.facets && number < about.facets.length ? el("p", {}, "It belongs to no facet.") : null;
  const member = item.members.find(([other]) => other === number);
  const fact = (key, ...value) => el("div", {}, el("dt", {}, term(key, FACTS[key])), el("dd", {}, value));
  return el("dl", { class: "list facts-of-photo me-hue", ...tint(item.number) },
    fact("facet", el("a", { href: `#/picture/${facet}` }, el("i", { class: "me-dot" }), item.label ? `${item.label} (${item.name})` : item.name)),
    fact("centre",
      `${shown(about.distances[number])} · place ${order.indexOf(number) + 1} of ${order.length}`),
    fact("members",
      member ? (member[1] === null ? "yes" : `yes, weight ${percent(member[1])}`) : "no"));
}

function photoChannels(number) {
  const strongest = about.strongest && about.strongest[number];
  if (!strongest || !strongest.length) return null;
  const layer = layers[about.layer], largest = Math.max(...strongest.map(([, value]) => value), 1e-12);
  return [
    el("h2", {}, why("Its strongest channels", `Of the channels of ${layer.name} that are among the top-k of a facet, those with the largest mean over positions in this photo. Beside each, the channel's mean over all photos.`)),
    el("ul", { class: "strongest" }, strongest.map(([channel, value]) => el("li", {},
      el("a", { href: channelHref(about.layer, channel), "aria-label": `channel ${channel}` }, channel),
      el("span", { class: "bar" }, el("i", { "--share": `${(100 * Math.max(0, value)) / largest}%` })),
      el("span", {}, shown(value)), el("span", { class: "me-faint" }, `all photos ${shown((layer.activity[channel] || [null])[0])}`)))),
  ];
}

// Which pictures rest on the photo, where no map says so.
function photoPictures(number) {
  const own = content.named ? items.filter((item) => item.members.some(([other]) => other === number)) : [];
  return own.length ? [el("h2", {}, "Pictures that it guides"), el("ul", {}, own.map((item) => el("li", {}, el("a", { href: `#/picture/${item.number}` }, item.name))))] : null;
}
