// The point on the stage, and the way back to those before.
const MOST_UNDO = 200, MAX_SEED = 2147483647;
// Where the shipped model shows some of its best; any other model is as good there as anywhere.
const OPENING = { at: 113, to: 81, grid: 108 };
// A point's label is the place of its class; null leaves the class to the seed. With z it is no seed's picture.
const copy = (point) => {
  const moves = Object.fromEntries(Object.entries(point.moves || {}).filter(([, amount]) => amount));
  return { seed: point.seed || 0, moves, label: point.label ?? null, ...(point.z && { z: point.z }) };
};
const same = (one, other) => JSON.stringify(copy(one)) === JSON.stringify(copy(other));
const anySeed = () => Math.floor(Math.random() * MAX_SEED);
// A new picture of the same class.
const unmoved = (seed) => ({ seed, label: at.label });
let at = copy({ seed: OPENING.at }), undone = [], done = [];

function remember() {
  if (done.length && same(done.at(-1), at)) return;
  leave();
  done = done.slice(1 - MOST_UNDO).concat(copy(at));
  undone = [];
  showUndo();
}

function showUndo() {
  doing("undo").disabled = !done.length;
  doing("redo").disabled = !undone.length;
}

function step(from, to) {
  // What was remembered before nothing changed is not worth a click.
  while (from.length && same(from.at(-1), at)) from.pop();
  const next = from.pop();
  if (next) {
    leave();
    to.push(copy(at));
    setPoint(next);
  }
  showUndo();
}

// A direction means something else in another model, and so do a class and a z.
function startAfresh() {
  at = copy({ seed: at.seed });
  [done, undone] = [[], []];
  showUndo();
}

// Put a point on the stage; `go` can be undone.
function setPoint(point) {
  at = copy(point);
  is("seed").value = at.z ? "" : at.seed;
  is("nearby").classList.toggle("stale", true);
  tell("moved", copy(at));
  return show({ at: copy(at) });
}

function go(point) { remember(); return setPoint(point); }
