tools.play = (studio, root) => {
  const SEEDS = 16, HIDDEN = "hidden", ADDED = new Set(["mine", "label"]);
  const KINDS = { pca: "Strongest", sefa: "From weights", label: "From labels", mine: "Mine" };
  const HINT = "Drag, use the arrow keys, or scroll over a slider: Shift for small steps, a double click for zero. All is in the link.";
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  const pad = makePad(root);
  let found = [], range = 1, kind = "pca", rows = {}, movedIds = "", firstSeed = studio.OPENING.grid, seedsOf, menuOf = null, openedName, named = () => {};

  // names and what is hidden: at once for this browser, for all once saved with the model

  const own = () => studio.stored(`directions@${studio.model.which}`, {});
  const groupOf = (each) => each.hidden ? HIDDEN : each.kind;
  const known = () => found.map((each) => ({ ...each, ...own()[each.id] }));

  function change(id, what) {
    studio.store(`directions@${studio.model.which}`, { ...own(), [id]: { ...own()[id], ...what } });
    showKinds();
  }

  async function saveNames() {
    if (!await studio.ask("save_directions", { directions: own() })) return;
    studio.store(`directions@${studio.model.which}`, {});
    showKinds();
    studio.note("Saved: whoever opens this model sees these names.");
  }

  // rows

  async function showDirections() {
    const { key } = studio.model, answer = await studio.ask("directions");
    if (!answer || key !== studio.model.key) return;
    [found, range] = [answer.directions, answer.range];
    showKinds();
  }

  function showKinds() {
    const all = known(), kinds = [...new Set(all.map(groupOf))].filter((each) => each !== HIDDEN);
    const hidden = all.filter((each) => each.hidden).length;
    const order = Object.keys(KINDS), place = (each) => order.includes(each) ? order.indexOf(each) : order.length;
    const choices = kinds.sort((a, b) => place(a) - place(b)).map((each) => [KINDS[each] || each, each]);
    if (hidden) choices.push([`Hidden ${hidden}`, HIDDEN]);
    if (!choices.some(([, each]) => each === kind)) kind = choices[0]?.[1];
    studio.offer(is("kinds"), choices, kind, (each) => { kind = each; showRows(); });
    root.querySelector('[data-do="save"]').hidden = !Object.keys(own()).length;
    pad.offer(all.filter((each) => !each.hidden), range);
    showRows();
  }

  function showRows() {
    const shown = known().filter((each) => groupOf(each) === kind), goOn = heldPlace();
    rows = Object.fromEntries(shown.map((each) => [each.id, directionRow(each, range, { move, more: openMenu })]));
    is("directions").replaceChildren(...Object.values(rows));
    movedIds = null;
    moved(studio.at());
    is("told").textContent = HINT;
    goOn();
  }

  // Puts the keyboard back into its row once all are made anew, or into the one that is now in its place.
  function heldPlace() {
    const held = document.activeElement, row = is("directions").contains(held) && held.closest(".dir");
    if (!row) return () => {};
    const place = [...is("directions").children].indexOf(row), part = [...row.children].indexOf(held);
    return () => {
      const all = Object.values(rows), next = rows[row.dataset.id] ?? all[Math.min(place, all.length - 1)];
      next?.children[part].focus();
    };
  }

  function tellOf(event) {
    const id = event.target.closest?.(".dir")?.dataset.id, each = id && known().find((one) => one.id === id);
    is("told").textContent = each ? told(each) : HINT;
  }
  for (const event of ["pointerover", "focusin"]) is("directions").addEventListener(event, tellOf);
  is("directions").addEventListener("pointerleave", () => { is("told").textContent = HINT; });

  function move(id, amount) {
    const at = studio.at();
    studio.setPoint({ ...at, moves: { ...at.moves, [id]: amount } });
  }

  // the menu of a direction, and the field for a name

  function offers({ id, name, kind: origin, hidden }) {
    const amount = studio.at().moves[id];
    return [
      ["Rename…", () => askName("Name", UNNAMED.test(name) ? "" : name, menuOf, (text) => change(id, { name: text }))],
      [hidden ? "Show again" : "Hide", () => change(id, { hidden: !hidden })],
      !hidden && ["Pad: left and right", () => pad.choose("x", id)],
      !hidden && ["Pad: up and down", () => pad.choose("y", id)],
      amount && ["Set to 0", () => { studio.remember(); move(id, 0); }],
      ADDED.has(origin) && ["Delete", () => remove(id)],
    ].filter(Boolean);
  }

  function openMenu(id, button) {
    const menu = is("menu");
    menuOf = button;
    menu.replaceChildren(...offers(known().find((each) => each.id === id)).map(([word, act]) => {
      const choice = Object.assign(document.createElement("button"), { type: "button", textContent: word });
      choice.setAttribute("role", "menuitem");
      choice.addEventListener("click", () => { menu.hidePopover(); act(); });
      return choice;
    }));
    openBeside(menu, button);
    menu.firstChild.focus();
  }

  function openBeside(box, button) {
    box.showPopover();
    const at = button.getBoundingClientRect(), { offsetWidth, offsetHeight } = box;
    box.style.left = `${Math.max(8, Math.min(at.right - offsetWidth, innerWidth - offsetWidth - 8))}px`;
    box.style.top = `${at.bottom + offsetHeight > innerHeight - 8 ? Math.max(8, at.top - offsetHeight) : at.bottom + 2}px`;
  }

  is("menu").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], all = [...is("menu").children];
    if (!step) return;
    event.preventDefault();
    all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
  });

  function askName(question, text, button, act) {
    const form = is("namer"), input = form.querySelector("input");
    form.querySelector("span").textContent = question;
    input.value = text;
    named = act;
    openBeside(form, button);
    input.select();
  }

  is("namer").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = is("namer").querySelector("input").value.trim();
    if (!name) return;
    is("namer").hidePopover();
    named(name);
  });

  async function remove(id) {
    if (await studio.ask("delete_direction", { id })) studio.forget(id);
  }

  async function keepMix(name) {
    if (await studio.ask("add_direction", { name, moves: studio.at().moves })) kind = "mine";
  }

  // seeds

  async function showSeeds() {
    const { label } = studio.at();
    seedsOf = label;
    const seeds = Array.from({ length: SEEDS }, (_, i) => (firstSeed + i) % studio.MAX_SEED);
    const images = await studio.thumbs(seeds.map((seed) => ({ seed, label })));
    if (label !== seedsOf || !images.length) return;
    is("seeds").replaceChildren(...images.map((image, i) => {
      const tile = studio.tile({ image, label: `Picture of seed ${seeds[i]}`, onPick: () => studio.go(studio.unmoved(seeds[i])) });
      tile.dataset.seed = seeds[i];
      return tile;
    }));
    markSeed(studio.at());
  }

  function markSeed(at) {
    for (const tile of is("seeds").children) markTile(tile, !at.z && Number(tile.dataset.seed) === at.seed);
  }

  // Which groups have something moved in them.
  function markKinds(at) {
    const ids = Object.keys(at.moves).join();
    if (ids === movedIds) return;
    movedIds = ids;
    const kinds = new Set(known().filter((each) => at.moves[each.id]).map(groupOf));
    for (const chip of is("kinds").children) chip.classList.toggle("moved", kinds.has(chip.dataset.value));
    root.querySelector('[data-do="mix"]').disabled = Object.keys(at.moves).length < 1;
  }

  function moved(at) {
    for (const [id, row] of Object.entries(rows)) setAmount(row, at.moves[id] || 0);
    pad.moved(at);
    markKinds(at);
    studio.choose(is("chips"), at.label);
    markSeed(at);
    if (seedsOf !== undefined && seedsOf !== at.label) showSeeds();
  }

  studio.buttons(root, {
    reset() { studio.go({ ...studio.at(), moves: {} }); },
    shuffle() {
      const at = studio.at(), moves = Object.fromEntries(Object.keys(rows).map((id) => [id, (Math.random() - 0.5) * range]));
      studio.go({ ...at, moves: { ...at.moves, ...moves } });
    },
    mix(button) { askName("Name of the direction", "", button, keepMix); },
    save: saveNames,
    more() { firstSeed = studio.anySeed(); showSeeds(); },
  });

  // Another model's directions would do something else to this one's pictures.
  function clear() {
    [found, rows] = [[], {}];
    is("directions").innerHTML = '<p class="cap">finding them…</p>';
    is("kinds").replaceChildren();
    pad.offer([], range);
  }

  return {
    async opened({ name }) {
      if (name !== openedName) clear();
      openedName = name;
      studio.offerClasses(root, studio.at().label, (label) => studio.go({ ...studio.at(), label }));
      await Promise.all([showSeeds(), showDirections()]);
    },
    shown() { pad.refresh(); },
    moved,
    directions: showDirections,
  };
};
