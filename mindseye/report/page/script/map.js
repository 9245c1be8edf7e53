// The map: a photo under the pointer, its facet lit; a click opens the facet. A tap shows the photo, and goes nowhere by itself.
const map = document.querySelector(".me-map svg");
const peek = byId("peek");

let lit = null;

function light(number) {
  if (number === lit) return;
  lit = number;
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

const facetOf = (node) => {
  const group = node.closest("[data-facet]");
  return group ? Number(group.dataset.facet) : null;
};

function unpeek() {
  peek.hidden = true;
  peek.classList.remove("held");
}

// The photo of a point beside it; held: until something else is touched, with ways to the photo's view and its facet.
function peekAt(point, x, y, held) {
  const number = point.dataset.photo, own = facetOf(point);
  if (peek.dataset.photo !== number) {
    const facet = places[deepest] && places[deepest].get(own);
    peek.replaceChildren(photo(number, 174), el("div", {}, content.photos.names[number] || ""),
      el("div", { class: "me-faint" }, facet ? `${facet.name}${facet.label ? ` · ${facet.label}` : ""}` : "no facet"),
      el("div", { class: "ways" }, el("a", { href: `#/photo/${number}` }, "Photo"), facet ? el("a", { href: `#/picture/${own}` }, "Facet") : null));
    peek.dataset.photo = number;
  }
  peek.hidden = false;
  peek.classList.toggle("held", held);
  peek.setAttribute("aria-hidden", String(!held));
  placeBeside(peek, x - 95, y - 6, y + 10);
}

// A finger is wider than a point: the point nearest to it, within so many px.
const REACH = 22;

function pointNear(x, y) {
  let best = null, least = REACH;
  for (const point of map.querySelectorAll("[data-photo]")) {
    const box = point.getBoundingClientRect();
    const away = Math.hypot(box.left + box.width / 2 - x, box.top + box.height / 2 - y) - box.width / 2;
    if (away < least) [best, least] = [point, away];
  }
  return best;
}

if (map) {
  let touched = false;
  map.addEventListener("pointerdown", (event) => { touched = event.pointerType !== "mouse"; });
  map.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const own = facetOf(event.target);
    light(own === null ? chosen : own);
    if (event.target.dataset.photo === undefined) unpeek();
    else peekAt(event.target, event.clientX, event.clientY, false);
  });
  map.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "mouse") return;
    unpeek();
    light(chosen);
  });
  map.addEventListener("click", (event) => {
    const point = touched && !event.target.closest("a") ? pointNear(event.clientX, event.clientY) : null;
    if (point) {
      light(facetOf(point));
      return peekAt(point, event.clientX, event.clientY, true);
    }
    unpeek();
    const own = facetOf(event.target);
    if (!touched && own !== null && places[deepest].has(own)) location.hash = `#/picture/${own}`;
  });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#peek, .me-map svg")) unpeek(); });
}

for (const card of document.querySelectorAll(".me-card")) {
  card.addEventListener("pointerenter", () => light(Number(card.dataset.number)));
  card.addEventListener("pointerleave", () => light(chosen));
}
