// The time line: one row a message, between the life lines of the client and the server.

/** The keys in force, by the order of their epochs; the first one is "no keys". */
const epochOrder = (story) => [...new Set(["initial", ...story.records.map((record) => record.epoch)])];

const epochText = (epoch) => (epoch === "initial" ? "no keys" : `${epoch.replaceAll("_", " ")} keys`);

/** "record 6" or "records 6 and 7", and whether any is protected. */
function carried(story, step) {
  const records = step.records.map((number) => story.records[number]);
  const numbers = step.records.length > 2 ? `${step.records[0]}–${step.records.at(-1)}` : step.records.join(" and ");
  const text = records.length ? `record${records.length > 1 ? "s" : ""} ${numbers}` : "no record";
  return { text, isProtected: records.some((record) => record.protected) };
}

function drawTimeline(story, list, go) {
  const epochs = epochOrder(story);
  const rows = story.steps.map((step, index) => drawStep(story, step, epochs, story.steps[index - 1]));
  list.replaceChildren(...rows.map((row) => el("li", {}, row)));
  list.addEventListener("click", (event) => {
    const row = event.target.closest(".step");
    if (row) go(Number(row.dataset.step));
  });
  list.addEventListener(
    "focusin",
    (event) => event.target.matches(".step:focus-visible") && go(Number(event.target.dataset.step)),
  );
  const stop = roving(list, ".step", { ...VERTICAL, ...HORIZONTAL, ...ENDS });
  byId("legend").replaceChildren(...epochs.map((epoch, index) => el("li", { "data-epoch": index }, epochText(epoch))));
  return (current) => {
    rows.forEach((row, index) => {
      if (index === current) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    stop(rows[current]);
    reveal(list.parentElement, rows[current], 40);
  };
}

function drawStep(story, step, epochs, previous) {
  const { text, isProtected } = carried(story, step);
  const isJoined = previous?.sender === step.sender && previous.records.at(-1) === step.records[0];
  const row = el(
    `button.step.${step.sender}`,
    { type: "button", "data-step": step.number, "data-epoch": epochs.indexOf(step.epoch) },
    el("span.message", {}, step.message),
    el("span.arrow", { "aria-hidden": "true" }),
    el("span.carried", {}, isProtected ? lock() : null, `${text} · ${plural(step.raw.length / 2, "byte")}`),
  );
  row.classList.toggle("joined", Boolean(isJoined));
  row.classList.toggle("failed", step.failure !== "");
  row.setAttribute(
    "aria-label",
    [`Step ${step.number}, ${step.sender}: ${step.message}, ${text}`, epochText(step.epoch), step.failure && "failed"]
      .filter(Boolean)
      .join(", "),
  );
  return row;
}
