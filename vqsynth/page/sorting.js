"use strict";

/** Order the indices of rows by a column: equal ones stay as they are, what has no value comes last either way. */
function sortRows(order, rows, column, descending) {
  const sign = descending ? -1 : 1;
  return order.slice().sort((i, j) => {
    const a = rows[i][column], b = rows[j][column];
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (a - b);
  });
}

/** Let a click on a header of `table` sort its rows, whose values are `rows`; a second click turns the order. */
function makeSortable(table, rows) {
  const body = table.tBodies[0], lines = [...body.rows], heads = [...table.tHead.rows[0].cells];
  lines.forEach((line, i) => { line.dataset.row = i; });
  heads.forEach((head, column) => {
    head.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      body.append(...sortRows([...rows.keys()], rows, column, descending).map((i) => lines[i]));
    });
  });
  return lines;
}
