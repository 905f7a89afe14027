// The list of runs, the menu of each, and the dialogs of what it offers.
const root = element.querySelector(".runs");
const is = (name) => root.querySelector(`[data-is="${name}"]`);
const items = new Map(), thumbnails = new Map();
const SETTLED = 3000; // ms after which an answer of before a change is no longer under way
let chosen = "", toastTimer = null, kept = { name: "", until: 0 };

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function ago(written) {
  const seconds = Date.now() / 1000 - written;
  if (seconds < 90) return "just now";
  for (const [size, word] of [[60, "min"], [3600, "h"], [86400, "d"]]) {
    const count = Math.round(seconds / size);
    if (count < { min: 90, h: 36, d: 60 }[word]) return `${count} ${word} ago`;
  }
  return new Date(written * 1000).toISOString().slice(0, 10);
}

function rows() { return props.value?.runs || []; }

function select(name, beside = "") {
  chosen = name;
  kept = { name, until: 0 };
  mark();
  trigger("select", { name, beside });
}

function mark() {
  for (const [name, item] of items) {
    if (name === chosen) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }
}

function newItem(name) {
  const item = make("li", "item"), button = make("button", "open"), more = make("button", "more", "⋯");
  button.type = more.type = "button";
  const figures = make("span", "cap");
  figures.append(make("span", "state"), make("span", "figures"));
  button.append(make("img", ""), make("b", ""), figures, make("span", "cap settings"));
  button.querySelector("img").alt = "";
  button.addEventListener("click", () => select(name));
  more.setAttribute("aria-label", `More for ${name}`);
  more.setAttribute("aria-haspopup", "menu");
  more.addEventListener("click", () => openMenu(name, more));
  item.append(button, more);
  return item;
}

function fill(item, row) {
  const part = (selector) => item.querySelector(selector);
  part("b").textContent = part("b").title = row.name;
  part(".state").textContent = row.state;
  part(".state").dataset.tone = row.tone;
  part(".figures").textContent = row.figures;
  part(".figures").title = row.help;
  part(".settings").textContent = [row.settings, row.written ? ago(row.written) : ""].filter(Boolean).join(" · ");
  const image = part("img"), source = thumbnails.get(row.thumbnail) || "";
  if (image.getAttribute("src") !== source) image.src = source;
  image.style.visibility = source ? "" : "hidden";
  part(".more").hidden = !offers(row).length;
}

function update() {
  const value = props.value || {};
  chosen = value.chosen || "";
  for (const name of items.keys()) if (!rows().some((row) => row.name === name)) { items.get(name).remove(); items.delete(name); }
  rows().forEach((row, place) => {
    if (!items.has(row.name)) items.set(row.name, newItem(row.name));
    const item = items.get(row.name);
    if (is("list").children[place] !== item) is("list").insertBefore(item, is("list").children[place] || null);
    fill(item, row);
  });
  mark();
  keep();
  is("none").hidden = rows().length > 0;
  showBin(value.bin || []);
  fetchThumbnails();
}

// An answer that was under way when a run got a new name knows it under none, and has the page show another one.
function keep() {
  if (Date.now() > kept.until || chosen === kept.name || !items.has(kept.name)) return;
  const { until } = kept;
  select(kept.name);
  kept.until = until;
}

async function fetchThumbnails() {
  const missing = rows().filter((row) => row.thumbnail && !thumbnails.has(row.thumbnail));
  if (!missing.length) return;
  missing.forEach((row) => thumbnails.set(row.thumbnail, ""));
  try {
    const answer = await server.thumbnails({ names: missing.map((row) => row.name) });
    missing.forEach((row) => thumbnails.set(row.thumbnail, answer.images?.[row.name] || ""));
  } catch (error) { missing.forEach((row) => thumbnails.delete(row.thumbnail)); }
  rows().forEach((row) => items.has(row.name) && fill(items.get(row.name), row));
}

function showBin(gone) {
  is("bin").hidden = !gone.length;
  is("binned").textContent = `Bin (${gone.length})`;
  is("rule").textContent = `Deleted runs are removed for good after ${props.value?.days} days.`;
  is("gone").replaceChildren(...gone.map(({ token, name, deleted }) => {
    const item = make("li", "gone"), button = make("button", "btn", "Restore");
    button.type = "button";
    button.addEventListener("click", () => restore(token));
    item.append(make("span", "", name), make("span", "cap", ago(deleted)), button);
    return item;
  }));
}

// What can be done with a run: its word in the menu, and the dialog that asks for the rest.
function offers(row) {
  const own = props.value.may_change && !row.active, others = rows().filter((each) => each.name !== row.name);
  return [
    ["Rename", own && !row.shipped, () => ask({
      question: `Rename ${row.name}`, go: "Rename", text: row.name, act: ({ text }) => act("rename", { run: row.name, name: text }),
    })],
    ["Duplicate", own, () => ask({
      question: `Duplicate ${row.name}`, explained: "A copy with its settings, weights and history, which trains on by itself.",
      go: "Duplicate", text: freeName(row.name), act: ({ text }) => act("duplicate", { run: row.name, name: text }),
    })],
    ["Download", props.value.may_change && !row.active, () => download(row)],
    ["Publish…", props.value.may_change, () => trigger("submit", { name: row.name })],
    ["Compare with…", others.length, () => ask({
      question: `Compare ${row.name}`, explained: "The charts of both are laid over each other, and the settings that differ are listed.",
      go: "Compare", choices: others.map((each) => each.name), act: ({ choice }) => (select(row.name, choice), {}),
    })],
    ["Delete", own && !row.shipped, () => ask({
      question: `Delete ${row.name}?`, explained: `It goes to the bin, where it stays for ${props.value.days} days.`,
      go: "Delete", act: () => remove(row.name),
    })],
  ].filter(([, offered]) => offered);
}

function openMenu(name, button) {
  select(name);
  const row = rows().find((each) => each.name === name), menu = is("menu");
  menu.replaceChildren(...offers(row).map(([word, , open]) => {
    const choice = make("button", "", word);
    choice.type = "button";
    choice.setAttribute("role", "menuitem");
    choice.addEventListener("click", () => { menu.hidePopover(); open(); });
    return choice;
  }));
  menu.showPopover();
  const at = button.getBoundingClientRect(), { offsetWidth, offsetHeight } = menu;
  menu.style.left = `${Math.max(8, Math.min(at.right - offsetWidth, innerWidth - offsetWidth - 8))}px`;
  menu.style.top = `${at.bottom + offsetHeight > innerHeight - 8 ? at.top - offsetHeight : at.bottom + 2}px`;
  menu.querySelector("button")?.focus();
}

is("menu").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], all = [...is("menu").children];
  if (!step) return;
  event.preventDefault();
  all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
});

function freeName(name) {
  const taken = new Set(rows().map((row) => row.name)), stem = `${name.slice(0, 56)}-copy`;
  for (let number = 1; ; number++) {
    const free = number === 1 ? stem : `${stem}-${number}`;
    if (!taken.has(free)) return free;
  }
}

function ask({ question, explained = "", go, text, tick, choices, act }) {
  const [input, box, list] = ["text", "tick", "choice"].map((name) => is(name).querySelector("input, select"));
  is("question").textContent = question;
  is("explained").textContent = explained;
  is("go").textContent = go;
  is("wrong").textContent = "";
  is("text").hidden = text === undefined;
  is("tick").hidden = !tick;
  is("choice").hidden = !choices;
  input.value = text || "";
  box.checked = false;
  is("tick").querySelector("span").textContent = tick || "";
  list.replaceChildren(...(choices || []).map((name) => make("option", "", name)));
  is("dialog").querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    if (is("go").disabled) return;
    is("go").disabled = true;
    const answer = await act({ text: input.value.trim(), tick: box.checked, choice: list.value }).catch?.(() => away) ?? {};
    is("go").disabled = false;
    is("wrong").textContent = answer.error || "";
    if (!answer.error) is("dialog").close();
  };
  is("dialog").showModal();
  if (text !== undefined) input.select();
}

const away = { error: "The app does not answer: is it still running?" };
is("cancel").addEventListener("click", () => is("dialog").close());

// Ask the server to change runs, and show the one that it names.
async function act(what, request) {
  const answer = await server[what](request);
  if (!answer.error) {
    select(answer.run ?? "");
    kept.until = Date.now() + SETTLED;
  }
  return answer;
}

async function remove(name) {
  const answer = await act("delete", { run: name });
  if (!answer.error) toast(`${name} is in the bin for ${props.value.days} days.`, () => restore(answer.token));
  return answer;
}

async function restore(token) {
  is("toast").hidden = true;
  const answer = await act("restore", { token }).catch(() => away);
  if (answer.error) toast(answer.error);
}

async function download(row) {
  const sizes = await server.sizes({ run: row.name }).catch(() => away);
  if (sizes.error) return toast(sizes.error);
  ask({
    question: `Download ${row.name}`, go: "Download",
    explained: `A zip of ${sizes.without}: settings, history, samples, and the generators, the best and the newest.`,
    tick: sizes.state && `With the newest training state (${sizes.state}), to resume it elsewhere`,
    act: async ({ tick }) => {
      const answer = await server.pack({ run: row.name, state: tick });
      if (answer.error) return answer;
      const link = make("a", "");
      link.href = `${window.gradio_config?.root ?? ""}/gradio_api/file=${encodeURI(answer.path)}`;
      link.download = `${row.name}.zip`;
      link.click();
      return answer;
    },
  });
}

function toast(text, undo = null) {
  clearTimeout(toastTimer);
  is("toast").querySelector("span").textContent = text;
  is("toast").querySelector("button").hidden = !undo;
  is("toast").querySelector("button").onclick = undo;
  is("toast").hidden = false;
  toastTimer = setTimeout(() => { is("toast").hidden = true; }, undo ? 12000 : 6000);
}

watch("value", update);
update();
