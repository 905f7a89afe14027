// The explorer's page: one picture on the stage, and tools around it.
const POLL_MS = 4000, WORK_MS = 200, MOST_CHIPS = 12, MOST_UNDO = 200, MOST_KEPT = 60, MAX_SEED = 2147483647;
const CHANGE_DIRECTIONS = new Set(["save_directions", "add_direction", "delete_direction"]);
// Where the shipped model shows some of its best; any other model is as good there as anywhere.
const OPENING = { at: 113, to: 81, grid: 108 };
const root = element.querySelector(".explorer");
const is = (name) => root.querySelector(`[data-is="${name}"]`);
const doing = (name) => root.querySelector(`[data-do="${name}"]`);
const hero = root.querySelector("canvas.hero");
// Every tool's file adds a function (studio, its section) that returns its hooks: opened, shown, hidden, moved.
const tools = {};
const hooks = {};
const model = { key: null, name: null, which: null, classes: [] };
// A point's label is the place of its class; null leaves the class to the seed. With z it is no seed's picture.
const copy = (point) => {
  const moves = Object.fromEntries(Object.entries(point.moves || {}).filter(([, amount]) => amount));
  return { seed: point.seed || 0, moves, label: point.label ?? null, ...(point.z && { z: point.z }) };
};
const same = (one, other) => JSON.stringify(copy(one)) === JSON.stringify(copy(other));
const anySeed = () => Math.floor(Math.random() * MAX_SEED);
let at = copy({ seed: OPENING.at }), undone = [], done = [], tool = null;

// asking

// Said on the stage, or at the bottom of the window while the stage is not wholly in it.
function note(text) { if (is("note").textContent !== (text || "")) is("note").textContent = text || ""; }

async function ask(name, request = {}) {
  try {
    const answer = await server[name]({ key: model.key, ...request });
    if (answer.error) note(answer.error);
    else if (CHANGE_DIRECTIONS.has(name)) tell("directions");
    return answer.error ? null : answer;
  } catch (error) {
    note("The app does not answer. Is it still running?");
    return null;
  }
}

function keepNoteInSight() {
  const place = (changes) => (changes.at(-1).isIntersecting ? hero.parentElement : root).append(is("note"));
  new IntersectionObserver(place, { threshold: 0.95 }).observe(hero);
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Long work: asks until it is over. `bar` is an empty element that shows how far it is, with a button to cancel;
// `onShown` hears what the work shows on its way. Resolves with its result, or null.
async function work(name, request, { bar, onShown } = {}) {
  const begun = await ask(name, request);
  if (!begun) return null;
  const id = begun.work, meter = progressBar(bar, () => ask("cancel", { work: id }));
  let news = 0;
  try {
    for (;;) {
      const told = await ask("progress", { work: id, news });
      if (!told) return null;
      if (told.result) return told.result;
      meter(told.share, told.words);
      if (told.shown && onShown) await onShown(told.shown);
      news = told.news;
      await pause(WORK_MS);
    }
  } finally {
    if (bar) bar.hidden = true;
  }
}

function progressBar(bar, cancel) {
  if (!bar) return () => {};
  bar.className = "work";
  bar.innerHTML = '<div class="meter" role="progressbar" aria-valuemin="0" aria-valuemax="100"><i></i></div><span class="cap"></span>'
    + '<button class="btn small">Cancel</button>';
  const [meter, words, button] = bar.children;
  button.addEventListener("click", () => { button.disabled = true; words.textContent = "cancelling…"; cancel(); });
  bar.hidden = false;
  return (share, text) => {
    meter.firstChild.style.width = `${share * 100}%`;
    meter.setAttribute("aria-valuenow", Math.round(share * 100));
    if (!button.disabled) words.textContent = text;
  };
}

// rest: what may wait until nobody moves anything

const resting = [];
let pressed = false;

function atRest(ms, act) { resting.push({ ms, act }); }

function unrest() {
  for (const each of resting) {
    clearTimeout(each.timer);
    each.timer = setTimeout(() => rest(each), each.ms);
  }
}

function rest(each) {
  if (!root.isConnected) return;
  if (pressed || underWay || walking || !root.offsetParent) each.timer = setTimeout(() => rest(each), each.ms);
  else each.act();
}

for (const [name, down] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
  addEventListener(name, () => { pressed = down; }, true);
}

// the point, and the way back

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

// Put a point on the stage; `go` can be undone.
function setPoint(point) {
  at = copy(point);
  is("seed").value = at.z ? "" : at.seed;
  showKeep();
  is("nearby").classList.toggle("stale", true);
  tell("moved", copy(at));
  return show({ at: copy(at) });
}

function go(point) { remember(); return setPoint(point); }

// A new picture of the same class.
const unmoved = (seed) => ({ seed, label: at.label });

// pictures to click

async function thumbs(points) {
  const answer = await ask("faces", { points });
  return answer ? answer.images : [];
}

function tile({ image, label, title, pressed, onPick }) {
  const button = document.createElement("button"), picture = document.createElement("img");
  button.className = "tile" + (pressed ? " on" : "");
  button.setAttribute("aria-label", label);
  if (title) button.title = title;
  Object.assign(picture, { src: image, alt: "", draggable: false });
  button.append(picture);
  if (onPick) button.addEventListener("click", (event) => onPick(event, button));
  return button;
}

// what was kept, per model and browser

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
    chip.addEventListener("click", () => { choose(box, each); pick(each); });
    return chip;
  })));
  choose(box, value);
}

function list(box, choices, pick) {
  const select = document.createElement("select");
  select.className = "pick";
  select.setAttribute("aria-label", box.getAttribute("aria-label"));
  select.append(...choices.map(([name, each]) => new Option(name, String(each))));
  select.addEventListener("change", () => pick(choices.find(([, each]) => String(each) === select.value)[1]));
  return select;
}

// The coloured part of a slider, from its zero to its knob.
function fill(slider) {
  const low = Number(slider.min), span = Number(slider.max) - low;
  const share = (Number(slider.value) - low) / span * 100, zero = Math.min(Math.max(-low / span * 100, 0), 100);
  slider.style.setProperty("--from", `${Math.min(share, zero)}%`);
  slider.style.setProperty("--to", `${Math.max(share, zero)}%`);
}

function save(href, name) {
  const link = document.createElement("a");
  Object.assign(link, { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

// models

async function listModels() {
  const answer = await ask("models");
  if (!answer) return [];
  is("models").replaceChildren(...answer.models.map((found) => {
    const option = new Option(found.name + (found.training ? " · training now" : ""), found.name);
    option.selected = found.name === model.name;
    return option;
  }));
  const current = answer.models.find((found) => found.name === model.name);
  doing("renew").hidden = !current || current.keys[model.which] === model.key;
  return answer.models;
}

// Without a name: the one to begin with; `which` of its weights, the best or the newest, is the server's choice, too.
async function openModel(name, which) {
  delete root.dataset.ready;
  const answer = await ask("open_model", { model: name, which });
  if (!answer) return false;
  if (answer.name !== model.name) {
    // A direction means something else in another model, and so do a class and a z.
    at = copy({ seed: at.seed });
    [done, undone, places] = [[], [], []];
    showUndo();
    showHistory();
    is("nearby").replaceChildren();
  }
  Object.assign(model, answer);
  const names = Object.keys(answer.keys);
  is("which").hidden = names.length < 2;
  offer(is("which"), names.map((each) => [each, each]), answer.which, (each) => openModel(model.name, each));
  doing("compare").hidden = !answer.comparable;
  is("about").textContent = is("about").title = [`${answer.size} px`, answer.seen && `${answer.seen} seen`, answer.data && `trained on ${answer.data}`,
    answer.origin && `from ${answer.origin}`, answer.training && "training now", answer.terms].filter(Boolean).join(" · ");
  doing("renew").hidden = true;
  await setPoint(at);
  await Promise.all([tell("opened", model), showKept()]);
  root.dataset.ready = answer.key;
  return true;
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

// a link that opens this very picture

function linkTo(point) {
  const place = new URL(location.href), words = JSON.stringify({ model: model.name, which: model.which, at: copy(point) });
  place.hash = "picture=" + btoa(String.fromCharCode(...new TextEncoder().encode(words)));
  return place.href;
}

// What the address asks for: {model, which, at}; without any of them if it cannot be read, null if it asks for nothing.
function linked() {
  const found = /^#picture=(.*)$/.exec(location.hash);
  try {
    const bytes = Uint8Array.from(atob(decodeURIComponent(found[1])), (each) => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) || {};
  } catch { return found && {}; }
}

// Open what the address asks for, or say why it cannot be, and open what can.
async function openLink() {
  const wish = linked();
  if (!wish) return openModel();
  const wrong = await followLink(wish);
  if (wrong && (model.key || await openModel())) note(wrong);
}

async function followLink({ model: name, which, at: point }) {
  if (typeof name !== "string" || !point) return "The link is damaged, so this is another picture.";
  if (!(await listModels()).some((each) => each.name === name)) return `The model of the link, “${name}”, is not here: this is another one.`;
  const opened = name === model.name && which === model.which || await openModel(name, which);
  if (!opened) return is("note").textContent;
  if (!await ask("face", { view: { at: point } })) return `The picture of the link cannot be opened: ${is("note").textContent}.`;
  await go(point);
  return "";
}

async function copyLink(button) {
  const link = linkTo(at);
  history.replaceState(null, "", link);
  let told = "The link is in the address bar.";
  try {
    await navigator.clipboard.writeText(link);
    told = "Link copied: it opens this very picture.";
  } catch { /* the address bar has it, too */ }
  button.classList.add("done");
  note(told);
  setTimeout(() => { button.classList.remove("done"); if (is("note").textContent === told) note(""); }, 2500);
}

// tools

const tell = (hook, ...args) => Promise.all(Object.values(hooks).map((each) => each[hook]?.(...args)));

function openTool(name) {
  if (tool === name) return;
  if (tool) hooks[tool].hidden?.();
  tool = name;
  root.dataset.tool = name;
  for (const section of root.querySelectorAll(".tool")) section.hidden = section.dataset.tool !== name;
  choose(is("tools"), name);
  note("");
  hooks[name].shown?.();
}

function buttons(box, actions) {
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && actions[button.dataset.do]) actions[button.dataset.do](button, event);
  });
}

buttons(root, {
  surprise() { go(unmoved(anySeed())); },
  undo() { step(done, undone); },
  redo() { step(undone, done); },
  keep() { keep(); },
  link: copyLink,
  compare,
  walk,
  picture() { save(hero.toDataURL("image/png"), `${model.name}-${at.z ? "picture" : at.seed}.png`); },
  renew() { openModel(model.name, model.which); },
});
is("seed").addEventListener("change", () => {
  const seed = is("seed").valueAsNumber;
  if (Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED) return go(unmoved(seed));
  is("seed").value = at.z ? "" : at.seed;
  note(`A seed is a whole number from 0 to ${MAX_SEED}.`);
});
is("models").addEventListener("change", (event) => openModel(event.target.value));
// A tool that has steps of its own takes them back, unless the keyboard is at the stage.
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input:not([type=range], [type=checkbox]), textarea, [contenteditable]");
  if (!root.offsetParent || typing || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (hooks[tool].step && !event.target.closest?.(".stage")) hooks[tool].step(event.shiftKey);
  else event.shiftKey ? step(undone, done) : step(done, undone);
});

addEventListener("hashchange", () => { if (root.isConnected && linked()) openLink(); });

const poll = setInterval(async () => {
  if (!root.isConnected) return clearInterval(poll);
  if (!root.offsetParent || document.activeElement === is("models") || underWay || walking || pressed) return;
  const models = await listModels();
  if (!model.key && models.length) openModel();
}, POLL_MS);

async function start() {
  for (const section of root.querySelectorAll(".tool")) hooks[section.dataset.tool] = tools[section.dataset.tool](studio, section);
  offer(is("tools"), [...root.querySelectorAll(".tool")].map((each) => [each.dataset.label, each.dataset.tool]), null, openTool);
  openTool("play");
  startStrips();
  startWalks();
  startTouches();
  keepNoteInSight();
  await openLink();
  await listModels();
}

const studio = {
  OPENING, MAX_SEED, root, model, ask, work, note, pause, paint, show, showImage, remember, setPoint, go, unmoved, copy, same, thumbs, tile,
  kept, keep, isKept, stored, store, choose, offer, fill, save, linkTo, openModel, listModels, openTool, buttons, anySeed, start, tell, atRest, forget,
  at: () => copy(at),
  upload: (file) => upload(file),
  // Pictures that one tool hands to another.
  selection: [],
  handedTo: null,
};
