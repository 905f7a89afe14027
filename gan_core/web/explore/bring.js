// Bring a model: one dialog with three ways in; afterwards the model is on the stage.
const bringing = is("bring");
let bringWay = "file", bringTurn = 0;

function chooseBringWay(way) {
  bringWay = way;
  for (const part of bringing.querySelectorAll("[data-way]")) part.hidden = part.dataset.way !== way;
  is("bring-wrong").textContent = "";
}

// What a drop zone says until it has a file.
for (const zone of bringing.querySelectorAll(".drop-file")) {
  const input = zone.querySelector("input"), words = zone.querySelector("span"), empty = words.innerHTML;
  input.addEventListener("change", () => {
    const [file] = input.files;
    zone.classList.toggle("full", Boolean(file));
    if (file) words.textContent = `${file.name} · ${(file.size / 1e6).toFixed(1)} MB`;
    else words.innerHTML = empty;
    is("bring-wrong").textContent = "";
  });
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", over);
      if (name !== "drop" || !event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change"));
    });
  }
}

async function uploadOne(input) {
  const [file] = input.files;
  return file ? (await upload(file)).path : undefined;
}

// What the server is asked for; null if the dialog was closed meanwhile.
async function bringRequest(turn) {
  const name = is("bring-name").value, field = bringWay === "hub" ? "hub" : "path";
  if (bringWay !== "file") return { name, [field]: is(`bring-${field}`).value };
  const bar = is("bring-bar");
  progressBar(bar, () => stopBringing())(0, "uploading…");
  try {
    const file = await uploadOne(is("bring-file"));
    return { name, file, discriminator: await uploadOne(is("bring-discriminator")) };
  } catch (error) {
    const refused = /HTTP 4\d\d: (.+)/.exec(error?.message);
    if (turn === bringTurn) is("bring-wrong").textContent = refused?.[1] ?? "The upload failed. Is the app still running?";
    return null;
  } finally {
    bar.hidden = true;
  }
}

async function bringIt() {
  const turn = ++bringTurn;
  is("bring-wrong").textContent = "";
  is("bring-go").disabled = true;
  const request = await bringRequest(turn);
  if (request && turn === bringTurn) {
    note("");
    const found = await work("bring_model", request, { bar: is("bring-bar") });
    // Cancelled too late, it is in the list nevertheless.
    if (turn !== bringTurn) return listModels();
    if (found) await showBrought(found);
    else is("bring-wrong").textContent = is("note").textContent;
    if (!found) note("");
  }
  if (turn === bringTurn) is("bring-go").disabled = false;
}

async function showBrought(found) {
  bringing.close();
  await listModels();
  if (!await openModel(found.model)) return;
  await listModels();
  if (found.note) note(`${found.model}: ${found.note}.`);
}

// Whatever is under way goes on nowhere.
function stopBringing() {
  bringTurn++;
  is("bring-bar").querySelector("button:not(:disabled)")?.click();
  is("bring-go").disabled = false;
}

doing("bring").hidden = !server.bring_model;
doing("bring").addEventListener("click", () => {
  bringing.querySelector("form").reset();
  for (const input of bringing.querySelectorAll("[type=file]")) input.dispatchEvent(new Event("change"));
  is("bring-go").disabled = false;
  bringing.showModal();
});
offer(is("bring-ways"), [["A file", "file"], ["The Hub", "hub"], ["This computer", "path"]], "file", chooseBringWay);
is("bring-close").addEventListener("click", () => bringing.close());
bringing.addEventListener("close", () => { if (is("bring-go").disabled) stopBringing(); });
bringing.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!is("bring-go").disabled) bringIt();
});
