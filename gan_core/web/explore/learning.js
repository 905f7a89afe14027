// The same point through the snapshots of its model's training, as a slider, as a show and as a film.
function learningCard(section, timeline) {
  const STAGE_SECONDS = 0.25, MOST = 16;
  const is = (name) => section.querySelector(`[data-is="${name}"]`);
  let stages = { seen: [], words: [] }, whom = "at", shown = 0;

  const points = () => ({ at: [studio.at()], timeline: timeline(), kept: studio.kept() })[whom].slice(0, MOST);

  function put(place) {
    shown = Math.max(Math.min(place, stages.seen.length - 1), 0);
    const words = stages.words[Math.round(shown)] || "";
    is("stage").value = Math.round(shown);
    is("stage").setAttribute("aria-valuetext", words);
    Object.assign(is("seen"), { textContent: words, title: "Pictures that the model had seen by then; 1,000 are a kimg" });
    studio.fill(is("stage"));
  }

  function show(place) {
    put(place);
    return studio.show({ at: studio.at(), stage: stages.seen[Math.round(shown)] });
  }

  const playing = player(section.querySelector('[data-do="learn"]'), (seconds) => {
    if (shown >= stages.seen.length - 1) return false;
    show(shown + seconds / STAGE_SECONDS);
  });

  filmMaker(is("learnedfile"), {
    name: "as-it-learned",
    begin: "learned_film",
    request() {
      const chosen = points();
      if (!chosen.length) studio.note("There are no pictures of this kind yet.");
      const seconds = Number(is("seconds").value) || 6;
      return chosen.length ? { points: chosen, seconds, fade: is("fade").checked, words: is("words").checked } : null;
    },
  });

  is("stage").addEventListener("input", () => { playing.stop(); show(Number(is("stage").value)); });
  studio.offer(is("whom"), [["this picture", "at"], ["the timeline", "timeline"], ["kept", "kept"]], whom, (value) => { whom = value; });

  // What is on the stage is drawn by the newest weights, or by those that the page has open.
  function newest() { if (shown !== stages.seen.length - 1) put(stages.seen.length - 1); }

  return {
    newest,
    stop: playing.stop,
    toggle() {
      if (playing.playing()) return playing.stop();
      if (shown >= stages.seen.length - 1) show(0);
      playing.start();
    },
    async load() {
      const name = studio.model.key, answer = await studio.ask("learned_stages");
      if (!answer || name !== studio.model.key) return;
      stages = answer;
      const count = stages.seen.length;
      is("learned").hidden = !count;
      is("nostages").hidden = count > 0;
      is("stages").textContent = count ? `${count} stages of its training` : "";
      is("stage").max = Math.max(count - 1, 1);
      newest();
    },
  };
}
