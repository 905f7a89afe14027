// Whether the picture is a copy: the training pictures that are nearest to it.
async function compare(button) {
  const view = wish;
  button.disabled = true;
  button.textContent = "Looking…";
  const answer = await ask("nearest", { view: JSON.parse(view) });
  button.textContent = "Is it a copy?";
  button.disabled = Boolean(noPoint);
  if (!answer || view !== wish) return;
  is("near").replaceChildren(...answer.near.map(({ image, ratio }) => {
    const picture = make("img", { src: image, alt: "A training picture" });
    return make("figure", {}, picture, make("figcaption", { textContent: ratio.toFixed(2) }));
  }), make("p", { className: "cap", textContent: verdict(answer) }));
  is("near").hidden = false;
}

function verdict({ copy, count }) {
  const judged = copy ? "Very near: look whether it is a copy." : "No copy.";
  return `${judged} The nearest of ${count.toLocaleString("en")} training pictures; 1 is as far as they are from each other, near 0 a copy.`;
}
