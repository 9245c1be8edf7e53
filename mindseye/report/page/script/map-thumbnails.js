// Where the map is zoomed in, each photo that has the room shows itself: as large as the distance to its neighbour allows, so that
// none covers another's point.
const SMALLEST = 22, BIGGEST = 56, MOST_SHOWN = 160; // px of the screen; photos at a time

let showThumbnails = () => {};

if (map) {
  const layer = svg("g", { class: "me-zoomed" });
  map.append(layer);
  let room = null;

  // The distance to the nearest other photo, the larger of across and down.
  function findRoom() {
    const order = spots.slice().sort((a, b) => a.x - b.x);
    room = new Map(order.map((spot, place) => {
      let least = Infinity;
      for (const way of [-1, 1]) {
        for (let next = place + way; order[next] && Math.abs(order[next].x - spot.x) < least; next += way) {
          least = Math.min(least, Math.max(Math.abs(order[next].x - spot.x), Math.abs(order[next].y - spot.y)));
        }
      }
      return [spot.photo, least];
    }));
  }

  showThumbnails = ({ x, y, size, whole }) => {
    if (size > 0.7 * whole) return layer.replaceChildren();
    if (!room) findRoom();
    const px = size / (map.getBoundingClientRect().width || 480);
    const shown = spots.filter((spot) => content.photos.thumbnails[spot.photo] && room.get(spot.photo) >= SMALLEST * px
      && spot.x > x && spot.x < x + size && spot.y > y && spot.y < y + size)
      .sort((a, b) => room.get(b.photo) - room.get(a.photo)).slice(0, MOST_SHOWN);
    layer.replaceChildren(...shown.map((spot) => {
      const side = Math.min(BIGGEST * px, 0.94 * room.get(spot.photo));
      const box = { x: spot.x - side / 2, y: spot.y - side / 2, width: side, height: side };
      return svg("g", { class: lit.includes(spot.facet) ? "me-hue lit" : "me-hue", "data-facet": spot.facet, ...(spot.facet < 0 ? {} : tint(spot.facet)) },
        svg("image", { ...box, href: content.photos.thumbnails[spot.photo], preserveAspectRatio: "xMidYMid slice", "data-photo": spot.photo, class: selection && selection.photos.has(spot.photo) ? "selected" : null }),
        svg("rect", { ...box, rx: 2 * px, "stroke-width": 2 * px }));
    }));
  };
}
