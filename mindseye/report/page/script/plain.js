// A page of sections: a search that leaves those that fit, and pictures that open at full size.
const field = byId("filter"), parts = [...document.querySelectorAll("main .part")];
const linesOf = new Map(parts.map((part) => [part, [words(`${part.textContent} ${[...part.querySelectorAll("img")].map((image) => image.alt).join(" ")}`)]]));

field.addEventListener("input", () => {
  const fits = matcher(field.value);
  let left = 0;
  for (const part of parts) {
    part.hidden = !fits(linesOf.get(part));
    left += !part.hidden;
  }
  byId("found").textContent = words(field.value).length ? `${left} of ${parts.length}` : "";
  byId("nothing").hidden = left > 0;
});

for (const button of document.querySelectorAll(".look-at")) {
  const image = button.querySelector("img");
  button.addEventListener("click", () => zoom(image, image.alt));
}
