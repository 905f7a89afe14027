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

function keep(point = at) {
  const others = kept().filter((each) => !same(each, point));
  store("kept", others.length < kept().length ? others : [copy(point), ...others].slice(0, MOST_KEPT));
  showKeep();
  return showKept();
}

function showKeep() {
  const known = isKept(at);
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
  if (at.moves[id]) setPoint(without(at));
}
