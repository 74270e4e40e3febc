/* Joins the map (window.CimMap, assets/40_map*.js) to the page: starts it, follows the instant, passes choices on. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const byId = (id) => document.getElementById(id);
  let colour = "alert", labels = true, seen = null;

  function iso() { const at = shell.at(); return at === null ? null : shell.iso(at); }
  function start(place) {
    const community = place.dataset.community, base = "/map/" + encodeURIComponent(community) + "/";
    window.CimMap.start(place, { community: community, at: iso(), colour: colour, lang: place.dataset.lang,
      geometryUrl: base + "geometry", classesUrl: base + "classes" });
    window.CimMap.onSelect((building) => chosen(building, false));
    show();
  }
  /* A building chosen on the map or in a list; null goes back to the whole neighbourhood. */
  function chosen(building, fly) {
    const page = document.querySelector(".overview");
    if (page) page.toggleAttribute("data-building", Boolean(building));
    if (fly) { window.CimMap.select(building || null); if (building) window.CimMap.flyTo(building); }
    else shell.set("overview--selected", building || null);
    if (!building) shell.set("overview--series", null);
  }
  function show() {
    const page = document.querySelector(".overview");
    if (!page) return;
    page.dataset.colour = colour;
    page.toggleAttribute("data-labels-off", !labels);
    const choice = page.querySelector('select[data-map="colour"]');
    if (choice) choice.value = colour;
    const button = page.querySelector('button[data-map="labels"]');
    if (button) button.setAttribute("aria-pressed", labels ? "true" : "false");
  }
  document.addEventListener("change", (event) => {
    if (!event.target.dataset || event.target.dataset.map !== "colour") return;
    colour = event.target.value;
    window.CimMap.setColour(colour);
    show();
  });
  document.addEventListener("click", (event) => {
    const press = event.target.closest('[data-set="overview--selected"]');
    if (press && window.CimMap) chosen(press.dataset.value, true);
    const button = event.target.closest("button[data-map]");
    if (!button || !window.CimMap) return;
    if (button.dataset.map === "home") window.CimMap.home();
    if (button.dataset.map === "north") (window.CimMap.north || window.CimMap.home)();
    if (button.dataset.map === "labels") { labels = !labels; show(); }
  });
  shell.onLook(() => { if (seen && window.CimMap) window.CimMap.setAt(iso()); });

  /* The scale bar: a round length between 60 and 130 px at the middle of the map. */
  function scale() {
    const bar = byId("overview--scale-bar"), word = byId("overview--scale-word");
    const stats = bar && window.CimMap && window.CimMap.stats && window.CimMap.stats();
    const perPixel = stats && stats.metresPerPixel;
    if (bar) bar.parentElement.hidden = !perPixel;
    if (!perPixel) return;
    const metres = [10, 20, 50, 100, 200, 500, 1000, 2000].find((m) => m / perPixel >= 60) || 5000;
    bar.style.width = (metres / perPixel).toFixed(0) + "px";
    word.textContent = metres >= 1000 ? metres / 1000 + " km" : metres + " m";
  }
  setInterval(scale, 1000);

  new MutationObserver(() => {
    const place = document.querySelector("[data-map-place]");
    if (place === seen) return;
    if (place && !window.CimMap) return;
    seen = place;
    if (place) start(place);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
