// Every photo on the map, where it lies in the map's units, and which of them a pointer means.
const MOUSE_REACH = 7, TOUCH_REACH = 24; // px of the screen: a finger is wider than a point

const spots = !map ? [] : [...map.querySelectorAll(".me-points [data-photo]")].map((node) => {
  const corners = node.points ? [...node.points] : [{ x: node.cx.baseVal.value, y: node.cy.baseVal.value }];
  const middle = (axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length;
  return { node, photo: Number(node.dataset.photo), facet: facetOf(node), x: middle("x"), y: middle("y") };
});

const spotOf = (photo) => spots.find((spot) => spot.photo === photo) || null;

// A ring around the photo that is meant.
const mark = map && svg("circle", { class: "pointed", hidden: true });
if (map) map.append(mark);

function ring(spot) {
  if (!spot) return mark.setAttribute("hidden", "");
  mark.removeAttribute("hidden");
  return fill(mark, { cx: spot.x, cy: spot.y, r: 10 * unitsAt(0, 0).unit }, []);
}

// A place of the window in the map's units, and how many of them a px is.
function unitsAt(x, y) {
  const box = map.getBoundingClientRect(), view = map.viewBox.baseVal, unit = view.width / box.width;
  return { x: view.x + (x - box.left) * unit, y: view.y + (y - box.top) * unit, unit };
}

// The photo that lies nearest to a place of the window, counted from its rim and then from its middle, or null where none lies
// within so many px; with numbers, those of facets count too.
function pointNear(x, y, reach, numbers) {
  if (!spots.length) return null;
  const place = unitsAt(x, y), radius = spots[0].node.getBoundingClientRect().width / 2;
  let best = null, least = [reach, Infinity];
  const offer = (found, rim, middle) => {
    if (rim < least[0] || (rim === least[0] && middle < least[1])) [best, least] = [found, [rim, middle]];
  };
  for (const spot of spots) {
    const away = Math.hypot(spot.x - place.x, spot.y - place.y) / place.unit;
    if (away < reach + radius) offer(spot, Math.max(0, away - radius), away);
  }
  for (const node of map.querySelectorAll(numbers ? "image[data-photo], .me-label text" : "image[data-photo]")) {
    const box = node.getBoundingClientRect(), middle = Math.hypot(box.left + box.width / 2 - x, box.top + box.height / 2 - y);
    const rim = Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
    const isPhoto = node.dataset.photo !== undefined;
    if (!box.width || (!isPhoto && getComputedStyle(node).visibility === "hidden")) continue;
    // What lies under a thumbnail is not seen, and so not meant.
    if (isPhoto && !rim) return { photo: Number(node.dataset.photo), facet: facetOf(node) };
    offer({ photo: isPhoto ? Number(node.dataset.photo) : undefined, facet: facetOf(node) }, rim, middle);
  }
  return best;
}
