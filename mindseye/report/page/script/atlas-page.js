// What all pages of an atlas do: pictures that are not there yet are an even tile, and the arrow keys lead from page to page.
const BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const blank = (image) => image.src !== BLANK && (image.src = BLANK);
document.addEventListener("error", (event) => event.target.tagName === "IMG" && blank(event.target), true);
for (const image of document.images) if (image.complete && !image.naturalWidth && image.loading !== "lazy") blank(image);

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select")) return;
  const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const step = way && document.querySelector(`.crumbs [rel="${way}"]`);
  if (step) location.href = step.href;
});

// A number as it stands in an address, "0320", is the number 320.
const plainNumber = (text) => text.replace(/(?<!\d)0+(?=\d)/g, "");
