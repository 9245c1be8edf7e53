// The map by keys: arrows go from photo to photo, Page Up and Down from facet to facet, Enter opens the photo. The map has one place
// among those that Tab stops at; Shift and the arrows move it.
if (map) {
  let current = null;

  for (const link of map.querySelectorAll("a")) link.tabIndex = -1;

  const isOffered = ({ node }) => !node.closest(".out") && (selection === null || node.classList.contains("selected"));

  // The next photo in a direction: near, and hardly to its side.
  function neighbour([across, down]) {
    const { x, y } = current;
    let best = null, least = Infinity;
    for (const spot of spots) {
      const along = (spot.x - x) * across + (spot.y - y) * down, aside = Math.abs((spot.x - x) * down) + Math.abs((spot.y - y) * across);
      if (spot === current || along <= 0 || !isOffered(spot)) continue;
      const cost = along + 2.5 * aside;
      if (cost < least) [best, least] = [spot, cost];
    }
    return best;
  }

  function nearestToMiddle() {
    const { x, y, width, height } = map.viewBox.baseVal;
    const away = (spot) => Math.hypot(spot.x - x - width / 2, spot.y - y - height / 2);
    const offered = spots.filter((spot) => isOffered(spot) && (!chosen.length || chosen.includes(spot.facet)));
    return offered.reduce((best, spot) => (best && away(best) <= away(spot) ? best : spot), null);
  }

  // The photo nearest to its centre of the facet that comes after the current one, or before it.
  function inNextFacet(step) {
    const facets = [...new Set(spots.filter(isOffered).map((spot) => spot.facet))].filter((facet) => facet >= 0).sort((a, b) => a - b);
    const at = current ? facets.indexOf(current.facet) : -1;
    const facet = facets[Math.max(0, Math.min(facets.length - 1, at + step))];
    const [first] = photosOf(facet ?? null).filter((photo) => spotOf(photo) && isOffered(spotOf(photo)));
    return spotOf(first);
  }

  function point(spot) {
    if (!spot) return;
    if (current) current.node.tabIndex = -1;
    current = spot;
    reveal(spot.x, spot.y);
    const item = places[deepest].get(spot.facet);
    fill(spot.node, { tabindex: 0, role: "link", "aria-label": `${content.photos.names[spot.photo] || "photo"}, ${facetName(item)}` }, []);
    map.tabIndex = -1;
    spot.node.focus({ preventScroll: true });
  }

  function leave() {
    if (!current) return;
    current.node.tabIndex = -1;
    current = null;
    map.tabIndex = 0;
  }

  map.addEventListener("focusin", (event) => {
    const spot = spots.find(({ node }) => node === event.target);
    if (!spot) return;
    const box = map.getBoundingClientRect(), view = map.viewBox.baseVal, scale = box.width / view.width;
    ring(spot);
    light([spot.facet]);
    peekAt(spot, box.left + (spot.x - view.x) * scale, box.top + (spot.y - view.y) * scale + 8, false);
  });
  map.addEventListener("focusout", () => {
    if (peek.classList.contains("held")) return;
    unpeek();
    light(chosen);
  });
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.closest("a")) return;
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const step = { PageUp: -1, PageDown: 1 }[event.key];
    if (direction) point(current ? neighbour(direction) : nearestToMiddle());
    else if (step) point(inNextFacet(step));
    else if (event.key === "Enter" && current) location.hash = `#/photo/${current.photo}`;
    else if (event.key === "Escape" && current) {
      leave();
      map.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  });
}
