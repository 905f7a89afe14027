// What begins when all files are there: the page's own buttons and keys, a look for new models, and the tools.
const POLL_MS = 4000;

buttons(root, {
  surprise() { go(unmoved(anySeed())); },
  undo() { step(done, undone); },
  redo() { step(undone, done); },
  keep() { withPoint(() => keep()); },
  link(button) { withPoint(() => copyLink(button)); },
  compare(button) { withPoint(() => compare(button)); },
  walk,
  picture() { withPoint(() => save(hero.toDataURL("image/png"), `${model.name}-${at.z ? "picture" : at.seed}.png`)); },
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

// What tools are given.
const studio = {
  OPENING, MAX_SEED, root, model, ask, work, note, paint, show, showImage, remember, setPoint, go, unmoved, copy, same, thumbs, tile,
  kept, keepAll, stored, store, choose, offer, offerClasses, fill, save, openTool, buttons, anySeed, start, tell, forget,
  at: () => copy(at),
  // Pictures that one tool hands to another.
  selection: [],
  handedTo: null,
};
