// From a photo: the visitor's picture is looked for in latent space, and mended. The stage shows the search as it happens.
tools.photo = (studio, root) => {
  const JOBS = {
    find: ["Find it", "The nearest picture that the model can make: what it knows of yours. Then the sliders move it."],
    fill: ["Fill a hole", "Paint over what is to go, or choose a hole: the model fills it to fit the rest. Other pictures nearby fill it otherwise.",
      "takes from it only what fills the hole."],
    enlarge: ["Enlarge", "Details that the model makes up for a small picture. They are likely, not true.", "keeps what your small one is sure of."],
    denoise: ["Remove noise", "For grainy pictures: what the model knows, and of the rest what is no grain.", "keeps all of yours that is no grain."],
  };
  const HOLES = { Middle: [0.3, 0.3, 0.4, 0.4], "Left half": [0, 0, 0.5, 1], "Right half": [0.5, 0, 0.5, 1], "Upper half": [0, 0, 1, 0.5], "Lower half": [0, 0.5, 1, 0.5] };
  const MOST_BYTES = 20e6;
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  const canvas = is("result"), context = canvas.getContext("2d");
  let photo = null, most = 0, job = "find", side = 16, result = null, searching = null, watching = false, mending = false, moved = null;
  let average = null;

  const crop = cropper(is("photo"), {
    changed() { is("zoom").value = crop.times(); studio.fill(is("zoom")); stale(); },
    painted: stale,
  });

  // the picture

  const asUri = (file) => new Promise((done, failed) => {
    const reader = new FileReader();
    Object.assign(reader, { onload: () => done(reader.result), onerror: failed });
    reader.readAsDataURL(file);
  });

  async function open(file) {
    if (file.size > MOST_BYTES) return studio.note("This file is larger than 20 MB: choose a smaller picture.");
    try {
      await load(await asUri(file));
    } catch { studio.note("This file cannot be read: choose another picture."); }
  }

  async function load(uri) {
    const answer = await studio.ask("photo_open", { photo: uri });
    if (!answer) return;
    const image = new Image();
    image.src = answer.photo;
    await image.decode();
    photo = answer.photo;
    is("area").hidden = true;
    is("desk").hidden = false;
    studio.note("");
    crop.load(image);
    most = Math.min(image.width, image.height);
    const large = most >= studio.model.size;
    is("told").textContent = `${answer.width} × ${answer.height} px` + (large ? "" : ": smaller than the model's pictures");
    if (!large) choose("enlarge");
    offerSides();
    clear();
    await showAverage();
  }

  // What all its pictures have in common, to frame a photo by; some models have nothing.
  async function showAverage() {
    const { key } = studio.model, answer = await studio.ask("photo_average");
    if (!answer || key !== studio.model.key) return;
    average = answer.image && Object.assign(new Image(), { src: answer.image });
    await average?.decode();
    if (!result && !watching) clear();
  }

  function offerSides() {
    const size = studio.model.size, sides = [size / 2, size / 4, size / 8].filter((each) => each >= 4 && each < most);
    if (most < size && most >= 4) sides.unshift(most);
    side = most < size && most >= 4 ? most : size / 4;
    studio.offer(is("sides"), sides.map((each) => [`${each} × ${each} px`, each]), side, (each) => { side = each; stale(); });
  }

  // the job

  function choose(name) {
    job = name;
    studio.choose(is("jobs"), job);
    is("why").textContent = JOBS[job][1];
    for (const each of root.querySelectorAll("[data-for]")) each.hidden = each.dataset.for !== job;
    root.querySelector('[data-do="search"]').textContent = JOBS[job][0];
    crop.paints(job === "fill");
    const does = job === "fill" ? "drag paints the hole; arrow keys move the picture below it" : "drag or arrow keys move it in its square, plus and minus zoom";
    is("photo").setAttribute("aria-label", `Your picture: ${does}`);
    stale();
  }

  // What was found, or is looked for, belongs to another part of the picture, or another job.
  function stale() {
    if (!result && !searching) return;
    const stayed = abandon();
    result = null;
    allow(false);
    is("verdict").textContent = "";
    clear();
    if (stayed) studio.show({ at: studio.at() });
  }

  // Whether the stage showed the search, which ends.
  function abandon() {
    const stayed = watching;
    searching?.abort();
    [searching, watching] = [null, false];
    root.querySelector('[data-do="search"]').disabled = false;
    return stayed;
  }

  function allow(on) { for (const name of ["save", "edit"]) root.querySelector(`[data-do="${name}"]`).disabled = !on; }

  function clear() {
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (average) context.drawImage(average, 0, 0, canvas.width, canvas.height);
    canvas.setAttribute("aria-label", average ? "The average of the model's pictures" : "The result: nothing yet");
    is("both").textContent = average ? "At the right is the average of the model's pictures: frame yours like it." : "";
  }

  const request = () => ({ photo, job, crop: crop.crop(), side, ...(job === "fill" && { hole: crop.hole() }) });

  async function search(button) {
    if (!photo) return studio.note("Choose a picture first.");
    if (job === "fill" && !crop.painted()) return studio.note("Paint over a part of your picture first, or choose one of the holes.");
    const wish = request(), mine = new AbortController(), key = studio.model.key;
    stale();
    searching = mine;
    button.disabled = watching = true;
    Object.assign(is("verdict"), { textContent: "Looking…", title: "" });
    is("both").textContent = "";
    const onShown = (shown) => mine === searching && follow(shown, mine);
    const found = await studio.work("photo_search", wish, { bar: is("bar"), signal: mine.signal, onShown });
    if (mine !== searching) return;
    searching = null;
    const stayed = abandon();
    is("verdict").textContent = found && key === studio.model.key ? verdict(found, wish.job) : "";
    if (found && key === studio.model.key) {
      result = { wish, filler: found.point, ...found };
      is("verdict").title = `Off by ${found.off.toFixed(1)} of 255 grey levels in the mean, ${found.psnr.toFixed(1)} dB of PSNR`;
      is("both").textContent = JOBS[wish.job][2] ? `The stage shows the model's own picture; the result ${JOBS[wish.job][2]}` : "";
      await showResult(found);
      if (result?.wish === wish) studio.go(found.point);
    } else {
      clear();
      if (stayed) studio.show({ at: studio.at() });
    }
  }

  async function follow({ image, percent }, mine) {
    is("verdict").textContent = `Off by ${percent.toFixed(percent < 2 ? 1 : 0)} % so far`;
    if (watching) studio.showImage(image);
    const picture = Object.assign(new Image(), { src: image });
    await picture.decode();
    if (mine === searching) await studio.paint(canvas, picture);
  }

  function verdict({ sentence }, job) {
    const where = { find: "", fill: "Where your picture is known, the model is ", enlarge: "Made small again, the model's picture is ", denoise: "With its noise, your picture is " }[job];
    const text = where + sentence;
    return text[0].toUpperCase() + text.slice(1) + ".";
  }

  // the result, and your picture over its left part

  let parts = null;
  async function showResult(answer) {
    const mine = result, pictures = [answer.mended, answer.photo].map((uri) => Object.assign(new Image(), { src: uri }));
    await Promise.all(pictures.map((each) => each.decode()));
    if (mine !== result) return;
    parts = pictures;
    canvas.setAttribute("aria-label", "The result");
    allow(true);
    drawResult();
  }

  function drawResult() {
    studio.fill(is("compare"));
    if (!result || !parts) return;
    const [mended, plain] = parts, share = Number(is("compare").value), edge = Math.round(share * canvas.width);
    context.imageSmoothingQuality = "high";
    context.drawImage(mended, 0, 0, canvas.width, canvas.height);
    if (!edge) return;
    context.drawImage(plain, 0, 0, plain.width * share, plain.height, 0, 0, edge, canvas.height);
    context.fillStyle = "#fff";
    context.fillRect(Math.min(edge, canvas.width - 2), 0, 2, canvas.height);
  }

  // After a slider has moved the hole is filled with what the stage shows, one request at a time.
  async function mend(point) {
    if (!result || result.wish.job === "find" || studio.same(point, result.filler)) return;
    moved = point;
    if (mending) return;
    mending = true;
    while (moved && result) {
      const [next, mine] = [moved, result];
      moved = null;
      mine.filler = next;
      const answer = await studio.ask("photo_mend", { ...mine.wish, point: next });
      if (answer && mine === result) await showResult(answer);
    }
    mending = false;
  }

  // wiring

  function dropped(event, transfer) {
    const file = [...transfer?.files || []].find((each) => each.type.startsWith("image/")) || transfer?.files[0];
    if (!file) return;
    event.preventDefault();
    open(file);
  }

  studio.buttons(root, {
    choose() { is("file").click(); },
    borrow() { load(studio.root.querySelector("canvas.hero").toDataURL("image/png")); },
    search,
    save() { if (result) studio.save(parts[0].src, `${studio.model.name}-${result.wish.job}.png`); },
    edit() { studio.openTool("play"); },
    unpaint: crop.unpaint,
    clear: crop.clear,
  });
  is("file").addEventListener("change", () => { if (is("file").files[0]) open(is("file").files[0]); is("file").value = ""; });
  is("zoom").addEventListener("input", () => { if (photo) crop.zoom(Number(is("zoom").value)); });
  is("compare").addEventListener("input", drawResult);
  is("size").addEventListener("input", () => { crop.brush({ size: Number(is("size").value) }); studio.fill(is("size")); });
  root.addEventListener("dragover", (event) => { event.preventDefault(); root.firstElementChild.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) root.addEventListener(name, () => root.firstElementChild.classList.remove("over"));
  root.addEventListener("drop", (event) => dropped(event, event.dataTransfer));
  addEventListener("paste", (event) => { if (root.isConnected && root.offsetParent) dropped(event, event.clipboardData); });

  studio.offer(is("jobs"), Object.entries(JOBS).map(([name, [words]]) => [words, name]), job, choose);
  studio.offer(is("tools"), [["Paint", false], ["Erase", true]], false, (erase) => crop.brush({ erase }));
  studio.offer(is("holes"), Object.keys(HOLES).map((name) => [name, name]), null, (name) => {
    crop.clear();
    crop.box(HOLES[name]);
  });
  choose(job);
  for (const name of ["size", "compare"]) studio.fill(is(name));

  return {
    opened() {
      average = null;
      stale();
      if (!photo) return;
      offerSides();
      showAverage();
    },
    moved(point) {
      watching = false;
      if (!root.hidden) mend(point);
    },
    shown() { mend(studio.at()); },
  };
};
