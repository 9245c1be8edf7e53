// What is wired once: filter, theme, copying, and the first view.
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

const root = document.documentElement;
byId("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("mindseye-theme", root.dataset.theme);
  } catch { /* a page from disk may keep nothing */ }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = byId(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // without leave to write, what is selected can be copied by hand
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});

byId("save-pictures").addEventListener("click", () => saveCsv(content.named ? "pictures.csv" : "facets.csv", picturesCsv()));
if (byId("save-channels")) byId("save-channels").addEventListener("click", () => saveCsv("channels.csv", channelsCsv()));
byId("save-photos").addEventListener("click", () => saveCsv("photos.csv", photosCsv()));

if (byId("to-map")) byId("to-map").addEventListener("click", () => side.scrollIntoView({ behavior: motionAllowed() ? "smooth" : "auto" }));

addEventListener("hashchange", route);
route();
root.classList.remove("elsewhere");
