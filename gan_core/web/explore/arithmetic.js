// mean(A) − mean(B) + mean(C): slots to fill at the left, the sum amid its neighbours at the right, as in the paper's figure.
tools.arithmetic = (studio, root) => {
  const SIGNS = ["", "−", "+"], NAMES = ["A", "B", "C"], SLOTS = 3, CENTRE = 4, NOISE = 0.25;
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  const empty = () => NAMES.map(() => Array(SLOTS).fill(null));
  let groups = empty(), active = [0, 0], points = [], asked = 0, shownFrom = null, model = null, examples = 0, story = "";
  const pictures = album(), candidates = picker(root, pictures, take);
  const given = () => groups.map((group) => group.filter(Boolean));
  const names = () => [...root.querySelectorAll(".group .pick")].map((input) => input.value.trim());
  const shell = () => is("shell").getAttribute("aria-pressed") === "true";
  const settings = () => ({ groups: given(), noise: Number(is("noise").value), shell: shell() });

  // the sum

  function build() {
    const parts = NAMES.flatMap((name, g) => [...(SIGNS[g] ? [sign(SIGNS[g])] : []), group(name, g)]);
    const nine = make("div", { className: "nine" });
    nine.setAttribute("role", "group");
    nine.setAttribute("aria-label", "The result amid its neighbours");
    is("sum").replaceChildren(...parts, sign("="), nine);
  }

  function sign(text) { return make("span", { className: "sign", textContent: text }); }

  function group(name, g) {
    const title = make("input", { className: "pick", type: "text", maxLength: 40, placeholder: name, title: "A name for the figure" });
    title.setAttribute("aria-label", `Name of ${name}`);
    title.addEventListener("change", remember);
    const mean = make("div", { className: "mean" }, make("img", { alt: `Mean of ${name}` }), make("span", { textContent: "mean" }));
    const box = make("div", { className: "group" }, title, ...groups[g].map((_, s) => slot(g, s)), mean);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `Pictures of ${name}`);
    return box;
  }

  function slot(g, s) {
    const drop = make("button", { className: "drop", textContent: "×", title: "Take it away" });
    const button = studio.tile({ image: "", label: "", onPick: () => choose(g, s) });
    button.classList.add("slot");
    button.dataset.slot = `${g}${s}`;
    button.firstChild.removeAttribute("src");
    button.append(make("span"));
    drop.setAttribute("aria-label", `Empty slot ${s + 1} of ${NAMES[g]}`);
    drop.addEventListener("click", () => { put(g, s, null); choose(g, s); button.focus(); });
    takesDrops(button, (point) => { if (point) { put(g, s, point); choose(g, s); } });
    return make("span", { className: "removable" }, button, drop);
  }

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
      const button = root.querySelector(`[data-slot="${g}${s}"]`), image = point && pictures.of(point);
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
    await pictures.load(groups.flat().filter(Boolean));
    showSlots();
  }

  // `shown`: put the result on the stage, unless one has gone elsewhere until it is there.
  async function compute(shown) {
    if (shown) shownFrom = studio.at();
    const mine = ++asked, answer = await studio.ask("arithmetic", settings());
    if (mine !== asked) return;
    const stays = shownFrom && !root.hidden && studio.same(shownFrom, studio.at());
    shownFrom = null;
    if (!answer) return;
    root.querySelectorAll(".mean img").forEach((image, g) => {
      if (answer.means[g]) image.src = answer.means[g];
      else image.removeAttribute("src");
    });
    points = answer.points;
    showNine(answer.images);
    if (stays && points.length) studio.go(points[CENTRE]);
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
    [...root.querySelectorAll(".nine .tile")].forEach((tile, i) => markTile(tile, Boolean(points[i]) && studio.same(points[i], at)));
  }

  // pictures to add

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
    candidates.from("selection");
    return changed();
  }

  async function showExample() {
    const { key } = studio.model, found = await exampleSum(examples, SLOTS);
    if (!found || key !== studio.model.key) return;
    examples += 1;
    groups = found.groups;
    name(found.names);
    changed(found.words);
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
    more: candidates.more,
    stage() { take(studio.at()); },
    shell(button) { button.setAttribute("aria-pressed", !shell()); compute(true); },
  });
  is("noise").addEventListener("input", () => { showNoise(); compute(false); });
  is("direction").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [to, start] = given(), answer = await studio.ask("add_direction", { name: is("name").value, from: start, to });
    if (!answer) return;
    is("name").value = "";
    story = "Kept: the direction is among the sliders of Play.";
    showSlots();
  });
  function showNoise() { is("noise").nextElementSibling.textContent = `± ${Number(is("noise").value).toFixed(2)}`; studio.fill(is("noise")); }

  build();
  is("noise").value = NOISE;
  showNoise();

  return {
    async opened({ name: found }) {
      candidates.opened(found !== model);
      if (found !== model) {
        const kept = studio.stored("arithmetic", null);
        [model, examples, story] = [found, 0, ""];
        groups = empty().map((group, g) => group.map((_, s) => kept?.groups?.[g]?.[s] || null));
        name(kept?.names || []);
      }
      pictures.clear();
      showSlots();
      if (!root.hidden) await this.shown();
    },
    async shown() {
      if (!studio.model.key) return;
      if (studio.handedTo === "arithmetic") return receive();
      candidates.show();
      await Promise.all([drawSlots(), compute(false)]);
    },
    kept() { if (!root.hidden) candidates.kept(); },
    moved,
    forgot(without) {
      groups = groups.map((group) => group.map((point) => point && without(point)));
      remember();
    },
  };
};
