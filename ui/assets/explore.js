// The live explorer. What is shown is one `view`; a change of it asks the server for one picture, with one request under way
// and only the newest wish kept, so that a fast hand never builds a queue.
const SEEDS = 24, POLL_MS = 4000, MOST_CHIPS = 12;
// Where the shipped model shows some of its best; any other model is as good there as anywhere.
const OPENING = { at: 113, to: 81, grid: 108 };
const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);
const root = element.querySelector(".explorer");
const is = (name) => root.querySelector(`[data-is="${name}"]`);
const hero = root.querySelector("canvas.hero");
const tileA = root.querySelector('[data-do="set-a"] canvas'), tileB = root.querySelector('[data-do="set-b"] canvas');
const model = { key: null, name: null, which: null, classes: [] };
// A point's label is the place of its class; null leaves the class to the seed.
const copy = (point) => ({ seed: point.seed, amounts: [...point.amounts], label: point.label ?? null });
let at = copy({ seed: OPENING.at, amounts: [] }), a = copy(at), b = copy({ seed: OPENING.to, amounts: [] });
let sliders = [], history = [], firstSeed = OPENING.grid, seedsOf = null, playing = false, morphing = false;

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

let wanted = null, wish = "", drawing = false, drawnAt = [];
async function draw(view) {
  wanted = view;
  wish = JSON.stringify(view);
  is("near").hidden = true;
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
  choose(is("chips"), at.label);
  showPoint();
  if (seedsOf !== at.label) showSeeds();
}

// A new face of the same class.
const unmoved = (seed) => ({ seed, amounts: at.amounts.map(() => 0), label: at.label });

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

// choices of one: chips, or a list where there would be too many

function choose(box, value) {
  for (const chip of box.children) {
    if (chip.tagName === "SELECT") chip.value = String(value);
    else chip.setAttribute("aria-pressed", chip.dataset.value === String(value));
  }
}

function offer(box, choices, value, pick) {
  box.replaceChildren(...(choices.length > MOST_CHIPS + 1 ? [list(box, choices, pick)] : choices.map(([name, each]) => {
    const chip = document.createElement("button");
    Object.assign(chip, { className: "chip", textContent: name });
    chip.dataset.value = each;
    chip.addEventListener("click", () => pick(each));
    return chip;
  })));
  choose(box, value);
}

function list(box, choices, pick) {
  const select = document.createElement("select");
  select.className = "pick";
  select.setAttribute("aria-label", box.getAttribute("aria-label"));
  select.append(...choices.map(([name, each]) => new Option(name, String(each))));
  select.addEventListener("change", () => pick(JSON.parse(select.value)));
  return select;
}

function showClasses() {
  is("classes").hidden = !model.classes.length;
  offer(is("chips"), [["any", null], ...model.classes.map((name, i) => [name, i])], at.label, (label) => {
    remember();
    go({ ...at, label });
  });
}

function showWhich(found) {
  const names = Object.keys(found.keys);
  is("which").hidden = names.length < 2;
  offer(is("which"), names.map((name) => [name, name]), found.which, (which) => openModel(model.name, which));
}

async function showSeeds() {
  const label = seedsOf = at.label;
  const seeds = Array.from({ length: SEEDS }, (_, i) => (firstSeed + i) % 2147483647);
  const answer = await ask("faces", { points: seeds.map((seed) => ({ seed, amounts: [], label })) });
  if (!answer || label !== seedsOf) return;
  is("seeds").replaceChildren(...answer.images.map((image, i) => {
    const tile = document.createElement("button");
    tile.className = "tile" + (seeds[i] === at.seed ? " on" : "");
    tile.dataset.seed = seeds[i];
    tile.setAttribute("aria-label", `Face of seed ${seeds[i]}`);
    const picture = document.createElement("img");
    picture.src = image;
    picture.alt = "";
    tile.append(picture);
    tile.addEventListener("click", () => { remember(); go(unmoved(seeds[i])); });
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
  root.querySelector('[data-do="renew"]').hidden = !current || current.keys[model.which] === model.key;
  return answer.models;
}

// Without a name: the one to begin with; `which` of its weights, the best or the newest, is the server's choice, too.
async function openModel(name, which) {
  delete root.dataset.ready;
  const answer = await ask("open_model", { model: name, which });
  if (!answer) return;
  if (answer.name !== model.name) {
    // A direction means something else in another model, and so does a class.
    for (const point of [at, a, b]) Object.assign(point, { amounts: [], label: null });
    history = [];
    root.querySelector('[data-do="undo"]').disabled = true;
  }
  Object.assign(model, { key: answer.key, name: answer.name, which: answer.which, classes: answer.classes });
  showClasses();
  showWhich(answer);
  root.querySelector('[data-do="compare"]').hidden = !answer.comparable;
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

// copies

async function compare(button) {
  const view = wish;
  button.disabled = true;
  button.textContent = "Looking…";
  const answer = await ask("nearest", { view: JSON.parse(view) });
  button.textContent = "Is it a copy?";
  button.disabled = false;
  if (!answer || view !== wish) return;
  is("near").replaceChildren(...answer.near.map(({ image, ratio }) => {
    const figure = document.createElement("figure"), picture = document.createElement("img"), words = document.createElement("figcaption");
    Object.assign(picture, { src: image, alt: "A training picture" });
    words.textContent = ratio.toFixed(2);
    figure.append(picture, words);
    return figure;
  }), Object.assign(document.createElement("p"), { className: "cap", textContent: verdict(answer) }));
  is("near").hidden = false;
}

function verdict({ copy, count }) {
  const judged = copy ? "Very near: look whether it is a copy." : "No copy.";
  return `${judged} The nearest of ${count.toLocaleString("en")} training pictures; 1 is as far as they are from each other, near 0 a copy.`;
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
  surprise() { remember(); go(unmoved(anySeed())); },
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
  compare,
  picture() { save(hero.toDataURL("image/png"), `${model.name}-${morphing ? "morph" : at.seed}.png`); },
  reset() { remember(); go(unmoved(at.seed)); },
  shuffle() { remember(); go({ ...at, amounts: sliders.map((slider) => (Math.random() - 0.5) * slider.max) }); },
  "set-a"() { remember(); a = copy(at); showTiles(); },
  "set-b"() { remember(); b = copy(at); showTiles(); },
  swap() { remember(); [a, b] = [b, a]; showTiles(); refresh(); },
  play,
  film: saveFilm,
  more() { firstSeed = anySeed(); showSeeds(); },
  renew() { openModel(model.name, model.which); },
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) actions[button.dataset.do](button);
});
is("seed").addEventListener("change", () => {
  remember();
  const seed = Math.min(Math.max(Math.floor(Number(is("seed").value)) || 0, 0), 2147483647);
  go(unmoved(seed));
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
