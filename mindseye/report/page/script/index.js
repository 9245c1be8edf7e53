// Search and order of the page over many runs.
const field = byId("filter"), order = byId("order"), runs = byId("runs");
const given = [...runs.querySelectorAll(".me-card")];
const words = new Map(given.map((card) => [card, card.textContent.toLowerCase()]));
const byName = (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true });
const score = (card) => (card.dataset.score === "" ? -Infinity : Number(card.dataset.score));
const orders = { given: null, name: byName, score: (a, b) => (score(b) > score(a)) - (score(b) < score(a)) || byName(a, b) };

field.addEventListener("input", () => {
  const wanted = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const card of given) {
    card.hidden = !wanted.every((word) => words.get(card).includes(word));
    left += !card.hidden;
  }
  byId("found").textContent = wanted.length ? `${left} of ${given.length}` : "";
  byId("nothing").hidden = left > 0;
});

order.addEventListener("change", () => runs.append(...(orders[order.value] ? given.slice().sort(orders[order.value]) : given)));
