// A box on a picture: drag one, or Enter for one, arrows to move it, Shift and arrows for its size, Delete.
const BOX_STEP = 0.05, LEAST_BOX = 0.02, FIRST_BOX = { left: 0.3, top: 0.3, right: 0.7, bottom: 0.55 };
const BOX_KEYS = { ArrowLeft: [-BOX_STEP, 0], ArrowRight: [BOX_STEP, 0], ArrowUp: [0, -BOX_STEP], ArrowDown: [0, BOX_STEP] };

// `own.box` is the box, {left, top, right, bottom} as shares of the picture, or null.
function boxed(image, name, own) {
  const frame = make("div", { className: "boxed", tabIndex: 0 }, make("img", { src: image, alt: "", draggable: false }));
  let start = null;

  function put(box) {
    own.box = box;
    frame.querySelector("i")?.remove();
    if (box) frame.append(marked(box));
    frame.setAttribute("aria-label", `${name}, ${box ? placed(box) : "no box"}`);
  }

  function place(event) {
    const { left, top, width, height } = frame.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height].map((each) => Math.min(Math.max(each, 0), 1));
  }

  frame.setAttribute("role", "application");
  frame.addEventListener("pointerdown", (event) => { start = place(event); frame.setPointerCapture(event.pointerId); put(null); });
  frame.addEventListener("pointermove", (event) => { if (start) put(between(start, place(event))); });
  frame.addEventListener("pointerup", () => { start = null; });
  frame.addEventListener("keydown", (event) => {
    const box = afterKey(own.box, event);
    if (box === undefined) return;
    event.preventDefault();
    put(box);
  });
  put(own.box);
  return frame;
}

function placed({ left, top, right, bottom }) {
  return `with a box from ${percent(left)}, ${percent(top)} to ${percent(right)}, ${percent(bottom)}`;
}

function marked({ left, top, right, bottom }) {
  const mark = make("i"), [x, y, width, height] = [left, top, right - left, bottom - top].map((share) => `${share * 100}%`);
  Object.assign(mark.style, { left: x, top: y, width, height });
  return mark;
}

// The box of two corners, or null if that is hardly one.
function between([a, b], [c, d]) {
  if (Math.min(Math.abs(a - c), Math.abs(b - d)) < LEAST_BOX) return null;
  return { left: Math.min(a, c), top: Math.min(b, d), right: Math.max(a, c), bottom: Math.max(b, d) };
}

// What a key makes of it; undefined if the key is none of these.
function afterKey(box, { key, shiftKey }) {
  if (key === "Enter") return { ...FIRST_BOX };
  if (key === "Delete" || key === "Backspace") return null;
  return BOX_KEYS[key] && box ? shifted(box, ...BOX_KEYS[key], shiftKey) : undefined;
}

function shifted({ left, top, right, bottom }, dx, dy, size) {
  if (size) return { left, top, right: Math.min(Math.max(right + dx, left + BOX_STEP), 1), bottom: Math.min(Math.max(bottom + dy, top + BOX_STEP), 1) };
  const x = Math.min(Math.max(dx, -left), 1 - right), y = Math.min(Math.max(dy, -top), 1 - bottom);
  return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}
