// The channels of a layer as a table: sorted by any column, searched by number, each with a view of its own.
function channelTable(place, columns, every, best) {
  const layer = layers[place], kept = selectedChannels(place);
  const rows = kept ? every.filter((row) => kept.has(String(row[0]))) : every;
  const cell = (row, value, at) => {
    if (columns[at].key === "channel") return el("td", { class: "linked" }, el("a", { href: channelHref(place, value) }, String(value)));
    return el("td", {}, layer.entangled ? channelNumber(layer, columns[at].key, value) : columns[at].key === "facets" ? (value === null ? "–" : String(value)) : shown(value));
  };
  const note = kept ? el("p", { class: "words", id: "of-selection" }, `${selectionWords()}: ${count(rows.length, "channel")} that they have among their strongest. `, el("a", { href: `#/channels/${place}` }, "All channels")) : null;
  return [note, sortable(columns, rows, cell, best, {
    label: "Channel number",
    say: (wanted, left) => wanted === "" ? "" : left ? `${left} of ${rows.length}` : kept && every.some((row) => String(row[0]) === wanted) ? "not of the selected photos" : whyUnknown(layer, wanted),
    open: (wanted) => { location.hash = channelHref(place, encodeURIComponent(wanted)); },
  }, csvButton("Channels as CSV", "channels.csv", channelsCsv), channelMembers(layer))].flat();
}

const PHOTOS_IN_TABLE = 5;

// The photos that each channel answers to most; nothing where the run kept none.
function channelMembers(layer) {
  const painted = new Map((layer.entangled ? layer.entangled.shown : []).map((one) => [String(one.channel), one.examples]));
  const photosOf = ([channel]) => (layer.activity[channel] ? layer.activity[channel][4] : painted.get(String(channel)) || []);
  if (!Object.keys(layer.activity).length && !painted.size) return null;
  const tiny = (row) => photosOf(row).slice(0, PHOTOS_IN_TABLE).map(([number]) => photoLink(number, 40));
  return { title: term("members"), cell: (row) => later(el("span", { class: "row-photos" }), () => tiny(row)) };
}

const layerPills = (place) => layers.length < 2 ? null : el("nav", { class: "pills", "aria-label": "layers", style: "margin-top:26px" }, layers.map((one, number) =>
  el("a", { href: channelsHref(number), "aria-current": number === place ? "true" : null }, one.name)));

const CHANNEL_COLUMNS = [
  { key: "channel", title: "channel", words: content.terms.channel[1] },
  { key: "facets", title: "facets", words: "In how many facets the channel is among the top-k." },
  { key: "mean", title: "mean", words: content.terms.mean[1] },
  { key: "high", title: "highest", words: content.terms.highest[1] },
];

// The numbers of the channels of a layer that the page names.
function channelNumbersOf(layer) {
  const judged = layer.entangled ? layer.entangled.table.rows.map((row) => String(row[0])) : [];
  return [...new Set([...Object.keys(layer.activity), ...judged, ...layer.items.flatMap((item) => item.channels.map(([channel]) => channel))])];
}

function channelsView(place) {
  const layer = layers[place];
  const rows = channelNumbersOf(layer).map((channel) => {
    const [mean, , high] = layer.activity[channel] || [null, null, null];
    return [Number(channel), facetsWith(layer, channel).length, mean, high];
  });
  const known = rows.some((row) => row[2] !== null) ? CHANNEL_COLUMNS : CHANNEL_COLUMNS.slice(0, 2);
  return [
    el("h2", {}, breakable(`Channels of ${layer.name}`)),
    el("p", { class: "words" }, `The channels that are among the top-k of a facet: ${rows.length}${layer.size ? ` of the layer’s ${layer.size}` : ""}. Each leads to the photos that it answers to most.`),
    layerPills(place),
    channelTable(place, known, rows.map((row) => row.slice(0, known.length)), 1),
  ].flat().filter(Boolean);
}
