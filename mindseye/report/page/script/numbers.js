// The numbers of a picture beside those of its members and its start, each on an axis of its own.
const ROLES = [["picture", "picture"], ["members", "members"], ["start", "start"]];

// How far an open axis reaches. A start may be so far off that nothing else could be told apart: it then stands at the end.
function farthest([picture, members, start]) {
  const own = Math.max(1e-9, picture ?? 0, members ?? 0);
  return start === null ? own : Math.max(own, picture === null ? start : Math.min(start, 4 * own));
}

// Where a value stands between the worst and the best: the right end of every axis is the good one, whichever side a measure counts from.
function axisScale({ span, better }, values) {
  const own = values.slice(0, 2).filter((value) => value !== null);
  const known = own.length ? own : values.filter((value) => value !== null);
  if (typeof better === "number") {
    const ends = span.filter((end) => end !== null).map((end) => Math.abs(end - better));
    const reach = ends.length ? Math.max(...ends) : 1.25 * farthest(values.map((value) => (value === null ? null : Math.abs(value - better))));
    return (value) => 1 - Math.abs(value - better) / reach;
  }
  const low = span[0] === null ? Math.min(0, ...known) : span[0];
  const high = span[1] === null ? low + farthest(values.map((value) => (value === null ? null : value - low))) : span[1];
  return (value) => (better === "lower" ? high - value : value - low) / (high - low || 1);
}

function axis(measure, values) {
  const scale = axisScale(measure, values);
  const at = (value) => `${Math.min(100, Math.max(0, 100 * scale(value)))}%`;
  const mark = (role, value) => (value === null ? null : el("i", { class: `of-${role}`, "--at": at(value) }));
  const [picture, members, start] = values;
  return el("span", { class: measure.better === null ? "axis" : "axis judged", "aria-hidden": "true" }, mark("start", start), mark("members", members), mark("picture", picture));
}

// How far a number is from the best that its measure can say: the less the better, of whichever side.
const fromBest = ({ better }, value) => (typeof better === "number" ? Math.abs(value - better) : better === "lower" ? value : -value);

// How good a picture's number is, from 0 (no better than the start) to 1 (as good as the members', or as good as can be);
// null where nothing says it. The same for a cosine and for a distance.
function goodness(measure, [picture, members, start]) {
  const { span, better } = measure;
  if (better === null || picture === null) return null;
  const away = (value) => fromBest(measure, value);
  const best = typeof better === "number" ? 0 : better === "lower" ? span[0] : span[1] === null ? null : -span[1];
  const good = members !== null ? away(members) : best, bad = start === null ? null : away(start);
  if (good !== null && away(picture) <= good) return 1;
  if (bad === null) return null;
  if (away(picture) >= bad) return 0;
  return good === null ? 1 : good >= bad ? 0 : (bad - away(picture)) / (bad - good);
}

const GRADES = [["bad", "○", "hardly better than the start"], ["fair", "◐", "between the start and the members"], ["good", "●", "about as good as the members, or as can be"]];
const gradeOf = (share) => (share === null ? null : GRADES[share >= 0.8 ? 2 : share >= 0.3 ? 1 : 0]);

function grade(measure, values) {
  const [name, sign, words] = gradeOf(goodness(measure, values)) || [];
  return name ? el("span", { class: `grade ${name}`, role: "img", "aria-label": words, title: words }, sign) : null;
}

const SIDES = { higher: "↑", lower: "↓" };
const sideMark = (measure) => (measure.better === null ? null
  : el("span", { class: "side", role: "img", "aria-label": measure.mark, title: measure.mark }, SIDES[measure.better] || `≈${shown(measure.better).replace(/\.0+$/, "")}`));

function numberRow([number, , ...values], measure, hasMembers) {
  const shownRoles = hasMembers ? values : [values[0], values[2]];
  return el("tr", {},
    el("th", { scope: "row" }, why(measure.title, `${measure.words}${measure.mark ? ` (${measure.mark})` : ""}`), " ", sideMark(measure)),
    el("td", { class: "axis-cell" }, axis(measure, values)),
    shownRoles.map((value, place) => el("td", { class: place ? null : "own", title: value }, place ? null : grade(measure, values), shownOn(measure.span, value))));
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
  if (!item.numbers.length) return [];
  return [numbersKey(), ...numberTablesOf(item)];
}

function numberTablesOf(item) {
  return content.legend.flatMap((family) => {
    const own = item.numbers.filter(([number]) => family.measures.some((one) => one.number === number));
    const judges = [...new Set(own.map(([, judge]) => judge))];
    return judges.map((judge) => numberTable(family, judge, own.filter((row) => row[1] === judge),
      family.measures[0].number === 0 ? (item.wanted.find(([other]) => other === judge) || [])[1] : null));
  });
}

// What the signs of the tables mean.
const numbersKey = () => el("p", { class: "numbers-key" }, GRADES.slice().reverse().map(([name, sign, words]) => el("span", {}, el("span", { class: `grade ${name}` }, sign), ` ${words}`)),
  el("span", {}, "↑ ↓ ≈ which side is better; the right end of each axis is the better one"));

// The judge's probability, large, where one gave it.
function bigNumber(item) {
  const score = item.numbers.find(([number]) => number === 0);
  if (!score) return null;
  const [, judge, value, members, start] = score;
  const p = (probability) => shownOn([0, 1], probability);
  const beside = [members === null ? null : `members ${p(members)}`, start === null ? null : `start ${p(start)}`].filter(Boolean);
  const measure = content.legend[0].measures[0];
  return el("p", { class: "big" }, el("b", {}, p(value)), grade(measure, [value, members, start]),
    term("judges_probability"),
    el("span", { class: "me-faint" }, `${judge === null ? "" : content.judges[judge]} · ${beside.join(" · ")}`));
}

function sightings(item) {
  return item.sees.map(([judge, wanted, seen]) => [
    el("h2", {}, `What ${judge} sees in it`),
    el("ul", { class: "sees" }, seen.map(([name, share]) => el("li", { class: name === wanted ? "wanted" : null, ...tint(item.number) },
      el("span", { title: name }, name), el("span", { class: "bar me-hue", ...tint(item.number) }, el("i", { "--share": `${100 * (share || 0)}%` })), el("span", {}, shown(share))))),
  ]);
}
