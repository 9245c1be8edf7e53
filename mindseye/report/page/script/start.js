// What is wired once: filter, downloads, and the first view.
const field = byId("filter"), found = byId("found");
const cards = [...document.querySelectorAll(".me-card")];

// The photos whose names have what is searched; a number without the zeros before it is found too.
const photoWords = content.photos.names.map((name) => words(name).flatMap((word) => (/^0+\d/.test(word) ? [word, word.replace(/^0+/, "")] : [word])));
const MOST_FOUND = 12;

function photosFound(fits) {
  return words(field.value).length ? photoWords.flatMap((line, number) => (fits([line]) ? [number] : [])) : [];
}

function showPhotosFound(numbers) {
  byId("photos-found").hidden = !numbers.length;
  byId("photos-found").replaceChildren(
    el("p", { class: "me-faint" }, `${count(numbers.length, "photo")} by name`),
    gallery(numbers, MOST_FOUND));
}

function filter() {
  const fits = matcher(field.value);
  let left = 0;
  for (const card of cards) {
    const number = Number(card.dataset.number);
    card.hidden = !fits(linesOf.get(number) || []) || (selection !== null && !selection.facets.has(number));
    left += !card.hidden;
  }
  for (const group of document.querySelectorAll(".me-group")) group.hidden = !group.querySelector(".me-card:not([hidden])");
  const photos = photosFound(fits);
  showPhotosFound(photos);
  byId("nothing").hidden = left > 0 || photos.length > 0 || !cards.length;
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

// Enter opens what was found where it is one thing: a photo by its name, else a card.
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !words(field.value).length) return;
  const photos = photosFound(matcher(field.value)), left = cards.filter((card) => !card.hidden);
  if (photos.length === 1) location.hash = `#/photo/${photos[0]}`;
  else if (!photos.length && left.length === 1) (left[0].matches("a") ? left[0] : left[0].querySelector("a")).click();
});

byId("save-pictures").addEventListener("click", () => saveCsv(content.named ? "pictures.csv" : "facets.csv", picturesCsv()));
if (byId("save-channels")) byId("save-channels").addEventListener("click", () => saveCsv("channels.csv", channelsCsv()));
byId("save-photos").addEventListener("click", () => saveCsv("photos.csv", photosCsv()));

// Cards that come into view on the way get their own heights, which moves the map: a second look finds it where it is then.
if (byId("to-map")) byId("to-map").addEventListener("click", () => {
  side.scrollIntoView();
  requestAnimationFrame(() => requestAnimationFrame(() => side.scrollIntoView()));
  map.focus({ preventScroll: true });
});

addEventListener("hashchange", route);
route();
document.documentElement.classList.remove("elsewhere");
