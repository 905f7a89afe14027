// A direction in a row: its name, its slider, which the wheel turns as well, the amount and a button for more.
const WHEEL_STEP = 0.1, FINE = 0.1, WHEEL_PAUSE_MS = 250;
const SLIDER_KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);
const ARROWS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
// Without a name of its own: what a direction is called until somebody sees what it does.
const UNNAMED = /^(Direction|SeFa) \d+$/;
const PLAIN_EFFECT = 0.3;

// A wheel that began to scroll the page goes on with that when a slider comes under it.
const wheel = { at: -Infinity, row: null, turns: 0 };
addEventListener("wheel", (event) => {
  const now = performance.now();
  if (now - wheel.at > WHEEL_PAUSE_MS) Object.assign(wheel, { row: event.target.closest?.(".dir"), turns: wheel.turns + 1 });
  wheel.at = now;
}, { capture: true, passive: true });

function directionRow(each, range, { move, more }) {
  const row = document.createElement("div");
  row.className = "dir" + (UNNAMED.test(each.name) ? "" : " named");
  row.dataset.id = each.id;
  row.innerHTML = '<label></label><input class="knob" type="range"><output></output><button class="more" aria-haspopup="menu">⋯</button>';
  const [label, slider, , button] = row.children;
  label.textContent = shownName(each);
  label.title = each.name;
  Object.assign(slider, { min: -range, max: range, step: 0.01, id: `direction-${each.id}` });
  label.htmlFor = slider.id;
  slider.addEventListener("pointerdown", remember);
  slider.addEventListener("keydown", (event) => {
    if (SLIDER_KEYS.has(event.key) && !event.repeat) remember();
    const way = ARROWS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(each.id, Math.min(Math.max(Number(slider.value) + way * WHEEL_STEP * (event.shiftKey ? FINE : 1), -range), range));
  });
  slider.addEventListener("input", () => move(each.id, Number(slider.value)));
  slider.addEventListener("dblclick", () => { remember(); move(each.id, 0); });
  row.addEventListener("wheel", turned(row, slider, (amount) => move(each.id, amount)), { passive: false });
  button.setAttribute("aria-label", `More for ${shownName(each)}`);
  button.addEventListener("click", () => more(each.id, button));
  return row;
}

function turned(row, slider, move) {
  let turn = 0;
  return (event) => {
    const delta = event.deltaY || event.deltaX;
    if (wheel.row !== row || event.ctrlKey || !delta) return;
    event.preventDefault();
    if (turn !== wheel.turns) remember();
    turn = wheel.turns;
    const step = -delta / 100 * WHEEL_STEP * (event.shiftKey ? FINE : 1), { min, max, value } = slider;
    move(Math.min(Math.max(Number(value) + step, min), max));
  };
}

function setAmount(row, amount) {
  const [, slider, output] = row.children;
  if (row.dataset.amount === String(amount) && Number(slider.value) === amount) return;
  row.dataset.amount = amount;
  slider.value = amount;
  fill(slider);
  output.textContent = signed(amount);
}

const signed = (amount) => (amount < 0 ? "−" : "+") + Math.abs(amount).toFixed(2);
const percent = (share) => `${Math.round(share * 100)} %`;

// What a direction without a name does most, if that is plain.
function suggested({ name, measured: { factor, effect, others = 0 } }) {
  const plain = Math.abs(effect || 0) >= Math.max(PLAIN_EFFECT, others);
  return UNNAMED.test(name) && plain ? `${effect < 0 ? "less" : "mostly"} ${factor}` : "";
}

// Its name, for eyes and for ears.
const shownName = (each) => suggested(each) || each.name;

// What is known of a direction, in a sentence or two.
function told({ name, kind, explained, measured: { factor, effect, others, most_other } }) {
  const share = explained ? `${(explained * 100).toFixed(1)} % of what varies in the ${kind === "sefa" ? "first" : "second"} layer.` : "";
  if (!factor) return `${name}. ${share}`;
  const rest = others === undefined ? "" : ` Anything else changes in ${percent(others)}${most_other ? `, most of all ${most_other}` : ""}.`;
  return `${name}: to the right, ${effect < 0 ? "less" : "more"} ${factor} in ${percent(Math.abs(effect))} of pictures.${rest}`;
}
