// A line around photos on the map selects them: in the mode of its button, or with Shift held. Whoever uses keys moves and zooms the
// map, and selects all that is shown.
const APART = 14; // corners of the line, in px of the screen

if (map) {
  const line = svg("polygon", { class: "lasso", hidden: true });
  map.append(line);
  let corners = null, last = [0, 0], drawing = false, hasDrawn = false;

  const mode = el("button", { type: "button", "aria-pressed": "false", "aria-label": "draw a line around photos to select them", title: "draw a line around photos to select them (or hold Shift)", onclick: () => draw(!drawing) }, "◌");
  const seen = el("button", { type: "button", "aria-label": "select the photos that are shown", title: "select the photos that are shown", onclick: () => {
    const { x, y, width, height } = map.viewBox.baseVal;
    selectInside([[x, y], [x + width, y], [x + width, y + height], [x, y + height]]);
  } }, "▣");
  document.querySelector(".zooming").append(mode, seen);

  function draw(on) {
    drawing = on;
    mode.setAttribute("aria-pressed", String(on));
    map.classList.toggle("drawing", on);
  }

  function unit(event) {
    const { x, y } = unitsAt(event.clientX, event.clientY);
    return [x, y];
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawing) return;
    event.preventDefault();
    draw(false);
  });

  // Before the handlers that pan: a line that is drawn moves nothing and opens nothing.
  map.addEventListener("pointerdown", (event) => {
    hasDrawn = false;
    if (!event.isPrimary || !(drawing || event.shiftKey)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    unpeek();
    map.setPointerCapture(event.pointerId);
    [corners, last] = [[unit(event)], [event.clientX, event.clientY]];
  }, { capture: true });
  map.addEventListener("pointermove", (event) => {
    if (!corners) return;
    event.stopImmediatePropagation();
    if (Math.hypot(event.clientX - last[0], event.clientY - last[1]) < APART) return;
    corners.push(unit(event));
    last = [event.clientX, event.clientY];
    line.removeAttribute("hidden");
    line.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
  }, { capture: true });
  map.addEventListener("click", (event) => {
    if (!hasDrawn) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    hasDrawn = false;
  }, { capture: true });
  for (const end of ["pointerup", "pointercancel"]) {
    map.addEventListener(end, (event) => {
      if (!corners) return;
      event.stopImmediatePropagation();
      const drawn = corners;
      corners = null;
      line.setAttribute("hidden", "");
      if (end === "pointerup" && drawn.length > 2) {
        hasDrawn = true;
        draw(false);
        selectInside(drawn);
      }
    }, { capture: true });
  }
}
