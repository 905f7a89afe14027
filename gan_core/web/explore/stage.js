// What is shown is one `view`; a change of it asks the server for one picture. Only the newest wish is kept, so that a fast
// hand never builds a queue; a few requests are under way at once, as long as each comes back about as fast as one alone:
// that hides the way to the server, and backs off when many visitors share it.
const MOST_UNDER_WAY = 3, SLACK_MS = 20, RATE_MS = 250;
let wanted = null, wish = "{}", underWay = 0, mayBe = 1, fastest = Infinity, turns = 0, newest = 0, drawnAt = [];

async function show(view) {
  wanted = view;
  wish = JSON.stringify(view);
  is("near").hidden = true;
  showActs(view);
  unrest();
  if (underWay >= mayBe) return;
  underWay += 1;
  try {
    while (wanted && underWay <= mayBe) {
      const next = wanted;
      wanted = null;
      await draw(next, ++turns);
    }
  } finally {
    underWay -= 1;
  }
}

function showImage(image) { return show({ image }); }

// A picture that comes after a later one is not drawn any more.
async function draw(view, turn) {
  const began = performance.now(), { key } = model, answer = view.image ? view : await ask("face", { view });
  if (!answer) return;
  if (!view.image && key === model.key) keepPace(performance.now() - began);
  const picture = await decoded(answer.image);
  if (turn < newest) return;
  newest = turn;
  put(hero, picture);
  if (!view.image) note("");
  root.dataset.frames = Number(root.dataset.frames) + 1;
  root.dataset.shown = view.image ? "{}" : JSON.stringify(view);
  tellRate();
}

function keepPace(ms) {
  fastest = Math.min(fastest, ms);
  mayBe = ms < 2 * fastest + SLACK_MS ? Math.min(mayBe + 1, MOST_UNDER_WAY) : Math.max(mayBe - 1, 1);
}

// Another model is as fast as it is.
function forgetPace() { [fastest, mayBe] = [Infinity, 1]; }

// A picture's address, or another canvas.
async function decoded(source) {
  if (typeof source !== "string") return source;
  const picture = new Image();
  picture.src = source;
  await picture.decode();
  return picture;
}

function put(canvas, picture) {
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

async function paint(canvas, source) { put(canvas, await decoded(source)); }

// Not with every picture: each change of the words lays the page out anew.
function tellRate() {
  const now = performance.now();
  drawnAt = drawnAt.filter((time) => now - time < 1000).concat(now);
  if (now - tellRate.at < RATE_MS) return;
  tellRate.at = now;
  is("where").textContent = drawnAt.length > 5 ? `${drawnAt.length} pictures/s` : "";
  clearTimeout(tellRate.over);
  tellRate.over = setTimeout(() => { is("where").textContent = ""; }, 2000);
}

// what can be done with the picture on the stage

const ACTS = ["keep", "link", "picture", "compare"].map(doing), ACT_TITLES = ACTS.map((each) => each.title);
const NO_POINT = {
  image: "Not while the stage shows the search: wait for its end, or cancel it",
  stage: "Not while the stage shows another stage of the training: any other picture ends that",
};
let noPoint = "";

function showActs(view) {
  const why = NO_POINT[Object.keys(NO_POINT).find((kind) => kind in view)] || "";
  if (!view.image) showKeep(view);
  if (why === noPoint) return;
  noPoint = why;
  ACTS.forEach((each, i) => Object.assign(each, { disabled: Boolean(why), title: why || ACT_TITLES[i] }));
}

// A moment of a timeline becomes the point first.
async function withPoint(act) {
  const view = JSON.parse(wish), before = at;
  if (view.keys) {
    const answer = await ask("morph_moment", view);
    if (!answer || before !== at) return;
    await go(answer.point);
  }
  await act();
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
