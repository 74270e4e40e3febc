/* Joins the map (window.CimMap, assets/40_map*.js) to the page: starts it, follows the instant, passes choices on. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const byId = (id) => document.getElementById(id);
  let building = null, colour = "alert", labels = true, seen = null, wired = false;

  function iso() { const at = shell.at(); return at === null ? null : shell.iso(at); }
  function start(place) {
    const community = place.dataset.community, base = "/map/" + encodeURIComponent(community) + "/";
    window.CimMap.start(place, { community: community, at: iso(), colour: colour, lang: place.dataset.lang,
      insets: insets(place), notes: notes(), geometryUrl: base + "geometry", classesUrl: base + "classes" });
    show();
  }
  /* What the panels cover, so that the neighbourhood is framed into the gap between them. */
  function insets(place) {
    const box = place.getBoundingClientRect(), edge = (query) => { const e = document.querySelector(query); return e && e.getBoundingClientRect(); };
    const left = edge(".column.left"), right = edge(".column.right"), legend = edge(".legend");
    if (!left || !right || getComputedStyle(place).position !== "absolute") return null;
    if (place.closest(".care")) { // floors are lifted between the line over the map and the sensors' lines under it
      const over = edge(".care-place-in"), under = edge(".care-timeline"), foot = edge(".timebar") || box;
      return { left: Math.round(left.right - box.left), right: Math.round(box.right - right.left),
        top: over ? Math.round(over.bottom - box.top) + 8 : 8, bottom: Math.round(box.bottom - (under ? under.top : foot.top)) };
    }
    if (!legend) return null;
    // a chart under the chosen building must not hide it; the drawer may cover the rest for a while
    const chart = document.querySelector(".overview[data-building] #overview--chart > *"), lowest = chart ? chart.getBoundingClientRect().top : legend.top;
    return { left: Math.round(left.right - box.left), right: Math.round(box.right - right.left), top: 8, bottom: Math.round(box.bottom - Math.min(lowest, legend.top)) };
  }
  function notes() {
    const place = document.querySelector("[data-notes]");
    return place ? JSON.parse(place.dataset.notes) : {};
  }
  /* A building chosen on the map or in a list; null goes back to the whole neighbourhood. */
  function chosen(id, fly) {
    building = id || null;
    const page = document.querySelector(".overview");
    if (page) page.toggleAttribute("data-building", Boolean(building));
    if (fly) { window.CimMap.select(building || null); if (building) window.CimMap.flyTo(building); }
    else if (seen) shell.set(seen.dataset.selected, building || null);
    if (!building && page) shell.set("overview--series", null);
    if (page) address({ building: building, facility: null });
  }
  /* What is chosen stands in the address, so that it can be sent, saved and come back to. The page itself need not hear
     of it: it shows it already. */
  const CHOICES = ["building", "facility", "colour"];
  const said = () => { const query = new URLSearchParams(location.search); return CHOICES.map((name) => query.get(name) || ""); };
  let arrived = null;
  function address(changes) {
    const url = shell.href(changes);
    if (url !== location.pathname + location.search) history.replaceState(history.state, "", url);
    arrived = said().join("|");
  }
  function arrive() {
    const page = document.querySelector(".overview"), [wanted, place, shade] = said(), words = said().join("|");
    if (!page || !seen || words === arrived || !window.CimMap || !window.CimMap.stats().buildings) return;
    arrived = words;
    const choice = page.querySelector('select[data-map="colour"]');
    if (shade !== colour && choice && Array.from(choice.options).some((one) => one.value === shade)) paint(shade);
    const shown = page.hasAttribute("data-building") ? building || "" : "";
    if (wanted !== shown && (!wanted || window.CimMap.where(wanted))) {
      shell.set("overview--selected", wanted || null);
      chosen(wanted, true);
    }
    if (place) { window.CimMap.flyTo(place); address({ facility: place }); }
  }
  function paint(name) {
    colour = name;
    window.CimMap.setColour(colour);
    show();
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
    paint(event.target.value);
    address({ colour: colour === "alert" ? null : colour });
  });
  document.addEventListener("click", (event) => {
    const press = event.target.closest('[data-set="overview--selected"]');
    if (press && window.CimMap) chosen(press.dataset.value, true);
    const button = event.target.closest("button[data-map]");
    if (!button || !window.CimMap) return;
    if (button.dataset.map === "class") light(button.dataset.class);
    if (button.dataset.map === "home") window.CimMap.home();
    if (button.dataset.map === "north") window.CimMap.north();
    if (button.dataset.map === "labels") { labels = !labels; show(); }
  });
  shell.onLook(() => { if (seen && window.CimMap) window.CimMap.setAt(iso()); arrive(); });

  /* The scale bar, and the legend in exactly the colours and counts the map draws. */
  function scale(view) {
    const bar = byId("overview--scale-bar"), word = byId("overview--scale-word");
    if (!bar) return;
    bar.parentElement.hidden = !view.scale_px;
    bar.style.width = Math.round(view.scale_px) + "px";
    word.textContent = view.scale_m >= 1000 ? view.scale_m / 1000 + " km" : view.scale_m + " m";
    const needle = document.querySelector('button[data-map="north"] .icon');
    if (needle) needle.style.transform = "rotate(" + Math.round(-view.bearing) + "deg)";
  }
  function legend() {
    const stats = window.CimMap && window.CimMap.stats(), page = document.querySelector(".overview");
    if (!page || !stats || !stats.classes.length) return;
    for (const known of stats.classes) {
      const key = page.querySelector('[data-keys="' + stats.colour + '"] button[data-class="' + known.name + '"]');
      if (!key) continue;
      key.setAttribute("aria-pressed", stats.lit === known.number ? "true" : "false");
      const swatch = key.querySelector(".swatch");
      if (!known.hatched && known.name !== "none") swatch.style.background = known.colour;
    }
    page.toggleAttribute("data-lit", stats.lit !== null && stats.lit !== undefined);
  }
  function light(name) {
    const stats = window.CimMap.stats(), known = stats.classes.find((one) => one.name === name);
    window.CimMap.setLit(!known || stats.lit === known.number ? null : known.number);
    legend();
  }
  let noted = "";
  function note() {
    const words = JSON.stringify(notes());
    if (words === noted || !window.CimMap) return;
    noted = words;
    window.CimMap.setNotes(JSON.parse(words));
  }
  function wire() {
    window.CimMap.onSelect((building) => chosen(building, false));
    window.CimMap.onView(scale);
    window.CimMap.onStats(() => { legend(); arrive(); });
  }
  window.addEventListener("resize", () => { if (seen && window.CimMap) window.CimMap.setInsets(insets(seen)); });

  /* Figures first: drawing the map keeps a weak computer busy for seconds. */
  let waited = 0;
  function whenFiguresStand(place) {
    if (place !== seen || !place.isConnected) return;
    const figures = document.querySelector("#overview--population > :not(.waiting), #elder-care--card > :not(.waiting)");
    if (figures || Date.now() - waited > 2500) requestAnimationFrame(() => setTimeout(() => start(place), 0));
    else setTimeout(() => whenFiguresStand(place), 40);
  }
  let due = null;
  function later() { due = null; note(); legend(); reframe(); arrive(); }
  let framed = null;
  function reframe() {
    const now = seen && window.CimMap && insets(seen), words = JSON.stringify(now);
    if (!now || words === framed) return;
    const first = framed === null;
    framed = words;
    if (first) return;
    window.CimMap.setInsets(now);
    if (document.querySelector(".care")) window.CimMap.reframe();
    else if (building && document.querySelector(".overview")) window.CimMap.flyTo(building); // its chart came up under it
  }
  new MutationObserver(() => {
    due = due || setTimeout(later, 200);
    const place = document.querySelector("[data-map-place]");
    if (place === seen) return;
    if (place && !window.CimMap) return;
    if (place && !wired) { wired = true; wire(); }
    seen = place;
    arrived = null;
    waited = Date.now();
    if (!place) return;
    window.CimMap.prepare({ community: place.dataset.community, at: iso() });
    whenFiguresStand(place);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
