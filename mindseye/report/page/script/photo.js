// Pictures and photos, each with its size and what it shows; a name in place of a photo that is gone.
function picture(number, side, alt, props) {
  const source = number === null || number === undefined ? null : content.pictures[number];
  if (!source) return el("span", { class: "me-gone", role: "img", "aria-label": alt, ...props }, "no picture");
  return el("img", { src: source, width: side, height: side, alt, decoding: "async", ...props });
}

function photo(number, side) {
  const name = content.photos.names[number] || "";
  const source = content.photos.thumbnails[number];
  if (!source) return el("span", { class: "photo me-gone", role: "img", "aria-label": name }, name.split("/").pop());
  return el("img", { class: "photo", src: source, width: side, height: side, alt: name, title: name, decoding: "async" });
}

// The photo as a link to its own view.
const photoLink = (number, side) => el("a", { class: "to-photo", href: `#/photo/${number}` }, photo(number, side));
const fileName = (number) => (content.photos.names[number] || "").split("/").pop();

// A file's name on one line. Where there is no room, what stands around its last number is cut, or the front of a name without one:
// the number and the end tell it from others and stay.
const KEPT = 7; // characters

function cutName(text, title) {
  const [, before, digits, after, end] = text.match(/^(.*?)(\d*)(\D*?)((?:\.\w{1,5})?)$/s);
  const telling = digits || after, kept = telling.slice(-KEPT);
  const around = [before + telling.slice(0, -KEPT), digits ? after : ""];
  const [front, middle] = around.map((part) => (part ? el("i", {}, part) : null));
  return el("span", { class: "cut", title: title || text, "--kept": kept.length + end.length, "--parts": around.filter(Boolean).length },
    front, el("b", {}, kept), middle, el("b", {}, end));
}

const photoName = (number) => cutName(fileName(number), content.photos.names[number]);

// A text that may be broken after what joins its parts, as in names of files and layers, and not within a word.
const breakable = (text) => text.split(/(?<=[_./:|-])(?=.)|(?<=\p{Ll})(?=\p{Lu})/u).flatMap((part, place) => (place ? [el("wbr"), part] : [part]));

// Whether some values differ by no more than rounding shows.
const alike = (values) => values.length > 1 && values.every((value) => value !== null) && Math.max(...values) - Math.min(...values) < 0.002 * Math.max(...values);

// Fills a place when it comes near the screen: a thousand pictures at once would stop a browser.
const waiting = new Map();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) fillPlace(entry.target);
}, { rootMargin: "600px" });

function fillPlace(place) {
  watcher.unobserve(place);
  place.replaceChildren(...[waiting.get(place)()].flat());
  waiting.delete(place);
}

// Paper has no scrolling: what is to be printed is filled, what belongs to a view that was left is not.
addEventListener("beforeprint", () => {
  for (const place of [...waiting.keys()]) if (place.isConnected) fillPlace(place);
});

function later(place, make) {
  waiting.set(place, make);
  watcher.observe(place);
  return place;
}

const photoList = (entries, most) => el("div", { class: "thumbs" }, entries.slice(0, most).map(([number]) => photoLink(number, 72)));
