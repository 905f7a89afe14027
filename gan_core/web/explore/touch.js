// A finger that comes down on a slider may mean to scroll the page. What it asks of the slider counts once it goes sideways
// or is lifted; the browser takes back a touch that scrolls, and then the amount is as it was.
const SIDEWAYS = 8;

function startTouches() {
  let touch = null;
  const sideways = (event) => Math.abs(event.clientX - touch.x) > SIDEWAYS;

  function settle() {
    const { slider, asked } = touch;
    touch = null;
    if (asked === undefined) return;
    slider.value = asked;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }

  root.addEventListener("pointerdown", (event) => {
    const slider = event.pointerType === "touch" && event.target.closest("input.knob");
    touch = slider ? { slider, was: slider.value, x: event.clientX } : null;
  }, true);
  root.addEventListener("pointermove", (event) => { if (touch && sideways(event)) settle(); }, true);
  root.addEventListener("pointerup", () => { if (touch) settle(); }, true);
  root.addEventListener("pointercancel", () => { touch = null; }, true);
  root.addEventListener("input", (event) => {
    if (event.target !== touch?.slider) return;
    event.stopImmediatePropagation();
    touch.asked = touch.slider.value;
    touch.slider.value = touch.was;
  }, true);
}
