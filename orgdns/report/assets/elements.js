"use strict";

// Elements of HTML and SVG. A text becomes a text node, never markup.

const SVG = "http://www.w3.org/2000/svg";

// Characters that a reader would not see, or that change the order of what follows, as escapes.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/gu;

function visible(text) {
  return String(text).replace(HIDDEN, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null).map((child) => (
    child instanceof Node ? child : document.createTextNode(visible(child))
  )));
  return element;
}

function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

const INTEGER = new Intl.NumberFormat("en");

function count(number) {
  return INTEGER.format(number);
}

// "3 names", "1 name".
function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

function percent(part, whole) {
  if (!whole) {
    return "0 %";
  }
  const share = (100 * part) / whole;
  // What is not everything is not shown as everything, and what is not nothing not as nothing.
  return `${share > 99.9 && part < whole ? Math.floor(share * 100) / 100 : Number(share.toPrecision(3))} %`;
}

// A time in UTC, as the command shows it, to the minute.
function time(text) {
  return text ? `${text.slice(0, 10)} ${text.slice(11, 16)} UTC` : "never";
}

// A time as an element that programs can read, too.
function timeElement(text) {
  return text ? el("time", { datetime: text }, time(text)) : el("span", { class: "quiet" }, "never");
}

const SHAPES = {
  check: "M3 8.5l3.5 3.5L13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  warning: "M8 3v6.5M8 12v1",
  question: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.8-1.1 1.6M8 12v1",
  dash: "M3.5 8h9",
  clock: "M8 4v4.5l3 1.5",
};

// The look of each state: a class for its color, and a shape, because not everybody sees the color.
const STATES = {
  "unreachable": ["bad", "cross"],
  "needs attention": ["warn", "warning"],
  "not swept yet": ["unknown", "question"],
  "closed": ["off", "dash"],
  "well": ["good", "check"],
  "unreadable": ["bad", "cross"],
  "waiting": ["warn", "clock"],
  "dry run": ["off", "dash"],
  "published": ["good", "check"],
  "conflict": ["bad", "warning"],
  "refused": ["warn", "cross"],
  "not held": ["unknown", "clock"],
};

function lookOf(state) {
  return Object.hasOwn(STATES, state) ? STATES[state] : ["unknown", "question"];
}

function icon(state) {
  const [tone, shape] = lookOf(state);
  return svg(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, class: `icon ${tone}`, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: SHAPES[shape] }),
  );
}

function badge(state) {
  return el("span", { class: `badge ${lookOf(state)[0]}` }, icon(state), state);
}

function note(text) {
  return el("p", { class: "quiet" }, text);
}

// What a hidden or long part is behind a summary that a key opens.
function disclosure(summary, ...children) {
  return el("details", {}, el("summary", {}, summary), ...children);
}

// A button that cannot be pressed now keeps the focus, which one that is `disabled` loses.
function setDisabled(button, disabled) {
  button.setAttribute("aria-disabled", disabled);
}

function onPress(button, action) {
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") {
      action();
    }
  });
}
