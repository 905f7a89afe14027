// The sample sheet: follows the newest samples while its slider stands at the end, else stays where it was put.
const root = element.querySelector(".sheet");
const is = (name) => root.querySelector(`[data-is="${name}"]`);
const slider = root.querySelector("input");
let shown = { run: null, nimgs: [] }, wanted = null, loading = false;

function kimg(nimg) { return (nimg / 1000).toLocaleString("en", { maximumFractionDigits: nimg < 1e5 ? 1 : 0 }) + " kimg"; }

async function show(nimg) {
  wanted = nimg;
  if (loading) return;
  loading = true;
  while (wanted !== null) {
    const next = wanted, run = shown.run;
    wanted = null;
    try {
      const answer = await server.sheet({ run, nimg: next });
      if (answer.image && run === shown.run) {
        is("picture").src = answer.image;
        await is("picture").decode();
        showNames();
        Object.assign(is("picture").dataset, { run, nimg: next });
      }
    } catch (error) { /* the app is away for a moment: the next tick asks again */ }
  }
  loading = false;
}

// One label for the rows of each class, beside them: only where the picture has that many rows of eight.
function showNames() {
  const rows = props.value?.rows || [], { naturalWidth, naturalHeight } = is("picture");
  is("names").hidden = !rows.length || Math.round(8 * naturalHeight / naturalWidth) !== rows.length;
  const names = rows.filter((name, i) => name !== rows[i - 1]);
  is("names").replaceChildren(...names.map((name) => {
    const label = document.createElement("span");
    label.textContent = label.title = name;
    label.style.flexGrow = rows.filter((each) => each === name).length;
    return label;
  }));
}

function update() {
  const value = props.value || {};
  const nimgs = value.nimgs || [];
  const following = value.run !== shown.run || Number(slider.value) >= shown.nimgs.length - 1;
  const at = shown.nimgs[Number(slider.value)];
  shown = { run: value.run, nimgs };
  is("empty").hidden = nimgs.length > 0;
  is("empty").style.display = nimgs.length ? "none" : "";
  is("empty").textContent = value.hint || "No samples yet.";
  is("picture").hidden = is("time").hidden = !nimgs.length;
  is("time").style.display = nimgs.length > 1 ? "" : "none";
  slider.max = Math.max(nimgs.length - 1, 0);
  if (following && nimgs.length) { slider.value = nimgs.length - 1; pick(); }
  else if (nimgs.length) stay(at);
}

// Older sheets are thinned: the slider stays with its samples, or with those just before.
function stay(at) {
  slider.value = Math.max(nimgsUpTo(at) - 1, 0);
  if (shown.nimgs[Number(slider.value)] !== at) pick();
}

function nimgsUpTo(at) { return shown.nimgs.filter((nimg) => nimg <= at).length; }

function pick() {
  const nimg = shown.nimgs[Number(slider.value)];
  is("when").textContent = kimg(nimg);
  show(nimg);
}

slider.addEventListener("input", pick);
watch("value", update);
update();
