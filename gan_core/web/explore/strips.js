// The strips below the stage: what lies nearby, where one was, and what was kept.
const MOST_PLACES = 12, NEARBY_REST_MS = 400, SMALL = 104, STRIPS = [["Nearby", "nearby"], ["History", "history"], ["Kept", "kept"]];
const NOTHING = { history: "Pictures that you leave appear here.", kept: "Keep a picture, and it stays here." };
let strip = "nearby", places = [], nearbyOf = "", around = [], saved = [], savedOf = null, savings = 0;
const savedPictures = album();

function startStrips() {
  offer(is("strips"), STRIPS, strip, openStrip);
  atRest(NEARBY_REST_MS, showNearby);
  showHistory();
}

function openStrip(name) {
  strip = name;
  choose(is("strips"), name);
  for (const [, each] of STRIPS) is(each).hidden = each !== name;
  showNearby();
}

function fillStrip(name, images, made) {
  const box = is(name), chip = [...is("strips").children].find((each) => each.dataset.value === name);
  if (box.firstElementChild?.tagName === "P") box.firstElementChild.remove();
  if (!fillTiles(box, images, made)) chip.focus();
  if (!images.length) box.append(make("p", { className: "cap", textContent: NOTHING[name] }));
}

async function showNearby() {
  const point = copy(at), asked = JSON.stringify([model.key, point]);
  if (strip !== "nearby" || !model.key || asked === nearbyOf) return;
  const answer = await ask("nearby", { point });
  if (!answer || asked !== JSON.stringify([model.key, copy(at)])) return;
  nearbyOf = asked;
  around = answer.points;
  fillTiles(is("nearby"), answer.images, (i) => tile({ image: "", label: `Picture nearby ${i + 1}`, onPick: () => go(around[i]) }));
  is("nearby").classList.remove("stale");
}

// What one leaves is drawn already: its small picture costs the server nothing.
function leave() {
  if (root.dataset.shown !== JSON.stringify({ at: copy(at) })) return;
  const picture = Object.assign(document.createElement("canvas"), { width: SMALL, height: SMALL }), point = copy(at);
  picture.getContext("2d").drawImage(hero, 0, 0, SMALL, SMALL);
  places = [{ point, image: picture.toDataURL() }, ...places.filter((each) => !same(each.point, point))].slice(0, MOST_PLACES);
  showHistory();
}

function showHistory() {
  const made = (i) => tile({ image: "", label: `Picture of before ${i + 1}`, onPick: () => go(places[i].point) });
  fillStrip("history", places.map(({ image }) => image), made);
}

// Another model draws something else of every point.
function emptyStrips() {
  [places, nearbyOf] = [[], ""];
  showHistory();
  is("nearby").replaceChildren();
}

// Only what was not drawn yet is asked for; an answer that comes after that of a later list is nothing to show.
async function showKept() {
  const points = kept(), { key } = model, turn = ++savings;
  if (savedOf !== key) savedPictures.clear();
  savedOf = key;
  await savedPictures.load(points);
  if (turn !== savings || key !== model.key) return;
  saved = points;
  is("strips").lastChild.textContent = points.length ? `Kept ${points.length}` : "Kept";
  fillStrip("kept", points.map(savedPictures.of), keptTile);
  tell("kept", points);
}

function keptTile(i) {
  const drop = make("button", { className: "drop", textContent: "×", title: "Keep no longer" });
  drop.setAttribute("aria-label", `Remove kept picture ${i + 1}`);
  drop.addEventListener("click", () => keep(saved[i]));
  return make("span", { className: "removable" }, tile({ image: "", label: `Kept picture ${i + 1}`, onPick: () => go(saved[i]) }), drop);
}
