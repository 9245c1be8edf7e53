// Taking things out of the page: files that the browser makes itself, so that nothing is asked for.
function saveAs(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000); // a browser may still be reading it
}

// Excel takes a CSV for Latin-1 where it does not begin with a byte order mark.
const saveCsv = (name, text) => saveAs(name, new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" }));
const csvButton = (text, name, make) => el("button", { type: "button", onclick: () => saveCsv(name, make()) }, text);

async function pngOf(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = el("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  canvas.getContext("2d").drawImage(image, 0, 0);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// Copies a picture; where the page may not write to the clipboard, the picture is saved instead.
async function copyPng(button, source, name) {
  const before = button.textContent;
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": pngOf(source) })]);
    button.textContent = "Copied";
  } catch {
    saveAs(name, await pngOf(source));
    button.textContent = "Saved";
  }
  setTimeout(() => { button.textContent = before; }, 1500);
}

const safeName = (text) => `${text.replace(/[^\p{L}\p{N}.-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 80) || "picture"}.png`;

// A file of the run's folder, where the page lies in it. Each part is encoded, so that no name can be an address of another kind.
const fileHref = (path) => `./${path.split("/").map(encodeURIComponent).join("/")}`;

// What one can do with a picture: look at it larger, keep it, and open the file that it is a copy of.
function pictureTools(image, title, file) {
  const copy = el("button", { type: "button", onclick: () => copyPng(copy, image.src, safeName(title)) }, "Copy PNG");
  image.classList.add("can-zoom");
  image.addEventListener("click", () => zoom(image, title));
  return el("div", { class: "tools" },
    el("button", { type: "button", onclick: () => zoom(image, title) }, "Full size"),
    el("button", { type: "button", onclick: async () => saveAs(safeName(title), await pngOf(image.src)) }, "Save PNG"),
    copy,
    file ? el("a", { href: fileHref(file), target: "_blank", rel: "noopener", title: "In the run's folder: works where this page lies in it" }, "original file") : null);
}
