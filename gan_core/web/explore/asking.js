// What the page asks of the server, and what it tells the visitor.
const WORK_MS = 200;
const CHANGE_DIRECTIONS = new Set(["save_directions", "add_direction", "delete_direction"]);

// Said on the stage, or at the bottom of the window while the stage is not wholly in it.
function note(text) { if (is("note").textContent !== (text || "")) is("note").textContent = text || ""; }

async function ask(name, request = {}) {
  try {
    const answer = await server[name]({ key: model.key, ...request });
    if (answer.error) note(answer.error);
    else if (CHANGE_DIRECTIONS.has(name)) tell("directions");
    return answer.error ? null : answer;
  } catch (error) {
    note("The app does not answer: it is not running, or much was sent to it just now.");
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
