// Sets the theme before the first paint. Its own file, since the content security policy forbids inline scripts.
// The same key and words are used by web/ui/theme.ts.
(function () {
  var choice = "system";
  try {
    choice = localStorage.getItem("breakwater.theme") || "system";
  } catch {
    // Storage may be forbidden; the system's choice is a good answer then.
  }
  var dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
