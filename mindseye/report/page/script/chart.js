// A line chart over the layers, early to late, drawn at the width that it has.
const HEIGHT = 210, LEFT = 34, RIGHT = 26, TOP = 14, BOTTOM = 46;

function chart(holder, names, span, lines, extra) {
  function draw(width) {
    const [low, high] = span;
    const x = (place) => (names.length < 2 ? (LEFT + width - RIGHT) / 2 : LEFT + 14 + (place * (width - LEFT - RIGHT - 28)) / (names.length - 1));
    const y = (value) => HEIGHT - BOTTOM - ((value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
    const ticks = [low, (low + high) / 2, high].map((tick) => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, shown(tick).replace(/\.?0+$/, "") || "0"),
    ]);
    const room = (width - LEFT - RIGHT) / Math.max(1, names.length);
    const labels = names.map((name, place) => {
      const text = name.length * 7 > room * 1.9 ? `…${name.slice(-Math.max(3, Math.floor(room / 4)))}` : name; // the end tells layers apart
      return svg("text", { x: x(place), y: HEIGHT - BOTTOM + (place % 2 && name.length * 7 > room ? 34 : 18), "text-anchor": "middle" }, text, svg("title", {}, name));
    });
    const drawn = lines.map(({ values, kind }) => {
      const known = values.map((value, place) => [place, value]).filter(([, value]) => value !== null);
      return svg("path", { class: kind, d: known.map(([place, value], first) => `${first ? "L" : "M"}${x(place)} ${y(value)}`).join("") });
    });
    const marks = (lines[0] ? lines[0].values : []).map((value, place) => value === null ? null : [
      svg("circle", { class: "dot", cx: x(place), cy: y(value), r: 5 }),
      svg("text", { class: "value", x: x(place), y: y(value) + (y(value) < TOP + 18 ? 20 : -11), "text-anchor": "middle" }, shownOn(span, value)),
    ]);
    holder.replaceChildren(svg("svg", { height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": aloud(names, lines) },
      ticks, extra ? extra(x, y) : null, drawn, marks, labels));
  }
  holder.style.height = `${HEIGHT}px`;
  new ResizeObserver(([entry]) => entry.contentRect.width && draw(entry.contentRect.width)).observe(holder);
  return holder;
}

const aloud = (names, lines) => names.map((name, place) => `${name}: ${shown(lines[0] ? lines[0].values[place] : null)}`).join(", ");

function chartLegend(entries) {
  return el("div", { class: "legend chart" }, entries.map(([kind, text]) => el("span", {},
    svg("svg", { width: 34, height: 12, "aria-hidden": "true", style: "display:inline-block;width:34px" }, svg("path", { class: kind, d: "M1 6H33" })), text)));
}
