"use strict";

// Bars and lines, as SVG. Each has a text that says the same.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

// A bar of how much of a limit is used. From 80 % on it is also hatched, as an alarm fires then.
function usageBar(used, limit, what) {
  if (!limit) {
    return el("span", {}, `${count(used)} ${what}`);
  }
  const near = used * 100 >= limit * 80;
  const width = Math.min(200, (200 * used) / limit);
  return el("div", { class: "usage" },
    svg("svg", { viewBox: "0 0 200 12", width: 200, height: 12, "aria-hidden": "true", focusable: "false",
      preserveAspectRatio: "none" },
    svg("rect", { class: "track", width: 200, height: 12, rx: 2 }),
    svg("rect", { class: near ? "fill near" : "fill", width, height: 12, rx: 2 }),
    svg("line", { class: "mark", x1: 160, x2: 160, y1: 0, y2: 12 })),
    el("span", {}, `${count(used)} of ${count(limit)} ${what} (${percent(used, limit)})${near ? ", near the limit" : ""}`));
}

// Bars over time. `hours` are {at, values}, one value for each of `series` ({label, tone}), from the bottom up.
function barsOverTime({ hours, series, end, label }) {
  const width = 720;
  const height = 160;
  const left = 46;
  const bottom = 22;
  const times = hours.map((hour) => Date.parse(hour.at));
  const last = Math.ceil(Date.parse(end) / HOUR) * HOUR;
  const first = Math.max(Math.min(...times, last - 12 * HOUR), last - 14 * DAY);
  const step = (width - left) / ((last - first) / HOUR);
  const most = Math.max(1, ...hours.map((hour) => hour.values.reduce((sum, value) => sum + value, 0)));
  const y = (value) => (height - bottom) * (1 - value / most);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": visible(label) });
  for (const value of [0, most / 2, most]) {
    chart.append(
      svg("line", { class: "grid", x1: left, x2: width, y1: y(value) + 0.5, y2: y(value) + 0.5 }),
      svg("text", { x: left - 6, y: Math.max(9, y(value) + 4), "text-anchor": "end" }, count(Math.round(value * 10) / 10)),
    );
  }
  for (const [at, text] of ticks(first, last)) {
    const x = left + ((at - first) / HOUR) * step;
    chart.append(svg("line", { class: "grid", x1: x, x2: x, y1: 0, y2: height - bottom }),
      svg("text", { x: x + 3, y: height - 6 }, text));
  }
  hours.forEach((hour, index) => {
    const x = left + ((times[index] - first) / HOUR) * step;
    let below = 0;
    hour.values.forEach((value, place) => {
      if (value) {
        const top = y(below + value);
        const tall = Math.max(1, y(below) - top);
        chart.append(svg("rect", { class: `bar ${series[place].tone}`, x, y: y(below) - tall,
          width: Math.max(1, step - 1), height: tall }));
        below += value;
      }
    });
  });
  return el("figure", {}, chart, el("figcaption", { class: "legend" },
    series.map((each) => el("span", {}, svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true",
      focusable: "false" }, svg("rect", { class: `bar ${each.tone}`, width: 12, height: 12 })), ` ${each.label} `))));
}

// Marks of the axis of time: each day, or every third hour of a short time.
function* ticks(first, last) {
  const short = last - first <= 2 * DAY;
  const apart = short ? 3 * HOUR : DAY;
  for (let at = Math.ceil(first / apart) * apart; at < last; at += apart) {
    const text = new Date(at).toISOString();
    yield [at, short ? text.slice(11, 16) : text.slice(5, 10)];
  }
}

// The sums of some values of hours, by day.
function byDay(hours, keys) {
  const days = new Map();
  for (const hour of hours) {
    const day = hour.at.slice(0, 10);
    const sums = days.get(day) || Object.fromEntries(keys.map((key) => [key, 0]));
    for (const key of keys) {
      sums[key] += hour[key];
    }
    days.set(day, sums);
  }
  return [...days].sort(([one], [other]) => compared(other, one));
}

// A plain table with a caption, for few rows: `heads` are {label, numeric?}.
function plainTable(caption, heads, rows) {
  return el("div", { class: "scroll" }, el("table", {}, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => (
      el("th", { scope: "col", class: head.numeric ? "number" : null }, head.label)
    )))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, place) => (
      place ? el("td", { class: heads[place].numeric ? "number" : null }, cell) : el("th", { scope: "row" }, cell)
    )))))));
}
