// The models to choose from, and the one that is open.
async function listModels() {
  const answer = await ask("models");
  if (!answer) return [];
  is("models").replaceChildren(...answer.models.map((found) => {
    const option = new Option(found.name + (found.training ? " · training now" : ""), found.name);
    option.selected = found.name === model.name;
    return option;
  }));
  const current = answer.models.find((found) => found.name === model.name);
  doing("renew").hidden = !current || current.keys[model.which] === model.key;
  return answer.models;
}

// Without a name: the one to begin with; `which` of its weights, the best or the newest, is the server's choice, too.
// Whether it opened: of several that are asked for, only the last one does.
let openings = 0;
async function openModel(name, which) {
  const turn = ++openings;
  delete root.dataset.ready;
  const answer = await ask("open_model", { model: name, which });
  if (!answer || turn !== openings) return false;
  if (answer.name !== model.name) {
    startAfresh();
    emptyStrips();
  }
  Object.assign(model, answer);
  showModel(answer);
  await setPoint(at);
  await Promise.all([tell("opened", model), showKept()]);
  if (turn === openings) root.dataset.ready = answer.key;
  return turn === openings;
}

function showModel({ keys, which, comparable, size, seen, data, origin, training, terms }) {
  const names = Object.keys(keys);
  is("which").hidden = names.length < 2;
  offer(is("which"), names.map((each) => [each, each]), which, (each) => openModel(model.name, each));
  doing("compare").hidden = !comparable;
  doing("renew").hidden = true;
  is("about").textContent = is("about").title = [`${size} px`, seen && `${seen} seen`, data && `trained on ${data}`, origin && `from ${origin}`,
    training && "training now", terms].filter(Boolean).join(" · ");
}
