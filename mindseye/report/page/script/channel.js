// One channel: its picture where it was painted, its photos, its values over all photos, and the facets that rest on it.
const channelHref = (place, channel) => `#/channels/${place}/${channel}`;

// Layers are named by their place in the list; an address that was typed may have a layer's name.
function layerPlace(text) {
  if (text === undefined || text === "") return deepest;
  if (/^\d+$/.test(text) && layers[Number(text)]) return Number(text);
  return layers.findIndex((layer) => layer.name === text);
}

// The facets of a layer that have a channel among their top-k: item, rank from 1, share.
const facetsWith = (layer, channel) => layer.items.flatMap((item) => {
  const rank = item.channels.findIndex(([other]) => other === channel);
  return rank < 0 ? [] : [{ item, rank: rank + 1, share: item.channels[rank][1] }];
});

function channelParts(layer, channel) {
  const found = layer.entangled;
  return {
    facets: facetsWith(layer, channel),
    activity: layer.activity[channel] || null,
    row: found ? found.table.rows.find((row) => String(row[0]) === channel) : undefined,
    painted: found ? found.shown.find((one) => String(one.channel) === channel) : undefined,
  };
}

const isNamed = (parts) => parts.facets.length > 0 || parts.activity !== null || parts.row !== undefined || parts.painted !== undefined;

// Why there is nothing to show of a channel.
function whyUnknown(layer, channel) {
  if (!/^\d+$/.test(channel)) return `“${channel}” is not the number of a channel.`;
  if (layer.size && Number(channel) >= layer.size) return `There is no channel ${channel}: ${layer.name} has ${layer.size}, from 0 to ${layer.size - 1}.`;
  return `Channel ${channel} of ${layer.name} is among the top-k of no facet: this page holds nothing about it.`;
}

const inFacets = (count, all) => (all ? `among the top-k of ${count} of ${all} facets` : null);

function channelView(place, given) {
  const layer = layers[place];
  const channel = /^\d+$/.test(given) ? String(Number(given)) : given;
  const crumbs = el("div", { class: "crumbs" }, el("a", { href: `#/channels/${place}` }, `← channels of ${layer.name}`));
  const parts = channelParts(layer, channel);
  if (!isNamed(parts)) return [crumbs, el("h2", { class: "item-title" }, "Not on this page"), el("p", { id: "unknown" }, whyUnknown(layer, channel))];
  return [
    crumbs,
    el("h2", { class: "item-title" }, `channel ${channel}`, el("small", {}, breakable(layer.name))),
    el("p", { class: "facts" }, [inFacets(parts.facets.length, layer.items.length), parts.activity ? `mean ${shown(parts.activity[0])}` : null].filter(Boolean).map((text) => el("span", {}, text))),
    map && parts.activity ? el("div", { class: "tools" }, el("a", { class: "as-button", href: withQuery(FRONT, new URLSearchParams({ channel: `${place}/${channel}` })) }, "Its photos and their facets on the map")) : null,
    parts.painted ? channelCard(place, parts.painted) : el("p", { class: "words" }, "No picture of it was painted. To paint one: ", el("code", {}, `mindseye paint ${layer.name}:${channel}`)),
    channelPhotos(parts.activity), channelValues(parts.activity), channelFacets(place, parts.facets), channelNumbers(layer, parts.row),
  ].flat().filter(Boolean);
}

function channelPhotos(activity) {
  if (!activity) return el("p", { class: "words" }, "What it does in each photo is not known: the run kept no values of channels. A new run keeps them.");
  const photos = activity[4], largest = Math.max(...photos.map(([, value]) => Math.abs(value)), 1e-12);
  return [
    el("h2", {}, why("Photos that it answers to most", "The photos with the channel's largest mean over positions, the largest first.")),
    el("div", { class: "members" }, photos.map(([number, value]) => el("figure", {}, photoLink(number, 120),
      el("span", { class: "bar" }, el("i", { "--share": `${(100 * Math.max(0, value)) / largest}%` })),
      el("figcaption", {}, photoName(number), el("span", {}, shown(value)))))),
  ];
}

const channelValues = (activity) => activity && [
  el("h2", {}, why("Its mean over all photos", "For each photo the channel's activation, averaged over positions. The bars count photos; the line is the mean of them all.")),
  histogram(activity),
];

function channelFacets(place, facets) {
  if (!facets.length) return null;
  const largest = Math.max(...facets.map(({ share }) => share || 0), 1e-12);
  return [
    el("h2", {}, why("Facets that have it among their top-k", "Its rank among the top-k channels of the facet, and its share of what these channels have together.")),
    el("ul", { class: "facet-list" }, facets.slice().sort((a, b) => a.rank - b.rank).map(({ item, rank, share }) => el("li", { class: "me-hue", ...tint(item.number) },
      el("a", { href: `#/picture/${item.number}${place === deepest ? "" : `/${place}`}` }, el("i", { class: "me-dot" }), el("b", {}, breakable(item.label || item.name)), item.label ? el("span", { class: "me-faint" }, item.name) : null),
      el("span", {}, `rank ${rank} of ${item.channels.length}`),
      el("span", { class: "bar" }, el("i", { "--share": `${(100 * (share || 0)) / largest}%` })),
      el("span", {}, share === null ? "" : percent(share))))),
  ];
}

const channelNumbers = (layer, row) => row && [
  el("h2", {}, "Its numbers"),
  el("dl", { class: "list" }, layer.entangled.table.columns.map(({ key, title, words: meaning }, at) => key === "channel" ? null
    : el("div", {}, el("dt", {}, why(title, meaning)), el("dd", {}, channelNumber(layer, key, row[at]), key === "p_value" && isFloor(layer, row[at]) ? ` (floor of ${layer.entangled.shuffles.toLocaleString("en")} shuffles)` : null)))),
];
