// mean(A) − mean(B) + mean(C): slots to fill at the left, the sum amid its neighbours at the right, as in the paper's figure.
tools.arithmetic = (studio, root) => {
  const SIGNS = ["", "−", "+"], NAMES = ["A", "B", "C"], SLOTS = 3, CENTRE = 4, CANDIDATES = 32, NOISE = 0.25, AMOUNT = 1.5;
  // Smiling women, women and men that the shipped model draws well.
  const EXAMPLES = {
    "faces-64": { seeds: [[398, 271, 441], [202, 366, 449], [117, 213, 59]], names: ["smiling women", "women", "men"],
      words: "What smiling women have and other women have not is added to men." },
  };
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  const empty = () => NAMES.map(() => Array(SLOTS).fill(null));
  let groups = empty(), active = [0, 0], source = "seeds", firstSeed = 0, label = null;
  let points = [], candidates = [], asked = 0, model = null, examples = 0, story = "";
  const pictures = new Map();
  const given = () => groups.map((group) => group.filter(Boolean));
  const names = () => [...root.querySelectorAll(".group .pick")].map((input) => input.value.trim());
  const shell = () => is("shell").getAttribute("aria-pressed") === "true";
  const settings = () => ({ groups: given(), noise: Number(is("noise").value), shell: shell() });

  // the sum

  function build() {
    const parts = NAMES.flatMap((name, g) => [...(SIGNS[g] ? [sign(SIGNS[g])] : []), group(name, g)]);
    const nine = Object.assign(document.createElement("div"), { className: "nine" });
    nine.setAttribute("role", "group");
    nine.setAttribute("aria-label", "The result amid its neighbours");
    is("sum").replaceChildren(...parts, sign("="), nine);
  }

  function sign(text) { return Object.assign(document.createElement("span"), { className: "sign", textContent: text }); }

  function group(name, g) {
    const box = Object.assign(document.createElement("div"), { className: "group" }), title = document.createElement("input");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `Pictures of ${name}`);
    Object.assign(title, { className: "pick", type: "text", maxLength: 40, placeholder: name, title: "A name for the figure" });
    title.setAttribute("aria-label", `Name of ${name}`);
    title.addEventListener("change", remember);
    const mean = Object.assign(document.createElement("div"), { className: "mean", innerHTML: '<img alt=""><span></span>' });
    mean.firstChild.alt = `Mean of ${name}`;
    mean.lastChild.textContent = "mean";
    box.append(title, ...groups[g].map((_, s) => slot(g, s)), mean);
    return box;
  }

  function slot(g, s) {
    const box = Object.assign(document.createElement("span"), { className: "removable" }), drop = document.createElement("button");
    const button = studio.tile({ image: "", label: "", onPick: () => choose(g, s) });
    button.classList.add("slot");
    button.dataset.slot = `${g}${s}`;
    button.firstChild.removeAttribute("src");
    button.append(document.createElement("span"));
    Object.assign(drop, { className: "drop", textContent: "×", title: "Take it away" });
    drop.setAttribute("aria-label", `Empty slot ${s + 1} of ${NAMES[g]}`);
    drop.addEventListener("click", () => { put(g, s, null); choose(g, s); });
    button.addEventListener("dragover", (event) => { event.preventDefault(); button.classList.add("over"); });
    button.addEventListener("dragleave", () => button.classList.remove("over"));
    button.addEventListener("drop", (event) => {
      event.preventDefault();
      button.classList.remove("over");
      const point = dropped(event.dataTransfer.getData("text/plain"));
      if (point) { put(g, s, point); choose(g, s); }
    });
    box.append(button, drop);
    return box;
  }

  function dropped(text) { try { return studio.copy(JSON.parse(text)); } catch { return null; } }

  function choose(g, s) { active = [g, s]; showSlots(); }

  function nextSlot() {
    const places = NAMES.flatMap((_, g) => groups[g].map((_, s) => [g, s])), now = active[0] * SLOTS + active[1];
    active = [...places.slice(now + 1), ...places.slice(0, now + 1)].find(([g, s]) => !groups[g][s]) || active;
  }

  function put(g, s, point) { groups[g][s] = point; changed(); }

  async function changed(words = "") {
    story = words;
    remember();
    showSlots();
    await Promise.all([drawSlots(), compute(true)]);
  }

  function remember() { studio.store("arithmetic", { groups, names: names() }); }

  function showSlots() {
    groups.forEach((group, g) => group.forEach((point, s) => {
      const button = root.querySelector(`[data-slot="${g}${s}"]`), image = point && pictures.get(JSON.stringify(point));
      button.classList.toggle("full", Boolean(point));
      button.setAttribute("aria-pressed", active[0] === g && active[1] === s);
      button.setAttribute("aria-label", `Slot ${s + 1} of ${NAMES[g]}, ${point ? "filled" : "empty"}`);
      button.lastChild.textContent = point ? "" : "+";
      if (image) button.firstChild.src = image;
      else button.firstChild.removeAttribute("src");
      button.nextSibling.hidden = !point;
    }));
    const [plus, minus] = [given()[0].length + given()[2].length, given()[1].length];
    for (const name of ["swap", "clear"]) root.querySelector(`[data-do="${name}"]`).disabled = !plus && !minus;
    root.querySelector('[data-do="figure"]').disabled = !plus;
    is("direction").lastElementChild.disabled = !given()[0].length || !minus;
    is("sum").classList.toggle("empty", !plus && !minus);
    is("hint").textContent = plus ? story : "Pick up to three pictures for each of A, B and C, or begin with an example.";
  }

  async function drawSlots() {
    const missing = groups.flat().filter((point) => point && !pictures.has(JSON.stringify(point)));
    if (!missing.length) return;
    const images = await studio.thumbs(missing);
    images.forEach((image, i) => pictures.set(JSON.stringify(missing[i]), image));
    showSlots();
  }

  // `shown`: put the result on the stage.
  async function compute(shown) {
    const mine = ++asked, answer = await studio.ask("arithmetic", settings());
    if (!answer || mine !== asked) return;
    root.querySelectorAll(".mean img").forEach((image, g) => {
      if (answer.means[g]) image.src = answer.means[g];
      else image.removeAttribute("src");
    });
    points = answer.points;
    showNine(answer.images);
    if (shown && points.length) studio.go(points[CENTRE]);
  }

  // The same tiles are filled anew, so that the keyboard stays where it is.
  function showNine(images) {
    const box = root.querySelector(".nine"), tiles = [...box.children];
    if (!images.length) return box.replaceChildren();
    return images.forEach((image, i) => {
      const label = i === CENTRE ? "The sum" : `Neighbour ${i < CENTRE ? i + 1 : i}`;
      if (tiles[i]) tiles[i].firstChild.src = image;
      else box.append(studio.tile({ image, label, title: label, onPick: () => studio.go(points[i]) }));
    });
  }

  function moved(at) {
    [...root.querySelectorAll(".nine .tile")].forEach((tile, i) => tile.classList.toggle("on", Boolean(points[i]) && studio.same(points[i], at)));
  }

  // pictures to pick

  async function showCandidates() {
    const seeds = Array.from({ length: CANDIDATES }, (_, i) => ({ seed: (firstSeed + i) % studio.MAX_SEED, label }));
    const mine = candidates = { seeds, kept: studio.kept(), selection: studio.selection }[source].slice(0, 64).map(studio.copy);
    const images = candidates.length ? await studio.thumbs(candidates) : [];
    if (mine !== candidates) return;
    is("candidates").replaceChildren(...images.map((image, i) => {
      pictures.set(JSON.stringify(mine[i]), image);
      const tile = studio.tile({ image, label: `Picture ${i + 1} to pick`, title: mine[i].z ? "" : `seed ${mine[i].seed}`, onPick: () => take(mine[i]) });
      tile.draggable = true;
      tile.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", JSON.stringify(mine[i])));
      return tile;
    }));
    if (!images.length) is("candidates").textContent = source === "kept" ? "Nothing is kept yet." : "Nothing is selected in the grid yet.";
  }

  function take(point) {
    const [g, s] = active;
    groups[g][s] = point;
    nextSlot();
    changed();
  }

  // What was selected in the grid fills the slots that are empty, and stays there to pick from.
  function receive() {
    studio.handedTo = null;
    const points = studio.selection.map(studio.copy);
    groups = groups.map((group) => group.map((point) => point ?? points.shift() ?? null));
    from("selection");
    changed();
  }

  function from(name) { source = name; studio.choose(is("sources"), name); showCandidates(); }

  async function showExample() {
    const known = !examples && EXAMPLES[studio.model.name], { key } = studio.model;
    const found = known ? { directions: [] } : await studio.ask("directions");
    if (!found || key !== studio.model.key) return;
    const shown = found.directions.filter((each) => !each.hidden), { points: filled, titles, words } = known
      ? { points: known.seeds.map((seeds) => seeds.map((seed) => ({ seed }))), titles: known.names, words: known.words }
      : along(shown[examples % shown.length]);
    examples += 1;
    groups = filled.map((group) => group.map(studio.copy));
    name(titles);
    changed(words);
  }

  // What every model can add: pictures moved along a direction, the same moved against it, and others that get the difference.
  function along(direction) {
    const { classes } = studio.model, label = classes.length ? Math.floor(Math.random() * classes.length) : null;
    const other = label === null ? null : (label + 1) % classes.length, seeds = Array.from({ length: 2 * SLOTS }, studio.anySeed);
    const moved = (amount) => seeds.slice(0, SLOTS).map((seed) => ({ seed, label, moves: { [direction.id]: amount } }));
    const title = suggested(direction) || direction.name, of = label === null ? "others" : classes[other];
    return {
      points: [moved(AMOUNT), moved(-AMOUNT), seeds.slice(SLOTS).map((seed) => ({ seed, label: other }))],
      titles: [`${title} +${AMOUNT}`, `${title} −${AMOUNT}`, of],
      words: `A and B are the same pictures, with “${title}” moved up and down: the sum gives what A has more of to C.`,
    };
  }

  function name(titles) { root.querySelectorAll(".group .pick").forEach((input, g) => { input.value = titles[g] || ""; }); }

  studio.buttons(root, {
    example: showExample,
    swap() {
      [groups[0], groups[1]] = [groups[1], groups[0]];
      name([1, 0, 2].map((g) => names()[g]));
      changed();
    },
    clear() { groups = empty(); active = [0, 0]; name([]); changed(); },
    async figure(button) {
      button.disabled = true;
      const answer = await studio.ask("arithmetic_figure", { ...settings(), names: names() });
      button.disabled = false;
      if (answer) studio.save(answer.file, `${studio.model.name}-${answer.name}`);
    },
    more() { firstSeed = studio.anySeed(); from("seeds"); },
    stage() { take(studio.at()); },
    shell(button) { button.setAttribute("aria-pressed", !shell()); compute(true); },
  });
  is("noise").addEventListener("input", () => { showNoise(); compute(false); });
  is("direction").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [to, start] = given(), answer = await studio.ask("add_direction", { name: is("name").value, from: start, to });
    if (!answer) return;
    is("name").value = "";
    is("hint").textContent = "Kept: the direction is among the sliders of Play.";
  });
  function showNoise() { is("noise").nextElementSibling.textContent = `± ${Number(is("noise").value).toFixed(2)}`; studio.fill(is("noise")); }

  build();
  is("noise").value = NOISE;
  showNoise();
  studio.offer(is("sources"), [["seeds", "seeds"], ["kept", "kept"], ["from the grid", "selection"]], source, from);

  return {
    async opened({ name: found, classes }) {
      if (found !== model) {
        const kept = studio.stored("arithmetic", null);
        [model, label, examples, story] = [found, null, 0, ""];
        groups = empty().map((group, g) => group.map((_, s) => kept?.groups?.[g]?.[s] || null));
        name(kept?.names || []);
      }
      pictures.clear();
      is("classes").hidden = !classes.length;
      studio.offer(is("chips"), [["any", null], ...classes.map((each, i) => [each, i])], label, (each) => { label = each; from("seeds"); });
      showSlots();
      if (!root.hidden) await this.shown();
    },
    async shown() {
      if (!studio.model.key) return;
      if (studio.handedTo === "arithmetic") receive();
      else showCandidates();
      await Promise.all([drawSlots(), compute(false)]);
    },
    kept() { if (source === "kept" && !root.hidden) showCandidates(); },
    moved,
  };
};
