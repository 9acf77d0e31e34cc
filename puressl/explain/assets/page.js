// The page: which step is the current one, and what each panel shows of it.

const story = JSON.parse(byId("story").textContent);
const END_NAMES = { client: "Client", server: "Server" };
const otherEnd = { client: "server", server: "client" };
const panels = {
  message: byId("message"),
  keys: byId("keys"),
  states: byId("states"),
  certificates: byId("certificates"),
  connection: byId("connection"),
};

const RECORD_HEADER = 5; // bytes, RFC 8446 5.1

let current = 0;
let source = "message"; // what the bytes are shown of: the message, or the number of a record
const schedule = new Schedule(story);
const machines = ["client", "server"]
  .filter((role) => story.edges.some((edge) => edge.by === role))
  .map((role) => new Machine(story, role));
const showTimeline = drawTimeline(story, byId("timeline"), go);
const showView = tabs(byId("views"), () => machines.forEach((machine) => machine.show(current)));

/** Goes to a step; the address remembers it. */
function go(number) {
  current = Math.max(0, Math.min(story.steps.length - 1, number));
  source = "message";
  history.replaceState(null, "", `#step-${current}`);
  show();
}

function show() {
  showTimeline(current);
  schedule.show(current);
  for (const machine of machines) machine.show(current);
  const step = story.steps[current];
  panels.message.replaceChildren(...(step ? messagePanel(step) : [el("p.soft", {}, "There are no messages.")]));
  byId("place").textContent = step ? `Step ${current + 1} of ${story.steps.length}` : "No steps";
  for (const [id, end] of [
    ["first", 0],
    ["back", 0],
    ["forward", story.steps.length - 1],
    ["last", story.steps.length - 1],
  ]) {
    byId(id).setAttribute("aria-disabled", current === end || !step);
  }
}

// The message ----------------------------------------------------------------------------------------------------

function messagePanel(step) {
  const bytes = el("div", { id: "bytes" });
  const showBytes = () => bytes.replaceChildren(...bytesOf(step, source));
  const choice = sourceChoice(step, (chosen) => {
    source = chosen;
    showBytes();
  });
  showBytes();
  return [
    heading("h2", step),
    failure(step),
    choice,
    bytes,
    el("div.cards", {}, checksCard(step), statesCard(step), secretsCard(step)),
  ].filter(Boolean);
}

function heading(tag, step) {
  const { text, isProtected } = carried(story, step);
  return el(
    `${tag}.heading`,
    {},
    el(`span.from.${step.sender}`, {}, `${END_NAMES[step.sender]} → ${END_NAMES[otherEnd[step.sender]]}`),
    el("span.message", {}, step.message),
    el(
      "span.keys",
      { "data-epoch": epochOrder(story).indexOf(step.epoch) },
      isProtected ? lock() : null,
      epochText(step.epoch),
    ),
    el("span.soft", {}, `${plural(step.raw.length / 2, "byte")} in ${text}`),
  );
}

const failure = (step) =>
  step.failure && el("p.failure", { role: "status" }, el("b", {}, "The connection ended here. "), step.failure);

function sourceChoice(step, chosen) {
  const option = (value, text) =>
    el("button", { type: "button", "aria-pressed": String(value) === source, "data-source": value }, ...text);
  const group = el("div.sources", { role: "group", "aria-label": "Bytes shown" }, option("message", ["Message"]));
  for (const number of step.records) {
    const record = story.records[number];
    group.append(option(number, [record.protected ? lock() : null, `Record ${number} as sent`]));
  }
  group.addEventListener("click", (event) => {
    const button = event.target.closest("[data-source]");
    if (!button) return;
    for (const each of group.children) each.setAttribute("aria-pressed", each === button);
    chosen(button.dataset.source);
  });
  return group;
}

/** The bytes of a message, or of a record as sent: of a protected one beside its plaintext. */
function bytesOf(step, chosen) {
  if (chosen === "message") return [new Explained(step.message, toBytes(step.raw), step.fields).element];
  const record = story.records[chosen];
  const [sent, opened] = [toBytes(record.raw), record.plaintext === null ? null : toBytes(record.plaintext)];
  const name = `record ${record.number}`;
  if (!record.protected) {
    return [new Explained(name, sent, record.fields, held(step, record, RECORD_HEADER)).element];
  }
  const number = record.epoch === "unknown" ? "" : `, sequence number ${record.sequence}`;
  const keys = `${epochText(record.epoch)}${number}`;
  const wire = new Explained(name, sent, record.fields).element;
  const half = (title, note, content) =>
    el("section.half", {}, el("h3", {}, title, " ", el("span.soft", {}, note)), content);
  const inside = opened
    ? half("Opened", plural(opened.length, "byte"), explainOpened(step, record, opened))
    : half("Opened", "", el("p.soft", {}, "No key for it is known."));
  return [el("div.beside", {}, half("On the wire", `${plural(sent.length, "byte")}, ${keys}`, wire), inside)];
}

const explainOpened = (step, record, opened) =>
  new Explained(`plaintext of record ${record.number}`, opened, record.inner, held(step, record, 0)).element;

/** Where the message is in the first record that carries it, whose content starts at an offset. */
function held(step, record, start) {
  if (record.number !== step.records[0]) return null;
  return [start + step.offset, start + step.offset + step.raw.length / 2];
}

/** Something of a step under a title; where there is nothing, what to say instead. */
const card = (title, content, otherwise) =>
  content.children.length
    ? el("section.card", {}, el("h3", {}, title), content)
    : el("section.card.empty", {}, el("h3", {}, title), el("p.soft", {}, otherwise));

function checksCard(step) {
  const rows = step.checks.map((check) =>
    el(
      `li${check.passed ? "" : ".broken"}`,
      {},
      el("span.verdict", { role: "img", "aria-label": check.passed ? "kept" : "broken" }, check.passed ? "✓" : "✗"),
      el("span", {}, check.what, " ", el("span.clause", {}, check.clause), el("span.by", {}, `by the ${check.by}`)),
    ),
  );
  return card("Checked", el("ul.checks", {}, ...rows), "Nothing.");
}

function statesCard(step) {
  const rows = step.moves.flatMap((move) => [
    el("dt", {}, END_NAMES[move.by]),
    el(
      "dd.mono",
      {},
      el("span.left", {}, move.left),
      move.left === move.entered ? " stays" : el("span", {}, " → ", el("b", {}, move.entered)),
    ),
  ]);
  return card("States", el("dl.moves", {}, ...rows), "Both ends stay where they are.");
}

function secretsCard(step) {
  const rows = story.secrets
    .filter((secret) => secret.step === step.number)
    .map((secret) => {
      const button = el("button.quiet.mono", { type: "button" }, secret.name);
      button.addEventListener("click", () => {
        schedule.select(secret.name);
        showView(byId("view-keys"));
        byId("view-keys").focus();
      });
      return el("li", {}, button);
    });
  return card("Derived from here on", el("ul.derived", {}, ...rows), "No secret.");
}

// What does not depend on the step -------------------------------------------------------------------------------

function statesPanel() {
  if (!machines.length) return [el("p.soft", {}, "Nothing is known of the states of the ends.")];
  const list = el("div.tabs.inner", { role: "tablist", "aria-label": "Ends" });
  const shown = machines.map((machine) => {
    const id = `states-${machine.role}`;
    list.append(
      el("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": id }, END_NAMES[machine.role]),
    );
    return el(
      "section",
      { id, role: "tabpanel", tabindex: -1, "aria-labelledby": `tab-${id}` },
      el("h3.printed", {}, END_NAMES[machine.role]),
      machine.element,
    );
  });
  const key = el(
    "p.key",
    {},
    el("span.now", {}, "now"),
    el("span.was", {}, "visited"),
    " A label is the message that leads from a state to the next; ↻ ones leave it as it is.",
  );
  return [list, key, ...shown];
}

function certificatesPanel() {
  const path = story.verified_path.map((subject) => el("li", {}, subject));
  const trees = story.certificates.map((certificate, index) => {
    const rows = certificate.tree.map(([depth, label, text]) => {
      const row = el("div.entry", {}, el("span.label", {}, label), el("span.mono", {}, text));
      row.style.setProperty("--depth", depth);
      return row;
    });
    const attributes = index ? {} : { open: "" };
    return el(
      "details.certificate",
      attributes,
      el(
        "summary",
        {},
        el(`span.from.${certificate.sender}`, {}, `${END_NAMES[certificate.sender]}: ${certificate.role}`),
        " ",
        certificate.subject,
      ),
      ...rows,
    );
  });
  if (!trees.length) return [el("p.soft", {}, "No certificate was shown.")];
  const verified = path.length ? el("ol.chain", {}, ...path) : el("p.soft", {}, "No path was verified.");
  return [el("h3", {}, "Verified path, leaf first"), verified, ...trees];
}

function connectionPanel() {
  const facts = [
    ...story.facts,
    ...(story.ja3 ? [["JA3", story.ja3]] : []),
    ...(story.ja4 ? [["JA4", story.ja4]] : []),
  ];
  const rows = facts.map(([label, text]) => el("tr", {}, el("th", { scope: "row" }, label), el("td.mono", {}, text)));
  const notes = story.notes.map((note) => el("li", {}, note));
  return [
    el("table.facts", {}, el("tbody", {}, ...rows)),
    ...(notes.length ? [el("h3", {}, "Not explained"), el("ul", {}, ...notes)] : []),
  ];
}

// Print: every step in full --------------------------------------------------------------------------------------

/** Characters of a value and bytes of a dump on paper: a certificate has its place there, bulk data has not. */
const PRINTED_VALUE = 160;
const PRINTED_BYTES = 4096;

function printStep(step) {
  const fields = nested(step.fields).map((field) => {
    const name = el("td.mono", {}, field.name);
    name.style.setProperty("--depth", field.depth);
    return el(
      "tr",
      {},
      el("td.mono", {}, offsetText(field.start)),
      name,
      el("td.mono", {}, shortened(field.value, PRINTED_VALUE)),
      el("td", {}, field.meaning),
      el("td", {}, field.clause),
    );
  });
  const head = el("tr", {}, ...["At", "Field", "Value", "Meaning", "Clause"].map((text) => el("th", {}, text)));
  return el(
    "section.printed-step",
    {},
    heading("h2", step),
    failure(step) || null,
    statesCard(step),
    checksCard(step),
    secretsCard(step),
    el("pre", {}, dumpText(toBytes(step.raw))),
    el("table", {}, el("thead", {}, head), el("tbody", {}, ...fields)),
  );
}

function dumpText(bytes) {
  const rows = [];
  const end = Math.min(bytes.length, PRINTED_BYTES);
  for (let start = 0; start < end; start += 16) {
    const row = [...bytes.subarray(start, Math.min(start + 16, end))];
    rows.push(`${offsetText(start)}  ${row.map(toHex).join(" ").padEnd(47)}  ${row.map(character).join("")}`);
  }
  if (end < bytes.length) rows.push(`and ${plural(bytes.length - end, "byte")} more`);
  return rows.join("\n");
}

function preparePrint() {
  if (byId("printout").firstChild) return;
  const secrets = story.secrets.map((secret) => el("section.printed-secret", {}, ...schedule.describe(secret)));
  byId("printout").replaceChildren(...story.steps.map(printStep), el("h2", {}, "Secrets"), ...secrets);
}

// Keys, address, colours -----------------------------------------------------------------------------------------

const STEPPING = {
  ArrowLeft: () => current - 1,
  ArrowRight: () => current + 1,
  Home: () => 0,
  End: () => story.steps.length - 1,
};

document.addEventListener("keydown", (event) => {
  const move = STEPPING[event.key];
  if (!move || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(move());
});
for (const [id, key] of [
  ["first", "Home"],
  ["back", "ArrowLeft"],
  ["forward", "ArrowRight"],
  ["last", "End"],
]) {
  byId(id).addEventListener("click", () => go(STEPPING[key]()));
}

const THEMES = { "": ["◐", "as the system"], light: ["☀", "light"], dark: ["☾", "dark"] };

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = THEMES[theme][0];
  byId("theme").setAttribute("aria-label", `Colours: ${THEMES[theme][1]}`);
}

byId("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length]);
});

const fromAddress = () => Number(/^#step-(\d+)$/.exec(location.hash)?.[1] ?? current);
addEventListener("hashchange", () => go(fromAddress()));
addEventListener("beforeprint", preparePrint);
matchMedia("print").addEventListener("change", preparePrint);
NARROW.addEventListener("change", show);

byId("summary").textContent = story.facts
  .slice(0, 3)
  .map(([, text]) => text)
  .join(" · ");
panels.keys.append(el("h2.printed", {}, "Key schedule"), schedule.element);
panels.states.append(el("h2.printed", {}, "States"), ...statesPanel());
panels.certificates.append(el("h2.printed", {}, "Certificates"), ...certificatesPanel());
panels.connection.append(el("h2.printed", {}, "Connection"), ...connectionPanel());
if (machines.length) tabs(panels.states.querySelector("[role=tablist]"));
setTheme("");
go(fromAddress());
