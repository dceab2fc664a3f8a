// Light or dark as the system is, set before the first paint and whenever the system changes.
(function () {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function use() { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; }
  dark.addEventListener("change", use);
  use();
})();
