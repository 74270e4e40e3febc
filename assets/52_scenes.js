/* Scenes, KPIs and comparing: what the address names, the search in the list of KPIs, exports, the other instant. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const of = (name, search) => new URLSearchParams(search || "").get(name);

  /* The chosen one of a row of links, for eyes and for screen readers. Dash writes the list after this returns. */
  function mark(links, name, value) {
    for (const link of document.querySelectorAll(links)) {
      const chosen = value && link.dataset[name] === value;
      if (chosen) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  }
  function find(text) {
    const words = (text || "").trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of document.querySelectorAll("[data-words]")) {
      row.hidden = !words.every((word) => row.dataset.words.toLowerCase().includes(word));
    }
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-words]:not([hidden])");
    }
  }
  const later = (work) => { requestAnimationFrame(() => setTimeout(work, 0)); return window.dash_clientside.no_update; };

  /* An export is the same answer as the interface gives, asked for as a file. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-export]");
    if (!button || button.disabled) return;
    const words = button.textContent;
    button.disabled = true;
    button.textContent = button.dataset.busy;
    try {
      const response = await fetch(button.dataset.export, { headers: { accept: button.dataset.form } });
      if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail || response.status);
      const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") || "");
      save(await response.blob(), name ? name[1] : "evidence");
      button.textContent = words;
    } catch (error) {
      button.textContent = button.dataset.failed.replace("{why}", error.message);
      setTimeout(() => { button.textContent = words; }, 6000);
    }
    button.disabled = false;
  });

  /* A list to fill in, with the mark that lets spreadsheets read Chinese. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-file]");
    if (button) save(new Blob(["\ufeff" + button.dataset.text], { type: "text/csv" }), button.dataset.file);
  });
  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /* --- comparing -------------------------------------------------------------------------------------- */
  /* An instant is typed as 2026-11-22 14:05, whatever language the browser speaks, or picked from its calendar. */
  function field(place) {
    if (place.querySelector("input")) return;
    const typed = document.createElement("input"), picked = document.createElement("input"), button = document.createElement("button");
    const go = (text) => shell.visit(shell.href({ [place.dataset.key]: text + ":00+08:00" }));
    typed.type = "text";
    typed.className = "instant";
    typed.setAttribute("aria-label", place.dataset.label);
    typed.value = place.dataset.instant.slice(0, 16).replace("T", " ");
    typed.addEventListener("change", () => {
      const found = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2}))?$/.exec(typed.value.trim());
      const two = (n) => String(n || 0).padStart(2, "0");
      const text = found ? found[1] + "-" + two(found[2]) + "-" + two(found[3]) + "T" + two(found[4]) + ":" + two(found[5]) : "";
      const right = !isNaN(Date.parse(text + ":00+08:00"));
      typed.setAttribute("aria-invalid", String(!right));
      if (right) go(text);
    });
    picked.type = "datetime-local";
    picked.tabIndex = -1;
    picked.setAttribute("aria-hidden", "true");
    picked.max = shell.iso(shell.serverNow()).slice(0, 16);
    picked.value = place.dataset.instant.slice(0, 16);
    picked.addEventListener("change", () => { if (picked.value) go(picked.value); });
    button.type = "button";
    button.className = "button square";
    button.title = place.dataset.pick;
    button.setAttribute("aria-label", place.dataset.pick);
    button.innerHTML = '<i class="icon icon-calendar" aria-hidden="true"></i>';
    button.addEventListener("click", () => picked.showPicker());
    place.append(typed, picked, button);
  }
  new MutationObserver(() => { for (const place of document.querySelectorAll("[data-instant]")) field(place); })
    .observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("change", (event) => {
    const key = event.target.dataset && event.target.dataset.address;
    if (key) shell.visit(shell.href({ [key]: event.target.value || null }));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-changed]");
    if (!button) return;
    if ("changed" in button.dataset) {
      const only = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(only));
      document.querySelector(".compare-page").classList.toggle("only-changed", only);
      return;
    }
    const words = button.textContent, url = location.origin + shell.href({ at: button.dataset.at, with: button.dataset.with });
    navigator.clipboard.writeText(url).then(() => { button.textContent = button.dataset.copy; setTimeout(() => { button.textContent = words; }, 3000); });
  });

  const wide = matchMedia("(min-width: 60rem)");
  let opened = null; /* the KPI last brought into sight */

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cim = Object.assign(window.dash_clientside.cim || {}, {
    scene_of: (search) => of("scene", search) || "neighbourhood",
    scene_tabs: (_links, scene) => later(() => mark(".scene-chip", "scene", scene)),
    kpi_of: (search) => of("kpi", search),
    kpi_list: (_links, kpi, text) => later(() => {
      mark(".kpi-link", "kpi", kpi);
      find(text);
      const chosen = document.querySelector(".kpi-link[aria-current]");
      if (chosen && wide.matches) chosen.scrollIntoView({ block: "nearest" });
      else if (kpi && kpi !== opened) window.scrollTo(0, 0); /* on a phone the chosen one stands over the list */
      opened = kpi;
    }),
    compare_of: (search) => ["with", "place", "kpi"].map((name) => of(name, search)),
    compare_find: (_rows, text) => later(() => find(text)),
  });
})();
