// Two facets or pictures side by side: pictures, photos, numbers with the better side marked, channels that both have, and how far
// apart their centres lie.
const pairHref = (first, second, place) => `#/compare/${first}/${second}${place === deepest ? "" : `/${place}`}`;
const shortName = (item) => item.label || item.name;
const fullName = (item) => (item.label ? `${item.label} (${item.name})` : item.name);

function centresApart(first, second) {
  const [a, b] = [first, second].map((number) => about.centres && about.centres[number]);
  return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : null;
}

// The others, the nearest centre first where centres are known.
function othersNear(item) {
  const away = (other) => centresApart(item.number, other.number) ?? Infinity;
  return items.filter((other) => other.number !== item.number).sort((a, b) => (away(a) < away(b) ? -1 : away(a) > away(b) ? 1 : a.number - b.number));
}

// A choice among many, which are listed when one comes to it.
function choiceOf(label, among, now, onchange) {
  const option = (item) => el("option", { value: item.number, selected: item.number === now }, fullName(item));
  const choice = el("select", { "aria-label": label, onchange }, option(among.find((item) => item.number === now)));
  const list = () => { if (choice.options.length < among.length) choice.replaceChildren(...among.map(option)); };
  for (const event of ["focus", "pointerdown"]) choice.addEventListener(event, list, { once: true });
  return choice;
}

// Which one to compare an item with; the link goes there, so that choosing by keys leads nowhere by itself.
function compareWith(item, place) {
  const others = othersNear(item);
  if (!others.length) return null;
  const link = el("a", { class: "as-button", href: pairHref(item.number, others[0].number, place) }, "Compare");
  const choice = choiceOf("compare with", others, others[0].number, () => { link.href = pairHref(item.number, choice.value, place); });
  return el("div", { class: "tools comparing" }, el("span", {}, "Compare with"), choice, link);
}

function pairView(texts) {
  const place = layers[texts[2]] ? Number(texts[2]) : deepest, own = places[place];
  const pair = [0, 1].map((side) => (own && /^\d+$/.test(texts[side] || "") ? own.get(Number(texts[side])) : undefined));
  const back = el("a", { href: frontHref() }, content.named ? "← all pictures" : "← all facets");
  const missing = pair.findIndex((item) => !item);
  if (missing >= 0) return { titles: ["Not on this page"], pair: [], parts: [el("div", { class: "crumbs" }, back), el("h2", { class: "item-title" }, "Not on this page"), el("p", { id: "unknown" }, `There is no ${content.named ? "picture" : "facet"} ${texts[missing] || "to compare with"}.`)] };
  const [first, second] = pair;
  return { titles: [`${shortName(first)} and ${shortName(second)}`, "compared"], pair, parts: [
    el("div", { class: "crumbs" }, back, pairChoice(pair, place)),
    el("h2", { class: "item-title" }, el("span", {}, breakable(shortName(first)), " and ", breakable(shortName(second)))),
    pairDistance(first, second),
    layers.length > 1 ? el("nav", { class: "pills", "aria-label": "layers" }, layers.map((one, number) => el("a", { href: pairHref(first.number, second.number, number), "aria-current": number === place ? "true" : null }, one.name))) : null,
    el("div", { class: "pair-of-facets" }, pair.map((item) => pairSide(item, place))),
    pairNumbers(first, second), pairChannels(first, second, place),
  ].flat().filter(Boolean) };
}

function pairChoice([first, second], place) {
  const link = el("a", { class: "as-button", href: pairHref(first.number, second.number, place) }, "Compare");
  const chosenPair = () => { link.href = pairHref(left.value, right.value, place); };
  const left = choiceOf("the one on the left", items, first.number, chosenPair), right = choiceOf("the one on the right", items, second.number, chosenPair);
  return el("div", { class: "tools comparing" }, left, el("span", {}, "with"), right, link);
}

function pairDistance(first, second) {
  const apart = centresApart(first.number, second.number);
  if (apart === null) return null;
  const spread = (item) => photosOf(item.number).reduce((sum, number, _, all) => sum + (about.distances[number] || 0) / all.length, 0);
  const near = othersNear(first), nearer = near.findIndex((other) => other.number === second.number);
  return el("p", { class: "words", id: "centres-apart" }, term("centre", "Their centres"), ` lie ${shown(apart)} apart on the `, term("map"),
    `; from its own centre a photo of the first lies ${shown(spread(first))} away on average, one of the second ${shown(spread(second))}. ${nearer === 0 ? "None" : nearer} of the ${near.length} others ${nearer > 1 ? "lie" : "lies"} nearer to the first.`);
}

const pairSide = (item, place) => el("section", { class: "me-hue", "aria-label": fullName(item), ...tint(item.number) },
  el("h3", {}, el("a", { href: `#/picture/${item.number}${place === deepest ? "" : `/${place}`}` }, el("i", { class: "me-dot" }), el("b", {}, breakable(shortName(item)))), item.label ? el("small", { class: "me-faint" }, item.name) : null),
  item.failure ? el("span", { class: "me-gone" }, `failed: ${item.failure}`) : picture(item.picture, 512, `${item.name}: the painted picture`, { decoding: "sync" }),
  el("p", { class: "facts" }, item.facts.map(([text, words]) => why(text, words))),
  item.members.length ? [el("h4", {}, term("members", "Members")), el("div", { class: "members" }, item.members.map(([number]) => el("figure", {}, photoLink(number, 120), el("figcaption", {}, photoName(number)))))] : null);

// Which of two numbers is the better one: 0, 1, or null where nothing says it or both read the same.
function betterOf(measure, values) {
  const { better, span } = measure;
  if (better === null || values.includes(null) || values.includes(undefined) || shownOn(span, values[0]) === shownOn(span, values[1])) return null;
  const [a, b] = values.map((value) => -fromBest(measure, value));
  return a === b ? null : a > b ? 0 : 1;
}

function pairNumbers(first, second) {
  const pair = [first, second];
  const rows = content.legend.flatMap((family) => family.measures.flatMap((measure) => {
    const judges = [...new Set(pair.flatMap((item) => item.numbers.filter(([number]) => number === measure.number).map(([, judge]) => judge)))];
    return judges.map((judge) => [measure, judge, pair.map((item) => item.numbers.find((row) => row[0] === measure.number && row[1] === judge) || [])]);
  }));
  if (!rows.length) return null;
  return [
    el("h2", {}, "Numbers"),
    el("p", { class: "numbers-key" }, el("span", {}, el("b", { class: "better" }, "✓"), " the better of both pictures"), el("span", {}, "in grey: the members, which a picture is to be held against")),
    el("table", { class: "numbers of-pair" },
      el("thead", {}, el("tr", {}, el("th"), pair.map((item) => el("th", { scope: "col", class: "me-hue", title: fullName(item), ...tint(item.number) }, el("i", { class: "me-dot" }), item.name)))),
      el("tbody", {}, rows.map(([measure, judge, sides]) => {
        const best = betterOf(measure, sides.map((row) => row[2] ?? null));
        return el("tr", {}, el("th", { scope: "row" }, why(measure.title, `${measure.words}${measure.mark ? ` (${measure.mark})` : ""}`), " ", sideMark(measure), judge === null ? null : el("small", {}, ` ${content.judges[judge]}`)),
          sides.map(([, , value, members, start], side) => el("td", { class: best === side ? "own" : null },
            best === side ? el("b", { class: "better", role: "img", "aria-label": "better", title: "better" }, "✓") : null, grade(measure, [value ?? null, members ?? null, start ?? null]), shownOn(measure.span, value),
            members === null || members === undefined ? null : el("small", {}, ` ${shownOn(measure.span, members)}`))));
      }))),
  ];
}

function pairChannels(first, second, place) {
  const [a, b] = [first, second].map((item) => new Map(item.channels.map(([channel, share], at) => [channel, { rank: at + 1, share }])));
  if (!a.size && !b.size) return null;
  const both = [...a.keys()].filter((channel) => b.has(channel)), size = layers[place].size;
  const link = (channel) => el("a", { href: channelHref(place, channel), "aria-label": `channel ${channel}` }, channel);
  const column = (title, channels, ranks) => el("div", {}, el("h3", {}, `${title} (${channels.length})`),
    channels.length ? el("ul", { class: "channels-of-pair" }, channels.map((channel) => el("li", {}, link(channel), el("span", {}, ranks(channel))))) : el("p", { class: "me-faint" }, "none"));
  const alone = (own, other) => [...own.keys()].filter((channel) => !other.has(channel));
  const told = (one) => `rank ${one.rank}${one.share === null ? "" : ` · ${percent(one.share)}`}`;
  return [
    el("h2", {}, term("top_k", "Top-k channels")),
    el("p", { class: "words" }, `${both.length} of ${a.size}${b.size === a.size ? "" : ` and ${b.size}`} are in both`, size ? [`; by `, term("chance"), ` it would be ${shown((a.size * b.size) / size)} of the layer’s ${size}.`] : "."),
    el("div", { class: "shared-channels" },
      column(`Only in ${shortName(first)}`, alone(a, b), (channel) => told(a.get(channel))),
      column("In both", both, (channel) => `ranks ${a.get(channel).rank} and ${b.get(channel).rank}`),
      column(`Only in ${shortName(second)}`, alone(b, a), (channel) => told(b.get(channel)))),
  ];
}
