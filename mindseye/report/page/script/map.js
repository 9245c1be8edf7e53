// The map: the photo nearest to the pointer beside it, its facet lit; a click opens the photo. A tap shows the photo, and goes
// nowhere by itself.
const map = document.querySelector(".me-map svg");
const peek = byId("peek");

let lit = [];

// Some facets by their numbers, on the map and among the cards; none: all alike.
function light(facets) {
  if (facets.join() === lit.join()) return;
  lit = facets;
  if (map) {
    map.classList.toggle("dimmed", facets.length > 0);
    for (const group of map.querySelectorAll("[data-facet]")) group.classList.toggle("lit", facets.includes(Number(group.dataset.facet)));
  }
  for (const card of document.querySelectorAll(".me-card.lit")) card.classList.remove("lit");
  for (const facet of facets) {
    const card = document.querySelector(`.me-card[data-number="${facet}"]`);
    if (card) card.classList.add("lit");
  }
}

// Those of the view that is shown.
let chosen = [];
const choose = (facets) => { chosen = facets; light(facets); };

const facetOf = (node) => {
  const group = node.closest("[data-facet]");
  return group ? Number(group.dataset.facet) : null;
};

function unpeek() {
  peek.hidden = true;
  peek.classList.remove("held");
  if (map) ring(null);
}

const facetName = (item) => (item ? `${item.name}${item.label ? ` · ${item.label}` : ""}` : "no facet");

// A card beside what was pointed at; held: until something else is touched, with links to the photo's view and its facet.
function peekAt({ photo: number, facet }, x, y, held) {
  const item = places[deepest] && places[deepest].get(facet), key = number === undefined ? `facet ${facet}` : String(number);
  if (peek.dataset.shows !== key) {
    peek.replaceChildren(number === undefined ? picture(item ? item.picture : null, 174, facetName(item), { class: "photo" }) : photo(number, 174),
      el("div", {}, number === undefined ? null : el("div", {}, breakable(content.photos.names[number] || "")), el("div", { class: "me-faint" }, facetName(item)),
        el("div", { class: "ways" }, number === undefined ? null : el("a", { href: `#/photo/${number}` }, "Photo"), item ? el("a", { href: `#/picture/${facet}` }, "Facet") : null)));
    peek.dataset.shows = key;
  }
  peek.hidden = false;
  peek.classList.toggle("held", held);
  peek.setAttribute("aria-hidden", String(!held));
  if (held) peek.style.transform = `translate(8px, ${y > innerHeight / 2 ? 64 : innerHeight - peek.offsetHeight - 8}px)`; // out of the way of the photos near the finger
  else placeBeside(peek, x - 95, y - 6, y + 10);
}

if (map) {
  let touched = false, pressed = [0, 0];
  map.addEventListener("pointerdown", (event) => {
    touched = event.pointerType !== "mouse";
    pressed = [event.clientX, event.clientY]; // browsers move a tap's click to what they take for its target
  });
  map.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const point = pointNear(event.clientX, event.clientY, MOUSE_REACH), own = point ? point.facet : facetOf(event.target);
    light(own === null ? chosen : [own]);
    map.classList.toggle("pointing", point !== null);
    if (point) peekAt(point, event.clientX, event.clientY, false);
    else unpeek();
  });
  map.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "mouse") return;
    unpeek();
    light(chosen);
  });
  map.addEventListener("click", (event) => {
    if (touched) {
      event.preventDefault();
      const point = pointNear(...pressed, TOUCH_REACH, true);
      light(point ? [point.facet] : chosen);
      if (!point) return unpeek();
      ring(spotOf(point.photo));
      return peekAt(point, ...pressed, true);
    }
    unpeek();
    if (event.target.closest("a")) return;
    const point = pointNear(event.clientX, event.clientY, MOUSE_REACH), own = facetOf(event.target);
    if (point) location.hash = `#/photo/${point.photo}`;
    else if (own !== null && places[deepest].has(own)) location.hash = `#/picture/${own}`;
  });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#peek, .me-map svg")) unpeek(); });
}

for (const card of document.querySelectorAll(".me-card")) {
  card.addEventListener("pointerenter", () => light([Number(card.dataset.number)]));
  card.addEventListener("pointerleave", () => light(chosen));
}
