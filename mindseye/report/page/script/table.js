// A table that sorts by the column that is clicked; numbers that are missing stand last either way.
const FIRST_ROWS = 15, MORE_ROWS = 500;

// found: what a number that was typed finds, see `search`.
function sortable(columns, rows, cellOf, at, found, beside) {
  let sorted = rows.slice(), most = FIRST_ROWS, column = at, down = true, wanted = "";
  const body = el("tbody"), more = el("button", { type: "button", class: "more", onclick: () => { most += MORE_ROWS; show(); } });
  const heads = columns.map((one, place) => el("th", { scope: "col" }, el("button", { type: "button", "data-tip": one.words || null, onclick: () => sort(place) }, one.title)));

  function show() {
    const fitting = sorted.filter((row) => String(row[0]).startsWith(wanted));
    body.replaceChildren(...fitting.slice(0, most).map((row) => el("tr", {}, row.map((value, place) => cellOf(row, value, place)))));
    more.hidden = fitting.length <= most;
    more.textContent = most > FIRST_ROWS ? "more" : `all ${fitting.length} channels`;
    return fitting.length;
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
  const table = el("div", { class: "scroller" }, el("table", { class: "sortable" }, el("thead", {}, el("tr", {}, heads)), body));
  return [found ? search(found, (text) => { wanted = text; return show(); }) : null, table, el("div", { class: "tools" }, more, beside)];
}

// A field above a table, in which one types a number: rows whose number begins with it stay, Enter opens what has the number.
function search({ label, say, open }, narrow) {
  const said = el("span", { class: "me-faint", role: "status" });
  const numberIn = (text) => text.trim().replace(/^channel\s*/i, "");
  const input = el("input", { type: "search", class: "number", inputmode: "numeric", placeholder: label, "aria-label": label,
    oninput: () => {
      const wanted = numberIn(input.value);
      said.textContent = say(wanted, narrow(wanted));
    },
    onkeydown: (event) => { if (event.key === "Enter" && numberIn(input.value)) open(numberIn(input.value)); } });
  return el("div", { class: "filter" }, input, said);
}
