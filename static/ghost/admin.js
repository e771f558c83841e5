// Small things that need a script: copying a token that is shown once.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Without TLS the clipboard is closed to scripts: mark the text for the reader to copy.
    getSelection().selectAllChildren(source);
    return;
  }
  button.lastElementChild.textContent = button.dataset.copied;
});
