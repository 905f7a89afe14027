// What kind of file, how large, and the button that makes it: for every tool that has frames to show.
// A page without a server says itself which kinds its browser can make.
const FILM_KINDS = typeof browserFilmKinds === "undefined" ? [["MP4", "mp4"], ["GIF", "gif"], ["WebP", "webp"], ["Strip", "strip"]] : browserFilmKinds;
const FILM_SIZES = [64, 128, 256, 512, 1024], FILM_FPS = [10, 15, 20, 25, 30, 50];

// `begin` names the work and `request()` adds what it needs to know, or is null if there is nothing to save.
function filmMaker(box, { name, begin, request }) {
  const wish = { kind: FILM_KINDS[0][1], size: 256, fps: 30, frames: 8, columns: 0 };
  box.className = "filming";
  box.innerHTML = `<div class="line">
      <span class="chips" role="group" aria-label="Kind of file"></span>
      <label class="cap">size <select class="pick" data-of="size"></select></label>
      <label class="cap" data-only="film">frames a second <select class="pick" data-of="fps"></select></label>
      <label class="cap" data-only="strip">frames <input class="pick" type="number" min="2" max="64" data-of="frames"></label>
      <label class="cap" data-only="strip">in a row <input class="pick" type="number" min="0" max="64" placeholder="all" data-of="columns"></label>
      <span class="gap"></span>
      <button class="btn primary">Save</button>
    </div><div hidden></div>`;
  const [line, bar] = box.children, save = line.querySelector("button.primary");
  const choices = { size: FILM_SIZES.map((size) => new Option(`${size} px`, size)), fps: FILM_FPS.map((fps) => new Option(fps, fps)) };
  for (const field of line.querySelectorAll("[data-of]")) {
    const what = field.dataset.of;
    if (choices[what]) field.replaceChildren(...choices[what]);
    field.value = wish[what] || "";
    field.addEventListener("change", () => {
      wish[what] = choices[what] ? Number(field.value) : wholeNumber(field);
      field.value = wish[what] || "";
    });
  }
  offer(line.querySelector(".chips"), FILM_KINDS, wish.kind, (kind) => { wish.kind = kind; showKind(); });
  save.addEventListener("click", async () => {
    const wanted = request();
    if (!wanted) return;
    save.disabled = true;
    const answer = await work(begin, { ...wanted, ...wish }, { bar });
    save.disabled = false;
    if (answer) studio.save(answer.file, `${model.name}-${name}.${answer.name.split(".").at(-1)}`);
  });

  function showKind() {
    for (const each of line.querySelectorAll("[data-only]")) each.hidden = (each.dataset.only === "strip") !== (wish.kind === "strip");
  }

  showKind();
}

// The whole number in a field, its least if there is none.
function wholeNumber({ value, min, max }) { return Math.min(Math.max(Math.round(Number(value)), Number(min)), Number(max)); }

// Calls `draw(seconds since the last call)` as often as the screen shows a picture, until it returns false or is stopped.
function player(button, draw) {
  let playing = null;

  function stop() {
    if (!playing) return;
    playing = null;
    button.setAttribute("aria-pressed", false);
    button.textContent = "▶ Play";
  }

  function start() {
    const mine = playing = {};
    let before = performance.now();
    button.setAttribute("aria-pressed", true);
    button.textContent = "❚❚ Stop";
    requestAnimationFrame(function next(now) {
      if (playing !== mine) return;
      if (!root.isConnected || !root.offsetParent || draw(Math.max(now - before, 0) / 1000) === false) return stop();
      before = now;
      requestAnimationFrame(next);
    });
  }

  return { start, stop, playing: () => Boolean(playing) };
}
