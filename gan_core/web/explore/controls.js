// Parts that every tool is made of: elements, chips, lists, sliders, files to save.
const MOST_CHIPS = 12;

function make(tag, values = {}, ...children) {
  const found = Object.assign(document.createElement(tag), values);
  found.append(...children);
  return found;
}

// choices of one: chips, or a list where there would be too many

function choose(box, value) {
  for (const chip of box.children) {
    if (chip.tagName === "SELECT") chip.value = String(value);
    else chip.setAttribute("aria-pressed", chip.dataset.value === String(value));
  }
}

// Where the keyboard was in one of the old ones, it is in the new one.
function offer(box, choices, value, pick) {
  const held = box.contains(document.activeElement) ? document.activeElement.dataset.value : null;
  box.replaceChildren(...(choices.length > MOST_CHIPS + 1 ? [list(box, choices, pick)] : choices.map(([name, each]) => {
    const chip = make("button", { className: "chip", textContent: name });
    chip.dataset.value = each;
    chip.addEventListener("click", () => { choose(box, each); pick(each); });
    return chip;
  })));
  choose(box, value);
  if (held !== null) ([...box.children].find((each) => each.dataset.value === held) ?? box.firstElementChild)?.focus();
}

function list(box, choices, pick) {
  const select = make("select", { className: "pick" }, ...choices.map(([name, each]) => new Option(name, String(each))));
  select.setAttribute("aria-label", box.getAttribute("aria-label"));
  select.addEventListener("change", () => pick(choices.find(([, each]) => String(each) === select.value)[1]));
  return select;
}

// The model's classes, or any of them; hidden where it knows none.
function offerClasses(section, value, pick) {
  const { classes } = model;
  section.querySelector('[data-is="classes"]').hidden = !classes.length;
  offer(section.querySelector('[data-is="chips"]'), [["any", null], ...classes.map((name, i) => [name, i])], value, pick);
}

// The coloured part of a slider, from its zero to its knob.
function fill(slider) {
  const low = Number(slider.min), span = Number(slider.max) - low;
  const share = (Number(slider.value) - low) / span * 100, zero = Math.min(Math.max(-low / span * 100, 0), 100);
  slider.style.setProperty("--from", `${Math.min(share, zero)}%`);
  slider.style.setProperty("--to", `${Math.max(share, zero)}%`);
}

function save(href, name) {
  const link = make("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
