// Pictures to pick one from: of seeds, of those that were kept, or of those selected in the grid; `pictures` is an album.
function picker(root, pictures, pick) {
  const SEEDS = 32, MOST = 64, SOURCES = [["seeds", "seeds"], ["kept", "kept"], ["from the grid", "selection"]];
  const NOTHING_OF = { kept: "Nothing is kept yet.", selection: "Nothing is selected in the grid yet." };
  const is = (name) => root.querySelector(`[data-is="${name}"]`);
  let source = "seeds", firstSeed = 0, label = null, points = [];

  function choices() {
    if (source === "kept") return studio.kept();
    if (source === "selection") return studio.selection;
    return Array.from({ length: SEEDS }, (_, i) => ({ seed: (firstSeed + i) % MAX_SEED, label }));
  }

  async function show() {
    const mine = points = choices().slice(0, MOST).map(copy), images = await (source === "seeds" ? thumbs : thumbsOrNot)(mine);
    if (mine !== points) return;
    is("candidates").replaceChildren(...images.map((image, i) => image ? candidate(mine[i], image, i + 1) : ""));
    if (!images.some(Boolean)) is("candidates").textContent = mine.length ? "These pictures cannot be made now." : NOTHING_OF[source];
  }

  function candidate(point, image, number) {
    pictures.put(point, image);
    const button = tile({ image, label: `Picture ${number} to pick`, title: point.z ? "" : `seed ${point.seed}`, onPick: () => pick(point) });
    draggable(button, point);
    return button;
  }

  function from(name) {
    source = name;
    choose(is("sources"), name);
    return show();
  }

  offer(is("sources"), SOURCES, source, from);

  return {
    show,
    from,
    more() { firstSeed = anySeed(); from("seeds"); },
    opened(anew) {
      if (anew) label = null;
      offerClasses(root, label, (each) => { label = each; from("seeds"); });
    },
    kept() { if (source === "kept") show(); },
  };
}
