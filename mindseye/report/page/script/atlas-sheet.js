// The sheet of a layer: its order, its map, and what is left of it by a search. Of thousands of channels those near the window are
// made, the rest as one scrolls on. The order stands in the address.
const sheet = byId("sheet"), SHEET_AT_ONCE = 160, MOST_ON_MAP = 500;

function channelTile(stem, name, label, share, props) {
  return el("a", { href: `${stem}.html`, title: label ? `${name} ${label}` : name, ...props },
    el("img", { src: `${stem}-small.webp`, width: 128, height: 128, loading: "lazy", decoding: "async", alt: "" }), el("b", {}, name), ` ${label}`, ...(share == null ? [] : [" ", el("i", {}, `${share} %`)]));
}

const stemOf = (channel) => String(channel).padStart(4, "0");

function wireSheet() {
  const all = JSON.parse(byId("channels").textContent);
  const order = byId("order"), narrow = byId("narrow"), end = el("i", { class: "end" });
  let lines = null, shown = all, made = 0;

  function makeMore(most) {
    const isMap = order.value === "map";
    const step = Math.ceil(shown.length / MOST_ON_MAP); // on a crowded map every so many has its picture, the rest are dots
    const tiles = shown.slice(made, made + most).map(([channel, label, share, ...keys], place) => {
      const props = { "data-c": channel, ...(isMap ? { "--x": keys[3], "--y": keys[4] } : {}) };
      if (isMap && place % step) return el("a", { href: `${stemOf(channel)}.html`, title: `${channel} ${label}`, class: "dot", ...props });
      return channelTile(stemOf(channel), String(channel), label, share, props);
    });
    made += tiles.length;
    end.before(...tiles);
  }

  function show() {
    const fits = matcher(plainNumber(narrow.value)), by = order.value, isMap = by === "map";
    const value = by === "number" || isMap ? ([channel]) => -channel : (one) => (one[3 + Number(by)] === null ? -Infinity : one[3 + Number(by)]);
    if (words(narrow.value).length) lines ??= new Map(all.map((one) => [one, [words(`${one[0]} ${one[1]}`)]]));
    shown = all.filter((one) => !lines || fits(lines.get(one))).sort((a, b) => (value(b) > value(a)) - (value(b) < value(a)) || a[0] - b[0]);
    byId("found").textContent = words(narrow.value).length ? `${shown.length} of ${all.length}` : "";
    sheet.classList.toggle("as-map", isMap);
    sheet.replaceChildren(end);
    made = 0;
    makeMore(isMap ? shown.length : SHEET_AT_ONCE);
  }

  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && makeMore(SHEET_AT_ONCE), { rootMargin: "1200px" }).observe(end);
  order.addEventListener("change", () => {
    history.replaceState(null, "", order.value === "number" ? location.pathname : `#sort=${order.value}`);
    show();
  });
  narrow.addEventListener("input", show);
  const asked = new URLSearchParams(location.hash.slice(1)).get("sort");
  if (asked && [...order.options].some((option) => option.value === asked)) order.value = asked;
  // The page itself has the first channels in their plain order: these are left as they are.
  const own = sheet.querySelectorAll("a").length;
  if (order.value !== "number" || words(narrow.value).length || own > all.length) return show();
  made = own;
  sheet.append(end);
}

if (sheet) wireSheet();
