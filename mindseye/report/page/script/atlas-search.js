// The search of an atlas: every channel by its number, its layer, and what its photos show.
const MOST_FOUND = 120;

function wireSearch() {
  const { folders, layers, channels } = JSON.parse(byId("index").textContent);
  const field = byId("search"), results = byId("results"), said = byId("found");
  const lines = channels.map(([layer, channel, label]) => [words(`${layers[layer]} ${channel} ${label}`)]);

  function find() {
    const isAsked = words(field.value).length > 0, fits = matcher(plainNumber(field.value));
    const hits = isAsked ? channels.filter((_, place) => fits(lines[place])) : [];
    results.hidden = !hits.length;
    byId("layers").hidden = hits.length > 0;
    said.textContent = isAsked ? `${hits.length} of ${channels.length}${hits.length > MOST_FOUND ? `, the first ${MOST_FOUND}` : ""}` : "";
    results.replaceChildren(...hits.slice(0, MOST_FOUND).map(([layer, channel, label, share]) =>
      channelTile(`${folders[layer]}/${stemOf(channel)}`, `${layers[layer]}:${channel}`, label, share)));
  }

  field.addEventListener("input", find);
  field.addEventListener("keydown", (event) => {
    const first = event.key === "Enter" && results.querySelector("a");
    if (first) location.href = first.href;
  });
  if (field.value) find();
}

if (byId("index")) wireSearch();
