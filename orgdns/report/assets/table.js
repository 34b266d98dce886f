"use strict";

// A table that people search, filter, sort and leaf through. Only the rows of one page are elements.

const SIZES = [25, 100, 500];

// `columns` are {key, label, numeric?, short?, filter?, option?, cell?}: `short` values stay on one line, `option` is the
// text of a value in the filter, and `cell` makes the content from the value and a function that gives the row's other
// values. `label` names the rows, as in "12 names", and `rest` says what the table does not have.
class DataTable {
  constructor({ id, caption, rows, columns, label, rest = "" }) {
    this.id = id;
    this.rows = rows;
    this.columns = columns;
    this.label = label;
    this.rest = rest;
    this.query = { text: "", filters: {}, column: null, descending: false };
    this.size = SIZES[0];
    this.start = 0;
    this.body = el("tbody");
    this.status = el("p", { role: "status", class: "found", id: `${id}-found` });
    this.heads = new Map();
    this.element = el(
      "div",
      { class: "data", id: `${id}-table` },
      this.controls(),
      this.status,
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "group", "aria-label": `${caption}: table` },
        el("table", { "aria-describedby": `${id}-found` },
          el("caption", {}, caption),
          el("thead", {}, el("tr", {}, columns.map((column) => this.head(column)))),
          this.body),
      ),
      this.pager(),
    );
    this.search();
  }

  controls() {
    const search = el("input", { type: "search", id: `${this.id}-search`, autocomplete: "off", spellcheck: "false" });
    search.addEventListener("input", () => {
      this.query.text = search.value;
      this.search();
    });
    const filters = this.columns.filter((column) => column.filter).map((column) => this.filter(column));
    return el("div", { class: "controls", role: "search", "aria-label": `Find ${this.label(2)}` },
      el("label", {}, "Search ", search), filters);
  }

  filter(column) {
    const values = this.rows.values(column.key).filter((value) => value !== "");
    const select = el("select", { id: `${this.id}-${column.key}` },
      el("option", { value: "" }, "all"),
      values.map((value) => el("option", { value }, column.option ? column.option(value) : value)));
    select.addEventListener("change", () => {
      this.query.filters[column.key] = select.value;
      this.search();
    });
    return el("label", {}, `${column.label} `, select);
  }

  head(column) {
    const button = el("button", { type: "button", class: "sort" }, column.label,
      svg("svg", { viewBox: "0 0 8 12", width: 8, height: 12, "aria-hidden": "true", focusable: "false" },
        svg("path", { class: "up", d: "M0 5l4-5 4 5z" }), svg("path", { class: "down", d: "M0 7l4 5 4-5z" })));
    const head = el("th", { scope: "col", "aria-sort": "none", class: column.numeric ? "number" : null }, button);
    button.addEventListener("click", () => this.sort(column.key));
    this.heads.set(column.key, head);
    return head;
  }

  pager() {
    this.previous = el("button", { type: "button", class: "control" }, "Previous");
    this.next = el("button", { type: "button", class: "control" }, "Next");
    onPress(this.previous, () => this.leaf(-this.size));
    onPress(this.next, () => this.leaf(this.size));
    const size = el("select", { id: `${this.id}-size` }, SIZES.map((number) => el("option", { value: number }, count(number))));
    size.addEventListener("change", () => {
      this.size = Number(size.value);
      this.start -= this.start % this.size;
      this.show();
    });
    this.pages = el("nav", { class: "pager", "aria-label": `Pages of ${this.label(2)}` },
      this.previous, this.next, el("label", {}, "Rows a page ", size));
    return this.pages;
  }

  sort(key) {
    const again = this.query.column === key;
    this.query.descending = again && !this.query.descending;
    this.query.column = key;
    for (const [column, head] of this.heads) {
      head.setAttribute("aria-sort", column !== key ? "none" : this.query.descending ? "descending" : "ascending");
    }
    this.search();
  }

  search() {
    this.found = this.rows.found(this.query);
    this.start = 0;
    this.show();
  }

  leaf(rows) {
    this.start = Math.max(0, Math.min(this.start + rows, this.found.length - 1));
    this.show();
  }

  show() {
    const shown = this.found.subarray(this.start, this.start + this.size);
    this.body.replaceChildren(...Array.from(shown, (index) => this.row(index)));
    const number = this.found.length;
    const range = number > shown.length
      ? ` Rows ${count(this.start + 1)} to ${count(this.start + shown.length)} are shown.` : "";
    this.status.textContent = `${count(number)} ${this.label(number)}.${range} ${this.rest}`.trim();
    setDisabled(this.previous, this.start === 0);
    setDisabled(this.next, this.start + this.size >= number);
    this.pages.hidden = this.rows.length <= SIZES[0];
  }

  row(index) {
    const of = (key) => this.rows.value(index, key);
    return el("tr", {}, this.columns.map((column, place) => {
      const content = column.cell ? column.cell(of(column.key), of) : column.numeric ? count(of(column.key)) : of(column.key);
      const kind = column.numeric ? "number" : column.short ? "short" : null;
      return place ? el("td", { class: kind }, content) : el("th", { scope: "row", class: kind }, content);
    }));
  }
}

// "name" or "names".
function labels(one, many = `${one}s`) {
  return (number) => (number === 1 ? one : many);
}

// A table of all rows of a listing, with what the report left out.
function listing(id, caption, table, columns, label, hint) {
  if (!table.total) {
    return note(`No ${label(2)}.`);
  }
  const left = table.total - table.rows.length;
  const rest = left ? `The report has ${count(table.rows.length)} of ${count(table.total)} ${label(2)}. ${hint}` : "";
  return new DataTable({ id, caption, rows: new Rows(table), columns, label, rest }).element;
}
