// The map: a photo under the pointer, its facet lit; a click opens the facet.
const map = document.querySelector(".me-map svg");
const peek = byId("peek");

function light(number) {
  if (map) {
    map.classList.toggle("dimmed", number !== null);
    for (const group of map.querySelectorAll("[data-facet]")) group.classList.toggle("lit", group.dataset.facet === String(number));
  }
  for (const card of document.querySelectorAll(".me-card.lit")) card.classList.remove("lit");
  const own = number === null ? null : document.querySelector(`.me-card[data-number="${number}"]`);
  if (own) own.classList.add("lit");
}

let chosen = null;
const choose = (number) => { chosen = number; light(number); };

if (map) {
  const facetOf = (event) => event.target.closest("[data-facet]");
  map.addEventListener("pointermove", (event) => {
    const number = event.target.dataset.photo, group = facetOf(event);
    light(group ? Number(group.dataset.facet) : chosen);
    peek.hidden = number === undefined;
    if (number === undefined) return;
    if (peek.dataset.photo !== number) {
      const facet = places[deepest] && places[deepest].get(Number(group.dataset.facet));
      peek.replaceChildren(photo(number, 174), el("div", {}, content.photos.names[number] || ""),
        el("div", { class: "me-faint" }, facet ? `${facet.name}${facet.label ? ` · ${facet.label}` : ""}` : "no facet"));
      peek.dataset.photo = number;
    }
    placeBeside(peek, event.clientX - 95, event.clientY - 6, event.clientY + 10);
  });
  map.addEventListener("pointerleave", () => { peek.hidden = true; light(chosen); });
  map.addEventListener("click", (event) => {
    const group = facetOf(event);
    peek.hidden = true;
    if (group && places[deepest].has(Number(group.dataset.facet))) location.hash = `#/picture/${group.dataset.facet}`;
  });
}

for (const card of document.querySelectorAll(".me-card")) {
  card.addEventListener("pointerenter", () => light(Number(card.dataset.number)));
  card.addEventListener("pointerleave", () => light(chosen));
}
