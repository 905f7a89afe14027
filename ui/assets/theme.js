// Light or dark: the system's choice until somebody makes their own, which this browser remembers.
function studioTheme() {
  localStorage.setItem("studio-theme", document.body.classList.toggle("dark") ? "dark" : "light");
}
addEventListener("load", () => {
  const chosen = localStorage.getItem("studio-theme");
  if (chosen) document.body.classList.toggle("dark", chosen === "dark");
});
