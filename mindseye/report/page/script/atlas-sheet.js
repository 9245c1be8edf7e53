// The sheet of a layer: its order, its map, and what is left of it by a search. The order stands in the address.
const sheet = byId("sheet");

function wireSheet() {
  const cards = [...sheet.children], order = byId("order"), narrow = byId("narrow");
  const keys = new Map(cards.map((card) => [card, card.dataset.k.split(" ").map((text) => (text === "-" || text === "" ? -Infinity : Number(text)))]));
  const lines = new Map(cards.map((card) => [card, [words(card.textContent)]]));
  const number = (card) => Number(card.dataset.c);

  function sort() {
    const by = order.value, isMap = by === "map";
    sheet.classList.toggle("as-map", isMap);
    const value = by === "number" || isMap ? (card) => -number(card) : (card) => keys.get(card)[Number(by)];
    for (const card of cards) {
      const [, , , x, y] = keys.get(card);
      card.style.setProperty("--x", x);
      card.style.setProperty("--y", y);
      card.title = card.textContent.trim();
    }
    const sorted = cards.slice().sort((a, b) => (value(b) > value(a)) - (value(b) < value(a)) || number(a) - number(b));
    sheet.append(...sorted);
    history.replaceState(null, "", by === "number" ? location.pathname : `#sort=${by}`);
  }

  order.addEventListener("change", sort);
  narrow.addEventListener("input", () => {
    const fits = matcher(plainNumber(narrow.value));
    let left = 0;
    for (const card of cards) {
      card.hidden = !fits(lines.get(card));
      left += !card.hidden;
    }
    byId("found").textContent = words(narrow.value).length ? `${left} of ${cards.length}` : "";
  });
  const asked = new URLSearchParams(location.hash.slice(1)).get("sort");
  if (asked && [...order.options].some((option) => option.value === asked)) {
    order.value = asked;
    sort();
  }
}

if (sheet) wireSheet();
