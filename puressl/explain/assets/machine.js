// The state machine of one end: the transition table that runs, with the state of the current step lit.

const STATE = { character: 6.65, line: 14, padding: 10 };
const MESSAGE = { character: 6.05, line: 13, padding: 6 };

const textSize = (rows, { character, line, padding }) => ({
  width: Math.max(...rows.map((row) => row.length)) * character + 2 * padding,
  height: rows.length * line + padding,
});

/** A line with its corners rounded off: a quadratic spline through the middles of its parts. */
function rounded([first, ...rest]) {
  const parts = rest
    .slice(0, -1)
    .map(([x, y], place) => `Q${x} ${y} ${(x + rest[place + 1][0]) / 2} ${(y + rest[place + 1][1]) / 2}`);
  return `M${first.join(" ")}${parts.join("")}L${rest.at(-1).join(" ")}`;
}

class Machine {
  constructor(story, role) {
    this.role = role;
    this.steps = story.steps;
    const table = story.edges.filter((edge) => edge.by === role);
    this.start = table[0].left;
    this.nodes = [...new Set(table.flatMap((edge) => [edge.left, edge.entered]))].map((name) => this.node(name, table));
    const pairs = Map.groupBy(
      table.filter((edge) => edge.left !== edge.entered),
      (edge) => `${edge.left} ${edge.entered}`,
    );
    this.edges = [...pairs.values()].map((rows) => this.edge(rows));
    this.size = layered(this.nodes, this.edges);
    this.element = el("div.scrolling", {}, this.draw());
  }

  node(name, table) {
    const inside = table.filter((edge) => edge.left === name && edge.entered === name).map((edge) => edge.message);
    const words = name.replace(new RegExp(`^${this.role}`, "i"), "");
    const title = lines(words, 18, "[a-z](?=[A-Z])");
    const loops = inside.length ? lines(`↻ ${inside.join(", ")}`, 32, ", ") : [];
    const [upper, lower] = [textSize(title, STATE), loops.length ? textSize(loops, MESSAGE) : { width: 0, height: 0 }];
    return { id: name, title, loops, width: Math.max(upper.width, lower.width), height: upper.height + lower.height };
  }

  edge(rows) {
    const label = rows.map((row) => row.message || "start");
    return { from: rows[0].left, to: rows[0].entered, label, ...textSize(label, MESSAGE) };
  }

  draw() {
    const { width, height } = this.size;
    return drawing(
      width,
      height,
      { role: "img" },
      ...this.edges.map((edge) => this.drawEdge(edge)),
      ...this.nodes.map((node) => this.drawNode(node)),
    );
  }

  drawNode(node) {
    const { width, height, title, loops } = node;
    node.element = svg(
      "g.state",
      { "data-state": node.id, transform: `translate(${node.x - width / 2} ${node.y - height / 2})` },
      svg("title", {}, node.id),
      svg("rect", { width, height, rx: 6 }),
      ...title.map((line, row) => svg("text.name", { x: width / 2, y: (row + 1) * STATE.line + 1 }, line)),
      ...loops.map((line, row) =>
        svg("text.loop", { x: width / 2, y: title.length * STATE.line + 8 + (row + 1) * MESSAGE.line }, line),
      ),
    );
    return node.element;
  }

  drawEdge(edge) {
    const [first, last] = [edge.points[0], edge.points.at(-1)];
    const down = first.y < last.y ? 1 : -1;
    const start = first.y + (down * first.height) / 2;
    const end = last.y - down * (last.height / 2 + 7);
    const sides = (point) => (point.height ? [-down, down] : [0]);
    const past = edge.points
      .slice(1, -1)
      .flatMap((point) => sides(point).map((side) => [point.x, point.y + (side * point.height) / 2]));
    const path = [[first.x, start], [first.x, start + down * 12], ...past, [last.x, end - down * 12], [last.x, end]];
    const { x, y, width, height } = edge.place;
    edge.element = svg(
      "g.edge",
      { "data-left": edge.from, "data-entered": edge.to },
      svg("path", { d: rounded(path) }),
      svg("polygon", { points: `${last.x - 4},${end} ${last.x + 4},${end} ${last.x},${end + down * 7}` }),
      svg("rect", { x: x - width / 2 + 2, y: y - height / 2, width: width - 4, height }),
      ...edge.label.map((line, row) => svg("text.label", { x, y: y - height / 2 + (row + 1) * MESSAGE.line }, line)),
    );
    return edge.element;
  }

  /** The moves of this end up to a step, the step's own included. */
  moves(current) {
    return this.steps.slice(0, current + 1).flatMap((step) => step.moves.filter((move) => move.by === this.role));
  }

  show(current) {
    const past = this.moves(current);
    const now = this.steps[current]?.moves.filter((move) => move.by === this.role) ?? [];
    const state = past.at(-1)?.entered ?? this.start;
    const visited = new Set([this.start, ...past.flatMap((move) => [move.left, move.entered])]);
    const is = (moves, edge) => moves.some((move) => move.left === edge.from && move.entered === edge.to);
    for (const node of this.nodes) {
      node.element.classList.toggle("current", node.id === state);
      node.element.classList.toggle("visited", visited.has(node.id));
    }
    for (const edge of this.edges) {
      edge.element.classList.toggle("taken", is(now, edge));
      edge.element.classList.toggle("visited", is(past, edge));
    }
    reveal(this.element, this.nodes.find((node) => node.id === state).element);
    this.element.firstChild.setAttribute("aria-label", `States of the ${this.role}; now in ${state}`);
  }
}
