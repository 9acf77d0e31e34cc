// Bytes and the fields they belong to, side by side: a dump and a tree. Pointing at one marks the other.

const NARROW = matchMedia("(max-width: 720px)");
/** Fields from this depth on are folded at first. */
const FOLDED_DEPTH = 2;

const toBytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (byte) => byte.toString(16).padStart(2, "0");
const offsetText = (offset) => offset.toString(16).padStart(4, "0");
const character = (byte) => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·");

/** Each field with its name inside its parent, its parent's index (-1 at the top), and whether it has parts. */
function nested(fields) {
  const above = [];
  return fields.map((field, index) => {
    above.length = field.depth;
    const parent = above.at(-1) ?? -1;
    above.push(index);
    const name = parent < 0 ? field.path : field.path.slice(fields[parent].path.length).replace(/^\./, "");
    return { ...field, name, parent, hasParts: (fields[index + 1]?.depth ?? 0) > field.depth };
  });
}

/** For each byte the index of the innermost field: parents stand before their parts. */
function owners(fields, length) {
  const owner = new Int32Array(length).fill(-1);
  fields.forEach((field, index) => owner.fill(index, field.start, field.end));
  return owner;
}

/** name: what the bytes are. bytes: Uint8Array. fields: of the story. held: [start, end) that is marked off, if any. */
class Explained {
  constructor(name, bytes, fields, held = null) {
    this.fields = nested(fields);
    this.owner = owners(fields, bytes.length);
    this.pinned = -1;
    this.unfolded = new Set();
    this.marked = [];
    this.cells = [];
    this.dump = this.drawDump(name, bytes, held);
    this.items = this.fields.map((field, index) => this.drawItem(field, index));
    this.tree = el("div.fields", { role: "tree", "aria-label": `Fields of ${name}` }, ...this.items);
    this.path = el("p.path", { "aria-live": "polite" });
    this.element = el("div.explained", {}, el("div.dumping", {}, this.path, this.dump), this.treeing());
    this.fields.forEach((field, index) => field.depth < FOLDED_DEPTH && this.unfolded.add(index));
    this.fold();
    this.listen();
    this.mark(-1);
  }

  drawDump(name, bytes, held) {
    const width = NARROW.matches ? 8 : 16;
    const dump = el("div.dump", { role: "grid", "aria-label": `Bytes of ${name}`, "aria-readonly": "true" });
    for (let start = 0; start < bytes.length; start += width) {
      const row = el("div.row", { role: "row" }, el("span.offset", { role: "rowheader" }, offsetText(start)));
      const texts = el("span.texts", { "aria-hidden": "true" });
      for (let at = start; at < Math.min(start + width, bytes.length); at++) {
        const field = this.fields[this.owner[at]];
        const cell = el("span.byte", { role: "gridcell", tabindex: at ? -1 : 0, "data-at": at }, toHex(bytes[at]));
        const text = el("span.text", { "data-at": at }, character(bytes[at]));
        cell.classList.toggle("opens", field?.start === at && at % width > 0);
        cell.classList.toggle("held", held !== null && at >= held[0] && at < held[1]);
        row.append(cell);
        texts.append(text);
        this.cells.push([cell, text]);
      }
      for (let at = bytes.length; at < start + width; at++) row.append(el("span.absent"));
      row.append(texts);
      dump.append(row);
    }
    const rows = {
      ArrowUp: (at) => (at < width ? at : at - width),
      ArrowDown: (at, all) => (at + width < all.length ? at + width : at),
    };
    roving(dump, ".byte", { ...HORIZONTAL, ...rows, ...ENDS });
    return dump;
  }

  drawItem(field, index) {
    const attributes = {
      role: "treeitem",
      "aria-level": field.depth + 1,
      "aria-selected": false,
      tabindex: index ? -1 : 0,
      "data-field": index,
    };
    const item = el(
      "div.field",
      attributes,
      el("span.twisty", { "aria-hidden": "true" }, field.hasParts ? "▸" : ""),
      el("span.name", {}, field.name),
      el("span.value", {}, field.value),
      el("span.meaning", {}, field.meaning, el("span.clause", {}, field.clause)),
    );
    item.style.setProperty("--depth", field.depth);
    return item;
  }

  treeing() {
    const button = el("button.quiet", { type: "button" }, "Unfold all");
    button.addEventListener("click", () => {
      const all = this.unfolded.size < this.fields.length;
      this.fields.forEach((field, index) =>
        all || field.depth < FOLDED_DEPTH ? this.unfolded.add(index) : this.unfolded.delete(index),
      );
      button.textContent = all ? "Fold" : "Unfold all";
      this.fold();
    });
    return el(
      "div.treeing",
      {},
      el("div.treehead", {}, el("span", {}, plural(this.fields.length, "field")), button),
      this.tree,
    );
  }

  fold() {
    const shown = [];
    this.fields.forEach((field, index) => {
      shown[index] = field.parent < 0 || (shown[field.parent] && this.unfolded.has(field.parent));
      const item = this.items[index];
      item.hidden = !shown[index];
      if (!field.hasParts) return;
      item.setAttribute("aria-expanded", this.unfolded.has(index));
      item.firstChild.textContent = this.unfolded.has(index) ? "▾" : "▸";
    });
  }

  setFolded(index, folded) {
    if (folded) this.unfolded.delete(index);
    else this.unfolded.add(index);
    this.fold();
  }

  /** Marks a field and its bytes, -1 none; what is folded away is marked in what it is folded into. */
  mark(index) {
    for (const each of this.marked) each.classList.remove("marked");
    const field = this.fields[index];
    let shown = index;
    while (shown >= 0 && this.items[shown].hidden) shown = this.fields[shown].parent;
    this.marked = field ? [this.items[shown], ...this.cells.slice(field.start, field.end).flat()] : [];
    for (const each of this.marked) each.classList.add("marked");
    this.path.replaceChildren(...(field ? describe(field) : [el("span.soft", {}, "Point at a byte or a field.")]));
    return shown;
  }

  /** Marks what is pointed at, and brings its other half into view. */
  point(target) {
    const index = this.indexOf(target);
    if (index < 0) return;
    const shown = this.mark(index);
    if (this.dump.contains(target)) reveal(this.tree, this.items[shown]);
    else reveal(this.dump, this.cells[this.fields[index].start][0]);
  }

  pin(index) {
    this.items[this.pinned]?.setAttribute("aria-selected", false);
    this.pinned = index;
    this.element.classList.toggle("pinned", index >= 0);
    for (let each = this.fields[index]?.parent ?? -1; each >= 0; each = this.fields[each].parent)
      this.unfolded.add(each);
    this.fold();
    this.items[index]?.setAttribute("aria-selected", true);
    this.mark(index);
  }

  indexOf(target) {
    const item = target.closest?.("[data-field]");
    if (item) return Number(item.dataset.field);
    const cell = target.closest?.("[data-at]");
    return cell ? this.owner[cell.dataset.at] : -1;
  }

  listen() {
    const element = this.element;
    element.addEventListener("pointerover", (event) => this.point(event.target));
    element.addEventListener("focusin", (event) => this.point(event.target));
    element.addEventListener("pointerleave", () => this.mark(this.pinned));
    element.addEventListener("focusout", () => this.mark(this.pinned));
    element.addEventListener("click", (event) => this.click(event));
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") this.click(event);
      else if (event.key === "Escape") this.pin(-1);
    });
    roving(this.tree, ".field", {
      ...VERTICAL,
      ...ENDS,
      ArrowRight: (at, all) => this.unfoldOrEnter(at, all),
      ArrowLeft: (at, all) => this.foldOrLeave(at, all),
    });
  }

  click(event) {
    const index = this.indexOf(event.target);
    if (index < 0) return;
    event.preventDefault();
    if (event.target.closest(".twisty")) return this.setFolded(index, this.unfolded.has(index));
    this.pin(index === this.pinned ? -1 : index);
    if (this.dump.contains(event.target)) reveal(this.tree, this.items[index]);
  }

  unfoldOrEnter(at, all) {
    const index = Number(all[at].dataset.field);
    if (!this.fields[index].hasParts) return at;
    if (this.unfolded.has(index)) return at + 1;
    this.setFolded(index, false);
    return at;
  }

  foldOrLeave(at, all) {
    const index = Number(all[at].dataset.field);
    if (!this.fields[index].hasParts || !this.unfolded.has(index))
      return Math.max(0, all.indexOf(this.items[this.fields[index].parent]));
    this.setFolded(index, true);
    return at;
  }
}

function describe(field) {
  const last = field.end - 1;
  const place = field.start === last ? `byte ${field.start}` : `bytes ${field.start}–${last}`;
  return [
    el("b.mono", {}, field.path),
    field.value && el("span.mono", {}, ` = ${shortened(field.value, 64)}`),
    ` · ${place}: `,
    field.meaning,
    " ",
    el("span.clause", {}, field.clause),
  ];
}
