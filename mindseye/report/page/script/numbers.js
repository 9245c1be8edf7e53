// The numbers of a picture beside those of its members and its start, each on an axis of its own.
const ROLES = [["picture", "picture"], ["members", "members"], ["start", "start"]];

function axis(span, values) {
  // A start may be so far off that nothing else could be told apart: it then stands at the end of the axis.
  const own = values.slice(0, 2).filter((value) => value !== null);
  const known = own.length ? own : values.filter((value) => value !== null);
  const low = span[0] === null ? Math.min(0, ...known) : span[0];
  const high = span[1] === null ? Math.max(low + 1e-9, ...known) : span[1];
  const at = (value) => `${Math.min(100, Math.max(0, (100 * (value - low)) / (high - low || 1)))}%`;
  const mark = (role, value) => (value === null ? null : el("i", { class: `of-${role}`, "--at": at(value) }));
  const [picture, members, start] = values;
  return el("span", { class: "axis", "aria-hidden": "true" }, mark("start", start), mark("members", members), mark("picture", picture));
}

function numberRow([number, , ...values], measure, hasMembers) {
  const shownRoles = hasMembers ? values : [values[0], values[2]];
  return el("tr", {},
    el("th", { scope: "row" }, why(measure.title, measure.words)),
    el("td", { class: "axis-cell" }, axis(measure.span, values)),
    shownRoles.map((value, place) => el("td", { class: place ? null : "own", title: value }, shownOn(measure.span, value))));
}

function numberTable(family, judge, rows, wanted) {
  const hasMembers = rows.some(([, , , members]) => members !== null);
  const heads = ROLES.filter(([role]) => role !== "members" || hasMembers).map(([role, text]) =>
    el("th", { scope: "col" }, el("span", { class: "key" }, el("span", { class: "axis" }, el("i", { class: `of-${role}`, "--at": "50%" })), text)));
  return el("table", { class: "numbers" },
    el("caption", {}, why(family.heading.replace("{judge}", judge === null ? "the judge" : content.judges[judge]), family.words), wanted ? el("small", {}, ` · ${wanted}?`) : null),
    el("thead", {}, el("tr", {}, el("th"), el("th", { class: "axis-cell" }), heads)),
    el("tbody", {}, rows.map((row) => numberRow(row, family.measures.find((one) => one.number === row[0]), hasMembers))));
}

function numberTables(item) {
  return content.legend.flatMap((family) => {
    const own = item.numbers.filter(([number]) => family.measures.some((one) => one.number === number));
    const judges = [...new Set(own.map(([, judge]) => judge))];
    return judges.map((judge) => numberTable(family, judge, own.filter((row) => row[1] === judge),
      family.measures[0].number === 0 ? (item.wanted.find(([other]) => other === judge) || [])[1] : null));
  });
}

// The transfer score, large, where a judge gave one.
function bigNumber(item) {
  const score = item.numbers.find(([number]) => number === 0);
  if (!score) return null;
  const [, judge, value, members, start] = score;
  const p = (probability) => shownOn([0, 1], probability);
  const beside = [members === null ? null : `members ${p(members)}`, start === null ? null : `start ${p(start)}`].filter(Boolean);
  return el("p", { class: "big" }, el("b", {}, p(value)),
    why("transfer score", content.legend[0].measures[0].words),
    el("span", { class: "me-faint" }, `${judge === null ? "" : content.judges[judge]} · ${beside.join(" · ")}`));
}

function sightings(item) {
  return item.sees.map(([judge, wanted, seen]) => [
    el("h2", {}, `What ${judge} sees in it`),
    el("ul", { class: "sees" }, seen.map(([name, share]) => el("li", { class: name === wanted ? "wanted" : null, ...tint(item.number) },
      el("span", { title: name }, name), el("span", { class: "bar me-hue", ...tint(item.number) }, el("i", { "--share": `${100 * (share || 0)}%` })), el("span", {}, shown(share))))),
  ]);
}
