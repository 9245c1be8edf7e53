// One facet or objective: its picture over its steps, its numbers, its photos, its channels, how it was made.
const FIRST_CHANNELS = 18;

function framesOf(item) {
  const kept = item.steps.map(([step, number]) => [`step ${step}`, number]);
  if (item.picture !== null && kept.length) kept[kept.length - 1] = [kept[kept.length - 1][0], item.picture];
  else if (item.picture !== null) kept.push(["picture", item.picture]);
  return (item.start === null ? kept : [["start", item.start], ...kept]).filter(([, number]) => number !== null);
}

function stage(item, about) {
  const alt = `${item.name}: the painted picture`;
  const frames = framesOf(item), last = frames.length - 1;
  const image = item.failure && !frames.length ? el("span", { class: "me-gone" }, `failed: ${item.failure}`)
    : picture(frames.length ? frames[last][1] : item.picture, 512, alt, { decoding: "sync" });
  const parts = [image];
  if (item.failure && frames.length) parts.push(el("p", { class: "me-warning" }, `failed: ${item.failure}`));
  if (last > 0) {
    const said = el("output", {}, frames[last][0]);
    const show = (place) => { image.src = content.pictures[frames[place][1]]; said.textContent = frames[place][0]; };
    const slider = el("input", { type: "range", min: 0, max: last, value: last, "aria-label": "steps, from start to picture",
      oninput: () => { slider.setAttribute("aria-valuetext", frames[slider.value][0]); show(slider.value); } });
    let timer = 0;
    const stop = () => { clearInterval(timer); timer = 0; };
    const play = el("button", { type: "button", "aria-label": "play the steps", onclick: () => {
      if (timer) return stop();
      slider.value = 0;
      show(0);
      timer = setInterval(() => {
        if (!image.isConnected) return stop();
        slider.value = Number(slider.value) + 1;
        show(slider.value);
        if (Number(slider.value) === last) stop();
      }, 320);
    } }, "▶");
    parts.push(el("div", { class: "making-of me-hue", ...tint(item.number) }, motionAllowed() ? play : null, slider, said));
  }
  const ends = [];
  if (item.start !== null) ends.push(el("figure", {}, picture(item.start, 88, `${item.name}: the start`), el("figcaption", {}, term("start"))));
  if (item.photo) ends.push(el("figure", {}, item.photo.picture === null
    ? el("span", { class: "photo me-gone", style: "width:88px;height:88px" }, item.photo.name)
    : picture(item.photo.picture, 88, `the photo ${item.photo.name}`), el("figcaption", {}, item.photo.name)));
  if (ends.length) parts.push(el("div", { class: "ends" }, ends));
  if (image.src) parts.splice(1, 0, pictureTools(image, item.label || item.name, item.file));
  return el("div", { class: "stage" }, parts);
}

function memberList(item) {
  if (!item.members.length) return null;
  const weights = item.members.map(([, weight]) => weight), largest = Math.max(...weights.map((weight) => weight || 0), 1e-12);
  const equal = alike(weights);
  return [
    el("h2", {}, term("members", "Members")),
    equal ? el("p", { class: "words" }, `All ${weights.length} count alike: each has `, term("weight"), ` ${percent(weights[0])}.`) : null,
    el("div", { class: "members me-hue", ...tint(item.number) }, item.members.map(([number, weight]) => el("figure", {}, photoLink(number, 120),
      equal ? null : el("span", { class: "bar" }, el("i", { "--share": `${(100 * (weight || 0)) / largest}%` })),
      el("figcaption", {}, photoName(number), equal || weight === null ? null : el("span", {}, percent(weight)))))),
  ];
}

function whereList(item) {
  if (!item.where.length) return null;
  return [
    el("h2", {}, why("Where it lives in its members", "The nearest members in grey. Where it glows, that part of the photo speaks for the facet's features (Grad-CAM).")),
    el("div", { class: "where" }, item.where.map((number, place) => picture(number, 192, `where facet ${item.number} lives in its member ${place + 1}`))),
  ];
}

function channelList(item, place) {
  if (!item.channels.length) return null;
  const shares = item.channels.map(([, share]) => share), largest = Math.max(...shares.map((share) => share || 0), 1e-12);
  const equal = alike(shares);
  const list = el("ul", { class: "channels me-hue", ...tint(item.number) });
  const fillList = (most) => list.replaceChildren(...item.channels.slice(0, most).map(([channel, share]) => el("li", {},
    el("a", { href: channelHref(place, channel), "aria-label": `channel ${channel}` }, channel), equal ? null : el("span", { class: "bar" }, el("i", { "--share": `${(100 * (share || 0)) / largest}%` })), equal || share === null ? null : el("span", {}, percent(share)))));
  fillList(FIRST_CHANNELS);
  const rest = item.channels.length - FIRST_CHANNELS;
  const more = rest > 0 ? el("button", { type: "button", class: "more", onclick: () => { fillList(); more.remove(); } }, `all ${item.channels.length}`) : null;
  return [
    el("h2", {}, term("top_k", `Top-${item.channels.length} channels`)),
    equal ? el("p", { class: "words" }, `All ${shares.length} have the same share: ${percent(shares[0])} each.`) : null,
    list, more,
  ];
}

function makingList(item) {
  const command = byId("command"), recipe = byId("recipe");
  return [
    el("h2", {}, "Made with"),
    command ? el("div", { class: "command" }, el("code", { id: "command-here" }, command.textContent), el("button", { type: "button", "data-copy": "command-here" }, "Copy")) : null,
    recipe ? el("details", { class: "recipe more" }, el("summary", {}, "The recipe: every number of the painting"), el("dl", { class: "list" }, [...recipe.children].map((node) => node.cloneNode(true)))) : null,
    item.loss.length ? el("details", { class: "loss more" }, el("summary", {}, "The loss, first step → last"), el("dl", { class: "list" },
      item.loss.map(([name, start, end]) => el("div", {}, el("dt", {}, name), el("dd", {}, `${shown(start)} → ${shown(end)}`))))) : null,
  ];
}

function itemView(item, place) {
  const order = visibleNumbers(), at = order.indexOf(item.number);
  const suffix = place === deepest ? "" : `/${place}`;
  const step = (offset, text, label) => {
    const other = at < 0 ? undefined : order[at + offset];
    return el("a", { href: other === undefined ? null : `#/picture/${other}${suffix}`, "aria-disabled": other === undefined, "aria-label": label, rel: offset < 0 ? "prev" : "next" }, text);
  };
  return [
    el("div", { class: "crumbs" }, el("a", { href: frontHref() }, content.named ? "← all pictures" : "← all facets"),
      el("span", { class: "step" }, step(-1, "←", "previous"), at < 0 ? null : el("span", {}, `${at + 1} of ${order.length}`), step(1, "→", "next"))),
    el("h2", { class: "item-title me-hue", ...tint(item.number) }, el("i", { class: "me-dot" }), el("span", {}, breakable(item.label || item.name)), item.label ? el("small", {}, item.name) : null),
    el("p", { class: "facts" }, item.facts.map(([text, words]) => why(text, words))),
    compareWith(item, place),
    layers.length > 1 ? el("nav", { class: "pills", "aria-label": "layers" }, layers.map((one, number) =>
      el("a", { href: `#/picture/${item.number}${number === deepest ? "" : `/${number}`}`, "aria-current": number === place ? "true" : null, title: one.about.join(", ") }, one.name))) : null,
    el("div", { class: "look me-hue", ...tint(item.number) },
      fill(stage(item), {}, [whereList(item)]),
      el("div", {}, bigNumber(item), memberList(item), sightings(item), numberTables(item))),
    otherPhotos(item), channelList(item, place), makingList(item),
  ].flat(3).filter(Boolean);
}
