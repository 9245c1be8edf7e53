// What the page holds. Pictures that stand in its first screen already are not held twice.
const content = JSON.parse(byId("content").textContent);
for (const image of document.querySelectorAll("img[data-picture]")) content.pictures[image.dataset.picture] = image.getAttribute("src");
for (const image of document.querySelectorAll("image[data-photo]")) content.photos.thumbnails[image.dataset.photo] = image.getAttribute("href");

const layers = content.layers;
const deepest = layers.length - 1;
const items = layers.length ? layers[deepest].items : [];
const places = layers.map((layer) => new Map(layer.items.map((item) => [item.number, item])));

// All that a facet can be found by: its name and label, and each of its photos, channels and sightings.
const linesOf = new Map(items.map((item) => {
  const photos = item.members.map(([photo]) => content.photos.names[photo]);
  const channels = item.channels.map(([channel]) => `channel ${channel}`);
  const sees = item.sees.flatMap(([, wanted, seen]) => [wanted, ...seen.map(([name]) => name)]);
  const source = item.photo ? [item.photo.name] : [];
  return [item.number, [`${item.name} ${item.label}`, ...photos, ...channels, ...sees, ...source].map(words)];
}));
