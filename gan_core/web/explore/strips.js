// The strips below the stage: what lies nearby, where one was, and what was kept.
const MOST_PLACES = 12, NEARBY_REST_MS = 400, SMALL = 104, STRIPS = [["Nearby", "nearby"], ["History", "history"], ["Kept", "kept"]];
const NOTHING = { history: "Pictures that you leave appear here.", kept: "Keep a picture, and it stays here." };
let strip = "nearby", places = [], nearbyOf = "", around = [];

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

function fillStrip(name, tiles) {
  const empty = Object.assign(document.createElement("p"), { className: "cap", textContent: NOTHING[name] });
  is(name).replaceChildren(...(tiles.length ? tiles : [empty]));
}

// The same tiles are filled anew, so that the keyboard stays where it is.
async function showNearby() {
  const point = copy(at), asked = JSON.stringify([model.key, point]);
  if (strip !== "nearby" || !model.key || asked === nearbyOf) return;
  const answer = await ask("nearby", { point });
  if (!answer || asked !== JSON.stringify([model.key, copy(at)])) return;
  nearbyOf = asked;
  around = answer.points;
  const tiles = [...is("nearby").children];
  answer.images.forEach((image, i) => {
    if (tiles[i]) tiles[i].firstChild.src = image;
    else is("nearby").append(tile({ image, label: `Picture nearby ${i + 1}`, onPick: () => go(around[i]) }));
  });
  is("nearby").classList.remove("stale");
}

// What one leaves is drawn already: its small picture costs the server nothing.
function leave() {
  if (root.dataset.shown !== JSON.stringify({ at: copy(at) })) return;
  const picture = Object.assign(document.createElement("canvas"), { width: SMALL, height: SMALL }), point = copy(at);
  picture.getContext("2d").drawImage(hero, 0, 0, SMALL, SMALL);
  places = [{ point, picture }, ...places.filter((each) => !same(each.point, point))].slice(0, MOST_PLACES);
  showHistory();
}

function showHistory() {
  fillStrip("history", places.map(({ point, picture }, i) => {
    const button = tile({ image: "", label: `Picture of before ${i + 1}`, onPick: () => go(point) });
    button.firstChild.replaceWith(picture);
    return button;
  }));
}

// Another model draws something else of every point.
function emptyStrips() {
  [places, nearbyOf] = [[], ""];
  showHistory();
  is("nearby").replaceChildren();
}

async function showKept() {
  const points = kept(), name = model.name, images = await thumbsOrNot(points);
  if (name !== model.name) return;
  is("strips").lastChild.textContent = points.length ? `Kept ${points.length}` : "Kept";
  fillStrip("kept", points.map((point, i) => keptTile(point, images[i], i + 1)));
  tell("kept", points);
}

function keptTile(point, image, number) {
  const box = document.createElement("span"), drop = document.createElement("button");
  box.className = "removable";
  Object.assign(drop, { className: "drop", textContent: "×", title: "Keep no longer" });
  drop.setAttribute("aria-label", `Remove kept picture ${number}`);
  drop.addEventListener("click", () => keep(point));
  box.append(tile({ image: image || "", label: `Kept picture ${number}`, onPick: () => go(point) }), drop);
  return box;
}
