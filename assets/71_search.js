/* The search box: / or Ctrl+K opens it, arrows choose, Enter goes there. One question is under way at a time, the next
   is what stands in the line when the answer comes. What was typed never enters an address. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const byId = (id) => document.getElementById(id);
  const box = () => document.querySelector(".search-box");
  const line = () => byId("shell--search-line");
  const opener = () => document.querySelector("[data-search-open]");
  const KEPT = ["at", "lang", "community", "with"];   // what every page understands; the rest belonged to the page before
  const WAIT_MS = 4000;
  let asked = 0, waits = null, said = null, chosen = -1, before = null, due = null;

  const isOpen = () => { const place = box(); return Boolean(place) && !place.hidden; };
  function open() {
    const place = box();
    if (!place) return;
    if (place.hidden) before = document.activeElement;
    place.hidden = false;
    opener().setAttribute("aria-expanded", "true");
    const input = line();
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-label", place.getAttribute("aria-label"));
    input.focus();
    input.select();
    waits = null;
    said = null;
    ask();
  }
  function close(back) {
    const place = box();
    if (!place || place.hidden) return;
    place.hidden = true;
    opener().setAttribute("aria-expanded", "false");
    if (back) (before && before.isConnected && before !== document.body ? before : opener()).focus({ preventScroll: true });
  }

  /* --- asking ---------------------------------------------------------------------------------------- */
  function ask() {
    const text = line().value.trim();
    if (text === said || (waits !== null && Date.now() - waits < WAIT_MS)) return;
    said = text;
    waits = Date.now();
    shell.set("shell--search-asked", { text: text, n: ++asked });
  }
  function answered() {
    const root = box() && box().querySelector("[data-n]");
    if (!root || root === drawn) return;
    drawn = root;
    waits = null;
    for (const row of rows()) row.href = to(row.dataset.found);
    rows().forEach((row, n) => { row.id = "shell--search-row-" + n; });
    choose(rows().length ? 0 : -1);
    if (isOpen()) ask();
  }
  let drawn = null;

  /* --- choosing and going ------------------------------------------------------------------------------ */
  function rows() { const place = box(); return place ? Array.from(place.querySelectorAll("[data-found]")) : []; }
  function choose(n) {
    const all = rows(), input = line();
    chosen = all.length ? Math.max(0, Math.min(all.length - 1, n)) : -1;
    all.forEach((row, i) => row.setAttribute("aria-selected", i === chosen ? "true" : "false"));
    if (!input) return;
    input.setAttribute("aria-expanded", all.length ? "true" : "false");
    if (all.length) { input.setAttribute("aria-controls", "shell--search-list"); input.setAttribute("aria-activedescendant", all[chosen].id); }
    else { input.removeAttribute("aria-controls"); input.removeAttribute("aria-activedescendant"); }
    if (all.length) all[chosen].scrollIntoView({ block: "nearest" });
  }
  /* The address of a thing at the instant, in the language and community looked at now. */
  function to(way) {
    const url = new URL(way, location.origin), query = new URLSearchParams(), now = new URLSearchParams(location.search);
    url.searchParams.forEach((value, key) => query.set(key, value));
    for (const key of KEPT) if (now.has(key)) query.set(key, now.get(key));
    const words = query.toString().replace(/%3A/g, ":");
    return url.pathname + (words ? "?" + words : "");
  }
  function go(row) {
    const url = to(row.dataset.found);
    close(false);
    if (url === location.pathname + location.search) { arrive(); return; }
    shell.visit(url);
    arrive();
  }

  /* --- what the address chooses on a page --------------------------------------------------------------- */
  /* ?device= and ?place= are read once when the page stands, and again when the address changes. */
  const CHOICES = { device: ["devices", "devices--chosen"], place: ["occupancy", "occupancy--place"] };
  const done = {};
  function arrive() {
    const query = new URLSearchParams(location.search);
    for (const name in CHOICES) {
      const [page, store] = CHOICES[name], place = document.querySelector('[data-panels="' + page + '"]'), value = query.get(name);
      if (!place || (done[name] && done[name].place === place && done[name].value === value)) continue;
      done[name] = { place: place, value: value };
      if (value) setTimeout(shell.set, 0, store, value);
    }
  }
  shell.onLook(arrive);

  /* --- hands -------------------------------------------------------------------------------------------- */
  const writes = (element) => element && element.matches && element.matches("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    const find = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k";
    const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !writes(event.target);
    if ((find || slash) && opener()) { event.preventDefault(); event.stopPropagation(); open(); return; }
    if (!isOpen() || !box().contains(event.target)) return;
    if (event.isComposing) return;   // an input method is still choosing characters
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); event.stopPropagation(); choose(chosen + step); }
    else if (event.key === "Enter" && event.target === line()) {
      event.preventDefault();
      event.stopPropagation();
      if (chosen >= 0 && waits === null) go(rows()[chosen]);
    } else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(true); }
  }, true);
  document.addEventListener("input", (event) => { if (event.target === line()) { clearTimeout(due); due = setTimeout(ask, 40); } });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-search-open]")) { if (isOpen()) close(true); else open(); return; }
    if (event.target.closest("[data-search-close]")) { close(true); return; }
    const row = event.target.closest("[data-found]");
    if (row) {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(row);
    } else if (isOpen() && !box().contains(event.target)) close(false);
  });
  let late = null;
  new MutationObserver(() => { late = late || requestAnimationFrame(() => { late = null; answered(); arrive(); }); }).observe(document.documentElement, { childList: true, subtree: true });

  window.CimSearch = { open, close, isOpen };
})();
