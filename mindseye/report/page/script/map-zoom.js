// Zoom and pan of the map: wheel, pinch, drag, buttons, and + − 0 and Shift with arrows where the map has the focus.
const MOST_ZOOM = 24;

// Where the map stands, as the address has it; empty for the whole map.
let position = "";
let showPosition = () => {};

// Moves the map as far as it takes to show a place of it.
let reveal = () => {};

if (map) {
  const whole = map.viewBox.baseVal.width;
  const touches = new Map();
  let x = 0, y = 0, size = whole, dragged = false, spread = 0, moved = 0;

  const button = (text, label, onclick) => el("button", { type: "button", "aria-label": label, title: label, onclick }, text);
  const closer = button("+", "zoom in", () => zoomBy(1.6)), farther = button("−", "zoom out", () => zoomBy(1 / 1.6)), all = button("⤢", "the whole map", () => look(0, 0, whole));

  // Points grow less than the map does, so that they come apart.
  function look(left, top, wanted) {
    size = Math.min(whole, Math.max(whole / MOST_ZOOM, wanted));
    [x, y] = [left, top].map((edge) => Math.min(whole - size, Math.max(0, edge)));
    const share = size / whole, wide = size === whole;
    map.setAttribute("viewBox", `${x} ${y} ${size} ${size}`);
    map.style.setProperty("--point", share ** 0.65);
    for (const scaled of map.querySelectorAll(".me-centre, .me-label, .me-thumbnails")) scaled.style.setProperty("--share", share);
    map.classList.toggle("zoomed", !wide);
    showThumbnails({ x, y, size, whole });
    position = wide ? "" : [x, y, size].map(Math.round).join(".");
    clearTimeout(moved);
    moved = setTimeout(() => remember({ map: position }), 200); // browsers refuse many changes in a short time
    farther.disabled = all.disabled = wide;
    closer.disabled = size <= whole / MOST_ZOOM;
  }

  // What lies under (px, py) of the window stays there; without them the middle does.
  function zoomBy(factor, px, py) {
    const box = map.getBoundingClientRect();
    const across = px === undefined ? 0.5 : (px - box.left) / box.width, down = py === undefined ? 0.5 : (py - box.top) / box.height;
    const wanted = Math.min(whole, Math.max(whole / MOST_ZOOM, size / factor));
    look(x + across * (size - wanted), y + down * (size - wanted), wanted);
  }

  map.addEventListener("wheel", (event) => {
    if (event.deltaY > 0 && size === whole) return; // nothing is left to zoom out of: the page scrolls
    event.preventDefault();
    unpeek();
    zoomBy(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }, { passive: false });

  map.addEventListener("pointerdown", (event) => {
    if (event.isPrimary) touches.clear();
    touches.set(event.pointerId, [event.clientX, event.clientY]);
    dragged = false;
    spread = 0;
  });
  map.addEventListener("pointermove", (event) => {
    const before = touches.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY], unit = size / map.getBoundingClientRect().width;
    if (touches.size === 2) {
      touches.set(event.pointerId, now);
      const [[ax, ay], [bx, by]] = [...touches.values()], apart = Math.hypot(ax - bx, ay - by);
      if (spread) zoomBy(apart / spread, (ax + bx) / 2, (ay + by) / 2);
      [spread, dragged] = [apart, true];
    } else if (size < whole && (dragged || Math.hypot(now[0] - before[0], now[1] - before[1]) > 4)) {
      touches.set(event.pointerId, now);
      dragged = true;
      unpeek();
      map.setPointerCapture(event.pointerId);
      look(x - (now[0] - before[0]) * unit, y - (now[1] - before[1]) * unit, size);
    }
    map.classList.toggle("dragged", dragged);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    map.addEventListener(end, (event) => {
      touches.delete(event.pointerId);
      map.classList.remove("dragged");
    });
  }
  // The click that ends a drag is none.
  map.addEventListener("click", (event) => {
    if (dragged) event.stopImmediatePropagation(), event.preventDefault();
    dragged = false;
  }, { capture: true });

  map.tabIndex = 0;
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = size / 8;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (moves && event.shiftKey) look(x + moves[0], y + moves[1], size);
    else if (event.key === "+" || event.key === "=") zoomBy(1.6);
    else if (event.key === "-") zoomBy(1 / 1.6);
    else if (event.key === "0") look(0, 0, whole);
    else return;
    event.preventDefault();
  });

  document.querySelector(".zooming").append(closer, farther, all);
  look(0, 0, whole);
  clearTimeout(moved);

  reveal = (across, down) => {
    const edge = size / 10;
    const into = (start, place) => Math.min(Math.max(start, place - size + edge), place - edge);
    if (size < whole) look(into(x, across), into(y, down), size);
    map.scrollIntoView({ block: "nearest" });
  };

  // What an address asks for; the whole map where it asks for nothing that could be shown.
  showPosition = (asked) => {
    if (asked === position) return;
    const [left, top, wanted] = asked.split(".").map(Number);
    if (asked && [left, top, wanted].every(Number.isFinite)) look(left, top, wanted);
    else look(0, 0, whole);
    clearTimeout(moved);
  };
}
