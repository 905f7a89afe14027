// A walk without an end, on the sphere where z lie: towards a random place, and to another before that one is reached, so that
// the way has no corners. Every step is a point like any other: one can stop, keep it, or take it back.
const NEAR = 0.35, TURN_SECONDS = 0.6, LONGEST_STEP = 0.1, STILL_MS = 1500, STILL_STEP = 0.45;
const still = matchMedia("(prefers-reduced-motion: reduce)");
let walking = null;

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const scaled = (a, factor) => a.map((x) => x * factor);
const sum = (a, b) => a.map((x, i) => x + b[i]);
const unit = (a) => scaled(a, 1 / Math.max(Math.sqrt(dot(a, a)), 1e-12));
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const somewhere = () => unit(Array.from({ length: model.latentDim }, normal));
// What of a leads away from the unit vector z, along the sphere.
const tangent = (a, z) => sum(a, scaled(z, -dot(a, z)));

function toNumbers(text) {
  return [...new Float32Array(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)).buffer)];
}

function toText(numbers) {
  return btoa(String.fromCharCode(...new Uint8Array(Float32Array.from(numbers).buffer)));
}

async function walk() {
  if (walking) return stopWalk();
  const mine = walking = { here: at };
  showWalk();
  remember();
  // The moves stay as they are: one walks below them.
  const still = { ...copy(at), moves: {} };
  const answer = await ask("between", { a: still, b: still, t: 0 });
  if (!answer) return stopWalk();
  const z = toNumbers(answer.point.z), own = z.slice(0, model.latentDim);
  Object.assign(mine, { z: unit(own), length: Math.sqrt(dot(own, own)), classes: z.slice(model.latentDim), goal: somewhere() });
  mine.heading = unit(tangent(mine.goal, mine.z));
  walkOn(mine, performance.now());
}

function walkOn(mine, before) {
  if (walking !== mine) return;
  if (mine.here !== at || !root.offsetParent) return stopWalk();
  const now = performance.now(), pace = Number(is("pace").lastElementChild.value);
  stride(mine, still.matches ? STILL_STEP : Math.min((now - before) / 1000, LONGEST_STEP) * pace, pace);
  setPoint({ ...at, z: toText([...scaled(mine.z, mine.length), ...mine.classes]) });
  mine.here = at;
  if (still.matches) setTimeout(() => walkOn(mine, now), STILL_MS);
  else requestAnimationFrame(() => walkOn(mine, now));
}

// Go on by an angle; the heading follows the goal with some delay.
function stride(walker, angle, pace) {
  if (dot(walker.z, walker.goal) > Math.cos(NEAR)) walker.goal = somewhere();
  const wish = unit(tangent(walker.goal, walker.z)), turn = Math.min(angle / pace / TURN_SECONDS, 1);
  const heading = unit(tangent(sum(scaled(walker.heading, 1 - turn), scaled(wish, turn)), walker.z));
  walker.heading = unit(sum(scaled(heading, Math.cos(angle)), scaled(walker.z, -Math.sin(angle))));
  walker.z = unit(sum(scaled(walker.z, Math.cos(angle)), scaled(heading, Math.sin(angle))));
}

function stopWalk() {
  walking = null;
  showWalk();
}

function showWalk() {
  const button = doing("walk");
  button.setAttribute("aria-pressed", Boolean(walking));
  button.querySelector("path").setAttribute("d", walking ? "M5 3v10M11 3v10" : "M5 3l8 5-8 5z");
  button.lastElementChild.textContent = walking ? "Stop" : "Walk";
  is("pace").hidden = !walking;
}

// Whatever else one touches ends it.
function startWalks() {
  const end = (event) => {
    const passes = event.key === "Tab" || event.key === "Shift" || event.target.closest('.pace, [data-do="walk"]');
    if (walking && !passes && !(event.target === hero && event.key === " ")) stopWalk();
  };
  for (const touch of ["pointerdown", "keydown", "wheel"]) root.addEventListener(touch, end, { capture: true, passive: true });
  hero.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    walk();
  });
  is("pace").lastElementChild.addEventListener("input", (event) => fill(event.target));
  fill(is("pace").lastElementChild);
}
