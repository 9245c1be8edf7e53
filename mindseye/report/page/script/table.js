// A table that sorts by the column that is clicked; numbers that are missing stand last either way. Its order, its rows and what was
// searched stand in the address, so that it is found again as it was left.
const FIRST_ROWS = 15, MORE_ROWS = 500;

// found: what a number that was typed finds, see `search`.
// last: what stands at the end of each row, under a heading that sorts nothing.
function sortable(columns, rows, cellOf, at, found, beside, last) {
  const { asked } = address(), asks = asked.get("sort") || "", place = columns.findIndex((one) => one.key === asks.replace("-", ""));
  let sorted = rows.slice(), most = Number(asked.get("rows")) || FIRST_ROWS, column = place < 0 ? at : place;
  let down = place < 0 || asks.startsWith("-"), wanted = "";
  const body = el("tbody"), more = el("button", { type: "button", class: "more", onclick: () => { most += MORE_ROWS; show(); remember({ rows: String(most) }); } });
  const heads = columns.map((one, place) => el("th", { scope: "col" }, el("button", { type: "button", "data-tip": one.words || null, onclick: () => sort(place) }, one.title)));

  function show() {
    const fitting = sorted.filter((row) => String(row[0]).startsWith(wanted));
    body.replaceChildren(...fitting.slice(0, most).map((row) => el("tr", {}, row.map((value, place) => cellOf(row, value, place)), last ? el("td", { class: "last" }, last.cell(row)) : null)));
    more.hidden = fitting.length <= most;
    more.textContent = most > FIRST_ROWS ? "more" : `all ${fitting.length} channels`;
    return fitting.length;
  }

  function sort(place) {
    down = place === column ? !down : place !== 0;
    column = place;
    order();
    remember({ sort: `${down ? "-" : ""}${columns[column].key}` });
  }

  function order() {
    const sign = down ? -1 : 1;
    sorted = rows.slice().sort((a, b) => (a[column] === null) - (b[column] === null) || sign * (a[column] - b[column]));
    heads.forEach((head, place) => place === column ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    show();
  }

  order();
  const table = el("div", { class: "scroller" }, el("table", { class: "sortable" }, el("thead", {}, el("tr", {}, heads, last ? el("th", { scope: "col", class: "last" }, last.title) : null)), body));
  return [found ? search(found, (text) => { wanted = text; return show(); }) : null, table, el("div", { class: "tools" }, more, beside)];
}

// A field above a table, in which one types a number: rows whose number begins with it stay, Enter opens what has the number.
function search({ label, say, open }, narrow) {
  const said = el("span", { class: "me-faint", role: "status" });
  const numberIn = (text) => text.trim().replace(/^channel\s*/i, "");
  const find = () => {
    const wanted = numberIn(input.value);
    said.textContent = say(wanted, narrow(wanted));
  };
  const input = el("input", { type: "search", class: "number", inputmode: "numeric", placeholder: label, "aria-label": label,
    oninput: () => {
      find();
      remember({ find: input.value });
    },
    onkeydown: (event) => { if (event.key === "Enter" && numberIn(input.value)) open(numberIn(input.value)); } });
  input.value = address().asked.get("find") || "";
  if (input.value) find();
  return el("div", { class: "filter" }, input, said);
}
