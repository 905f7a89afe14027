// The way back and forth through what something was: every state is a text, and one that is as the last is no step.
function stepsBack() {
  let done = [], undone = [], now = null;

  function step(from, to) {
    if (!from.length) return null;
    to.push(now);
    now = from.pop();
    return now;
  }

  return {
    begin(state) { [done, undone, now] = [[], [], state]; },
    keep(state) {
      if (state === now) return;
      [done, undone, now] = [done.slice(1 - MOST_UNDO).concat(now), [], state];
    },
    // The same steps of states that became something else.
    map(change) { [done, undone, now] = [done.map(change), undone.map(change), change(now)]; },
    back: () => step(done, undone),
    forth: () => step(undone, done),
    canGoBack: () => done.length > 0,
    canGoForth: () => undone.length > 0,
  };
}
