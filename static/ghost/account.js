// What allauth's scripts say of a passkey or security key that did not answer, in the page's own words.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.getElementById("key-trouble").hidden = false;
});
