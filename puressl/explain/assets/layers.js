// Layers of a directed graph, drawn downwards, after Sugiyama: break cycles, assign layers, order each, place each.
// Labels are vertices of layers of their own, so that nothing lies on top of anything else.

const LAYER = { gap: 26, between: 20, sweeps: 12 };

/**
 * nodes: {id, width, height}; edges: {from, to, label, width, height}, none from a node to itself. Sets x and y (centres)
 * of the nodes, and points (centres, first to last) and place of the label of the edges; gives the size of the whole.
 */
function layered(nodes, edges) {
  const backward = cyclic(nodes, edges);
  const forward = edges.map((edge) => (backward.has(edge) ? [edge.to, edge.from] : [edge.from, edge.to]));
  const rank = ranks(nodes, forward);
  const layers = [];
  const put = (vertex, layer) => {
    (layers[layer] ??= []).push(vertex);
    return Object.assign(vertex, { above: [], below: [], layer });
  };
  const vertices = new Map(nodes.map((node) => [node.id, put(node, 2 * rank.get(node.id))]));
  const chains = edges.map((edge, index) => {
    const [from, to] = forward[index].map((id) => vertices.get(id));
    const chain = [from];
    for (let layer = from.layer + 1; layer < to.layer; layer++) {
      const isLabel = layer === from.layer + 1;
      chain.push(put({ width: isLabel ? edge.width : 8, height: isLabel ? edge.height : 0 }, layer));
    }
    chain.push(to);
    chain.slice(1).forEach((vertex, place) => {
      vertex.above.push(chain[place]);
      chain[place].below.push(vertex);
    });
    return chain;
  });
  order(layers);
  const size = position(layers);
  edges.forEach((edge, index) => {
    edge.place = chains[index][1];
    edge.points = backward.has(edge) ? chains[index].toReversed() : chains[index];
  });
  return size;
}

/** The edges that lead back to a node that is being visited. */
function cyclic(nodes, edges) {
  const backward = new Set();
  const state = new Map();
  const visit = (id) => {
    state.set(id, "open");
    for (const edge of edges.filter((each) => each.from === id)) {
      if (state.get(edge.to) === "open") backward.add(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, "done");
  };
  for (const node of nodes) if (!state.has(node.id)) visit(node.id);
  return backward;
}

/** Each node one below the lowest that leads to it. */
function ranks(nodes, forward) {
  const rank = new Map(nodes.map((node) => [node.id, 0]));
  for (let changed = true; changed;) {
    changed = false;
    for (const [from, to] of forward) {
      if (rank.get(to) > rank.get(from)) continue;
      rank.set(to, rank.get(from) + 1);
      changed = true;
    }
  }
  return rank;
}

/** Orders each layer by the mean place of the neighbours, down and up in turn. */
function order(layers) {
  const number = () =>
    layers.forEach((layer) => layer.forEach((vertex, place) => (vertex.order = place - layer.length / 2)));
  number();
  for (let sweep = 0; sweep < LAYER.sweeps; sweep++) {
    const side = sweep % 2 ? "below" : "above";
    for (const layer of sweep % 2 ? layers.toReversed() : layers) {
      const mean = new Map(
        layer.map((vertex) => [
          vertex,
          average(
            vertex[side].map((other) => other.order),
            vertex.order,
          ),
        ]),
      );
      layer.sort((one, other) => mean.get(one) - mean.get(other));
      layer.forEach((vertex, place) => (vertex.order = place - layer.length / 2));
    }
  }
}

/** Whether a vertex only leads an edge past a layer. */
const isBend = (vertex) => vertex.id === undefined;

const average = (values, otherwise) =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : otherwise;

/** Centres: each as near to its neighbours as its layer's other vertices allow, and long edges straight above all. */
function position(layers) {
  for (const layer of layers)
    spread(
      layer,
      layer.map((vertex, place) => (place - layer.length / 2) * 100),
    );
  const neighbours = (vertex) =>
    [...vertex.above, ...vertex.below].flatMap((other) => Array(isBend(vertex) && isBend(other) ? 8 : 1).fill(other.x));
  for (let sweep = 0; sweep < 4 * LAYER.sweeps; sweep++) {
    for (const layer of sweep % 2 ? layers.toReversed() : layers)
      spread(
        layer,
        layer.map((vertex) => average(neighbours(vertex), vertex.x)),
      );
  }
  const all = layers.flat();
  const left = Math.min(...all.map((vertex) => vertex.x - vertex.width / 2));
  let y = 2;
  for (const layer of layers) {
    const height = Math.max(...layer.map((vertex) => vertex.height));
    for (const vertex of layer) Object.assign(vertex, { x: vertex.x - left + 2, y: y + height / 2 });
    y += height + LAYER.gap;
  }
  return { width: Math.max(...all.map((vertex) => vertex.x + vertex.width / 2)) + 2, height: y - LAYER.gap + 2 };
}

/** The weighted least squares fit of wanted centres that keeps order and distances: what would collide is pooled. */
function spread(layer, wanted) {
  const pools = [];
  let offset = 0;
  layer.forEach((vertex, place) => {
    const before = layer[place - 1];
    if (before) offset += (before.width + vertex.width) / 2 + LAYER.between;
    vertex.offset = offset;
    const weight = isBend(vertex) ? 4 : 1;
    pools.push({ sum: weight * (wanted[place] - offset), weight, count: 1 });
    while (pools.length > 1 && pools.at(-2).sum / pools.at(-2).weight > pools.at(-1).sum / pools.at(-1).weight) {
      const last = pools.pop();
      for (const key of ["sum", "weight", "count"]) pools.at(-1)[key] += last[key];
    }
  });
  let place = 0;
  for (const pool of pools)
    for (let each = 0; each < pool.count; each++, place++)
      layer[place].x = pool.sum / pool.weight + layer[place].offset;
}
