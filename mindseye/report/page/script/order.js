// The order of the first screen's cards: as the run has them, or by a number of theirs, the best first. It stands in the address.
const orderField = byId("order");
const given = [...document.querySelectorAll(".me-cards")].map((box) => [box, [...box.children]]);

// The numbers of which it is known which side is better, by what stands in the address: [key, title, measure].
const orders = content.legend.flatMap((family) => family.measures.filter((measure) => measure.better !== null).flatMap((measure) =>
  measureColumns(items).filter(([key]) => Number(key.split("/")[0]) === measure.number).map(([key, title]) => [key, title, measure])));

const inAddress = (key) => key.replace("/null", "").replace("/", ".");

function valueOf(number, key) {
  const item = places[deepest].get(number);
  const row = item && item.numbers.find(([measure, judge]) => `${measure}/${judge}` === key);
  return row ? row[2] : null;
}

function sortCards(asked) {
  const [key, title, measure] = orders.find(([name]) => inAddress(name) === asked) || ["", "", null];
  orderField.value = inAddress(key);
  for (const old of document.querySelectorAll(".me-ordered")) old.remove();
  for (const [box, cards] of given) {
    if (!measure) {
      box.append(...cards);
      continue;
    }
    const values = new Map(cards.map((card) => [card, valueOf(Number(card.dataset.number), key)]));
    const away = (card) => {
      const value = values.get(card);
      return value === null ? Infinity : fromBest(measure, value);
    };
    box.append(...cards.slice().sort((a, b) => (away(a) > away(b)) - (away(a) < away(b))));
    for (const [card, value] of values) {
      const score = card.querySelector(".me-score");
      if (!score || !score.textContent.startsWith(measure.title)) card.append(el("span", { class: "me-ordered me-faint" }, `${title} `, value === null ? "–" : shown(value)));
    }
  }
}

orderField.append(...orders.map(([key, title]) => el("option", { value: inAddress(key) }, title)));
if (!orders.length) orderField.parentElement.hidden = true; // of few cards the page hides it from the first
orderField.addEventListener("change", () => {
  sortCards(orderField.value);
  remember({ sort: orderField.value });
  document.querySelector('#tabs [data-view="front"]').href = frontHref();
});
