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
  /* The sentences of a panel hang over the page, not in the panel: that is drawn anew with every answer. */
  let bubble = null, said = null;
  function tell(mark) {
    const again = bubble && said === mark.dataset.help;
    hush();
    if (again) return;
    said = mark.dataset.help;
    bubble = document.createElement("div");
    bubble.className = "help-bubble";
    bubble.setAttribute("role", "status");
    document.body.append(bubble);
    bubble.textContent = said;
    const from = mark.getBoundingClientRect(), mine = bubble.getBoundingClientRect(), edge = 8;
    bubble.style.left = Math.max(edge, Math.min(innerWidth - mine.width - edge, from.right - mine.width)) + "px";
    const below = from.bottom + 4;
    bubble.style.top = (below + mine.height + edge <= innerHeight ? below : Math.max(edge, from.top - mine.height - 4)) + "px";
  }
  function hush() { if (bubble) bubble.remove(); bubble = null; }
  window.addEventListener("scroll", hush, { passive: true });
  window.addEventListener("resize", hush);
  shell.onLook(hush);
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
    if (!bubble) return;
    event.preventDefault();
    event.stopPropagation();
    hush();
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help-open]")) { if (isOpen()) close(true); else open(); return; }
    if (event.target.closest("[data-help-close]")) { close(true); return; }
    if (event.target.closest("[data-print]")) { close(true); toPaper(); setTimeout(() => window.print(), 600); return; }
    const past = event.target.closest("[data-skip]");
    if (past) {
      event.preventDefault();
      const main = document.getElementById("shell--main");
      main.tabIndex = -1;
      main.focus({ preventScroll: true });
      return;
    }
    if (isOpen() && !box().contains(event.target)) close(false);
    const mark = event.target.closest("[data-help]");
    if (mark) tell(mark); else hush();
  });

  /* On a phone a box covers the page: the keyboard stays in it, or comes to an alarm's strip, and never to what lies behind. */
  function inside(place) { return Array.from(place.querySelectorAll("a[href], button, input, textarea, [tabindex='0']")).filter((one) => !one.disabled && one.checkVisibility()); }
  document.addEventListener("focusin", (event) => {
    const place = Array.from(document.querySelectorAll(".search-box")).find((one) => !one.hidden);
    if (!place || place.contains(event.target) || event.target.closest(".strip") || getComputedStyle(place).position !== "fixed") return;
    const all = inside(place), next = event.relatedTarget === all[0] ? all[all.length - 1] : all[0];
    if (next) next.focus();
  });

  /* --- paper ------------------------------------------------------------------------------------------ */
  /* A table on screen draws the rows in sight only; on paper it is whole, up to what somebody would read. */
  const MOST_ROWS = 400;
  const WIDE = 1010;   // pixels of a sheet's width, lying
  let tables = [], states = [];
  function grids() {
    const api = window.dash_ag_grid && window.dash_ag_grid.getApi;
    const ids = Array.from(document.querySelectorAll(".ag-root-wrapper"), (root) => root.closest("[id]")).filter(Boolean);
    return api ? ids.map((place) => { try { return api(place.id); } catch (error) { return null; } }).filter(Boolean) : [];
  }
  function toPaper() {
    const bar = document.getElementById("shell--bar");
    if (!bar) return;
    const at = shell.at(), name = bar.querySelector(".brand-in b"), page = bar.querySelector('.nav-link[aria-current="page"]') || bar.querySelector(".nav-link[aria-current]");
    const when = at === null ? shell.serverNow() : at;
    const title = page ? null : document.querySelector("#shell--main h1"); /* a page outside the bar */
    const words = [name && name.textContent, title && title.textContent, page && Array.from(page.childNodes, (node) => (node.nodeType === Node.TEXT_NODE ? node.textContent : "")).join(""), stamp(when) + " " + shell.text(at === null ? "when.live" : "when.past")];
    bar.dataset.paper = words.filter(Boolean).join("　");
    const revision = shell.revision();
    bar.dataset.paperFoot = [who(), stamp(shell.serverNow()), revision && shell.text("js.paper.revision", { n: revision })].filter(Boolean).join("　");
    if (tables.length) return;
    tables = grids();
    for (const grid of tables) {
      const rows = grid.getDisplayedRowCount();
      if (rows > MOST_ROWS) {
        grid.updateGridOptions({ pagination: true, paginationPageSize: MOST_ROWS, suppressPaginationPanel: true });
        bar.dataset.paperFoot += "　" + shell.text("js.paper.print_rows", { n: MOST_ROWS, all: rows });
      }
      states.push(grid.getColumnState());
      grid.setGridOption("domLayout", "print");
      grid.sizeColumnsToFit(WIDE);
    }
  }
  function who() { const person = document.querySelector(".person-name"); return person ? shell.text("js.paper.printed_by", { who: person.textContent }) : ""; }
  function stamp(ms) { return new Date(ms + 8 * 3600e3).toISOString().slice(0, 16).replace("T", " "); }
  function fromPaper() {
    tables.forEach((grid, n) => {
      grid.updateGridOptions({ pagination: false });
      grid.setGridOption("domLayout", "normal");
      grid.applyColumnState({ state: states[n] });
    });
    tables = [];
    states = [];
  }
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
})();
