"use strict";

// The map of accounts and regions: a table with a button in each cell. The grid is one stop of the Tab key, and the
// arrow keys move in it (ARIA Authoring Practices Guide, "Grid Pattern").

const ACCOUNTS_A_PAGE = 50;

class HealthMap {
  constructor(spokes, accountName) {
    this.accountName = accountName;
    this.regions = [...new Set(spokes.map((spoke) => spoke.region))].sort();
    this.byAccount = new Map();
    for (const spoke of spokes) {
      if (!this.byAccount.has(spoke.account)) {
        this.byAccount.set(spoke.account, new Map());
      }
      this.byAccount.get(spoke.account).set(spoke.region, spoke);
    }
    this.accounts = [...this.byAccount.keys()].sort();
    this.start = 0;
    this.only = false;
    this.text = "";
    this.body = el("tbody");
    this.status = el("p", { role: "status", class: "found" });
    this.details = el("div", { class: "box details", role: "status", "aria-label": "The chosen account and region" },
      note("Choose a cell to see its account and region in full."));
    this.element = el("div", { class: "data" }, this.controls(), this.legend(spokes), this.status,
      el("div", { class: "scroll" },
        el("table", { class: "map", role: "grid", "aria-label": "Accounts and regions; the arrow keys move between cells" },
          el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Account"),
            this.regions.map((region) => el("th", { scope: "col" }, region)))),
          this.body)),
      this.pager(), this.details);
    this.body.addEventListener("keydown", (event) => this.move(event));
    this.show();
  }

  controls() {
    const only = el("input", { type: "checkbox", id: "health-only" });
    only.addEventListener("change", () => {
      this.only = only.checked;
      this.start = 0;
      this.show();
    });
    const search = el("input", { type: "search", id: "health-search", autocomplete: "off", spellcheck: "false" });
    search.addEventListener("input", () => {
      this.text = search.value.toLowerCase();
      this.start = 0;
      this.show();
    });
    return el("div", { class: "controls", role: "search", "aria-label": "Find accounts" },
      el("label", {}, "Search ", search), el("label", {}, only, " Only accounts that need attention"));
  }

  legend(spokes) {
    const states = ["unreachable", "needs attention", "not swept yet", "closed", "well"];
    return el("ul", { class: "legend", "aria-label": "States, and how many accounts and regions are in each" },
      states.map((state) => {
        const number = spokes.filter((spoke) => spoke.state === state).length;
        return el("li", {}, badge(state), ` ${count(number)}`);
      }));
  }

  pager() {
    this.previous = el("button", { type: "button", class: "control" }, "Previous");
    this.next = el("button", { type: "button", class: "control" }, "Next");
    onPress(this.previous, () => this.leaf(-ACCOUNTS_A_PAGE));
    onPress(this.next, () => this.leaf(ACCOUNTS_A_PAGE));
    this.pages = el("nav", { class: "pager", "aria-label": "Pages of accounts" }, this.previous, this.next);
    return this.pages;
  }

  leaf(accounts) {
    this.start = Math.max(0, this.start + accounts);
    this.show();
  }

  wanted(account) {
    const spokes = [...this.byAccount.get(account).values()];
    const troubled = spokes.some((spoke) => spoke.state !== "well" && spoke.state !== "closed");
    return (!this.only || troubled) && `${account} ${this.accountName(account)}`.toLowerCase().includes(this.text);
  }

  show() {
    const found = this.accounts.filter((account) => this.wanted(account));
    const shown = found.slice(this.start, this.start + ACCOUNTS_A_PAGE);
    this.cells = [];
    this.body.replaceChildren(...shown.map((account, row) => this.row(account, row)));
    const first = this.cells.flat().find(Boolean);
    if (first) {
      first.tabIndex = 0;
    }
    const range = found.length > shown.length
      ? ` Accounts ${count(this.start + 1)} to ${count(this.start + shown.length)} are shown.` : "";
    this.status.textContent = `${counted(found.length, "account")} in ${counted(this.regions.length, "region")}.${range}`;
    setDisabled(this.previous, this.start === 0);
    setDisabled(this.next, this.start + ACCOUNTS_A_PAGE >= found.length);
    this.pages.hidden = this.accounts.length <= ACCOUNTS_A_PAGE;
  }

  row(account, row) {
    const spokes = this.byAccount.get(account);
    this.cells.push([]);
    return el("tr", {}, el("th", { scope: "row" }, this.accountName(account)),
      this.regions.map((region) => {
        const spoke = spokes.get(region);
        const button = spoke ? this.cell(spoke, row, this.cells[row].length) : null;
        this.cells[row].push(button);
        return el("td", { role: "gridcell" }, button || el("span", { class: "quiet" }, "not covered"));
      }));
  }

  cell(spoke, row, column) {
    const names = counted(spoke.names, "name");
    const label = `${this.accountName(spoke.account)}, ${spoke.region}: ${spoke.state}, ${names}`;
    const button = el("button", { type: "button", class: `cell ${lookOf(spoke.state)[0]}`, tabindex: "-1",
      "aria-label": visible(label), title: visible(label), "data-row": row, "data-column": column },
    icon(spoke.state), el("span", {}, count(spoke.names)));
    button.addEventListener("click", () => this.choose(spoke));
    button.addEventListener("focus", () => this.current(button));
    return button;
  }

  // Only the cell that had the focus last is a stop of the Tab key.
  current(button) {
    for (const cell of this.cells.flat()) {
      if (cell) {
        cell.tabIndex = cell === button ? 0 : -1;
      }
    }
  }

  move(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const button = event.target.closest("button.cell");
    if (!step || !button) {
      return;
    }
    event.preventDefault();
    let row = Number(button.dataset.row);
    let column = Number(button.dataset.column);
    // Regions that do not cover an account are skipped.
    do {
      row += step[0];
      column += step[1];
    } while (this.cells[row] && column in this.cells[row] && !this.cells[row][column]);
    if (this.cells[row] && this.cells[row][column]) {
      this.cells[row][column].focus();
    }
  }

  choose(spoke) {
    this.details.replaceChildren(
      el("h3", {}, `${this.accountName(spoke.account)}, ${spoke.region}`),
      el("p", {}, badge(spoke.state)),
      spoke.reasons.length ? el("ul", {}, spoke.reasons.map((reason) => el("li", {}, reason))) : "",
      el("p", {}, `${counted(spoke.instances, "instance")}, ${counted(spoke.names, "name")}, ${counted(spoke.vpcs, "VPC")}. `,
        "Last complete sweep: ", timeElement(spoke.swept_at), ". Last event: ", timeElement(spoke.event_at), "."),
    );
  }
}
