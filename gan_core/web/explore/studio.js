// The explorer's page: one picture on the stage, and tools around it. All of its files share one scope.
const root = element.querySelector(".explorer");
const is = (name) => root.querySelector(`[data-is="${name}"]`);
const doing = (name) => root.querySelector(`[data-do="${name}"]`);
const hero = root.querySelector("canvas.hero");
// Every tool's file adds a function (studio, its section) that returns its hooks: opened, shown, hidden, moved.
const tools = {};
const hooks = {};
const model = { key: null, name: null, which: null, classes: [] };
let tool = null;

const tell = (hook, ...args) => Promise.all(Object.values(hooks).map((each) => each[hook]?.(...args)));

function openTool(name) {
  if (tool === name) return;
  if (tool) hooks[tool].hidden?.();
  tool = name;
  root.dataset.tool = name;
  for (const section of root.querySelectorAll(".tool")) section.hidden = section.dataset.tool !== name;
  choose(is("tools"), name);
  note("");
  hooks[name].shown?.();
}

function buttons(box, actions) {
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && actions[button.dataset.do]) actions[button.dataset.do](button, event);
  });
}
