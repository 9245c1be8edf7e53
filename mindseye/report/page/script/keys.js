// Keys of the whole page: arrows from picture to picture, Escape out of what is open.
const INTERACTIVE = "a, button, input, select, textarea, summary, dialog, .scroller, #side, [tabindex='0']";

// What is open or narrowed last goes first: the card of a photo, the view, the selection, the filter.
function escapeFrom() {
  const { path } = address();
  if (!peek.hidden || !tip.hidden) {
    unpeek();
    explain(null);
  } else if (byId("front").hidden) {
    const [view, layer, channel] = path.split("/");
    if (view === "channels" && channel) location.hash = `#/channels/${layer}`;
    else if (openers.get(entry) === "front") history.back(); // to the very place that one came from, and its focus
    else if (path !== "" || !content.inspect) location.hash = frontHref();
  } else if (selection) {
    select(null);
    remember({ channel: "", lasso: "" });
  } else if (field.value) {
    field.value = "";
    filter();
    remember({ filter: "" });
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("dialog")) return;
  const isTyping = event.target.matches("input[type='search'], textarea");
  if (event.key === "Escape" && !(isTyping && event.target.value)) return escapeFrom();
  const offset = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!offset || event.shiftKey || event.target.closest(INTERACTIVE)) return;
  if (!byId("photo").hidden) {
    const way = byId("photo").querySelector(`a[href][rel=${offset < 0 ? "prev" : "next"}]`);
    if (way) way.click();
    return;
  }
  if (byId("front").hidden && byId("item").hidden) return;
  const order = visibleNumbers(), [, now, layer] = (location.hash.match(/^#\/picture\/(\d+)(\/\d+)?/) || []);
  const next = now === undefined ? (offset > 0 ? 0 : order.length - 1) : order.indexOf(Number(now)) + offset;
  if (order[next] === undefined) return;
  event.preventDefault();
  location.hash = `#/picture/${order[next]}${layer || ""}`;
});

// Links over what stands between: Tab comes to them first.
for (const link of document.querySelectorAll(".skip")) {
  link.addEventListener("click", (event) => {
    const goal = document.querySelector(link.dataset.to);
    if (!goal) return;
    event.preventDefault(); // the address says which view is shown, and stays
    goal.focus();
    goal.scrollIntoView({ block: "nearest" });
  });
}
