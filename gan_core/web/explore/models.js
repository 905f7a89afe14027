// The models to choose from, and the one that is open.
let lists = 0;
async function listModels() {
  const turn = ++lists, answer = await ask("models");
  if (!answer) return [];
  if (turn === lists) offerModels(answer.models);
  const current = answer.models.find((found) => found.name === model.name);
  doing("renew").hidden = !current || current.keys[model.which] === model.key;
  return answer.models;
}

// The one that is being opened stays chosen, and the open one is named though it may be gone.
function offerModels(models) {
  const name = opening || model.name;
  is("models").replaceChildren(...models.map((found) => new Option(found.name + (found.training ? " · training now" : ""), found.name)));
  if (name && !models.some((found) => found.name === name)) {
    is("models").append(Object.assign(new Option(opening ? name : `${name} · gone`, name), { disabled: true }));
  }
  is("models").value = name;
}

// Without a name: the one to begin with; `which` of its weights, the best or the newest, is the server's choice, too.
// Whether it opened: of several that are asked for, only the last one does.
let openings = 0, opening = null;
async function openModel(name, which) {
  const turn = ++openings;
  opening = name;
  delete root.dataset.ready;
  const answer = await ask("open_model", { model: name, which });
  if (turn !== openings) return false;
  opening = null;
  if (!answer) {
    is("models").value = model.name;
    return false;
  }
  if (answer.name !== model.name) {
    startAfresh();
    emptyStrips();
  }
  Object.assign(model, answer);
  is("models").value = model.name;
  forgetPace();
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
