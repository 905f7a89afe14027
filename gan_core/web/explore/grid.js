// Hundreds of seeds. Pictures come as sheets of 64, and a tile shows its part of one: an image each would be a thousand.
tools.grid = (studio, root) => {
  const COUNTS = [64, 256, 576, 1024], SHEET = 64, COLUMNS = 8, SIZE = 64;
  const ORDERS = {
    seed: ["by seed", ""],
    typical: ["most typical first", "What has many like it comes first, what broke comes last: broken pictures have few that are like them."],
    real: ["most real first", "What the discriminator takes for real, each class by itself. It says little of a good generator, which makes what its discriminator has nothing against: typical ones look better."],
    different: ["most different first", "Of the more typical half, first those that differ most: the first twenty show what the model can do. Then come the others."],
  };
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  const box = is("tiles"), selected = new Set();
  let first = 0, count = COUNTS[1], label = null, order = "seed", orders = null, selecting = false;
  let tiles = [], sheets = [], fill = 0, filling = false, stale = true, last = 0;
  const seedOf = (i) => (first + i) % (studio.MAX_SEED + 1);
  const pointOf = (i) => ({ seed: seedOf(i), label });
  const shown = () => [...box.children].map((tile) => Number(tile.dataset.place));
  const chosen = () => shown().filter((i) => selected.has(i));

  // the pictures

  async function fillGrid() {
    const mine = ++fill, meter = progressBar(is("bar"), () => { fill += 1; end(); });
    const end = () => { filling = false; is("bar").hidden = true; tell(); };
    filling = true;
    stale = false;
    begin();
    for (let start = 0; start < count; start += SHEET) {
      const answer = await studio.ask("grid_sheet", { first: seedOf(start), label });
      const sheet = answer && URL.createObjectURL(await (await fetch(answer.image)).blob());
      if (mine !== fill) return sheet && URL.revokeObjectURL(sheet);
      if (!sheet) break;
      place(sheet, answer.zoom, start);
      meter((start + SHEET) / count, "");
      tell();
    }
    end();
    if (order !== "seed") sort();
  }

  function begin() {
    sheets.forEach((sheet) => URL.revokeObjectURL(sheet));
    [sheets, orders, last] = [[], null, 0];
    selected.clear();
    tiles = Array.from({ length: count }, (_, i) => tile(i));
    box.replaceChildren(...tiles);
    tiles[0].tabIndex = 0;
    tell();
  }

  function tile(i) {
    const tile = document.createElement("div");
    tile.className = "cell";
    tile.tabIndex = -1;
    tile.dataset.place = i;
    tile.setAttribute("role", "option");
    tile.setAttribute("aria-selected", "false");
    tile.setAttribute("aria-label", `Seed ${seedOf(i)}`);
    tile.title = `seed ${seedOf(i)}`;
    return tile;
  }

  function place(sheet, zoom, start) {
    sheets.push(sheet);
    for (let i = 0; i < SHEET; i++) {
      const [x, y] = [i % COLUMNS, Math.floor(i / COLUMNS)].map((at) => `${at / (COLUMNS - 1) * 100}%`);
      Object.assign(tiles[start + i].style, { backgroundImage: `url(${sheet})`, backgroundSize: `${zoom * 100}%`, backgroundPosition: `${x} ${y}` });
    }
  }

  // their order

  async function sort() {
    const mine = fill;
    is("why").textContent = ORDERS[order][1];
    if (filling) return;
    if (order !== "seed" && !orders) {
      const result = await studio.work("grid_orders", { first, count, label }, { bar: is("bar") });
      if (mine !== fill) return;
      orders = result && result.orders;
    }
    const known = order === "seed" || (orders && orders[order]);
    if (!known) {
      if (orders) studio.note("This model has no discriminator beside it that could say what looks real.");
      order = "seed";
      studio.choose(is("orders"), order);
      is("why").textContent = "";
    }
    box.replaceChildren(...(orders?.[order] || tiles.map((_, i) => i)).map((i) => tiles[i]));
    if (box.firstChild) focusable(box.firstChild);
    box.scrollTop = 0;
  }

  // choosing

  function tell() {
    const ready = sheets.length * SHEET, pictures = `${ready === count ? "" : `${ready} of `}${count} pictures`;
    is("told").textContent = pictures + (selected.size ? ` · ${selected.size} selected` : "");
    for (const button of root.querySelectorAll("[data-needs]")) button.disabled = !selected.size;
    for (const button of root.querySelectorAll("[data-words]")) {
      button.textContent = button.dataset.words + (selected.size ? ` of ${selected.size}` : "");
    }
  }

  function select(i, on = !selected.has(i)) {
    on ? selected.add(i) : selected.delete(i);
    tiles[i].setAttribute("aria-selected", on);
    last = i;
  }

  function selectTo(i) {
    const places = shown(), [from, to] = [places.indexOf(last), places.indexOf(i)].sort((a, b) => a - b);
    for (const each of places.slice(from, to + 1)) select(each, true);
  }

  function pick(i, event) {
    focusable(tiles[i]);
    if (event.shiftKey) selectTo(i);
    else if (selecting || event.ctrlKey || event.metaKey) select(i);
    else { studio.go(pointOf(i)); last = i; }
    tell();
  }

  // One tile at a time is in the order of the Tab key; arrow keys lead to the others.
  function focusable(tile) {
    box.querySelector('[tabindex="0"]')?.setAttribute("tabindex", -1);
    tile.tabIndex = 0;
  }

  function mark(at) {
    box.querySelector(".on")?.classList.remove("on");
    if (!at.z && !Object.keys(at.moves).length && at.label === label) tiles[at.seed - first]?.classList.add("on");
  }

  box.addEventListener("click", (event) => {
    const tile = event.target.closest(".cell");
    if (tile) pick(Number(tile.dataset.place), event);
  });
  box.addEventListener("keydown", (event) => {
    const places = [...box.children], now = places.indexOf(document.activeElement), i = Number(places[now]?.dataset.place);
    const columns = getComputedStyle(box).gridTemplateColumns.split(" ").length, rows = columns * 5;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -rows, PageDown: rows, Home: -now, End: count };
    if (now < 0) return;
    if (event.key in steps) {
      const next = places[Math.min(Math.max(now + steps[event.key], 0), places.length - 1)];
      if (event.shiftKey) { select(i, true); select(Number(next.dataset.place), true); }
      focusable(next);
      next.focus();
    } else if (event.key === "Enter") studio.go(pointOf(i));
    else if (event.key === " ") event.shiftKey ? selectTo(i) : select(i);
    else if (event.key === "Escape" && selected.size) clear();
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) places.forEach((_, each) => select(each, true));
    else return;
    event.preventDefault();
    tell();
  });

  function clear() { for (const i of [...selected]) select(i, false); tell(); }

  // what to do with them

  async function file(button) {
    const places = selected.size ? chosen() : shown();
    button.disabled = true;
    const result = await studio.work("grid_file", { kind: button.dataset.kind, seeds: places.map(seedOf), label }, { bar: is("bar") });
    button.disabled = false;
    if (result) studio.save(result.file, `${studio.model.name}-${result.name}`);
  }

  studio.buttons(root, {
    other() { first = is("first").value = studio.anySeed(); fillGrid(); },
    select(button) { selecting = !selecting; button.setAttribute("aria-pressed", selecting); },
    clear,
    "keep-all"() { studio.keepAll(chosen().map(pointOf)); },
    hand(button) { Object.assign(studio, { selection: chosen().map(pointOf), handedTo: button.dataset.to }); studio.openTool(button.dataset.to); },
    file,
  });
  is("first").addEventListener("change", () => {
    first = is("first").value = Math.min(Math.max(Math.floor(Number(is("first").value)) || 0, 0), studio.MAX_SEED);
    fillGrid();
  });
  is("size").addEventListener("input", () => { box.style.setProperty("--cell", `${is("size").value}px`); studio.fill(is("size")); });
  for (const button of root.querySelectorAll("[data-to]")) button.hidden = !studio.root.querySelector(`[data-tool="${button.dataset.to}"]`);
  is("first").value = first;
  is("size").value = SIZE;
  is("size").dispatchEvent(new Event("input"));
  studio.offer(is("counts"), COUNTS.map((each) => [String(each), each]), count, (each) => { count = each; fillGrid(); });
  studio.offer(is("orders"), Object.entries(ORDERS).map(([name, [words]]) => [words, name]), order, (name) => { order = name; sort(); });

  return {
    opened() {
      label = null;
      studio.offerClasses(root, label, (each) => { label = each; fillGrid(); });
      stale = true;
      if (!root.hidden) fillGrid();
    },
    shown() { if (stale && studio.model.key) fillGrid(); },
    moved: mark,
  };
};
