// The paper's figures as cards: what each shows, a button that makes it, and what was seen.
tools.paper = (studio, root) => {
  const SAMPLES = 6, EXEMPLARS = 4;
  const CARDS = [
    ["walk", "Walk in latent space", "From one random point to the next. When the pictures change smoothly and stay whole, the model has learned what pictures are like; one that knows single pictures by heart jumps."],
    ["arithmetic", "Vector arithmetic", "What pictures have in common can be added to others and taken from them, by sums of z. The same sums of pixels only overlay them, so z stands for what a picture shows."],
    ["turn", "The turn vector", "Pictures that look right less pictures that look left make a vector that turns others: something in three dimensions, learned from flat pictures."],
    ["filters", "First-layer filters", "What the discriminator looks at first, beside filters that learned nothing. A long training turns noise into edges, spots and colours."],
    ["features", "Guided backpropagation", "What deep features of the discriminator answer to, found by following their strongest answers back to the pixels."],
    ["drop", "Dropping feature maps", "Find the maps that draw an object and leave them out: the generator forgets the object and makes do without. It shows that it draws objects by parts."],
    ["classify", "Features that tell classes apart", "Unless the model knows classes, nobody told its discriminator any. If a simple classifier does better on its features than on pixels, it learned what matters; if it does no better than on random features, it did not."],
  ];
  const NEED_D = new Set(["filters", "features", "classify"]);
  const is = (name, box = root) => box.querySelector(`[data-is="${name}"]`);
  const button = (text, act, name = "btn") => { const found = make("button", { className: name, textContent: text, type: "button" }); found.addEventListener("click", act); return found; };
  const named = (element, name) => { element.dataset.is = name; return element; };
  const cards = new Map(), found = new Map();
  let model = null, about = {}, making = false, stopped = false;
  let boxes = [], sides = { left: [], right: [] }, source = null;

  // cards

  for (const [name, title, words] of CARDS) {
    const asked = make("div", {}, make("h3", { textContent: title }), make("p", { className: "cap", textContent: words }), named(make("div"), "extra"),
      make("div", { className: "line" }, named(button("Make it", () => one(name), "btn primary"), "make")), named(make("div", { hidden: true }), "bar"));
    const card = make("section", { className: "card" }, asked, named(make("div", { className: "found", hidden: true }), "found"));
    card.dataset.figure = name;
    is("make", card).setAttribute("aria-label", `Make it: ${title}`);
    cards.set(name, card);
  }
  is("cards").append(...cards.values());

  async function one(name) {
    const card = cards.get(name), { key } = studio.model;
    if (making) return;
    busy(true);
    const result = await studio.work("paper_figure", { name, ...wish(name) }, { bar: is("bar", card) });
    busy(false);
    // A button that was switched off has lost the keyboard's place.
    if (document.activeElement === document.body) is("make", card).focus({ preventScroll: true });
    stopped = !result;
    if (result && key === studio.model.key) await show(name, result);
  }

  function wish(name) {
    if (name === "arithmetic") return { groups: (studio.stored("arithmetic", null)?.groups || []).map((group) => group.filter(Boolean)) };
    if (name === "turn") return sides.left.length && sides.right.length ? sides : {};
    if (name === "drop") return { boxes: boxes.filter(({ box }) => box).map(({ at, box }) => ({ at, ...box })) };
    return name === "classify" ? { data: data() } : {};
  }

  function busy(now) {
    making = now;
    for (const [name, card] of cards) is("make", card).disabled = now || (NEED_D.has(name) && !about.hasD) || (name === "classify" && !data());
    root.querySelector('[data-do="all"]').disabled = now || !about.key;
    root.querySelector('[data-do="report"]').disabled = now || !found.size;
    is("count").textContent = found.size ? `${found.size} of ${CARDS.length} in the report` : "";
  }

  async function show(name, { section, points }) {
    const card = cards.get(name), box = is("found", card), title = card.querySelector("h3").textContent;
    found.set(name, section);
    box.innerHTML = section;
    const picture = box.querySelector("img"), large = make("button", { className: "enlarge", type: "button", title: "Enlarge" });
    picture.replaceWith(large);
    large.append(picture);
    large.setAttribute("aria-label", `Enlarge: ${title}`);
    large.addEventListener("click", () => enlarge(picture.src, title));
    large.after(make("div", { className: "line" }, button("Save picture", () => studio.save(picture.src, `${studio.model.name}-${name}.png`), "btn small"),
      button("Leave out of the report", ({ currentTarget }) => {
        found.has(name) ? found.delete(name) : found.set(name, section);
        currentTarget.textContent = found.has(name) ? "Leave out of the report" : "Add to the report";
        busy(making);
      }, "btn small")));
    box.hidden = false;
    busy(false);
    if (points.length) await addTiles(box, points, "Pictures of it, for the stage");
    if (name === "filters") await addFilters(card);
  }

  function enlarge(image, title) {
    const dialog = is("large");
    Object.assign(dialog.querySelector("img"), { src: image, alt: title });
    dialog.showModal();
  }

  async function addTiles(box, points, words) {
    const images = await studio.thumbs(points);
    const tiles = images.map((image, i) => studio.tile({ image, label: `Picture ${i + 1} of the figure, to the stage`, onPick: () => studio.go(points[i]) }));
    box.append(make("p", { className: "cap", textContent: words }), make("div", { className: "tiles" }, ...tiles));
  }

  // first-layer filters: which pictures excite each

  async function addFilters(card) {
    const box = is("found", card), told = make("p", { className: "cap", textContent: "" });
    const look = button("See what excites each filter", async () => {
      look.disabled = true;
      const result = await studio.work("paper_filters", {}, { bar: is("bar", card) });
      look.disabled = false;
      if (!result) return;
      const kernels = make("div", { className: "tiles kernels" }), best = make("div");
      kernels.append(...result.filters.map((image, i) => studio.tile({ image, label: `Filter ${i + 1}`, onPick: async (_, tile) => {
        for (const each of kernels.children) markTile(each, each === tile);
        const shown = make("div");
        best.replaceChildren(shown);
        await addTiles(shown, result.points[i], `Of 512 samples these excite filter ${i + 1} most:`);
      } })));
      look.parentElement.replaceWith(kernels);
      told.textContent = "Choose a filter to see which pictures excite it most.";
      told.after(best);
    }, "btn small");
    box.append(make("div", { className: "line" }, look), told);
  }

  // exemplars of the turn vector

  function buildSides() {
    const box = is("extra", cards.get("turn"));
    box.replaceChildren(make("p", { className: "cap", textContent: "Choose up to four of each from the stage, or none: then they are found by how they differ from their mirror images." }),
      make("div", { className: "sides" }, ...["left", "right"].map((side) => make("div", {}, button(`Stage looks ${side}`, () => take(side), "btn small"), named(make("div", { className: "tiles" }), side)))));
  }

  async function take(side) {
    sides[side] = [...sides[side], studio.at()].slice(-EXEMPLARS);
    await showSide(side);
  }

  async function showSide(side) {
    const points = sides[side], images = points.length ? await studio.thumbs(points) : [];
    if (points !== sides[side]) return;
    is(side).replaceChildren(...images.map((image, i) => studio.tile({ image, label: `Exemplar ${i + 1} that looks ${side}: take it away`, title: "Take it away",
      onPick: () => { sides[side] = points.filter((_, place) => place !== i); showSide(side); } })));
  }

  // boxes on samples

  async function buildBoxes() {
    const box = is("extra", cards.get("drop")), points = Array.from({ length: SAMPLES }, () => studio.copy({ seed: studio.anySeed(), label: null }));
    const { key } = studio.model, images = await studio.thumbs(points);
    if (key !== studio.model.key) return;
    boxes = points.slice(0, images.length).map((at) => ({ at, box: null }));
    box.replaceChildren(
      make("p", { className: "cap", textContent: "Drag a box over the object in each picture. Or choose a picture and press Enter for a box; arrows move it, Shift and arrows size it, Delete removes it. Without any boxes the upper middle is taken." }),
      make("div", { className: "boxes" }, ...images.map((image, i) => boxed(image, `Sample ${i + 1}`, boxes[i]))),
      make("div", { className: "line" }, button("Other samples", buildBoxes, "btn small")));
  }

  // labelled pictures for the classifier

  const OWN = "own", PATH = "path";
  const data = () => source === PATH ? is("path")?.value.trim() : source || "";

  function buildSources() {
    const box = is("extra", cards.get("classify")), chips = make("div", { className: "chips" }), path = named(make("input", { className: "pick", type: "text", placeholder: "a folder or .zip with a folder a class", hidden: true }), "path");
    const choices = [...(about.own ? [[`its own: ${about.own}`, OWN]] : []), ...about.sets.map((each) => [each, each]), ...(about.paths ? [["others", PATH]] : [])];
    source = choices[0]?.[1] ?? null;
    chips.setAttribute("role", "group");
    chips.setAttribute("aria-label", "Labelled pictures");
    path.setAttribute("aria-label", "Folder or zip of labelled pictures");
    path.addEventListener("input", () => busy(making));
    studio.offer(chips, choices, source, (each) => { source = each; path.hidden = each !== PATH; busy(making); });
    box.replaceChildren(make("p", { className: "cap", textContent: choices.length ? "Labelled pictures to tell apart:" : "There are no labelled pictures here." }), chips, path);
  }

  // all of it

  async function all() {
    const { key } = studio.model;
    for (const [name] of CARDS) {
      if (key !== studio.model.key) return;
      if (found.has(name) || is("make", cards.get(name)).disabled || (name === "classify" && source !== OWN)) continue;
      cards.get(name).scrollIntoView({ block: "nearest" });
      await one(name);
      if (stopped && is("note", studio.root).textContent === "Cancelled.") return;
    }
  }

  async function report() {
    const answer = await studio.ask("paper_report");
    if (!answer) return;
    const sections = CARDS.map(([name]) => found.get(name)).filter(Boolean).join("\n");
    const whole = answer.page.replace("<!-- sections -->", () => sections), link = URL.createObjectURL(new Blob([whole], { type: "text/html" }));
    studio.save(link, answer.name);
    setTimeout(() => URL.revokeObjectURL(link), 60000);
  }

  studio.buttons(root, { all, report, close() { is("large").close(); } });
  buildSides();

  return {
    async opened({ key: opened }) {
      if (model !== opened) {
        model = opened;
        about = {};
        found.clear();
        sides = { left: [], right: [] };
        for (const card of cards.values()) { is("found", card).hidden = true; is("found", card).replaceChildren(); }
      }
      busy(making);
      if (!root.hidden) await this.shown();
    },
    async shown() {
      if (!model || about.key === model) return;
      const key = model, answer = await studio.ask("paper_about");
      if (!answer || key !== model) return;
      about = { ...answer, key };
      for (const side of ["left", "right"]) showSide(side);
      buildSources();
      for (const name of NEED_D) cards.get(name).querySelector(".lacking")?.remove();
      if (!about.hasD) for (const name of NEED_D) cards.get(name).querySelector("p").after(make("p", { className: "cap lacking", textContent: "This needs the model's discriminator, and there is none beside it: a model that is trained here gets one when it trains a little longer." }));
      busy(making);
      await buildBoxes();
    },
    forgot(without) {
      for (const side of ["left", "right"]) {
        sides[side] = sides[side].map(without);
        showSide(side);
      }
    },
  };
};
