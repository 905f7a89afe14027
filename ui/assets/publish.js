// The link of a zip gets its address, which only the page knows, and is followed as soon as it is there.
function serve() {
  const link = element.querySelector("a[data-file]:not([data-served])");
  if (!link) return;
  link.dataset.served = "yes";
  link.href = `${window.gradio_config?.root ?? ""}/gradio_api/file=${encodeURI(link.dataset.file)}`;
  link.click();
}

watch("value", serve);
