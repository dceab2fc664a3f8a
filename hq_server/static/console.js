// What the console's pages do by themselves: send a form when its choice changes, remember which columns are shown, "/" to search.
(function () {
  "use strict";

  document.addEventListener("change", function (event) {
    const form = event.target.closest("form[data-send-on-change]");
    if (form) form.requestSubmit();
    const box = event.target.closest("[data-column]");
    if (box) {
      localStorage.setItem(columnKey(box), box.checked ? "shown" : "hidden");
      showColumns();
    }
  });

  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const field = document.querySelector(".find input");
      if (field) { field.focus(); event.preventDefault(); }
    }
  });

  document.addEventListener("click", function (event) {
    for (const menu of document.querySelectorAll("details.columns-menu[open]")) {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    }
  });

  function columnKey(box) { return "tongchu-column-" + box.dataset.table + "-" + box.dataset.column; }

  function showColumns() {
    for (const box of document.querySelectorAll("[data-column]")) {
      const kept = localStorage.getItem(columnKey(box));
      if (kept) box.checked = kept === "shown";
      for (const cell of document.querySelectorAll("#" + box.dataset.table + " ." + box.dataset.column)) {
        cell.classList.toggle("hidden-column", !box.checked);
      }
    }
  }

  showColumns();
})();
