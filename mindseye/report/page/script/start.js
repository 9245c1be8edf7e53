// What is wired once: filter, downloads, and the first view.
const field = byId("filter"), found = byId("found");
const cards = [...document.querySelectorAll(".me-card")];

function filter() {
  const fits = matcher(field.value);
  let left = 0;
  for (const card of cards) {
    const number = Number(card.dataset.number);
    card.hidden = !fits(linesOf.get(number) || []) || (selection !== null && !selection.facets.has(number));
    left += !card.hidden;
  }
  for (const group of document.querySelectorAll(".me-group")) group.hidden = !group.querySelector(".me-card:not([hidden])");
  byId("nothing").hidden = left > 0 || !cards.length;
  document.querySelector('#tabs [data-view="front"]').href = frontHref();
  for (const tab of document.querySelectorAll('#tabs [data-view="channels"]')) if (!content.inspect) tab.href = channelsHref();
  const hidden = new Set(cards.filter((card) => card.hidden).map((card) => card.dataset.number));
  for (const group of document.querySelectorAll(".me-map [data-facet]")) group.classList.toggle("out", hidden.has(group.dataset.facet));
  found.textContent = words(field.value).length || selection ? `${left} of ${cards.length}` : "";
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
