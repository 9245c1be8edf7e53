// A table that sorts by the column that is clicked; numbers that are missing stand last either way.
const ROWS = 200;

function sortable(columns, rows, cellOf, at) {
  let sorted = rows.slice(), most = ROWS, column = at, down = true;
  const body = el("tbody"), more = el("button", { type: "button", class: "more", onclick: () => { most += 5 * ROWS; show(); } }, "more rows");
  const heads = columns.map((one, place) => el("th", { scope: "col" }, el("button", { type: "button", "data-tip": one.words || null, onclick: () => sort(place) }, one.title)));

  function show() {
    body.replaceChildren(...sorted.slice(0, most).map((row) => el("tr", {}, row.map((value, place) => cellOf(row, value, place)))));
    more.hidden = sorted.length <= most;
  }

  function sort(place) {
    down = place === column ? !down : place !== 0;
    column = place;
    order();
  }

  function order() {
    const sign = down ? -1 : 1;
    sorted = rows.slice().sort((a, b) => (a[column] === null) - (b[column] === null) || sign * (a[column] - b[column]));
    heads.forEach((head, place) => place === column ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    show();
  }

  order();
  return [el("div", { class: "scroller" }, el("table", { class: "sortable" }, el("thead", {}, el("tr", {}, heads)), body)), more];
}
