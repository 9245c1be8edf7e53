// What a number means, beside it: on hover, on focus and on a tap.
const tip = byId("tip");
let explained = null;

// Moved by a transform alone, so that nothing on the page shifts.
function placeBeside(box, left, top, bottom) {
  const { width, height } = box.getBoundingClientRect();
  const x = Math.max(12, Math.min(left, document.documentElement.clientWidth - width - 12));
  const y = bottom + 8 + height < innerHeight || top - 8 - height < 0 ? bottom + 8 : top - 8 - height;
  box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

function explain(target) {
  if (explained === target) return;
  if (explained) explained.removeAttribute("aria-describedby");
  explained = target;
  tip.hidden = !target;
  if (!target) return;
  tip.textContent = target.dataset.tip;
  target.setAttribute("aria-describedby", "tip");
  const box = target.getBoundingClientRect();
  placeBeside(tip, box.left, box.top, box.bottom);
}

const tipped = (event) => (event.target.closest ? event.target.closest("[data-tip]") : null);
document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && explain(tipped(event)));
document.addEventListener("focusin", (event) => explain(tipped(event)));
document.addEventListener("focusout", () => explain(null));
document.addEventListener("click", (event) => explain(tipped(event)));
addEventListener("scroll", () => explain(null), { passive: true, capture: true });
