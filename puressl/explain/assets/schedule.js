// The key schedule as a drawing after RFC 8446 7.1: what goes in at the left, the extracted secrets down the middle,
// what is derived of each to the right of it.

const SECRET = { width: 194, height: 50, columnGap: 26, rowGap: 12 };

/** Whether a secret belongs to the spine: the extracted ones, and what links them. */
const isSpine = (secret) => secret.operation === "HKDF-Extract" || secret.label === "derived";

/** A column and a row for each secret, by name: parts stand right of their parent, the first of them beside it. */
function placeSecrets(secrets) {
  const places = new Map();
  const parts = Map.groupBy(secrets, (secret) => secret.parent);
  const feeds = (secret) =>
    secrets.find((other) => other.parent !== secret.name && other.inputs.some((input) => input.source === secret.name));
  let row = 0;
  const place = (secret, column) => {
    const spine = secrets.some(isSpine);
    const at = spine && isSpine(secret) ? 1 : column;
    places.set(secret.name, { column: at, row });
    const below = parts.get(secret.name) ?? [];
    const beside = below.filter((part) => !isSpine(part) || at === 0);
    beside.forEach((part, index) => {
      if (index) row++;
      place(part, at + 1);
    });
    for (const part of below.filter((each) => !beside.includes(each))) {
      row++;
      place(part, at);
    }
  };
  const roots = secrets.filter((secret) => !secrets.some((other) => other.name === secret.parent));
  for (const root of roots.filter((each) => !feeds(each))) {
    place(root, 0);
    row++;
  }
  for (const root of roots.filter(feeds)) places.set(root.name, { column: 0, row: places.get(feeds(root).name).row });
  return places;
}

/** A long name in lines, broken at its underscores. */
function lines(name, length, separator = "_") {
  const result = [""];
  for (const word of name.split(new RegExp(`(?<=${separator})`))) {
    if (result.at(-1) && result.at(-1).length + word.length > length) result.push("");
    result[result.length - 1] += word;
  }
  return result;
}

const operationText = (secret) => (secret.label ? `${secret.operation} “${secret.label}”` : secret.operation);

class Schedule {
  constructor(story) {
    this.secrets = story.secrets;
    this.steps = story.steps;
    this.places = placeSecrets(this.secrets);
    this.detail = el("div.detail", { "aria-live": "polite" });
    this.element = el("div.schedule", {}, this.draw(), this.detail);
    this.select("");
  }

  corner(name) {
    const { column, row } = this.places.get(name);
    return [column * (SECRET.width + SECRET.columnGap) + 4, row * (SECRET.height + SECRET.rowGap) + 4];
  }

  draw() {
    const corners = this.secrets.map((secret) => this.corner(secret.name));
    const width = Math.max(0, ...corners.map(([x]) => x)) + SECRET.width + 4;
    const height = Math.max(0, ...corners.map(([, y]) => y)) + SECRET.height + 4;
    this.links = this.secrets.flatMap((secret) => this.sources(secret).map((source) => this.drawLink(source, secret)));
    this.nodes = this.secrets.map((secret, index) => this.drawNode(secret, index));
    const attributes = { role: "group", "aria-label": "Key schedule" };
    // Chromium makes an SVG element with focus listeners a tab stop, so the frame listens.
    const element = el(
      "div.scrolling",
      {},
      drawing(width, height, attributes, ...this.links.map((link) => link.path), ...this.nodes),
    );
    element.addEventListener("click", (event) => this.selectAt(event.target));
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.select("");
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.selectAt(event.target);
    });
    roving(element, ".secret", VERTICAL);
    return element;
  }

  sources(secret) {
    const named = new Set([secret.parent, ...secret.inputs.map((input) => input.source)]);
    return [...named].filter((name) => this.places.has(name));
  }

  drawLink(source, secret) {
    const [from, to] = [this.corner(source), this.corner(secret.name)];
    const { width, height, columnGap } = SECRET;
    const y = to[1] + height / 2;
    const isBelow = from[0] === to[0];
    const elbow = from[0] + width + columnGap / 2;
    const d = isBelow
      ? `M${from[0] + 16} ${from[1] + height}V${to[1]}`
      : `M${from[0] + width} ${from[1] + height / 2}H${elbow}V${y}H${to[0]}`;
    return { path: svg("path.link", { d }), secret };
  }

  drawNode(secret, index) {
    const [x, y] = this.corner(secret.name);
    const name = lines(secret.name, 26);
    const operation = operationText(secret);
    const attributes = {
      role: "button",
      tabindex: index ? -1 : 0,
      "data-secret": secret.name,
      transform: `translate(${x} ${y})`,
    };
    return svg(
      "g.secret",
      attributes,
      svg("title", {}, `${secret.name}: ${operation}`),
      svg("rect", { width: SECRET.width, height: SECRET.height, rx: 5 }),
      ...name.map((line, place) => svg("text.name", { x: 9, y: (name.length > 1 ? 15 : 20) + place * 13 }, line)),
      svg("text.operation", { x: 9, y: name.length > 1 ? 43 : 38 }, shortened(operation, 29)),
    );
  }

  /** Chooses the secret that was pointed at, or lets go of it if it is the chosen one. */
  selectAt(target) {
    const node = target.closest?.("[data-secret]");
    if (node) this.select(node.dataset.secret === this.selected ? "" : node.dataset.secret);
  }

  select(name) {
    this.selected = name;
    for (const node of this.nodes) node.setAttribute("aria-pressed", node.dataset.secret === name);
    const secret = this.secrets.find((each) => each.name === name);
    this.detail.replaceChildren(...(secret ? this.describe(secret) : [el("p.soft", {}, this.hint())]));
  }

  hint() {
    return this.secrets.length
      ? "Choose a secret to see what it is made of."
      : "No secret of this connection is known.";
  }

  describe(secret) {
    const step = this.steps[secret.step];
    const rows = secret.inputs.flatMap((input) => [
      el("dt", {}, input.name, this.from(input)),
      el("dd.mono", {}, input.value || "not known"),
    ]);
    return [
      el(
        "div.secret-head",
        {},
        el("h3.mono", {}, secret.name),
        el("span", {}, operationText(secret), " ", el("span.clause", {}, secret.clause)),
        el("span.soft", {}, step ? `from step ${step.number + 1} on, ${step.message}` : "from the start on"),
      ),
      el("dl.made", {}, ...rows, el("dt.result", {}, "Value"), el("dd.mono.result", {}, secret.value || "not known")),
    ];
  }

  from(input) {
    if (!this.places.has(input.source)) return null;
    const button = el("button.quiet.mono", { type: "button" }, `← ${input.source}`);
    button.addEventListener("click", () => this.select(input.source));
    return button;
  }

  /** Lights what is known by a step; secrets the step gave are new. */
  show(current) {
    const light = (element, secret) => {
      element.classList.toggle("known", secret.step <= current);
      element.classList.toggle("new", secret.step === current);
    };
    this.nodes.forEach((node, index) => light(node, this.secrets[index]));
    for (const link of this.links) light(link.path, link.secret);
    this.nodes.forEach((node, index) =>
      node.setAttribute("aria-label", `${this.secrets[index].name}, ${this.stateText(this.secrets[index], current)}`),
    );
  }

  stateText(secret, current) {
    if (secret.step > current) return "not yet known";
    return secret.step === current ? "derived in this step" : "known";
  }
}
