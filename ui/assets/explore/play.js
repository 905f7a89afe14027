tools.play = (studio, root) => {
  const SEEDS = 24, MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  let sliders = {}, firstSeed = studio.OPENING.grid, seedsOf;

  function setSlider(slider, value) {
    slider.value = value;
    studio.fill(slider);
    slider.nextElementSibling.textContent = (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
  }

  async function showDirections() {
    const answer = await studio.ask("directions");
    if (!answer) return;
    const shown = answer.directions.filter((each) => !each.hidden);
    sliders = Object.fromEntries(shown.map((each) => [each.id, slider(each, answer.range)]));
    is("directions").replaceChildren(...Object.values(sliders).map((each) => each.parentElement));
    moved(studio.at());
  }

  function slider({ id, name, explained }, range) {
    const row = document.createElement("div");
    row.className = "dir";
    row.innerHTML = '<label></label><input class="knob" type="range"><output></output>';
    const [label, slider] = row.children;
    label.textContent = name;
    label.title = explained ? `${(explained * 100).toFixed(1)} % of what varies in the second layer` : "";
    Object.assign(slider, { min: -range, max: range, step: 0.01, id: `direction-${id}` });
    slider.setAttribute("aria-label", name);
    label.htmlFor = slider.id;
    slider.addEventListener("pointerdown", studio.remember);
    slider.addEventListener("keydown", (event) => { if (MOVES.has(event.key) && !event.repeat) studio.remember(); });
    slider.addEventListener("input", () => move(id, Number(slider.value)));
    slider.addEventListener("dblclick", () => { studio.remember(); move(id, 0); });
    return slider;
  }

  function move(id, amount) {
    const at = studio.at();
    studio.setPoint({ ...at, moves: { ...at.moves, [id]: amount } });
  }

  function showClasses() {
    const { classes } = studio.model;
    is("classes").hidden = !classes.length;
    studio.offer(is("chips"), [["any", null], ...classes.map((name, i) => [name, i])], studio.at().label, (label) => studio.go({ ...studio.at(), label }));
  }

  async function showSeeds() {
    const { label } = studio.at();
    seedsOf = label;
    const seeds = Array.from({ length: SEEDS }, (_, i) => (firstSeed + i) % studio.MAX_SEED);
    const images = await studio.thumbs(seeds.map((seed) => ({ seed, label })));
    if (label !== seedsOf || !images.length) return;
    is("seeds").replaceChildren(...images.map((image, i) => {
      const tile = studio.tile({ image, label: `Picture of seed ${seeds[i]}`, onPick: () => studio.go(studio.unmoved(seeds[i])) });
      tile.dataset.seed = seeds[i];
      return tile;
    }));
    markSeed(studio.at());
  }

  function markSeed(at) {
    for (const tile of is("seeds").children) tile.classList.toggle("on", !at.z && Number(tile.dataset.seed) === at.seed);
  }

  function moved(at) {
    for (const [id, slider] of Object.entries(sliders)) setSlider(slider, at.moves[id] || 0);
    studio.choose(is("chips"), at.label);
    markSeed(at);
    if (seedsOf !== undefined && seedsOf !== at.label) showSeeds();
  }

  studio.buttons(root, {
    reset() { studio.go({ ...studio.at(), moves: {} }); },
    shuffle() { studio.go({ ...studio.at(), moves: Object.fromEntries(Object.entries(sliders).map(([id, { max }]) => [id, (Math.random() - 0.5) * max])) }); },
    more() { firstSeed = studio.anySeed(); showSeeds(); },
  });

  return {
    async opened() {
      showClasses();
      await Promise.all([showSeeds(), showDirections()]);
    },
    moved,
  };
};
