// Directions from labelled pictures: choose whose labels and which of them, and see how well each was learned.
tools.learn = (studio, root) => {
  const OWN = "", OTHER = "other";
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  const button = root.querySelector('[data-do="learn"]');
  let source = null, own = null, shownFor = null, chosen = new Set();
  const share = (value) => value === undefined ? "–" : `${Math.round(value * 100)} %`;
  const data = () => source === OTHER ? is("path").value.trim() : source;

  // where the labels come from

  async function look() {
    const { key } = studio.model;
    shownFor = key;
    const answer = await studio.ask("label_sources"), known = answer && await studio.ask("known_sources");
    if (key !== studio.model.key) return;
    own = answer?.factors?.length ? answer : null;
    const choices = [...(own ? [["the model's own pictures", OWN]] : []), ...(known?.sources || []).map((each) => [each.name, each.data])];
    studio.offer(is("sources"), [...choices, ["a folder or zip…", OTHER]], own ? OWN : null, choose);
    choose(own ? OWN : null);
  }

  function choose(which) {
    source = which;
    is("other").hidden = which !== OTHER;
    show(which === OWN ? own : null);
    if (which !== OWN && data()) ask();
  }

  async function ask() {
    const asked = data(), answer = await studio.ask("label_sources", { data: asked });
    if (asked === data()) show(answer);
  }

  function show(found) {
    const factors = found?.factors || [];
    chosen = new Set(factors.map(({ name }) => name));
    is("found").textContent = found ? told(found) : "";
    is("factors").replaceChildren(...factors.map(factor));
    button.disabled = !chosen.size;
  }

  function told({ name, count, factors }) {
    if (!factors.length) return `Nothing is known of the ${count.toLocaleString("en")} pictures of ${name}: they have no labels.csv and no folders.`;
    return `${count.toLocaleString("en")} pictures of ${name}. What is to be learned of them:`;
  }

  function factor({ name, values }) {
    const chip = Object.assign(document.createElement("button"), { className: "chip", textContent: name.replaceAll("_", " "), title: values.join(", ") });
    chip.setAttribute("aria-pressed", "true");
    chip.addEventListener("click", () => {
      chosen.has(name) ? chosen.delete(name) : chosen.add(name);
      chip.setAttribute("aria-pressed", chosen.has(name));
      button.disabled = !chosen.size;
    });
    return chip;
  }

  is("other").addEventListener("submit", (event) => {
    event.preventDefault();
    data() ? ask() : studio.note("Name a folder or a .zip of labelled pictures.");
  });
  is("path").addEventListener("input", () => show(null));

  // what came of it

  async function learn() {
    const { key } = studio.model;
    button.disabled = true;
    is("result").hidden = true;
    const result = await studio.work("learn_directions", { data: data(), factors: [...chosen], apart: is("apart").checked }, { bar: is("bar") });
    button.disabled = !chosen.size;
    if (!result || key !== studio.model.key) return;
    is("rows").replaceChildren(...result.learned.map(row));
    is("told").textContent = summary(result);
    is("result").hidden = false;
    await studio.tell("directions");
  }

  function row({ id, name, measured: { accuracy, effect, others, most_other, most_other_share } }) {
    const line = document.createElement("tr"), title = document.createElement("th"), show = document.createElement("button");
    Object.assign(show, { className: "btn small", type: "button", textContent: name, title: "Show it on the stage" });
    show.addEventListener("click", () => studio.go({ ...studio.at(), moves: { ...studio.at().moves, [id]: 2 } }));
    line.dataset.of = id;
    title.scope = "row";
    title.append(show);
    const most = most_other ? `${most_other.replaceAll("_", " ")} ${share(most_other_share)}` : "";
    line.append(title, ...[share(accuracy), share(effect), share(others), most].map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    return line;
  }

  function summary({ learned, weak, untold, measured }) {
    const lines = [`${measured} directions are measured and saved with the model; the learned ones stand in Play under “From labels”.`];
    if (!learned.length) lines.unshift("The model hardly draws any of this, so there is no direction for it.");
    if (weak.length) lines.push(`Hardly drawn by this model, and not kept: ${weak.join(", ")}.`);
    if (untold.length) lines.push(`Not to be told from the pictures: ${untold.join(", ")}.`);
    return lines.join(" ");
  }

  studio.buttons(root, { learn });

  return {
    opened() {
      is("result").hidden = true;
      if (!root.hidden) look();
    },
    shown() { if (shownFor !== studio.model.key) look(); },
    forgot(without, id) { [...is("rows").children].find((line) => line.dataset.of === id)?.remove(); },
  };
};
