// How a picture of the timeline goes to the next one: in how many seconds, and how evenly.
const EASINGS = [["steady", "linear"], ["smooth", "smooth"], ["slow start", "in"], ["slow end", "out"], ["jump", "hold"]], PIECE_SECONDS = 1.5;

function pieceFields(each, i, changed) {
  const box = Object.assign(document.createElement("span"), { className: "piece" });
  box.innerHTML = '<input class="pick" type="number" min="0.1" max="60" step="0.1"><select class="pick"></select>';
  const [length, easing] = box.children;
  length.value = each.seconds;
  length.title = "Seconds to the next picture";
  length.setAttribute("aria-label", `Seconds after picture ${i + 1}`);
  length.addEventListener("change", () => {
    length.value = each.seconds = Math.min(Math.max(Number(length.value) || PIECE_SECONDS, 0.1), 60);
    changed();
  });
  easing.append(...EASINGS.map(([name, value]) => new Option(name, value, false, value === each.easing)));
  easing.title = "How it goes to the next picture";
  easing.setAttribute("aria-label", `Pace after picture ${i + 1}`);
  easing.addEventListener("change", () => { each.easing = easing.value; changed(); });
  return box;
}
