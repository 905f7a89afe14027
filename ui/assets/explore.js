// The live explorer. What is shown is one `view`; a change of it asks the server for one picture, with one request under way
// and only the newest wish kept, so that a fast hand never builds a queue.
const SEEDS = 24, POLL_MS = 4000;
// Where the shipped model shows some of its best; any other model is as good there as anywhere.
const OPENING = { at: 74, to: 52, grid: 60 };
const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);
const root = element.querySelector(".explorer");
const is = (name) => root.querySelector(`[data-is="${name}"]`);
const hero = root.querySelector("canvas.hero");
const tileA = root.querySelector('[data-do="set-a"] canvas'), tileB = root.querySelector('[data-do="set-b"] canvas');
const model = { key: null, name: null };
const copy = (point) => ({ seed: point.seed, amounts: [...point.amounts] });
let at = { seed: OPENING.at, amounts: [] }, a = copy(at), b = { seed: OPENING.to, amounts: [] };
let sliders = [], history = [], firstSeed = OPENING.grid, playing = false, morphing = false;

const anySeed = () => Math.floor(Math.random() * 2147483647);

async function ask(name, request) {
  try {
    const answer = await server[name]({ key: model.key, ...request });
    if (answer.error) is("note").textContent = answer.error;
    return answer.error ? null : answer;
  } catch (error) {
    is("note").textContent = "The app does not answer. Is it still running?";
    return null;
  }
}

async function paint(canvas, source) {
  const picture = new Image();
  picture.src = source;
  await picture.decode();
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

// drawing the face

let wanted = null, drawing = false, drawnAt = [];
async function draw(view) {
  wanted = view;
  if (drawing) return;
  drawing = true;
  while (wanted) {
    const next = wanted;
    wanted = null;
    const answer = await ask("face", { view: next });
    if (!answer) continue;
    await paint(hero, answer.image);
    is("note").textContent = "";
    root.dataset.frames = Number(root.dataset.frames) + 1;
    root.dataset.shown = JSON.stringify(next);
    speed();
  }
  drawing = false;
}

function speed() {
  const now = performance.now();
  drawnAt = drawnAt.filter((time) => now - time < 1000).concat(now);
  const words = [morphing ? "between A and B" : "", drawnAt.length > 5 ? `${drawnAt.length} faces/s` : ""];
  is("where").textContent = words.filter(Boolean).join(" · ");
}

function showPoint() { morphing = false; return draw({ at: copy(at) }); }
function showMorph() {
  morphing = true;
  is("seed").value = "";
  for (const tile of is("seeds").children) tile.classList.remove("on");
  return draw({ a, b, t: Number(is("morph").value) });
}
function refresh() { return morphing ? showMorph() : showPoint(); }

async function showTiles() {
  const answer = await ask("faces", { points: [a, b] });
  if (answer) await Promise.all([paint(tileA, answer.images[0]), paint(tileB, answer.images[1])]);
}

// the point and its history

function now() { return JSON.stringify({ at, a, b }); }

function remember() {
  if (history.at(-1) !== now()) history = history.slice(-99).concat(now());
  root.querySelector('[data-do="undo"]').disabled = false;
}

function go(point) {
  at = copy(point);
  is("seed").value = at.seed;
  sliders.forEach((slider, i) => setSlider(slider, at.amounts[i] || 0));
  for (const tile of is("seeds").children) tile.classList.toggle("on", Number(tile.dataset.seed) === at.seed);
  showPoint();
}

function setSlider(slider, value) {
  slider.value = value;
  fill(slider);
  slider.nextElementSibling.textContent = (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
}

function fill(slider) {
  const low = Number(slider.min), high = Number(slider.max), share = (Number(slider.value) - low) / (high - low) * 100;
  const zero = (0 - low) / (high - low) * 100;
  slider.style.setProperty("--from", `${Math.min(share, zero)}%`);
  slider.style.setProperty("--to", `${Math.max(share, zero)}%`);
}

async function showDirections() {
  const answer = await ask("directions", {});
  if (!answer) return;
  const box = is("directions");
  box.replaceChildren();
  sliders = answer.names.map((name, i) => {
    const row = document.createElement("div");
    row.className = "dir";
    row.innerHTML = '<label></label><input class="knob" type="range"><output></output>';
    const [label, slider] = row.children;
    label.textContent = name;
    label.title = `${(answer.explained[i] * 100).toFixed(1)} % of what varies in the second layer`;
    Object.assign(slider, { min: -answer.range, max: answer.range, step: 0.01, id: `direction-${i}` });
    slider.setAttribute("aria-label", name);
    label.htmlFor = slider.id;
    slider.addEventListener("pointerdown", remember);
    slider.addEventListener("keydown", (event) => { if (MOVES.has(event.key) && !event.repeat) remember(); });
    slider.addEventListener("input", () => {
      at.amounts[i] = Number(slider.value);
      setSlider(slider, at.amounts[i]);
      showPoint();
    });
    slider.addEventListener("dblclick", () => { remember(); at.amounts[i] = 0; go(at); });
    box.append(row);
    return slider;
  });
  at.amounts = sliders.map((_, i) => at.amounts[i] || 0);
  sliders.forEach((slider, i) => setSlider(slider, at.amounts[i]));
}

async function showSeeds() {
  const seeds = Array.from({ length: SEEDS }, (_, i) => (firstSeed + i) % 2147483647);
  const answer = await ask("faces", { points: seeds.map((seed) => ({ seed, amounts: [] })) });
  if (!answer) return;
  is("seeds").replaceChildren(...answer.images.map((image, i) => {
    const tile = document.createElement("button");
    tile.className = "tile" + (seeds[i] === at.seed ? " on" : "");
    tile.dataset.seed = seeds[i];
    tile.setAttribute("aria-label", `Face of seed ${seeds[i]}`);
    const picture = document.createElement("img");
    picture.src = image;
    picture.alt = "";
    tile.append(picture);
    tile.addEventListener("click", () => { remember(); go({ seed: seeds[i], amounts: at.amounts.map(() => 0) }); });
    return tile;
  }));
}

// models

async function listModels() {
  const answer = await ask("models", {});
  if (!answer) return [];
  is("models").replaceChildren(...answer.models.map((found) => {
    const option = new Option(found.name + (found.training ? " · training now" : ""), found.name);
    option.selected = found.name === model.name;
    return option;
  }));
  const current = answer.models.find((found) => found.name === model.name);
  root.querySelector('[data-do="renew"]').hidden = !current || current.key === model.key;
  return answer.models;
}

// Without a name: the one to begin with.
async function openModel(name) {
  delete root.dataset.ready;
  const answer = await ask("open_model", { model: name });
  if (!answer) return;
  if (answer.name !== model.name) {
    // A direction means something else in another model.
    at.amounts = [], a.amounts = [], b.amounts = [], history = [];
    root.querySelector('[data-do="undo"]').disabled = true;
  }
  Object.assign(model, { key: answer.key, name: answer.name });
  is("about").textContent = `${answer.size} px · ${answer.seen}` + (answer.data ? ` · trained on ${answer.data}` : "")
    + (answer.training ? " · training now" : "") + (answer.terms ? ` · ${answer.terms}` : "");
  root.querySelector('[data-do="renew"]').hidden = true;
  const drawn = refresh();
  // The face comes first, unless faces come all the time.
  if (!playing) await drawn;
  await Promise.all([showTiles(), showSeeds(), showDirections()]);
  root.dataset.ready = answer.key;
}

// morphs

function setMorph(t) { is("morph").value = t; fill(is("morph")); showMorph(); }

function play() {
  playing = !playing;
  root.querySelector('[data-do="play"]').textContent = playing ? "■ Stop" : "▶ Play";
  const began = performance.now() - Math.acos(1 - 2 * Number(is("morph").value)) / Math.PI * 2000;
  const frame = (now) => {
    if (!playing || !root.isConnected) return;
    setMorph((1 - Math.cos((now - began) / 2000 * Math.PI)) / 2);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function save(href, name) {
  const link = document.createElement("a");
  Object.assign(link, { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

async function saveFilm(button) {
  const label = button.textContent;
  button.disabled = true;
  button.textContent = "Making it…";
  const answer = await ask("film", { kind: button.dataset.kind, a, b });
  if (answer) save(answer.file, `${model.name}-${answer.name}`);
  button.textContent = label;
  button.disabled = false;
}

const actions = {
  surprise() { remember(); go({ seed: anySeed(), amounts: at.amounts.map(() => 0) }); },
  undo(button) {
    // What was remembered before nothing changed is not worth a click.
    while (history.at(-1) === now()) history.pop();
    const last = history.pop();
    button.disabled = !history.length;
    if (!last) return;
    const before = JSON.parse(last);
    ({ a, b } = before);
    go(before.at);
    showTiles();
  },
  picture() { save(hero.toDataURL("image/png"), `${model.name}-${morphing ? "morph" : at.seed}.png`); },
  reset() { remember(); go({ seed: at.seed, amounts: at.amounts.map(() => 0) }); },
  shuffle() { remember(); go({ seed: at.seed, amounts: sliders.map((slider) => (Math.random() - 0.5) * slider.max) }); },
  "set-a"() { remember(); a = copy(at); showTiles(); },
  "set-b"() { remember(); b = copy(at); showTiles(); },
  swap() { remember(); [a, b] = [b, a]; showTiles(); refresh(); },
  play,
  film: saveFilm,
  more() { firstSeed = anySeed(); showSeeds(); },
  renew() { openModel(model.name); },
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) actions[button.dataset.do](button);
});
is("seed").addEventListener("change", () => {
  remember();
  const seed = Math.min(Math.max(Math.floor(Number(is("seed").value)) || 0, 0), 2147483647);
  go({ seed, amounts: at.amounts.map(() => 0) });
});
is("morph").addEventListener("input", () => { playing && play(); fill(is("morph")); showMorph(); });
is("models").addEventListener("change", (event) => openModel(event.target.value));

const poll = setInterval(async () => {
  if (!root.isConnected) return clearInterval(poll);
  if (!root.offsetParent || document.activeElement === is("models") || drawing) return;
  const models = await listModels();
  if (!model.key && models.length) openModel();
}, POLL_MS);

is("seed").value = at.seed;
openModel().then(listModels);
