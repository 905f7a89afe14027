// Films and strips of frames, made by the browser itself.

const KINDS = ["video/mp4", "video/webm"];

export const filmKinds = () => [
  ...(globalThis.MediaRecorder && KINDS.some((kind) => MediaRecorder.isTypeSupported(kind)) ? [["Film", "film"]] : []),
  ["Strip", "strip"],
];

function canvasOf(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height }), context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  return [canvas, context];
}

const asUri = (blob) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.onerror = () => failed(reader.error);
  reader.readAsDataURL(blob);
});

// A closed path does not repeat its first picture, an open one ends on its last.
const moment = (i, count, closed) => closed ? i / count : i / Math.max(count - 1, 1);

// Recorded as it plays, so a film takes as long as it lasts. `frame(t)` gives a canvas; `report(share)` may throw.
export async function film(frame, { size, fps, seconds, closed }, report) {
  const type = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)), [canvas, context] = canvasOf(size, size);
  const count = Math.max(Math.round(seconds * fps), 1), stream = canvas.captureStream(0), [track] = stream.getVideoTracks();
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 12 * size * size * fps / 10 }), parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  const began = performance.now();
  try {
    for (let i = 0; i < count; i++) {
      context.drawImage(await frame(moment(i, count, closed)), 0, 0, size, size);
      track.requestFrame();
      report(i / count, `${i + 1} of ${count} frames`);
      await new Promise((done) => setTimeout(done, Math.max(began + (i + 1) * 1000 / fps - performance.now(), 0)));
    }
  } finally {
    recorder.stop();
    await stopped;
    track.stop();
  }
  return { file: await asUri(new Blob(parts, { type })), name: `film.${type.split("/")[1]}` };
}

export async function strip(frame, { size, frames, columns, closed }, report) {
  const across = Math.min(columns || frames, frames), [canvas, context] = canvasOf(across * size, Math.ceil(frames / across) * size);
  for (let i = 0; i < frames; i++) {
    context.drawImage(await frame(moment(i, frames, closed)), i % across * size, Math.floor(i / across) * size, size, size);
    report(i / frames, `${i + 1} of ${frames} frames`);
  }
  const file = canvas.toDataURL("image/png");
  if (!file.startsWith("data:image")) throw new Error("This strip is too large for this browser: take fewer or smaller pictures, or less in a row.");
  return { file, name: "strip.png" };
}
