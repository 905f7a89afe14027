// Sums to begin with: one that was chosen for a shipped model, and for any model one of each of its directions.
const EXAMPLE_AMOUNT = 1.5;
// Smiling women, women and men that the shipped model draws well.
const EXAMPLES = {
  "faces-64": { seeds: [[398, 271, 441], [202, 366, 449], [117, 213, 59]], names: ["smiling women", "women", "men"],
    words: "What smiling women have and other women have not is added to men." },
};

// The one after `turn` others, with `count` pictures in each of its groups; null if the model's directions are not to be had.
async function exampleSum(turn, count) {
  const chosen = !turn && EXAMPLES[model.name];
  if (chosen) return { ...chosen, groups: chosen.seeds.map((seeds) => seeds.map((seed) => copy({ seed }))) };
  const answer = await ask("directions"), shown = answer?.directions.filter((each) => !each.hidden);
  if (answer && !shown.length) note("All directions are hidden: show one again in Play, and there is an example.");
  return shown?.length ? sumAlong(shown[turn % shown.length], count) : null;
}

// What every model can add: pictures moved along a direction, the same moved against it, and others that get the difference.
function sumAlong(direction, count) {
  const { classes } = model, label = classes.length ? Math.floor(Math.random() * classes.length) : null;
  const other = label === null ? null : (label + 1) % classes.length, of = label === null ? "others" : classes[other];
  const [seeds, others] = [0, 1].map(() => Array.from({ length: count }, anySeed)), title = suggested(direction) || direction.name;
  const moved = (amount) => seeds.map((seed) => copy({ seed, label, moves: { [direction.id]: amount } }));
  return {
    groups: [moved(EXAMPLE_AMOUNT), moved(-EXAMPLE_AMOUNT), others.map((seed) => copy({ seed, label: other }))],
    names: [`${title} +${EXAMPLE_AMOUNT}`, `${title} −${EXAMPLE_AMOUNT}`, of],
    words: `A and B are the same pictures, with “${title}” moved up and down: the sum gives what A has more of to C.`,
  };
}
