// What is wired once: filter, downloads, and the first view.
const field = byId("filter"), found = byId("found");
const cards = [...document.querySelectorAll(".me-card")];

function filter() {
  const fits = matcher(field.value);
  let left = 0;
  for (const card of cards) {
    card.hidden = !fits(linesOf.get(Number(card.dataset.number)) || []);
    left += !card.hidden;
  }
  for (const group of document.querySelectorAll(".me-group")) group.hidden = !group.querySelector(".me-card:not([hidden])");
  byId("nothing").hidden = left > 0 || !cards.length;
  document.querySelector('#tabs [data-view="front"]').href = frontHref();
  found.textContent = words(field.value).length ? `${left} of ${cards.length}` : "";
}

function filterBy(text) {
  if (field.value === text) return;
  field.value = text;
  filter();
}

field.addEventListener("input", () => {
  filter();
  remember({ filter: field.value });
});

byId("save-pictures").addEventListener("click", () => saveCsv(content.named ? "pictures.csv" : "facets.csv", picturesCsv()));
if (byId("save-channels")) byId("save-channels").addEventListener("click", () => saveCsv("channels.csv", channelsCsv()));
byId("save-photos").addEventListener("click", () => saveCsv("photos.csv", photosCsv()));

if (byId("to-map")) byId("to-map").addEventListener("click", () => side.scrollIntoView({ behavior: motionAllowed() ? "smooth" : "auto" }));

addEventListener("hashchange", route);
route();
document.documentElement.classList.remove("elsewhere");
