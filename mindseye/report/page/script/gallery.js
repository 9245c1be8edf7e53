// Photos side by side: the first of them, and behind a button all the others, filled in as they come near the screen.
const BLOCK = 60;

function gallery(numbers, first) {
  const thumbs = (some) => some.map((number) => photoLink(number, 72));
  const rest = numbers.slice(first), holder = el("div", { class: "gallery" }, el("div", { class: "thumbs" }, thumbs(numbers.slice(0, first))));
  if (!rest.length) return holder;
  const more = el("button", { type: "button", class: "more", onclick: () => {
    const blocks = Array.from({ length: Math.ceil(rest.length / BLOCK) }, (_, place) => rest.slice(place * BLOCK, (place + 1) * BLOCK));
    more.replaceWith(...blocks.map((block) => later(el("div", { class: "thumbs", "--photos": block.length }), () => thumbs(block))));
    fillPlace(holder.children[1]);
    holder.children[1].firstChild.focus({ preventScroll: true });
  } }, `and ${rest.length} more`);
  holder.append(more);
  return holder;
}

// All photos of a facet that are none of its members.
function otherPhotos(item) {
  const members = new Set(item.members.map(([number]) => number));
  const others = about.facets ? photosOf(item.number).filter((number) => !members.has(number)) : [];
  if (!others.length) return null;
  return [el("h2", {}, why(`Its other ${count(others.length, "photo")}`, "Photos of the facet that are none of its members, the nearest to its centre first.")), gallery(others, FIRST_OTHERS)];
}

const FIRST_OTHERS = 24;
