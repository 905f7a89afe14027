// Pictures on a timeline: each with the way to the next one. The first two are there at once, for a morph from A to B.
tools.morph = (studio, root) => {
  const MOST = 24, RANDOM = 4;
  const WAYS = [["straight", "slerp"], ["smooth curve", "spline"]];
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  const button = (name) => root.querySelector(`[data-do="${name}"]`);
  // Straight ways, arcs of a sphere, meet in corners, where it is best to slow down; a curve flows through.
  const USUAL = { slerp: "smooth", spline: "linear" };
  const key = (point) => ({ point: studio.copy(point), seconds: PIECE_SECONDS, easing: USUAL[way] });
  let keys = [], way = "slerp", closed = true, chosen = 0, t = 0, model = null, dragged = null;
  const pictures = album(), steps = stepsBack();

  // After a jump the last picture of an open timeline stays for its own time.
  const pieces = () => keys.slice(0, closed || keys.length < 2 || keys.at(-2).easing === "hold" ? keys.length : -1);
  const seconds = () => pieces().reduce((sum, each) => sum + each.seconds, 0);
  const timeOf = (i) => keys.slice(0, i).reduce((sum, each) => sum + each.seconds, 0);
  const view = () => ({ keys, way, closed });
  const state = () => JSON.stringify(view());

  // keys

  function build(focus) {
    is("keys").replaceChildren(...keys.map((each, i) => keyBox(each, i)));
    changed();
    if (focus) is("keys").children[chosen]?.firstChild.focus();
  }

  function keyBox(each, i) {
    const tile = studio.tile({ image: pictures.of(each.point) || "", label: "", onPick: () => choose(i) });
    tile.append(make("em", { textContent: i + 1 }));
    draggable(tile, each.point);
    tile.addEventListener("dragstart", () => { dragged = i; });
    tile.addEventListener("dragend", () => { dragged = null; });
    tile.addEventListener("keydown", (event) => pressedKey(event, i));
    const box = make("li", {}, tile, pieceFields(each, i, changed));
    takesDrops(box, (point) => {
      if (dragged !== null) move(dragged, i);
      else if (point) insert(i, [point]);
    });
    return box;
  }

  function pressedKey(event, i) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Delete") remove(i);
    else if (!step) return;
    else if (event.altKey) move(i, i + step);
    else is("keys").children[i + step]?.firstChild.focus();
    event.preventDefault();
  }

  // Everything that follows from the keys but their boxes.
  function changed() {
    studio.store("morph", view());
    steps.keep(state());
    showKeys();
    drawKeys();
    setMoment(Math.min(t, 1));
  }

  function showKeys() {
    chosen = Math.min(chosen, Math.max(keys.length - 1, 0));
    [...is("keys").children].forEach((box, i) => {
      markTile(box.firstChild, i === chosen);
      box.firstChild.setAttribute("aria-label", `Picture ${i + 1} of ${keys.length}, at ${timeOf(i).toFixed(1)} seconds`);
      box.lastChild.hidden = i >= pieces().length;
    });
    const total = seconds(), count = keys.length;
    is("length").textContent = count ? `${count} picture${count > 1 ? "s" : ""} · ${total.toFixed(1)} s` : "";
    is("empty").hidden = count > 1;
    is("chosen").hidden = !count;
    is("which").textContent = `Picture ${chosen + 1}`;
    button("earlier").disabled = !chosen;
    button("later").disabled = chosen >= count - 1;
    button("add").disabled = button("random").disabled = count >= MOST;
    for (const name of ["play", "stay"]) button(name).disabled = !count;
    is("scrub").disabled = !count;
    button("back").disabled = !steps.canGoBack();
    button("forth").disabled = !steps.canGoForth();
  }

  async function drawKeys() {
    await pictures.load(keys.map((each) => each.point));
    [...is("keys").children].forEach((box, i) => {
      const image = keys[i] && pictures.of(keys[i].point);
      if (image && box.querySelector("img").src !== image) box.querySelector("img").src = image;
    });
  }

  function choose(i) {
    chosen = i;
    showKeys();
    setMoment(seconds() ? Math.min(timeOf(i) / seconds(), 1) : 0);
    studio.go(keys[i].point);
  }

  function insert(place, points) {
    const room = points.slice(0, MOST - keys.length).map(key);
    keys.splice(place, 0, ...room);
    chosen = Math.min(place + room.length - 1, keys.length - 1);
    build(true);
  }

  function move(from, to) {
    if (to < 0 || to >= keys.length) return;
    keys.splice(to, 0, ...keys.splice(from, 1));
    chosen = to;
    build(true);
  }

  function remove(i) {
    keys.splice(i, 1);
    chosen = Math.max(Math.min(i, keys.length - 1), 0);
    build(true);
  }

  function fillWith(points) {
    keys = points.slice(0, MOST).map(key);
    [chosen, t] = [0, 0];
    build();
  }

  // Another state of the timeline, or none; the first picture that is not as before is chosen.
  function become(text) {
    if (!text) return;
    const before = keys.map((each) => JSON.stringify(each)), within = is("keys").contains(document.activeElement);
    stop();
    ({ keys, way, closed } = JSON.parse(text));
    const other = keys.findIndex((each, i) => JSON.stringify(each) !== before[i]);
    if (other >= 0) chosen = other;
    is("closed").checked = closed;
    studio.choose(is("way"), way);
    build(within);
  }

  // moments

  function setMoment(share) {
    t = share;
    const total = seconds(), words = `${(t * total).toFixed(1)} of ${total.toFixed(1)} s`;
    is("scrub").value = t;
    is("scrub").setAttribute("aria-valuetext", words);
    is("moment").textContent = keys.length ? words : "";
    studio.fill(is("scrub"));
  }

  function scrub(share) {
    setMoment(share);
    return studio.show({ ...view(), t });
  }

  const playing = player(button("play"), (passed) => {
    if (!keys.length) return false;
    const next = t + passed / seconds();
    if (!closed && next >= 1) { scrub(1); return false; }
    scrub(next % 1);
  });

  function play() {
    if (playing.playing()) return playing.stop();
    learning.stop();
    if (!closed && t >= 1) setMoment(0);
    playing.start();
  }

  filmMaker(is("morphfile"), {
    name: "morph",
    begin: "morph_film",
    request() {
      if (!keys.length) studio.note("Add a picture to the timeline first.");
      return keys.length ? view() : null;
    },
  });
  const learning = learningCard(is("learning"), () => keys.map((each) => each.point));
  const stop = () => { playing.stop(); learning.stop(); };

  studio.buttons(root, {
    add() { insert(keys.length, [studio.at()]); },
    random() { fillWith(Array.from({ length: RANDOM }, () => studio.unmoved(studio.anySeed()))); },
    kept() {
      const points = studio.kept().slice(0, MOST).reverse();
      points.length ? fillWith(points) : studio.note("Keep a picture first, with the heart below the stage.");
    },
    earlier() { move(chosen, chosen - 1); },
    later() { move(chosen, chosen + 1); },
    replace() { keys[chosen].point = studio.at(); build(true); },
    remove() { remove(chosen); },
    play,
    async stay() {
      playing.stop();
      const answer = await studio.ask("morph_moment", { ...view(), t });
      if (answer) studio.go(answer.point);
    },
    learn() { playing.stop(); learning.toggle(); },
    back() { become(steps.back()); },
    forth() { become(steps.forth()); },
  });
  is("scrub").addEventListener("input", () => { stop(); scrub(Number(is("scrub").value)); });
  is("closed").addEventListener("change", () => { closed = is("closed").checked; changed(); });

  function restore() {
    const found = studio.stored("morph", null), { OPENING } = studio;
    [way, closed, chosen, t] = [found?.way || "slerp", found?.closed ?? true, 0, 0];
    keys = Array.isArray(found?.keys) ? structuredClone(found.keys).slice(0, MOST) : [key(studio.at()), key(studio.unmoved(OPENING.to))];
    is("closed").checked = closed;
    studio.offer(is("way"), WAYS, way, goBy);
    steps.begin(state());
  }

  function goBy(value) {
    const usual = keys.every((each) => each.easing === USUAL[way]);
    way = value;
    if (usual) for (const each of keys) each.easing = USUAL[way];
    build();
    if (keys.length) scrub(t);
  }

  function forgot(without) {
    const cleaned = (found) => ({ ...found, keys: found.keys.map((each) => ({ ...each, point: without(each.point) })) });
    const found = studio.stored("morph", null);
    if (Array.isArray(found?.keys)) studio.store("morph", cleaned(found));
    if (studio.model.name !== model) return;
    keys = cleaned({ keys }).keys;
    steps.map((text) => JSON.stringify(cleaned(JSON.parse(text))));
    build();
  }

  async function open() {
    if (studio.model.name !== model) restore();
    model = studio.model.name;
    build();
    await learning.load();
  }

  return {
    async opened() {
      stop();
      pictures.clear();
      if (!root.hidden) await open();
    },
    async shown() {
      if (studio.model.key) await open();
      if (studio.handedTo !== "morph") return;
      studio.handedTo = null;
      studio.selection.length > 1 ? fillWith(studio.selection) : insert(keys.length, studio.selection);
    },
    hidden() {
      stop();
      studio.show({ at: studio.at() });
    },
    moved() {
      stop();
      learning.newest();
    },
    step(forth) { become(forth ? steps.forth() : steps.back()); },
    forgot,
  };
};
