// Entanglement: the curve over depth, the channels of a layer as a table, and the pictures of the most and least entangled.
function entangledView(place) {
  const layer = layers[place], found = layer.entangled;
  const points = layers.map((one) => one.entangled.point), names = layers.map((one) => one.name);
  const every = points.flatMap((point) => Object.values(point)).filter((value) => value !== null);
  const span = [Math.min(0, ...every), Math.max(1e-9, ...every)];
  const band = (x, y) => {
    const known = points.map((point, at) => [at, point]).filter(([, point]) => point.low !== null && point.high !== null);
    const edge = (key, list) => list.map(([at, point]) => `${x(at)},${y(point[key])}`).join(" ");
    const bars = known.map(([at, point]) => svg("line", { class: "grid", x1: x(at), x2: x(at), y1: y(point.low), y2: y(point.high), "stroke-width": 3 }));
    return [svg("polygon", { class: "band", points: `${edge("high", known)} ${edge("low", known.slice().reverse())}` }), bars];
  };
  const columns = found.table.columns;
  const best = Math.max(0, columns.findIndex((one) => one.key === "entanglement" || one.key === "spread"));
  return [
    el("h2", { class: "answer" }, answerOf(layer)),
    el("h2", {}, "Entanglement over depth"),
    el("p", { class: "words" }, "A channel is entangled when it answers to several unlike things. The line is the mean over the channels that were looked at, its band the 95 % interval; the dashed line is what chance gives, with each channel shuffled over the photos. What lies above the dashed line is more than chance."),
    chartLegend([["of-picture", "mean over channels"], ["of-members", "chance"]]),
    el("div", { class: "chart lone" }, chart(el("div"), names, span, [{ values: points.map((point) => point.mean), kind: "of-picture" }, { values: points.map((point) => point.null), kind: "of-members" }], band)),
    layerPills(place),
    el("h2", {}, breakable(`Channels of ${layer.name}`)),
    floorNote(layer),
    found.table.rows.length ? channelTable(place, columns, found.table.rows, best) : el("p", { class: "me-faint" }, "No channel was looked at."),
    ...["most", "least"].flatMap((which) => channelGroup(place, which, found.shown.filter((one) => one.which === which))),
  ].flat();
}

const BEYOND_CHANCE = 0.05;

// Whether a p-value is the least that the layer's shuffles allow, (0 + 1) / (shuffles + 1): none of them came near the channel, and
// how small its p really is they cannot say.
const isFloor = (layer, value) => value !== null && layer.entangled.shuffles > 0 && value <= 1.001 / (layer.entangled.shuffles + 1);

// An entry of the table of channels, as it reads.
function channelNumber(layer, key, value) {
  if (key === "facets") return value === null ? "–" : String(value);
  return key === "p_value" && isFloor(layer, value) ? `<${shown(1 / layer.entangled.shuffles)}` : shown(value);
}

// How many channels stand at the floor, and what tells them apart.
function floorNote(layer) {
  const { columns, rows } = layer.entangled.table, at = columns.findIndex((one) => one.key === "p_value");
  const low = at < 0 ? 0 : rows.filter((row) => isFloor(layer, row[at])).length;
  if (!low) return null;
  const shuffles = layer.entangled.shuffles.toLocaleString("en");
  return el("p", { class: "words", id: "floor" }, `p < ${shown(1 / layer.entangled.shuffles)} is the floor of ${shuffles} shuffles: in ${count(low, "channel")} of ${rows.length} none of them was as entangled as the channel itself. `,
    columns.some((one) => one.key === "z_score") ? "How far beyond chance each of these lies, z says." : null);
}

// What the run says of a layer, as a sentence.
function answerOf(layer) {
  const { mean, low, high, null: chance, null_high: most } = layer.entangled.point, { columns, rows } = layer.entangled.table;
  if (mean === null) return `No channel of ${layer.name} has a number.`;
  const beyond = mean > (most ?? chance ?? 0), at = columns.findIndex((one) => one.key === "p_value");
  const single = at < 0 ? 0 : rows.filter((row) => row[at] !== null && row[at] <= BEYOND_CHANCE).length;
  const interval = low === null || high === null ? "" : `, 95 % ${shown(low)} to ${shown(high)}`;
  return [breakable(`The channels of ${layer.name} have ${beyond ? "several meanings more often than by chance" : "several meanings no more often than by chance"} `),
    el("span", { class: "me-faint" }, "(", el("span", { class: "me-why", tabindex: 0, "data-tip": entanglementWords() }, "entanglement"), ` ${shown(mean)}${interval}; `, term("chance"), ` ${shown(chance)})`),
    at < 0 ? "." : `. ${single} of ${rows.length} do by themselves (p ≤ ${BEYOND_CHANCE}).`].flat();
}

const entanglementWords = () => (content.columns.find(([name]) => name === "entanglement") || ["", ""])[1];

function channelGroup(place, which, shownChannels) {
  if (!shownChannels.length) return [];
  const words = which === "most"
    ? "Each channel by itself, and beside it what its own photos fall into. Where these pictures show unlike things, one channel means several."
    : "The same for channels with one meaning: their own facets look alike.";
  return [el("h2", {}, which === "most" ? "The most entangled channels" : "The least entangled channels"), el("p", { class: "words" }, words), ...shownChannels.map((one) => channelCard(place, one))];
}

// How strongly a picture excites its channel, beside its photos.
function excites(one) {
  const [picture, members] = one.activation;
  if (picture === null) return null;
  return [" · ", why(`excites it ${shown(picture)}`, `The channel's mean activation for the picture; its photos give ${shown(members)}, the start ${shown(one.activation[2])}.`)];
}

function channelCard(place, one) {
  const silhouette = one.silhouette === null ? null : why(`· silhouette ${shown(one.silhouette)}${one.shuffled === null ? "" : ` (chance ${shown(one.shuffled)})`}`, "How clearly the channel's own facets stand apart, −1 to 1, beside the same for one cloud of the same shape, which has no groups.");
  return el("article", { class: "channel", id: `channel-${one.channel}` },
    el("h3", {}, el("a", { href: channelHref(place, one.channel) }, `channel ${one.channel}`), " ", el("small", {}, `${one.facets.length} facet${one.facets.length === 1 ? "" : "s"} `, silhouette)),
    el("div", { class: "pair" },
      el("figure", { class: "plain" }, later(el("div", { style: "aspect-ratio:1" }), () => picture(one.picture, 260, `channel ${one.channel}`)),
        el("figcaption", {}, "the channel as a whole", excites(one)), one.examples.length ? [photoList(one.examples, 10), el("figcaption", {}, "photos that it answers to most")] : null),
      el("div", { class: "own" }, one.facets.map((facet) => el("figure", { class: "me-hue", ...tint(facet.number) },
        later(el("div", { style: "aspect-ratio:1" }), () => picture(facet.picture, 240, `channel ${one.channel}, facet ${facet.number}`, { class: "wide" })),
        el("figcaption", {}, el("i", { class: "me-dot", style: "display:inline-block" }), ` ${facet.label || `facet ${facet.number}`}`, facet.size === null ? "" : ` · ${facet.size} photos`, excites(facet)),
        photoList(facet.members, 5))))));
}
