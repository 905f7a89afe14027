// What the visitor keeps, for each model, in this browser.
const MOST_KEPT = 60;
const storeName = (what) => `dcgan-studio/${what}/${model.name}`;
const parsed = {};
function stored(what, fallback) {
  try {
    const name = storeName(what), text = localStorage.getItem(name);
    if (parsed[name]?.text !== text) parsed[name] = { text, value: JSON.parse(text) };
    return parsed[name].value ?? fallback;
  } catch { return fallback; }
}
function store(what, value) {
  try { localStorage.setItem(storeName(what), JSON.stringify(value)); } catch { note("This browser keeps nothing for the page."); }
}
const kept = () => stored("kept", []);
const isKept = (point) => kept().some((each) => same(each, point));

// Keep it, or no longer.
function keep(point = at) {
  return isKept(point) ? storeKept(kept().filter((each) => !same(each, point))) : keepAll([point]);
}

// All of them or, where they do not fit, none: what was kept before stays.
function keepAll(points) {
  const before = kept(), others = points.filter((point) => !isKept(point)).map(copy), room = Math.max(MOST_KEPT - before.length, 0);
  if (others.length > room) return note(`${MOST_KEPT} pictures can be kept: ${room || "no"} more ${room === 1 ? "fits" : "fit"}.`);
  return storeKept([...others, ...before]);
}

function storeKept(points) {
  store("kept", points);
  showKeep(JSON.parse(wish));
  return showKept();
}

// A moment of a timeline is no point yet, so it is not kept.
function showKeep(view) {
  const known = !view.keys && isKept(at);
  if (doing("keep").getAttribute("aria-pressed") === String(known)) return;
  doing("keep").setAttribute("aria-pressed", known);
  doing("keep").textContent = known ? "♥ Kept" : "♡ Keep";
}

// A direction that is no more leaves no picture behind that could not be made again.
function forget(id) {
  const without = (point) => copy({ ...point, moves: { ...point.moves, [id]: 0 } });
  [done, undone] = [done.map(without), undone.map(without)];
  places = places.filter(({ point }) => same(point, without(point)));
  showHistory();
  store("kept", kept().map(without));
  showKept();
  studio.selection = studio.selection.map(without);
  tell("forgot", without, id);
  if (at.moves[id]) setPoint(without(at));
}
