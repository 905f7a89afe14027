// Small pictures of points: asked for, clicked, and dragged to where pictures are taken.
async function thumbs(points) {
  const answer = await ask("faces", { points });
  return answer ? answer.images : [];
}

function tile({ image, label, title, onPick }) {
  const button = make("button", { className: "tile" }, make("img", { src: image, alt: "", draggable: false }));
  button.setAttribute("aria-label", label);
  if (title) button.title = title;
  if (onPick) button.addEventListener("click", (event) => onPick(event, button));
  return button;
}

// Chosen, or not.
function markTile(tile, on) {
  tile.classList.toggle("on", on);
  tile.setAttribute("aria-pressed", on);
}

// Tiles for these pictures, `made(i)` if there are too few yet. The same tiles are filled anew, so that the keyboard stays
// where it is, or goes to the last one if its own is gone; whether there is one for it.
function fillTiles(box, images, made) {
  const place = [...box.querySelectorAll("button")].indexOf(document.activeElement);
  for (const spare of [...box.children].slice(images.length)) spare.remove();
  images.forEach((image, i) => {
    if (!box.children[i]) box.append(made(i));
    const picture = box.children[i].querySelector("img");
    if (picture.getAttribute("src") !== (image || "")) picture.src = image || "";
  });
  if (place < 0 || box.contains(document.activeElement)) return true;
  const buttons = box.querySelectorAll("button");
  buttons[buttons.length - 1]?.focus();
  return buttons.length > 0;
}

// One picture that can no longer be made, of a direction that is gone, takes no other with it.
async function thumbsOrNot(points) {
  const images = points.length ? await thumbs(points) : [];
  if (images.length || points.length < 2) return images;
  return Promise.all(points.map(async (point) => (await thumbs([point]))[0]));
}

// The small pictures of points, each asked for once; after `clear` they are another model's.
function album() {
  const pictures = new Map(), words = (point) => JSON.stringify(point);
  return {
    of: (point) => pictures.get(words(point)),
    put(point, image) { pictures.set(words(point), image); },
    clear() { pictures.clear(); },
    async load(points) {
      const missing = points.filter((point) => !pictures.has(words(point))), { key } = model, images = await thumbsOrNot(missing);
      if (key === model.key) missing.forEach((point, i) => { if (images[i]) pictures.set(words(point), images[i]); });
    },
  };
}

function draggable(tile, point) {
  tile.draggable = true;
  tile.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", JSON.stringify(point)));
}

// `take` hears of the point that is dropped on the box, or null for whatever else is.
function takesDrops(box, take) {
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    let point = null;
    try { point = copy(JSON.parse(event.dataTransfer.getData("text/plain"))); } catch { /* it is no point */ }
    take(point);
  });
}
