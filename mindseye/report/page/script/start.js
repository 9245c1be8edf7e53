// What is wired once: filter, theme, copying, and the first view.
const field = byId("filter"), found = byId("found");
const cards = [...document.querySelectorAll(".me-card")];

function filter() {
  const wanted = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const card of cards) {
    const words = wordsOf.get(Number(card.dataset.number)) || "";
    card.hidden = !wanted.every((word) => words.includes(word));
    left += !card.hidden;
  }
  for (const group of document.querySelectorAll(".me-cards")) {
    const empty = !group.querySelector(".me-card:not([hidden])");
    group.hidden = empty;
    if (group.previousElementSibling && group.previousElementSibling.matches(".me-group")) group.previousElementSibling.hidden = empty;
  }
  byId("nothing").hidden = left > 0 || !cards.length;
  found.textContent = wanted.length ? `${left} of ${cards.length}` : "";
}

field.addEventListener("input", filter);
field.closest(".filter").hidden = cards.length < 4;

const root = document.documentElement;
const kept = { get: () => { try { return localStorage.getItem("mindseye-theme"); } catch { return null; } }, set: (theme) => { try { localStorage.setItem("mindseye-theme", theme); } catch { /* a page from disk may keep nothing */ } } };
if (["dark", "light"].includes(kept.get())) root.dataset.theme = kept.get();
byId("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  kept.set(root.dataset.theme);
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

addEventListener("hashchange", route);
route();
