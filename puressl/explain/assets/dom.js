// Elements, and moving among them with the keyboard. Text from the story enters the page only through textContent.

const SVG = "http://www.w3.org/2000/svg";

/** An element: its tag with classes ("span.name.soft"), its attributes, and its children (elements or text). */
function el(description, attributes = {}, ...children) {
  const [tag, ...classes] = description.split(".");
  return furnish(document.createElement(tag), classes, attributes, children);
}

/** The same in SVG. */
function svg(description, attributes = {}, ...children) {
  const [tag, ...classes] = description.split(".");
  return furnish(document.createElementNS(SVG, tag), classes, attributes, children);
}

function furnish(element, classes, attributes, children) {
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const byId = (id) => document.getElementById(id);

function lock() {
  const shape = svg("path", { d: "M3.5 7V5a2.5 2.5 0 0 1 5 0v2H10v6H2V7zM5 7h2V5a1 1 0 0 0-2 0z" });
  return svg("svg.lock", { viewBox: "0 0 12 14", role: "img", "aria-label": "encrypted" }, shape);
}

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

const shortened = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/**
 * One tab stop for many items: keys move the focus among them. moves: a key's name to a function of an item's index and
 * the items that gives the index to go to. Returns a function that makes an item the tab stop.
 */
function roving(container, selector, moves) {
  const items = () => [...container.querySelectorAll(selector)].filter((item) => !item.hidden);
  const stop = (item) => {
    for (const other of container.querySelectorAll(`${selector}[tabindex="0"]`)) other.setAttribute("tabindex", -1);
    item?.setAttribute("tabindex", 0);
  };
  container.addEventListener("focusin", (event) => {
    const item = event.target.closest(selector);
    if (item) stop(item);
  });
  container.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = items();
    const place = all.indexOf(event.target.closest(selector));
    if (place < 0) return;
    event.preventDefault();
    event.stopPropagation();
    all[Math.max(0, Math.min(all.length - 1, move(place, all)))].focus();
  });
  return stop;
}

const VERTICAL = { ArrowUp: (at) => at - 1, ArrowDown: (at) => at + 1 };
const HORIZONTAL = { ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1 };
const ENDS = { Home: () => 0, End: (at, all) => all.length - 1 };

/** A drawing of a width and height in its own units. */
function drawing(width, height, attributes, ...parts) {
  const element = svg("svg.drawing", { viewBox: `0 0 ${width} ${height}`, width, height, ...attributes }, ...parts);
  element.style.setProperty("--natural", `${width}px`);
  return element;
}

/** Tabs over panels of the document; one is shown. Returns a function that shows the panel of a tab. */
function tabs(list, chosen = () => {}) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    for (const each of all) {
      each.setAttribute("aria-selected", each === tab);
      each.setAttribute("tabindex", each === tab ? 0 : -1);
      byId(each.getAttribute("aria-controls"))?.classList.toggle("chosen", each === tab);
    }
    chosen(tab);
  };
  roving(list, "[role=tab]", { ...HORIZONTAL, ...ENDS });
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab) return;
    choose(tab);
    // Who points goes on in the panel, where the arrow keys step; who types stays among the tabs.
    if (event.detail) byId(tab.getAttribute("aria-controls")).focus({ preventScroll: true });
  });
  list.addEventListener("focusin", (event) => choose(event.target));
  choose(all[0]);
  return choose;
}

/** Scrolls an item into sight inside its container, never the page. margin: what stays clear around it, in pixels. */
function reveal(container, item, margin = 8) {
  const [outer, inner] = [container.getBoundingClientRect(), item.getBoundingClientRect()];
  if (inner.top < outer.top + margin) container.scrollTop -= outer.top + margin - inner.top;
  else if (inner.bottom > outer.bottom - margin) container.scrollTop += inner.bottom + margin - outer.bottom;
  if (inner.left < outer.left + margin) container.scrollLeft -= outer.left + margin - inner.left;
  else if (inner.right > outer.right - margin) container.scrollLeft += inner.right + margin - outer.right;
}
