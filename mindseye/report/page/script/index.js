// Search and order of the page over many runs.
const field = byId("filter"), order = byId("order"), runs = byId("runs");
const given = [...runs.querySelectorAll(".me-card")];
const lines = new Map(given.map((card) => [card, [words(card.textContent)]]));
const byName = (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true });
const score = (card) => (card.dataset.score === "" ? -Infinity : Number(card.dataset.score));
const orders = { given: null, name: byName, score: (a, b) => (score(b) > score(a)) - (score(b) < score(a)) || byName(a, b) };

field.addEventListener("input", () => {
  const fits = matcher(field.value);
  let left = 0;
  for (const card of given) {
    card.hidden = !fits(lines.get(card));
    left += !card.hidden;
  }
  byId("found").textContent = words(field.value).length ? `${left} of ${given.length}` : "";
  byId("nothing").hidden = left > 0;
});

order.addEventListener("change", () => runs.append(...(orders[order.value] ? given.slice().sort(orders[order.value]) : given)));
