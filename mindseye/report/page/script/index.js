// Search, order and choice of two on the page over many runs; which view is shown stands behind the # of the address.
const field = byId("filter"), order = byId("order"), runs = byId("runs"), tray = byId("tray");
const given = [...runs.querySelectorAll(".me-card")];
const labels = (card) => [...card.querySelectorAll("img")].map((image) => image.alt).join(" ");
const lines = new Map(given.map((card) => [card, [words(`${card.textContent} ${labels(card)}`)]]));
const byName = (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true });
const number = (card, key) => (card.dataset[key] === "" ? -Infinity : Number(card.dataset[key]));
const byNumber = (key) => (a, b) => (number(b, key) > number(a, key)) - (number(b, key) < number(a, key)) || byName(a, b);
const orders = { given: null, name: byName, score: byNumber("score"), silhouette: byNumber("silhouette"), changed: byNumber("changed") };
const pageTitle = document.title;
let scrolled = 0;

function filter() {
  const fits = matcher(field.value);
  let left = 0;
  for (const card of given) {
    card.hidden = !fits(lines.get(card));
    left += !card.hidden;
  }
  byId("found").textContent = words(field.value).length ? `${left} of ${given.length}` : "";
  byId("nothing").hidden = left > 0;
}

const sort = () => runs.append(...(orders[order.value] ? given.slice().sort(orders[order.value]) : given));

// What was typed and chosen stands in the address, so that it is there again when one comes back.
function remember() {
  const asked = new URLSearchParams(Object.entries({ filter: field.value, sort: order.value === "given" ? "" : order.value, pick: picked.join("+") }).filter(([, value]) => value));
  history.replaceState(history.state, "", `#/${[...asked].length ? `?${asked}` : ""}`);
  home.href = location.hash;
}

const home = document.querySelector('#tabs [data-view="all"]');
const boxes = tray ? [...runs.querySelectorAll(".pick input")] : [];
let picked = [];

// At most two are ticked; while one is, those that cannot stand beside it are out of reach.
function showPicked() {
  if (!tray) return;
  for (const box of boxes) {
    const place = Number(box.value);
    box.checked = picked.includes(place);
    box.disabled = !box.checked && picked.length > 0 && !pairOf(picked[0], place);
    box.closest("label").title = box.disabled ? "not of the same photos as the run that is ticked" : "";
  }
  tray.hidden = !picked.length;
  byId("picked").textContent = picked.map(nameOf).join(" and ") + (picked.length === 1 ? ": tick another" : "");
  byId("go").hidden = picked.length < 2;
  if (picked.length > 1) byId("go").href = `#/compare/${picked.join("/")}`;
}

for (const box of boxes) box.addEventListener("change", () => {
  const place = Number(box.value);
  picked = box.checked ? [...picked.slice(-1), place] : picked.filter((other) => other !== place);
  showPicked();
  remember();
});
if (tray) byId("clear").addEventListener("click", () => { picked = []; showPicked(); remember(); });

field.addEventListener("input", () => { filter(); remember(); });
order.addEventListener("change", () => { sort(); remember(); });

function route(event) {
  const [path, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, first, second] = path.split("/");
  const comparing = view === "compare";
  if (comparing && byId("compare").hidden) scrolled = scrollY;
  byId("all").hidden = comparing;
  byId("compare").hidden = !comparing;
  home.toggleAttribute("aria-current", !comparing);
  if (comparing) {
    byId("compare").replaceChildren(...compareView(first, second));
    const heading = byId("compare").querySelector("h2");
    document.title = `${heading.textContent} · ${pageTitle}`;
    scrollTo(0, 0);
    if (event) heading.focus({ preventScroll: true });
    return;
  }
  const asked = new URLSearchParams(query || "");
  field.value = asked.get("filter") || "";
  order.value = orders[asked.get("sort")] ? asked.get("sort") : "given";
  picked = (asked.get("pick") || "").split("+").filter((text) => compared.runs[text]).map(Number).slice(0, 2);
  if (picked.length > 1 && !pairOf(...picked)) picked = [];
  document.title = pageTitle;
  home.href = location.hash || "#/";
  filter();
  sort();
  showPicked();
  if (event) {
    scrollTo(0, scrolled);
    (tray && !byId("go").hidden ? byId("go") : field).focus({ preventScroll: true });
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && location.hash.startsWith("#/compare")) location.hash = home.getAttribute("href");
});
// A run's page learns where it was opened from, so that it leads back here.
const here = location.pathname.split("/").at(-1);
for (const link of document.querySelectorAll("a.me-open")) {
  const path = link.getAttribute("href");
  link.setAttribute("href", `${path}?index=${path.startsWith("..") ? encodeURIComponent(location.pathname) : "../".repeat(path.split("/").length - 1) + here}`);
}
addEventListener("hashchange", route);
history.scrollRestoration = "manual";
route();
