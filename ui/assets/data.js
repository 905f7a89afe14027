// The buttons of the report: what was applied so far goes to the Train tab together, since a recipe resets the rest.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button"), report = element.querySelector(".doctor");
  if (!button || !report) return;
  const all = [...report.querySelectorAll("[data-options]")];
  const chosen = "all" in button.dataset ? all : "options" in button.dataset ? [button] : [];
  for (const each of chosen) {
    each.dataset.applied = "";
    each.textContent = "Applied";
    each.disabled = true;
  }
  const applied = all.filter((each) => "applied" in each.dataset).map((each) => JSON.parse(each.dataset.options));
  if ("all" in button.dataset || all.every((each) => each.disabled)) report.querySelector("[data-all]")?.setAttribute("disabled", "");
  trigger("select", {
    place: JSON.parse(report.dataset.place), options: Object.assign({}, ...applied), go: "go" in button.dataset,
  });
});
