/* Help and print: the list of keys (?), the question marks of panels, the way past the bar, and what a paper needs. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const box = () => document.querySelector(".help-box");
  const opener = () => document.querySelector("[data-help-open]");
  const isOpen = () => Boolean(box()) && !box().hidden;
  let before = null;

  function open() {
    if (!box()) return;
    if (window.CimSearch) window.CimSearch.close(false);
    if (window.CimViews) window.CimViews.close(false);
    before = document.activeElement;
    box().hidden = false;
    opener().setAttribute("aria-expanded", "true");
    box().querySelector("h2").focus({ preventScroll: true });
  }
  function close(back) {
    if (!isOpen()) return;
    box().hidden = true;
    opener().setAttribute("aria-expanded", "false");
    if (back) (before && before.isConnected && before !== document.body ? before : opener()).focus({ preventScroll: true });
  }
  const marks = () => Array.from(document.querySelectorAll("details.help-here[open]"));
  const writes = (element) => element && element.matches && element.matches("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat && !writes(event.target) && opener()) {
      event.preventDefault();
      if (isOpen()) close(true); else open();
      return;
    }
    if (event.key === "Enter" && isOpen() && box().contains(event.target)) { event.stopPropagation(); return; }
    if (event.key !== "Escape") return;
    if (isOpen()) { event.preventDefault(); event.stopPropagation(); close(true); return; }
    const open_marks = marks();
    if (!open_marks.length) return;
    event.preventDefault();
    event.stopPropagation();
    for (const mark of open_marks) { mark.open = false; if (mark.contains(document.activeElement)) mark.querySelector("summary").focus(); }
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help-open]")) { if (isOpen()) close(true); else open(); return; }
    if (event.target.closest("[data-help-close]")) { close(true); return; }
    if (event.target.closest("[data-print]")) { close(true); window.print(); return; }
    const past = event.target.closest("[data-skip]");
    if (past) {
      event.preventDefault();
      const main = document.getElementById("shell--main");
      main.tabIndex = -1;
      main.focus({ preventScroll: true });
      return;
    }
    if (isOpen() && !box().contains(event.target)) close(false);
    for (const mark of marks()) if (!mark.contains(event.target)) mark.open = false;
  });

  /* --- paper ------------------------------------------------------------------------------------------ */
  /* A table on screen draws the rows in sight only; on paper it is whole, up to what somebody would read. */
  const MOST_ROWS = 400;
  let tables = [];
  function grids() {
    const api = window.dash_ag_grid && window.dash_ag_grid.getApi;
    const ids = Array.from(document.querySelectorAll(".ag-root-wrapper"), (root) => root.closest("[id]")).filter(Boolean);
    return api ? ids.map((place) => { try { return api(place.id); } catch (error) { return null; } }).filter(Boolean) : [];
  }
  function toPaper() {
    const bar = document.getElementById("shell--bar");
    if (!bar) return;
    const at = shell.at(), name = bar.querySelector(".brand-in b"), page = bar.querySelector(".nav-link[aria-current]");
    const when = at === null ? shell.serverNow() : at;
    const words = [name && name.textContent, page && page.textContent.replace(/\d+$/, ""), stamp(when) + " " + shell.text(at === null ? "when.live" : "when.past")];
    bar.dataset.paper = words.filter(Boolean).join("　");
    bar.dataset.paperFoot = stamp(Date.now());
    tables = grids().filter((grid) => grid.getDisplayedRowCount() <= MOST_ROWS);
    for (const grid of tables) grid.setGridOption("domLayout", "print");
  }
  function stamp(ms) { return new Date(ms + 8 * 3600e3).toISOString().slice(0, 16).replace("T", " "); }
  function fromPaper() { for (const grid of tables) grid.setGridOption("domLayout", "normal"); tables = []; }
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
})();
