"use strict";

// Rows of a table in memory: searched, filtered and sorted by index, so that 50,000 rows answer at once. No page here.

class Rows {
  // `table` has the names of its `columns`, and `rows` with values in this order.
  constructor(table) {
    this.columns = table.columns;
    this.rows = table.rows;
    this.place = new Map(table.columns.map((name, index) => [name, index]));
    this.texts = null;
    this.ranks = new Map();
  }

  get length() {
    return this.rows.length;
  }

  value(index, column) {
    return this.rows[index][this.place.get(column)];
  }

  // The values of a column, each once, sorted.
  values(column) {
    const place = this.place.get(column);
    return [...new Set(this.rows.map((row) => row[place]))].sort(compared);
  }

  // The indexes of the rows that have all words of a text somewhere, and these values, in the order of a column.
  found({ text = "", filters = {}, column = null, descending = false }) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.entries(filters).filter(([, value]) => value !== "").map(([name, value]) => (
      [this.place.get(name), value]
    ));
    const texts = words.length ? this.searched() : [];
    const indexes = new Uint32Array(this.rows.length);
    let number = 0;
    for (let index = 0; index < this.rows.length; index += 1) {
      const row = this.rows[index];
      if (wanted.every(([place, value]) => String(row[place]) === value)
        && words.every((word) => texts[index].includes(word))) {
        indexes[number] = index;
        number += 1;
      }
    }
    const found = indexes.subarray(0, number);
    if (column !== null) {
      const ranks = this.ranked(column);
      // Rows with the same value stay in their order, in both directions.
      found.sort(descending
        ? (one, other) => ranks[other] - ranks[one] || one - other
        : (one, other) => ranks[one] - ranks[other] || one - other);
    }
    return found;
  }

  // The text of each row in lower case, made when somebody searches for the first time.
  searched() {
    this.texts = this.texts || this.rows.map((row) => row.join("\n").toLowerCase());
    return this.texts;
  }

  // The place of each row in the order of a column. Comparing numbers is many times faster than comparing texts.
  ranked(column) {
    if (!this.ranks.has(column)) {
      const place = this.place.get(column);
      const values = this.values(column);
      const rankOf = new Map(values.map((value, rank) => [value, rank]));
      this.ranks.set(column, Uint32Array.from(this.rows, (row) => rankOf.get(row[place])));
    }
    return this.ranks.get(column);
  }
}

// The rows of a table as objects, for few rows of which each value is looked at.
function objects(table) {
  return table.rows.map((row) => Object.fromEntries(table.columns.map((name, place) => [name, row[place]])));
}

// Numbers by size, texts by code points. What is not known comes first.
function compared(one, other) {
  if (one === null || other === null) {
    return (one !== null) - (other !== null);
  }
  return (one > other) - (one < other);
}
