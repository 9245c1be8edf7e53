// What all pages of an atlas do: their colours, and pictures that are not there yet.
const root = document.documentElement;
byId("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("mindseye-theme", root.dataset.theme);
  } catch { /* a page from disk may keep nothing */ }
});

const noteMissing = (image) => image.classList.add("missing");
document.addEventListener("error", (event) => event.target.tagName === "IMG" && noteMissing(event.target), true);
for (const image of document.images) if (image.complete && !image.naturalWidth && image.loading !== "lazy") noteMissing(image);

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select")) return;
  const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const step = way && document.querySelector(`.crumbs [rel="${way}"]`);
  if (step) location.href = step.href;
});

// A number as it stands in an address, "0320", is the number 320.
const plainNumber = (text) => text.replace(/(?<!\d)0+(?=\d)/g, "");
