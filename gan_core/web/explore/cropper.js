// A photo in a square: drag, pinch or arrow keys choose the part of it that counts, a brush paints a hole over it.
function cropper(canvas, { changed, painted }) {
  const context = canvas.getContext("2d"), side = canvas.width, hole = document.createElement("canvas");
  Object.assign(hole, { width: side, height: side });
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const fingers = new Map();
  let photo = null, crop = { left: 0, top: 0, side: 1 }, painting = false, brush = { size: 44, erase: false }, strokes = [];
  const most = () => Math.min(photo.width, photo.height);
  const least = () => Math.max(most() / 8, Math.min(most(), 8));

  function draw() {
    if (!photo) return;
    context.clearRect(0, 0, side, side);
    context.imageSmoothingEnabled = crop.side > 48;
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, crop.left, crop.top, crop.side, crop.side, 0, 0, side, side);
    if (!painting) return;
    context.globalAlpha = 0.72;
    context.drawImage(hole, 0, 0);
    context.globalAlpha = 1;
  }

  function place(left, top, width = crop.side) {
    const next = Math.min(Math.max(width, least()), most());
    crop = {
      left: Math.min(Math.max(left, 0), photo.width - next), top: Math.min(Math.max(top, 0), photo.height - next), side: next,
    };
    draw();
    changed();
  }

  // The middle, or the point at a share of the square, stays where it is.
  function zoom(times, x = 0.5, y = 0.5) {
    const next = Math.min(Math.max(most() / times, least()), most());
    place(crop.left + (crop.side - next) * x, crop.top + (crop.side - next) * y, next);
  }

  function drawStrokes() {
    const pen = hole.getContext("2d");
    pen.clearRect(0, 0, side, side);
    Object.assign(pen, { lineCap: "round", lineJoin: "round", strokeStyle: "#ff9d3b", fillStyle: "#ff9d3b" });
    for (const stroke of strokes) {
      pen.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
      if (stroke.box) { pen.fillRect(...stroke.box.map((each) => each * side)); continue; }
      pen.lineWidth = stroke.size;
      pen.beginPath();
      stroke.points.forEach(([x, y], i) => { if (!i) pen.lineTo(x + 0.01, y); pen.lineTo(x, y); });
      pen.stroke();
    }
    draw();
  }

  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * side, (event.clientY - box.top) / box.height * side];
  };
  const apart = ([[a, b], [c, d]]) => Math.hypot(a - c, b - d);

  canvas.addEventListener("pointerdown", (event) => {
    if (!photo) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, where(event));
    if (painting) { strokes.push({ ...brush, points: [where(event)] }); drawStrokes(); }
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId), now = where(event);
    if (!before) return;
    const spread = fingers.size === 2 && apart([...fingers.values()]);
    fingers.set(event.pointerId, now);
    if (painting) { strokes.at(-1).points.push(now); drawStrokes(); return; }
    const scale = crop.side / side;
    if (spread) zoom(most() / crop.side * apart([...fingers.values()]) / spread);
    else place(crop.left - (now[0] - before[0]) * scale, crop.top - (now[1] - before[1]) * scale);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => { if (fingers.delete(event.pointerId) && painting) painted(); });
  }
  canvas.addEventListener("wheel", (event) => {
    if (!photo || painting) return;
    event.preventDefault();
    const [x, y] = where(event);
    zoom(most() / crop.side * Math.exp(-event.deltaY / 500), x / side, y / side);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (!photo) return;
    const step = crop.side / (event.shiftKey ? 8 : 40);
    if (event.key in MOVES) place(crop.left + MOVES[event.key][0] * step, crop.top + MOVES[event.key][1] * step);
    else if (event.key === "+" || event.key === "=") zoom(most() / crop.side * 1.1);
    else if (event.key === "-") zoom(most() / crop.side / 1.1);
    else return;
    event.preventDefault();
  });

  return {
    load(image) { photo = image; strokes = []; drawStrokes(); place((image.width - most()) / 2, (image.height - most()) / 2, most()); },
    crop: () => ({ ...crop }),
    times: () => most() / crop.side,
    zoom,
    brush(changes) { brush = { ...brush, ...changes }; },
    paints(on) { painting = on; canvas.classList.toggle("painting", on); draw(); },
    box(box) { strokes.push({ box }); drawStrokes(); painted(); },
    unpaint() { strokes.pop(); drawStrokes(); painted(); },
    clear() { strokes = []; drawStrokes(); painted(); },
    // White where the hole is, on black.
    hole() {
      const copy = document.createElement("canvas"), pen = copy.getContext("2d");
      Object.assign(copy, { width: side, height: side });
      pen.drawImage(hole, 0, 0);
      pen.globalCompositeOperation = "source-in";
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, side, side);
      pen.globalCompositeOperation = "destination-over";
      pen.fillStyle = "#000";
      pen.fillRect(0, 0, side, side);
      return copy.toDataURL("image/png");
    },
    painted: () => strokes.length > 0,
  };
}
