// What the page asks of the server, and what it tells the visitor.
const WORK_MS = 200, RETRY_MS = 2000, PATIENCE_MS = 60000;
const AWAY = "The app does not answer: it is not running, or much was sent to it just now.";
const WAITING = "The app does not answer: this waits for it for a minute.";
const CHANGE_DIRECTIONS = new Set(["save_directions", "add_direction", "delete_direction"]);

// Said on the stage, or at the bottom of the window while the stage is not wholly in it.
function note(text) { if (is("note").textContent !== (text || "")) is("note").textContent = text || ""; }

async function ask(name, request = {}) {
  const answer = await answerTo(name, request);
  if (!answer && is("note").textContent !== WAITING) note(AWAY);
  if (answer?.error) note(answer.error);
  if (!answer || answer.error) return null;
  if (CHANGE_DIRECTIONS.has(name)) tell("directions");
  return answer;
}

// What the app says, an error as well; null if no answer comes. One to what was asked later than that says that it is back.
let awayAt = -Infinity;
async function answerTo(name, request) {
  const began = performance.now();
  try {
    const answer = await server[name]({ key: model.key, ...request });
    if (began > awayAt && [AWAY, WAITING].includes(is("note").textContent)) note("");
    return answer;
  } catch {
    awayAt = performance.now();
    return null;
  }
}

function keepNoteInSight() {
  const place = (changes) => (changes.at(-1).isIntersecting ? hero.parentElement : root).append(is("note"));
  new IntersectionObserver(place, { threshold: 0.95 }).observe(hero);
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Long work: asks until it is over, and goes on asking while no answer comes, for it goes on without the page, too.
// `bar` is an empty element that shows how far it is, with a button to cancel; `onShown` hears what the work shows on its
// way, and `signal` ends it without a word. Resolves with its result, or null.
async function work(name, request, { bar, onShown, signal } = {}) {
  const begun = await ask(name, request);
  if (!begun) return null;
  const id = begun.work, cancel = () => patiently("cancel", { work: id });
  if (signal?.aborted) {
    cancel();
    return null;
  }
  const meter = progressBar(bar, cancel), mine = bar?.firstChild;
  signal?.addEventListener("abort", cancel);
  let news = 0;
  try {
    for (;;) {
      const told = signal?.aborted ? null : await patiently("progress", { work: id, news });
      if (told?.error && !signal?.aborted) note(told.error);
      if (!told || told.error) return null;
      if (told.result) {
        answerTo("cancel", { work: id, had: true });
        return told.result;
      }
      meter(told.share, told.words);
      if (told.shown && onShown) await onShown(told.shown);
      news = told.news;
      await pause(WORK_MS);
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    if (bar && bar.firstChild === mine) bar.hidden = true;
  }
}

// The answer, waited for while none comes; null if that takes too long.
async function patiently(name, request) {
  for (let lostAt = null; ;) {
    const answer = await answerTo(name, request);
    if (answer) return answer;
    lostAt ??= performance.now();
    const patient = performance.now() - lostAt < PATIENCE_MS;
    note(patient ? WAITING : AWAY);
    if (!patient) return null;
    await pause(RETRY_MS);
  }
}

function progressBar(bar, cancel) {
  if (!bar) return () => {};
  bar.className = "work";
  bar.innerHTML = '<div class="meter" role="progressbar" aria-label="How far it is" aria-valuemin="0" aria-valuemax="100"><i></i></div><span class="cap"></span>'
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
