// The explorer's page without a server: it opens the runtime, then shows the same page as the app.
import { answers } from "./engine.js";
import explore from "./explorer.js";
import { filmKinds } from "./film.js";
import { openRuntime } from "./runtime.js";

const words = document.querySelector(".loading .cap"), bar = document.querySelector(".loading .meter i");

async function begin() {
  const site = await (await fetch("site.json")).json();
  let bytes = 0;
  const { kind, session, Tensor } = await openRuntime("generator.onnx", (count) => {
    bytes += count;
    bar.style.width = `${Math.min(bytes / site.bytes, 1) * 100}%`;
    words.textContent = `${(bytes / 1e6).toFixed(1)} MB`;
  });
  document.body.dataset.runtime = kind;
  document.querySelector(".loading").remove();
  document.querySelector(".page").hidden = false;
  await explore(document.body, answers(site, session, Tensor), filmKinds());
}

begin().catch((error) => {
  words.textContent = `This page cannot start: ${error.message}`;
});
