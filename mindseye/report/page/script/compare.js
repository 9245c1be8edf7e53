// Two runs over the same photos side by side: what they differ in, and each facet beside its partner.
const compared = JSON.parse(byId("content").textContent);

const pairOf = (first, second) => {
  const given = compared.pairs[`${first}/${second}`], turned = compared.pairs[`${second}/${first}`];
  if (given) return given;
  if (!turned) return null;
  const matches = turned.matches.map(([a, b, shared]) => [b, a, shared]).sort(([a], [b]) => (a === null) - (b === null) || a - b);
  return { ...turned, matches };
};
const nameOf = (place) => document.querySelector(`.me-card[data-place="${place}"]`).dataset.name;
const linkOf = (place) => (document.querySelector(`.me-card[data-place="${place}"] a.me-open`) || { href: "" }).getAttribute?.("href");
const pictureOf = (place, facet) => document.querySelectorAll(`.me-card[data-place="${place}"] .mosaic > *`)[facet];

function facetCell(place, facet) {
  if (facet === null) return el("div", { class: "me-gone no-partner" }, "no partner");
  const about = compared.runs[place].facets[facet], shown = pictureOf(place, facet), link = linkOf(place);
  const name = `${about.name}${about.label ? ` (${about.label})` : ""} of ${nameOf(place)}`;
  const picture = shown && shown.src ? el("img", { src: shown.src, alt: name, width: 224, height: 224 }) : el("span", { class: "me-gone" }, "no picture");
  return el("figure", { class: "me-hue", style: about.colour },
    link ? el("a", { href: `${link}#/picture/${about.number}` }, picture) : picture,
    el("figcaption", {}, el("span", { class: "me-name" }, el("i", { class: "me-dot" }), el("b", {}, about.label || about.name)),
      el("span", { class: "me-faint" }, `${about.label ? `${about.name} · ` : ""}${about.size} photo${about.size === 1 ? "" : "s"}`),
      about.strip ? el("img", { class: "me-strip", src: about.strip.uri, width: about.strip.width, height: about.strip.height, alt: `the nearest photos of ${name}` }) : null));
}

function sharedCell(first, second, [a, b, shared]) {
  if (a === null || b === null) return el("div", { class: "shared" });
  const both = compared.runs[first].facets[a].size + compared.runs[second].facets[b].size - shared;
  return el("div", { class: "shared" }, el("b", {}, `${shared} shared`), el("span", { class: "me-faint" }, `of ${both} in either`),
    el("i", { class: "bar", "--share": `${both ? (100 * shared) / both : 0}%` }));
}

function differences(first, second) {
  const other = new Map(compared.runs[second].about);
  const rows = compared.runs[first].about.filter(([key, value]) => value || other.get(key)).map(([key, value]) =>
    el("tr", { class: value === other.get(key) ? "same" : "differs" }, el("th", { scope: "row" }, key), el("td", {}, value || "–"), el("td", {}, other.get(key) || "–")));
  const title = (place) => el("th", { scope: "col" }, linkOf(place) ? el("a", { href: linkOf(place) }, nameOf(place)) : nameOf(place));
  return el("div", { class: "scroller", tabindex: 0, role: "group", "aria-label": "what the runs differ in" },
    el("table", { class: "differences" }, el("thead", {}, el("tr", {}, el("td"), title(first), title(second))), el("tbody", {}, rows)));
}

function compareView(first, second) {
  const pair = pairOf(first, second);
  const back = el("p", {}, el("a", { href: "#/" }, "← all runs"));
  if (!pair) return [back, el("h2", { tabindex: -1 }, "These two cannot be compared"), el("p", { class: "words" }, "They are not on this page, or not two finished runs over the same photos.")];
  const partners = pair.matches.filter(([a, b]) => a !== null && b !== null).length;
  const share = (count) => `${Math.round((100 * count) / (pair.photos || 1))} %`;
  return [back, el("h2", { tabindex: -1 }, `${nameOf(first)} and ${nameOf(second)}`),
    el("p", { class: "words" }, `${partners} of ${pair.matches.length} facets have a partner: ${share(pair.shared)} of the ${pair.photos} photos lie in partners (by chance ${share(pair.chance)}). `,
      "Partners share more photos than chance would have it; what differs is set in bold."),
    differences(first, second),
    el("div", { class: "matches" }, pair.matches.map((match) => el("div", { class: "match" }, facetCell(first, match[0]), sharedCell(first, second, match), facetCell(second, match[1])))),
    el("p", { class: "turn" }, el("a", { href: `#/compare/${second}/${first}` }, "The other way round"))];
}
