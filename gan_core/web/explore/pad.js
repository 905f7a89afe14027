// A pad that moves along two directions at once, over a faint sheet of what lies where.
const PAD_CELLS = 5, PAD_REST_MS = 700, PAD_STEP = 0.1;
const PAD_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function makePad(root) {
  const is = (name) => root.querySelector(`[data-is="${name}"]`), pad = is("pad"), knob = pad.querySelector("b");
  let axes = {}, known = [], range = 1, held = false, sheetOf = "", words = "";

  const amounts = (point) => ["x", "y"].map((axis) => point.moves[axes[axis]] || 0);
  const within = (amount) => Math.min(Math.max(amount, -range), range);

  function put(point, x, y) {
    const { x: across, y: up } = axes;
    return { ...point, moves: { ...point.moves, [up]: within(y), [across]: within(x) } };
  }

  function offerAxes(directions, reach) {
    [known, range] = [directions, reach];
    const saved = stored("pad", {}), ids = known.map((each) => each.id);
    axes = { x: ids.includes(saved.x) ? saved.x : ids[0], y: ids.includes(saved.y) ? saved.y : ids.find((id) => id !== ids[0]) };
    for (const axis of ["x", "y"]) {
      is(axis).replaceChildren(...known.map((each) => new Option(shownName(each), each.id)));
      is(axis).value = axes[axis];
    }
    if (!known.length) is("sheet").replaceChildren();
    pad.setAttribute("aria-valuemin", -range);
    pad.setAttribute("aria-valuemax", range);
    moved(at);
    atRestSheet();
  }

  // The two are different: who asks for the other's gets them exchanged.
  function choose(axis, id) {
    const other = axis === "x" ? "y" : "x";
    if (axes[other] === id) axes[other] = axes[axis];
    axes[axis] = id;
    store("pad", axes);
    offerAxes(known, range);
  }

  function moved(point) {
    const [x, y] = amounts(point);
    knob.style.translate = `${(x / range + 1) * 50}cqw ${(1 - y / range) * 50}cqh`;
    const now = `${nameOf(axes.x)} ${signed(x)}, ${nameOf(axes.y)} ${signed(y)}`;
    if (sheetOf && sheetOf !== sheetKey(point)) is("sheet").classList.toggle("stale", true);
    if (now === words) return;
    words = now;
    pad.setAttribute("aria-valuenow", x.toFixed(2));
    pad.setAttribute("aria-valuetext", words);
  }

  const nameOf = (id) => known.filter((each) => each.id === id).map(shownName).join();

  function key(event) {
    const way = PAD_KEYS[event.key], step = PAD_STEP * (event.shiftKey ? FINE : 1);
    if (!way && event.key !== "Home" || event.ctrlKey || event.metaKey || event.altKey || !axes.y) return;
    event.preventDefault();
    if (!event.repeat) remember();
    const [x, y] = amounts(at);
    setPoint(way ? put(at, x + way[0] * step, y + way[1] * step) : put(at, 0, 0));
  }

  function follow(event) {
    if (!held || !axes.y) return;
    const { left, top, width, height } = pad.getBoundingClientRect();
    setPoint(put(at, ((event.clientX - left) / width * 2 - 1) * range, (1 - (event.clientY - top) / height * 2) * range));
  }

  pad.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    remember();
    held = true;
    pad.setPointerCapture(event.pointerId);
    follow(event);
  });
  pad.addEventListener("pointermove", follow);
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => { held = false; });
  pad.addEventListener("dblclick", () => setPoint(put(at, 0, 0)));
  pad.addEventListener("keydown", key);
  hero.addEventListener("keydown", key);
  for (const axis of ["x", "y"]) is(axis).addEventListener("change", () => choose(axis, is(axis).value));

  const sheetKey = (point) => JSON.stringify([model.key, axes, put(copy(point), 0, 0)]);

  // Drawn anew only when nobody moves anything.
  async function atRestSheet() {
    const here = sheetKey(at);
    if (!axes.y || here === sheetOf || !root.offsetParent) return;
    const place = (i) => ((i + 0.5) / PAD_CELLS * 2 - 1) * range, cells = Array.from({ length: PAD_CELLS }, (_, i) => i);
    const images = await thumbs(cells.flatMap((row) => cells.map((column) => copy(put(at, place(column), -place(row))))));
    if (here !== sheetKey(at) || !images.length) return;
    sheetOf = here;
    is("sheet").replaceChildren(...images.map((src) => Object.assign(new Image(), { src, alt: "", draggable: false })));
    is("sheet").classList.remove("stale");
  }
  atRest(PAD_REST_MS, atRestSheet);

  return { offer: offerAxes, choose, moved, refresh: atRestSheet };
}
