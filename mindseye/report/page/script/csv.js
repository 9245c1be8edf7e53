// Numbers of the page as CSV (RFC 4180), for spreadsheets and scripts.
// Names come from files and folders: a text that a spreadsheet would run as a formula gets an apostrophe before it.
function csvCell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csv = (head, rows) => [head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";

// Every measure that a picture has, with its judge where one gave it: [title, key in the rows of `numbers`].
function measureColumns(all) {
  const known = new Map();
  for (const family of content.legend) {
    for (const measure of family.measures) {
      for (const item of all) {
        for (const [number, judge] of item.numbers) {
          if (number !== measure.number) continue;
          known.set(`${number}/${judge}`, judge === null ? measure.title : `${measure.title} (${content.judges[judge]})`);
        }
      }
    }
  }
  return [...known];
}

function picturesCsv() {
  const all = layers.flatMap((layer) => layer.items), measures = measureColumns(all);
  const head = ["layer", "number", "name", "label", "photos", "silhouette", "effective members",
    ...measures.flatMap(([, title]) => ROLES.map(([, role]) => `${title}: ${role}`)), "members", "channels"];
  const rows = layers.flatMap((layer) => layer.items.map((item) => {
    const values = measures.flatMap(([key]) => (item.numbers.find(([number, judge]) => `${number}/${judge}` === key) || []).slice(2, 5).concat([null, null, null]).slice(0, 3));
    return [layer.name, item.number, item.name, item.label, ...item.values, ...values,
      item.members.map(([number]) => content.photos.names[number]).join("; "), item.channels.map(([channel]) => channel).join(" ")];
  }));
  return csv(head, rows);
}

// Of all layers: what the table of channels shows, the facets by their numbers.
function channelsCsv() {
  const judged = layers.some((layer) => layer.entangled) ? layers.find((layer) => layer.entangled).entangled.table.columns.filter((one) => !["channel", "facets"].includes(one.key)) : [];
  const head = ["layer", "channel", "facets", "among the top-k of", "mean", "lowest", "highest", ...judged.map((one) => one.title)];
  const rows = layers.flatMap((layer) => channelNumbersOf(layer).map((channel) => {
    const facets = facetsWith(layer, channel), [mean, low, high] = layer.activity[channel] || [];
    const { columns, rows: table } = layer.entangled ? layer.entangled.table : { columns: [], rows: [] };
    const own = table.find((row) => String(row[0]) === channel) || [];
    return [layer.name, Number(channel), facets.length, facets.map(({ item }) => item.number).join(" "), mean, low, high,
      ...judged.map((one) => own[columns.findIndex((other) => other.key === one.key)])];
  }));
  return csv(head, rows);
}

function photosCsv() {
  const { names, facets, distances, strongest, layer } = content.photos;
  const weights = new Map(items.flatMap((item) => item.members.map(([number, weight]) => [number, weight])));
  const head = ["photo", "path", "facet", "label", "distance to the centre", "member", "weight", `strongest channels${strongest ? ` of ${layers[layer].name}` : ""}`];
  return csv(head, names.map((name, number) => {
    const facet = facetOfPhoto(number), item = facet === null ? undefined : places[deepest].get(facet);
    return [number, name, facet, item ? item.label : "", facets ? distances[number] : null, weights.has(number) ? "yes" : "no", weights.get(number),
      strongest && strongest[number] ? strongest[number].map(([channel]) => channel).join(" ") : ""];
  }));
}
