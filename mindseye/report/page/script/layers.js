// Layers side by side: facets across, layers down, early to late, after Fig. 4 of Stergiou (ICIP 2021).
function layersView() {
  const cell = Math.max(104, Math.min(176, Math.floor(980 / Math.max(1, items.length)) - 8));
  const grid = el("div", { class: "matrix", "--cell": `${cell}px`, style: `grid-template-columns: minmax(92px, 150px) repeat(${items.length}, ${cell}px)` });
  grid.style.setProperty("--cell", `${cell}px`);
  grid.append(el("span", { class: "row-name" }, "facet"));
  for (const item of items) grid.append(el("a", { class: "column-name me-hue", href: `#/picture/${item.number}`, ...tint(item.number) }, el("i", { class: "me-dot" }), el("b", { title: item.label || item.name }, breakable(item.label || item.name))));
  grid.append(el("span", { class: "row-name" }, term("members"), el("small", {}, "the first four")));
  for (const item of items) grid.append(later(el("div", { class: "four me-hue", ...tint(item.number) }), () => item.members.slice(0, 4).map(([number]) => photo(number, 80))));
  layers.forEach((layer, place) => {
    grid.append(el("span", { class: "row-name" }, el("b", {}, breakable(layer.name)), el("small", {}, breakable(layer.about.join(" · ")))));
    for (const top of items) {
      const item = places[place].get(top.number);
      const frame = el("a", { class: "me-hue", href: `#/picture/${top.number}/${place}`, "aria-label": `${top.name} at ${layer.name}`, style: `width:${cell}px;height:${cell}px`, ...tint(top.number) });
      grid.append(later(frame, () => item && item.failure ? el("span", { class: "me-gone" }, "failed") : picture(item ? item.picture : null, cell, `${top.name} at ${layer.name}`)));
    }
  });
  return [
    el("h2", {}, "Layers side by side"),
    el("p", { class: "words" }, "Down: layers, early to late. Across: facets, with their members on top. The same photos, seen by each layer: early ones know edges and textures, late ones parts and objects."),
    el("div", { class: "scroller", tabindex: 0 }, grid),
    ...curveCharts(),
  ];
}

function curveCharts() {
  if (!content.curves.length) return [];
  const names = layers.map((layer) => layer.name);
  return [
    el("h2", {}, "Over depth"),
    chartLegend([["of-picture", "pictures, mean"], ["of-members", "members"], ["of-start", "start"]]),
    el("div", { class: "charts" }, content.curves.map((curve) => el("div", { class: "chart" },
      el("h3", {}, why(curve.title, `${curve.words}${curve.note ? ` (${curve.note})` : ""}. Small points: single facets.`)),
      chart(el("div"), names, curve.span, ["picture", "members", "start"].map((role) => ({ values: curve.means[role], kind: `of-${role}` })), (x, y) => curve.points.flatMap((row, place) =>
        row.map(([facet, value]) => svg("circle", { class: "me-hue", cx: x(place), cy: y(value), r: 3, ...tint(facet) })))))))
  ];
}
