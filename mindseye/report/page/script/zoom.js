// A picture over the whole window: a click or tap, the wheel, two fingers, the buttons and + − 0 change its size, a drag moves it, Esc
// closes.
const STEP = 1.5, LARGEST = 16;

function zoom(opened, title) {
  const image = el("img", { src: opened.src, alt: opened.alt, width: opened.naturalWidth, height: opened.naturalHeight, draggable: "false" });
  const room = el("div", { class: "room", tabindex: 0, role: "group", "aria-label": `${title}, scrolls` }, image);
  const said = el("output", {});
  const copy = el("button", { type: "button", onclick: () => copyPng(copy, opened.src, safeName(title)) }, "Copy PNG");
  const button = (text, label, onclick) => el("button", { type: "button", "aria-label": label, title: label, onclick }, text);
  let scale = 1;

  const fitting = () => Math.min(room.clientWidth / opened.naturalWidth, room.clientHeight / opened.naturalHeight);

  // What lies under (x, y) of the window stays there.
  function resize(wanted, x, y) {
    const before = image.getBoundingClientRect(), frame = room.getBoundingClientRect();
    const at = [x ?? frame.left + frame.width / 2, y ?? frame.top + frame.height / 2];
    const share = [(at[0] - before.left) / (before.width || 1), (at[1] - before.top) / (before.height || 1)];
    scale = Math.min(LARGEST, Math.max(Math.min(0.25, fitting()), wanted));
    image.style.width = `${opened.naturalWidth * scale}px`;
    image.classList.toggle("coarse", scale >= 4);
    said.textContent = `${Math.round(100 * scale)} %`;
    const after = image.getBoundingClientRect();
    room.scrollBy(after.left + share[0] * after.width - at[0], after.top + share[1] * after.height - at[1]);
  }

  const dialog = el("dialog", { class: "zoom", "aria-label": title },
    el("div", { class: "tools" }, el("b", {}, title), button("−", "smaller", () => resize(scale / STEP)), said, button("+", "larger", () => resize(scale * STEP)),
      button("1:1", "every pixel of the picture as one of the screen", () => resize(1)), button("Fit", "as large as the window", () => resize(fitting())),
      copy, button("×", "close", () => dialog.close())),
    room);
  const isDrag = dragAndPinch(room, (factor, x, y) => resize(scale * factor, x, y));
  image.addEventListener("click", (event) => {
    if (isDrag()) return;
    if (scale > fitting() * 1.01) resize(fitting());
    else resize(fitting() * 3, event.clientX, event.clientY);
  });
  room.addEventListener("wheel", (event) => {
    event.preventDefault();
    resize(scale * Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }, { passive: false });
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted = { "+": scale * STEP, "=": scale * STEP, "-": scale / STEP, 0: fitting(), 1: 1 }[event.key];
    if (wanted) resize(wanted);
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  room.focus();
  resize(fitting());
}

// Moves what a room holds with one pointer, and asks for another size where two fingers draw apart or together. What comes back
// tells whether the last press moved anything, so that the click at its end is none.
function dragAndPinch(room, enlarge) {
  const pointers = new Map();
  let moved = false;
  const middle = () => ["x", "y"].map((axis) => [...pointers.values()].reduce((sum, place) => sum + place[axis], 0) / pointers.size);
  const apart = () => {
    const [a, b] = [...pointers.values()];
    return b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  room.addEventListener("pointerdown", (event) => {
    if (event.isPrimary) {
      pointers.clear();
      moved = false;
    }
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  room.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last || (!moved && pointers.size === 1 && Math.hypot(event.clientX - last.x, event.clientY - last.y) < 4)) return;
    const [x, y] = middle(), before = apart();
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (!moved) room.setPointerCapture(event.pointerId);
    moved = true;
    const [nextX, nextY] = middle();
    room.scrollBy(x - nextX, y - nextY);
    if (before) enlarge(apart() / before, nextX, nextY);
  });
  for (const end of ["pointerup", "pointercancel"]) room.addEventListener(end, (event) => pointers.delete(event.pointerId));
  return () => moved;
}

// A view that is left takes the picture that lies over it along.
addEventListener("hashchange", () => { for (const dialog of document.querySelectorAll("dialog.zoom")) dialog.close(); });
