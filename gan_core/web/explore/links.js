// A link that opens this very picture.
function linkTo(point) {
  const place = new URL(location.href), words = JSON.stringify({ model: model.name, which: model.which, at: copy(point) });
  place.hash = "picture=" + btoa(String.fromCharCode(...new TextEncoder().encode(words)));
  return place.href;
}

// What the address asks for: {model, which, at}; without any of them if it cannot be read, null if it asks for nothing.
function linked() {
  const found = /^#picture=(.*)$/.exec(location.hash);
  try {
    const bytes = Uint8Array.from(atob(decodeURIComponent(found[1])), (each) => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) || {};
  } catch { return found && {}; }
}

// Open what the address asks for, or say why it cannot be, and open what can.
async function openLink() {
  const wish = linked();
  if (!wish) return openModel();
  const wrong = await followLink(wish);
  if (wrong && (model.key || await openModel())) note(wrong);
}

async function followLink({ model: name, which, at: point }) {
  if (typeof name !== "string" || !point) return "The link is damaged, so this is another picture.";
  if (!(await listModels()).some((each) => each.name === name)) return `The model of the link, “${name}”, is not here: this is another one.`;
  const opened = name === model.name && which === model.which || await openModel(name, which);
  if (!opened) return is("note").textContent;
  if (!await ask("face", { view: { at: point } })) return `The picture of the link cannot be opened: ${is("note").textContent}.`;
  await go(point);
  return "";
}

async function copyLink(button) {
  const link = linkTo(at);
  history.replaceState(null, "", link);
  let told = "The link is in the address bar.";
  try {
    await navigator.clipboard.writeText(link);
    told = "Link copied: it opens this very picture.";
  } catch { /* the address bar has it, too */ }
  button.classList.add("done");
  note(told);
  setTimeout(() => { button.classList.remove("done"); if (is("note").textContent === told) note(""); }, 2500);
}
