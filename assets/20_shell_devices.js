/* The devices page: what the table needs in the browser, and which choice is pressed. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  functions.cimAgo = (iso) => {
    if (!iso) return "—";
    const at = shell.at();
    return shell.ago((at === null ? shell.serverNow() : at) - Date.parse(iso));
  };
  const pressed = { status: "", tab: "table" };
  function show() {
    for (const button of document.querySelectorAll("[data-choice]")) {
      const on = String((button.dataset.value || "") === pressed[button.dataset.choice]);
      const name = button.getAttribute("role") === "tab" ? "aria-selected" : "aria-pressed";
      if (button.getAttribute(name) !== on) button.setAttribute(name, on);
    }
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choice]");
    if (!button) return;
    pressed[button.dataset.choice] = button.dataset.value || "";
    show();
  });
  document.addEventListener("change", (event) => {
    const select = event.target.closest("select[data-set]");
    if (select) shell.set(select.dataset.set, select.value || null);
  });
  /* On a phone or tablet a table has as many of its columns as fit: none is pushed sideways. */
  const narrow = matchMedia("(max-width: 59.9375rem)");
  function fit() {
    const api_of = window.dash_ag_grid && window.dash_ag_grid.getApi;
    for (const table of api_of ? document.querySelectorAll(".grid-box > [id]") : []) {
      let api = null;
      try { api = api_of(table.id); } catch { continue; } /* not made yet */
      const all = (api && api.getColumns()) || [];
      const is_wide = (column) => (column.getColDef().context || {}).wide;
      const least = (column) => column.getColDef().minWidth || 0;
      let room = table.clientWidth - 2 - all.filter((column) => !is_wide(column)).reduce((sum, column) => sum + least(column), 0);
      for (const column of all.filter(is_wide)) {
        room -= least(column);
        const fits = !narrow.matches || room >= 0;
        if (column.isVisible() !== fits) api.setColumnsVisible([column.getColId()], fits);
      }
    }
  }
  window.addEventListener("resize", fit);
  let due = null;
  new MutationObserver(() => { due = due || setTimeout(() => { due = null; show(); fit(); }, 100); }).observe(document.documentElement, { childList: true, subtree: true });

  Object.assign(window.dash_clientside.cim, {
    /* The table is asked for again every 15 s, not every second. */
    devices_pulse: function (revision) { return revision ? Math.floor(Date.parse(revision.second) / 15000) : window.dash_clientside.no_update; },
    devices_chosen: function (rows) { return rows && rows.length ? rows[0].id : window.dash_clientside.no_update; },
    devices_tab: function (tab) { pressed.tab = tab || "table"; return "devices show-" + pressed.tab; },
  });
})();
