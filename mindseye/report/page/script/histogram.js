// A histogram: how many photos have a value, from the lowest to the highest, and where their mean lies.
function histogram([mean, low, high, counts]) {
  const most = Math.max(1, ...counts), width = (high - low) / counts.length;
  const bars = counts.map((count, place) => el("i", { "--share": `${(100 * count) / most}%`,
    title: `${shown(low + place * width)} to ${shown(low + (place + 1) * width)}: ${count} photo${count === 1 ? "" : "s"}` }));
  const at = high > low ? (100 * (mean - low)) / (high - low) : 50;
  const photos = counts.reduce((sum, count) => sum + count, 0);
  return el("figure", { class: "histogram" },
    el("div", { class: "bars", role: "img", "aria-label": `${photos} photos between ${shown(low)} and ${shown(high)}, mean ${shown(mean)}, most ${most} in one bar` },
      bars, el("b", { "--at": `${at}%` })),
    el("figcaption", {}, el("span", {}, shown(low)), el("span", {}, `mean ${shown(mean)} · highest bar ${most} photos`), el("span", {}, shown(high))));
}
