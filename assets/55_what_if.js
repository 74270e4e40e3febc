/* The what-if page: the draft (kind, who walks, edits) is what this person chooses; it stands in a store of the page and
   in this tab's session, and every answer about it comes from the server. The map is drawn from what the result carries. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const KEPT = "cim-what-if";
  const COLOURS = { gained: [245, 181, 68], lost: [138, 127, 176], nearer: [124, 196, 255], further: [93, 111, 168], within: [47, 109, 181], beyond: [74, 86, 108] };
  let place = null, wired = false, words = {}, draft = {}, wish = null, pair = [], picking = null, drawn = null, numbers = {}, nameTyped = "", exactAsked = "";

  const t = (key, values) => Object.entries(values || {}).reduce((text, [k, v]) => text.replace("{" + k + "}", v), words[key] || "");
  const iso = () => { const at = shell.at(); return at === null ? null : shell.iso(at); };
  const store = (name, value) => window.dash_clientside.set_props("what-if--" + name, { data: value });
  const edits = () => draft.edits || [];

  function changed(changes) {
    draft = { ...draft, ...changes };
    try { sessionStorage.setItem(KEPT, JSON.stringify({ community: place.dataset.community, draft })); } catch (error) { /* a full session keeps nothing */ }
    store("draft", JSON.stringify(draft));
    if (wish) ask({ ...wish, exact: false });
  }
  function ask(next) { wish = next; exactAsked = ""; store("wish", next ? JSON.stringify(next) : null); }
  function remembered() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
      return kept && kept.community === place.dataset.community ? kept.draft : {};
    } catch (error) { return {}; }
  }

  /* --- putting and moving ----------------------------------------------------------------------------------- */
  function pick(next) {
    picking = next;
    if (place) { if (next) place.setAttribute("data-picking", ""); else place.removeAttribute("data-picking"); }
    const hint = document.querySelector("[data-what-if-hint]"), button = document.querySelector('[data-what-if="put"]');
    if (button) button.setAttribute("aria-pressed", String(Boolean(next && next.op === "put")));
    if (hint) {
      hint.dataset.usual = hint.dataset.usual || hint.textContent;
      hint.textContent = !next ? hint.dataset.usual : next.op === "put" ? t("pick") : t("pick_move", { name: next.name });
      hint.classList.toggle("on", Boolean(next));
    }
  }
  function degrees([x, y]) {
    const [lon, lat] = window.CimMap.origin(), phi = lat * Math.PI / 180;
    const east = 111412.84 * Math.cos(phi) - 93.5 * Math.cos(3 * phi), north = 111132.92 - 559.82 * Math.cos(2 * phi) + 1.175 * Math.cos(4 * phi);
    return { lon: lon + x / east, lat: lat + y / north, east, north };
  }
  function metres(lon, lat) {
    const { east, north } = degrees([0, 0]), [lon0, lat0] = window.CimMap.origin();
    return { x: (lon - lon0) * east, y: (lat - lat0) * north };
  }
  const round = (degree) => Math.round(degree * 1e7) / 1e7;
  function put(spot) {
    const next = picking, at = { lon: round(spot.lon), lat: round(spot.lat) };
    pick(null);
    if (!next) return;
    if (next.op === "put") changed({ edits: [...edits(), { op: "put", facility_kind: kind(), ...at, ...fresh() }] });
    else changed({ edits: [...edits().filter((e) => e.facility_id !== next.facility_id), { op: "move", facility_id: next.facility_id, ...at }] });
  }
  const kind = () => { const select = document.querySelector('[data-draft="kind"]'); return draft.kind || (select && select.dataset.now); };
  /* Area and places of a new facility, as far as they were written. */
  function fresh() {
    const said = {};
    for (const key of ["area_m2", "capacity"]) { const value = parseFloat(numbers[key]); if (value >= 0) said[key] = value; }
    return said;
  }
  function use(site) {
    const said = { op: "put", facility_kind: kind(), site_no: site.site_no, name: site.title, lon: site.lon, lat: site.lat, ...fresh() };
    if (site.area_m2 !== null && said.area_m2 === undefined) said.area_m2 = site.area_m2;
    if (site.yuan_per_m2 !== null) said.yuan_per_m2 = site.yuan_per_m2;
    return said;
  }

  /* --- buttons ---------------------------------------------------------------------------------------------- */
  const acts = {
    put: () => pick(picking ? null : { op: "put" }),
    move: (id, button) => pick({ op: "move", facility_id: id, name: button.dataset.name }),
    close: (id) => changed({ edits: [...edits().filter((e) => e.facility_id !== id), { op: "close", facility_id: id }] }),
    enlarge: (id, button) => {
      const capacity = parseFloat(window.prompt(t("ask_capacity", { name: button.dataset.name })) || "");
      if (capacity >= 0) changed({ edits: [...edits().filter((e) => e.facility_id !== id), { op: "enlarge", facility_id: id, capacity }] });
    },
    use: (value) => changed({ edits: [...edits(), use(JSON.parse(value))] }),
    take: (value) => { ask(null); changed({ edits: [...edits(), ...JSON.parse(value).map(use)] }); },
    undo: (value) => changed({ edits: edits().filter((_e, n) => n !== Number(value)) }),
    clear: () => changed({ edits: [], scenario: null }),
    best: () => {
      const said = Object.fromEntries([...document.querySelectorAll("[data-best]")].map((s) => [s.dataset.best, s.value]));
      ask({ ...said, k: Number(said.k), exact: false });
    },
    open: (value) => { const one = JSON.parse(value); changed({ edits: one.edits, scenario: one.id, speed: one.profile, ...(one.edits[0] && one.edits[0].facility_kind ? { kind: one.edits[0].facility_kind } : {}) }); },
    pair: (id) => { pair = pair.includes(id) ? pair.filter((one) => one !== id) : [...pair, id].slice(-3); store("pair", pair.join(",")); },
    save: async () => {
      if (!nameTyped.trim()) return say(t("needs_name"));
      const made = await send("POST", "", { community: place.dataset.community, name: nameTyped, base_at: iso(), profile: draft.speed || "adult", edits: edits() });
      if (made) { nameTyped = ""; fill(true); say(t("saved")); changed({ scenario: made.scenario_id }); }
    },
    update: async (id) => { if (await send("PATCH", "/" + id, { edits: edits(), profile: draft.speed || "adult" })) say(t("saved")); },
    rename: async (id, button) => {
      const name = window.prompt(t("ask_name"), button.dataset.name);
      if (name && await send("PATCH", "/" + id, { name })) say(t("saved"));
    },
    copy: async (id, button) => {
      const name = window.prompt(t("ask_name"), button.dataset.name + " 2");
      if (name && await send("POST", "/" + id + "/copies", { name })) say(t("saved"));
    },
    withdraw: async (id, button) => {
      if (window.confirm(t("ask_withdraw", { name: button.dataset.name })) && await send("DELETE", "/" + id)) say(t("gone"));
    },
  };
  function say(text) { const box = document.querySelector("[data-what-if-said]"); if (box) box.textContent = text; }
  async function send(method, path, body) {
    let answer;
    try {
      answer = await fetch("/api/v1/scenarios" + path, {
        method, credentials: "same-origin", headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) },
        body: body ? JSON.stringify(body) : undefined,
      });
    } catch (error) { say(t("failed", { why: error.message })); return null; }
    if (answer.ok) return answer.status === 204 ? {} : answer.json();
    const problem = await answer.json().catch(() => ({}));
    say(t("failed", { why: (problem.reason && problem.reason[shell.lang()]) || problem.detail || answer.status }));
    return null;
  }
  document.addEventListener("click", (event) => {
    const button = place && event.target.closest("[data-what-if]");
    if (!button || !acts[button.dataset.whatIf]) return;
    event.preventDefault();
    acts[button.dataset.whatIf](button.dataset.value, button);
  });
  document.addEventListener("change", (event) => {
    const select = place && event.target.closest("select[data-draft]");
    if (select) changed({ [select.dataset.draft]: select.value });
  });
  document.addEventListener("input", (event) => {
    const input = place && event.target.closest(".input-place input");
    if (!input) return;
    if (input.parentElement.dataset.number) numbers[input.parentElement.dataset.number] = input.value;
    else nameTyped = input.value;
  });
  document.addEventListener("keydown", (event) => { if (place && picking && event.key === "Escape") pick(null); });

  /* What a redrawn panel must get back: chosen options, typed numbers, the name. */
  function fill(again) {
    for (const select of document.querySelectorAll("select[data-draft]")) if (select.dataset.seen !== select.dataset.now) { select.value = select.dataset.now; select.dataset.seen = select.dataset.now; }
    if (wish) for (const select of document.querySelectorAll("[data-best]")) if (!select.dataset.seen) { select.value = String(wish[select.dataset.best]); select.dataset.seen = "1"; }
    for (const box of document.querySelectorAll(".what-if-page .input-place")) {
      let input = box.querySelector("input");
      if (!input) {
        input = document.createElement("input");
        input.setAttribute("aria-label", box.dataset.label);
        if (box.dataset.number) { input.type = "number"; input.min = "0"; input.inputMode = "decimal"; } else { input.maxLength = 40; input.placeholder = box.dataset.label; }
        input.value = box.dataset.number ? numbers[box.dataset.number] || "" : nameTyped;
        box.append(input);
      } else if (again && !box.dataset.number) input.value = nameTyped;
    }
    const best = document.querySelector("[data-best-stage]");
    if (best && wish && best.dataset.bestStage === "greedy" && exactAsked !== JSON.stringify(wish)) { // the greedy answer is on the screen
      wish = { ...wish, exact: true };
      exactAsked = JSON.stringify(wish);
      store("wish", exactAsked);
    }
  }

  /* --- the map ---------------------------------------------------------------------------------------------- */
  async function draw() {
    const carried = document.querySelector("[data-what-if-map]");
    if (!carried || !window.CimMap || carried.dataset.whatIfMap === drawn) return;
    drawn = carried.dataset.whatIfMap;
    const said = JSON.parse(drawn), mine = drawn;
    const counts = {};
    for (const [name] of Object.values(said.buildings)) counts[name] = (counts[name] || 0) + 1;
    for (const box of document.querySelectorAll("[data-what-if-count]")) box.textContent = (counts[box.dataset.whatIfCount] || 0).toLocaleString("en");
    await window.CimMap.built();
    if (mine !== drawn || !place || !window.CimMap.origin()) return;
    const pins = said.pins.map((p) => ({
      id: p.id, kind: p.what === "site" ? "site" : p.kind, name: p.name || t("new"), name_en: p.name_en, ...metres(p.lon, p.lat), building: -1,
      placed: p.what === "gone" || p.what === "site" ? "no_network" : "on_path", shut: p.what === "gone", chosen: p.what === "new",
      first: p.what !== "site", note: p.what === "gone" ? t("closed") : p.what === "site" ? t("site") : p.what === "new" && p.name ? t("new") : "", what: p.what, lon: p.lon, lat: p.lat,
    }));
    draw.pins = pins;
    window.CimMap.setCircle({ colourOf: (i, use) => colour(said, i, use), noteOf: (i) => note(said, i), pins });
    performance.mark("what-if:drawn");
  }
  function colour(said, i, use) {
    const { tokens } = window.CimMapParts, one = said.buildings[window.CimMap.id(i)];
    if (!one) return [tokens.scale(tokens.plain(tokens.THEMES.dark, use), 0.72), 0];
    return [one[0] === "lost" ? tokens.scale(COLOURS.lost, 0.95) : COLOURS[one[0]], (one[0] === "lost" ? tokens.HATCHED : 0) | 8];
  }
  function note(said, i) {
    const one = said.buildings[window.CimMap.id(i)];
    if (!one) return "";
    const m = (v) => (v === null ? t("none") : v.toLocaleString("en") + " m");
    return one[1] === one[2] ? m(one[1]) : m(one[1]) + " → " + m(one[2]);
  }
  function insets() {
    const box = place.getBoundingClientRect(), edge = (name) => { const e = document.querySelector(name); return e && e.getBoundingClientRect(); };
    const left = edge(".what-if-page .column.left"), right = edge(".what-if-page .column.right"), foot = edge(".what-if-legend");
    if (!left || !right || getComputedStyle(place).position !== "absolute") return null;
    return { left: Math.round(left.right - box.left), right: Math.round(box.right - right.left), top: 48, bottom: foot ? Math.round(box.bottom - foot.top) : 60 };
  }
  function wire() {
    window.CimMap.onSpot((spot) => { if (place && picking) put(degrees(spot)); });
    window.CimMap.onFacility((id) => {
      const pin = place && (draw.pins || []).find((one) => one.id === id);
      if (pin && picking) put(pin);
    });
    window.CimMap.onStats((stats) => { if (place && drawn && stats.version !== version) { version = stats.version; drawn = null; draw(); } });
    shell.onLook(() => { if (place) window.CimMap.setAt(iso()); });
    window.addEventListener("resize", () => { if (place) window.CimMap.setInsets(insets()); });
  }
  let version = null;
  new MutationObserver(() => {
    const now = document.querySelector("[data-what-if-place]");
    if (now !== place) {
      if (now && !(window.CimMap && window.dash_clientside && window.dash_clientside.set_props)) return;
      place = now;
      drawn = null;
      if (!place) return;
      words = JSON.parse(place.dataset.words);
      if (!wired) { wired = true; wire(); }
      wish = null; pair = []; picking = null; version = null;
      const base = "/map/" + encodeURIComponent(place.dataset.community) + "/";
      window.CimMap.prepare({ community: place.dataset.community, at: iso() });
      window.CimMap.start(place, { community: place.dataset.community, at: iso(), colour: "alert", lang: place.dataset.lang, insets: insets(), notes: {}, geometryUrl: base + "geometry", classesUrl: base + "classes" });
      window.CimMap.setCircle({ colourOf: (_i, use) => [window.CimMapParts.tokens.plain(window.CimMapParts.tokens.THEMES.dark, use), 0], noteOf: () => "", pins: [] });
      draft = remembered();
      setTimeout(() => { if (place) store("draft", JSON.stringify(draft)); }, 0);
    }
    if (!place) return;
    fill(false);
    draw();
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-what-if-map", "data-best-stage", "data-now"] });
})();
