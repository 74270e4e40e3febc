/* The circles page: what is chosen stands in the address; the map, the legend and its counts follow it.
   Three answers make a picture. `streets`: the network, once per version. `walks`: from every building to the nearest
   facility of every kind. `reach`: how far it is to every point of the streets. A limit is only a line drawn through
   what is there already, so choosing one asks nobody. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const MINUTES = [2.5, 5, 7.5, 10, 12.5, 15], METRES = [150, 300, 400, 500, 750, 1000];
  const SHARES = [0.001, 0.2, 0.4, 0.6, 0.8, 0.999];
  const FAR = 65535, ISLAND = 65534, OFF = 65533, NO_HOME = 65532, HOURS = 65531, DOOR = 65530;
  const FEW = 65535; // of homes: so few that they could be somebody; how many is not told
  const KEYS = ["kind", "speed", "limit", "hour", "facility", "building"];
  let place = null, wired = false, started = false;
  let streets = null, walks = null, reach = null; // the last answers, each with the question it answers
  let words = {};

  const query = () => new URLSearchParams(location.search);
  const t = (key, values) => Object.entries(values || {}).reduce((text, [k, v]) => text.replace("{" + k + "}", v), words[key] || "");
  const iso = () => { const at = shell.at(); return at === null ? null : shell.iso(at); };
  const whole = (n) => Math.round(n).toLocaleString("en");

  /* --- what is chosen ------------------------------------------------------------------------------------- */
  function chosen() {
    const q = query(), said = Object.fromEntries(KEYS.map((key) => [key, q.get(key)]));
    const limit = /^(\d+)(min|m)$/.exec(said.limit || "") || ["", "15", "min"];
    return { ...said, kind: said.kind || "", speed: said.speed || "adult", amount: Number(limit[1]), unit: limit[2] };
  }
  const mode = (c) => (c.building ? "building" : c.facility ? "facility" : c.kind ? "kind" : "all");
  /* Bands are the same whatever the limit: a colour always means the same walk. */
  function bands(c) {
    if (mode(c) === "all") return { ends: SHARES, limit: 0.9999, isShare: true };
    const pace = c.unit === "min" ? (walks ? walks.header.metres_per_minute : 80) : 1;
    return { ends: (c.unit === "min" ? MINUTES : METRES).map((v) => v * pace), limit: c.amount * pace, isShare: false };
  }
  /* Where slopes are known minutes have their own numbers: metres on the flat that take as long. */
  const told = (c, answer, name) => (c.unit === "min" && answer[name + "_flat"]) || answer[name];
  function choose(changes) { shell.visit(shell.href(changes)); }

  /* --- asking --------------------------------------------------------------------------------------------- */
  const TYPES = { f32: Float32Array, u32: Uint32Array, u16: Uint16Array, u8: Uint8Array };
  function parse(buffer) {
    const length = new DataView(buffer).getUint32(4, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const found = { header };
    for (const [name, a] of Object.entries(header.arrays)) found[name] = new TYPES[a.type](buffer, 8 + length + a.offset, a.length);
    return found;
  }
  const flights = {};
  async function ask(name, values) {
    const url = new URL("/map/" + encodeURIComponent(place.dataset.community) + "/" + name, location.href);
    for (const [key, value] of Object.entries({ ...values, at: iso() })) if (value) url.searchParams.set(key, value);
    if (flights[name] && flights[name].href === url.href) return flights[name].answer;
    if (flights[name]) flights[name].stop.abort();
    const stop = new AbortController();
    const answer = fetch(url, { signal: stop.signal, credentials: "same-origin" }).then(async (response) => {
      if (!response.ok) {
        const said = await response.json().catch(() => ({}));
        throw Object.assign(new Error(said.detail || "HTTP " + response.status), { status: response.status });
      }
      return { ...parse(await response.arrayBuffer()), href: url.href };
    });
    flights[name] = { href: url.href, stop, answer };
    answer.catch(() => { if (flights[name] && flights[name].answer === answer) delete flights[name]; });
    return answer;
  }
  function asked(c) {
    const common = { speed: c.speed, hour: c.hour };
    const from = { building: { building: c.building }, facility: { facility: c.facility }, kind: { kind: c.kind }, all: { limit: c.amount + c.unit } }[mode(c)];
    return Promise.all([ask("streets", {}), ask("walks", common), ask("reach", { ...common, ...from })]);
  }

  /* --- drawing -------------------------------------------------------------------------------------------- */
  let turn = 0;
  async function follow() {
    if (!place || !window.CimMap || !place.dataset.community) return; // nothing is imported yet: the map says so
    const mine = ++turn, here = place;
    let c = chosen(), lost = "";
    mark(c);
    try {
      let answers;
      try { answers = await asked(c); } catch (error) {
        if (error.status !== 404 || !(c.building || c.facility)) throw error;
        c = { ...c, building: null, facility: null }; // a link to what is not registered at this instant
        lost = t("not_then");
        answers = await asked(c);
      }
      if (mine !== turn || here !== place) return;
      await window.CimMap.built();
      if (mine !== turn || here !== place) return;
      draw(c, ...answers);
      problem(lost);
    } catch (error) {
      if (error.name !== "AbortError" && mine === turn) problem(t("failed", { why: error.message }));
    }
  }
  function draw(c, network, every, near) {
    const fresh = !streets || streets.href !== network.href || streets.drawnFor !== window.CimMap.stats().version;
    streets = network;
    if (fresh) {
      window.CimMap.setStreets({ xy: network.xy, apart: network.apart });
      streets.drawnFor = window.CimMap.stats().version;
    }
    const ends = told(c, near, "ends"), changed = fresh || !reach || reach.href !== near.href || drawn !== ends;
    walks = every;
    reach = near;
    drawn = ends;
    const scale = bands(c);
    window.CimMap.setWalks(changed ? metres(ends, scale.isShare ? near.header.kinds : 0) : null, scale);
    window.CimMap.setCircle({ colourOf: (i, use) => colour(c, scale, i, use), noteOf: (i) => note(c, i), pins: pins(c) });
    look(c);
    legend(c, scale);
  }
  let picked = null, seen = null, drawn = null; // drawn: the numbers the streets were coloured by
  /* What is chosen is flown to; what is let go lets the whole neighbourhood be seen again. */
  function look(c) {
    const from = c.building || c.facility || null;
    if (c.building !== picked) { picked = c.building; window.CimMap.select(c.building || null); }
    if (from === seen) return;
    if (from) window.CimMap.flyTo(from); else window.CimMap.home();
    seen = from;
  }
  /* Decimetres as sent, or how many of the kinds; as metres, or as the share that is missing. */
  function metres(ends, kinds) {
    const out = new Float32Array(ends.length);
    for (let i = 0; i < ends.length; i++) out[i] = kinds ? 1 - ends[i] / kinds : ends[i] >= HOURS ? 1e9 : ends[i] / 10;
    return out;
  }
  /* What a building's walk is, as the bands want it; a code where there is none to tell. */
  function value(c, i, unit) {
    if (unit) c = { ...c, unit };
    const n = walks.header.buildings, kinds = walks.header.kinds;
    if (i >= n) return NO_HOME;
    if (mode(c) === "building" || mode(c) === "facility") return reach.buildings ? told(c, reach, "buildings")[i] : NO_HOME;
    if (mode(c) === "kind") { const k = kinds.indexOf(c.kind); return k < 0 ? FAR : told(c, walks, "metres")[k * n + i]; }
    const most = c.amount * (c.unit === "min" ? walks.header.metres_per_minute : 1) * 10 + 0.5;
    if (!kinds.length) return OFF;  // with no facility registered nobody can say that none is reached
    let had = 0, code = 0;
    for (let k = 0; k < kinds.length; k++) {
      const m = told(c, walks, "metres")[k * n + i];
      if (m >= HOURS && m !== FAR) code = m; else if (m <= most) had++;
    }
    return code && !had ? code : had;
  }
  /* The band a building is in: 0 to 5, "beyond", "off" (island or no network) or "none" (nobody lives there). */
  function band(c, scale, i) {
    const v = value(c, i);
    if (v === NO_HOME) return "none";
    if (v >= HOURS && v !== FAR) return "off";
    const m = scale.isShare ? 1 - v / Math.max(1, walks.header.kinds.length) : v === FAR ? Infinity : v / 10;
    if (m > scale.limit + (scale.isShare ? 0 : 0.05)) return "beyond";
    const k = scale.ends.findIndex((end) => m <= end + 1e-6);
    return k < 0 ? 5 : k;
  }
  function colour(c, scale, i, use) {
    const { tokens, walkRamp } = window.CimMapParts, at = band(c, scale, i);
    if (at === "none") return [tokens.scale(tokens.plain(tokens.THEMES.dark, use), 0.72), 0];
    if (at === "off") return [tokens.scale(tokens.BLIND, 0.9), tokens.HATCHED | 8];
    if (at === "beyond") return [walkRamp.BEYOND, 8];
    return [tokens.scale(tokens.mix(walkRamp.COLOURS[at], [110, 130, 165], 0.1), 0.92), 8];
  }
  function note(c, i) {
    if (mode(c) === "building") return "";
    const v = value(c, i, mode(c) === "all" ? null : "m"), slow = value(c, i, "min");
    if (v === NO_HOME) return "";
    if (v === DOOR) return t("door");
    if (v >= HOURS && v !== FAR) return t(v === ISLAND ? "island" : v === OFF ? "off" : "hours");
    if (mode(c) === "all") return t("kinds_of", { n: v, of: walks.header.kinds.length });
    return v === FAR ? t("far") : way(v / 10, slow === FAR ? null : slow / 10 / walks.header.metres_per_minute);
  }
  /* `312 m · 3.9 min` */
  function way(m, minutes) { return whole(m) + " m" + (minutes === null ? "" : " · " + minutes.toFixed(1) + " " + t("minutes")); }
  function pins(c) {
    const all = walks.header.facilities, near = new Map(reach.header.pins.map(([id, m, minutes]) => [id, way(m, minutes)]));
    if (mode(c) === "building") return all.filter((f) => near.has(f.id)).map((f) => ({ ...f, note: near.get(f.id), first: true }));
    if (mode(c) === "facility") return all.filter((f) => f.id === c.facility || (c.kind && f.kind === c.kind)).map((f) => ({ ...f, chosen: f.id === c.facility, first: true, note: f.shut ? t("shut") : "" }));
    return all.filter((f) => !c.kind || f.kind === c.kind).map((f) => ({ ...f, first: Boolean(c.kind), note: f.shut ? t("shut") : "" }));
  }

  /* --- the legend: what each colour means, how many homes it holds ------------------------------------------ */
  function legend(c, scale) {
    const registered = walks.homes.some((n) => n > 0); // without a register of homes buildings are counted
    const box = document.querySelector("[data-circles-legend]");
    if (!box) return;
    const homes = { beyond: 0, off: 0 }, houses = { beyond: 0, off: 0 }, kept = {};
    for (let i = 0; i < walks.header.buildings; i++) {
      const at = band(c, scale, i);
      if (at === "none") continue;
      if (walks.homes[i] === FEW) kept[at] = (kept[at] || 0) + 1; else homes[at] = (homes[at] || 0) + (registered ? walks.homes[i] : 1);
      houses[at] = (houses[at] || 0) + 1;
    }
    const many = (at) => (!kept[at] ? whole(homes[at] || 0) : homes[at] ? whole(homes[at]) + "+" : "—");
    const told = (at) => t(registered ? "band" : "band_buildings", { homes: many(at), buildings: whole(houses[at] || 0) })
      + (kept[at] ? t("kept_back", { n: whole(kept[at]) }) : "");
    const ramp = document.createElement("div"), said = mode(c);
    ramp.className = "walk-ramp";
    const ends = scale.isShare ? [null, 80, 60, 40, 20, 0] : c.unit === "min" ? MINUTES : METRES;
    const shown = scale.isShare ? 6 : ends.filter((end) => end <= c.amount).length;
    for (let k = 0; k < shown; k++) {
      const cell = document.createElement("span"), sample = document.createElement("i"), name = document.createElement("b"), n = document.createElement("small");
      sample.style.background = window.CimMapParts.tokens.css(window.CimMapParts.walkRamp.COLOURS[k]);
      name.textContent = scale.isShare ? (k === 0 ? t("all_kinds") : (k === 5 ? "<20" : ends[k] + "+")) : (k === 0 ? "≤" : "") + ends[k];
      n.textContent = many(k);
      cell.title = told(k);
      cell.append(sample, name, n);
      ramp.append(cell);
    }
    const unit = document.createElement("span");
    unit.className = "walk-unit";
    unit.textContent = scale.isShare ? t("share_unit") : t(c.unit === "min" ? "minutes" : "metres");
    const counted = document.createElement("small");
    counted.textContent = t(registered ? "homes" : "buildings");
    unit.append(counted);
    const rest = ["beyond", "off"].map((name) => {
      const item = document.createElement("span"), swatch = document.createElement("i"), text = document.createElement("span"), n = document.createElement("b");
      item.className = "walk-rest";
      swatch.className = "swatch walk-" + name;
      text.textContent = name === "beyond" ? (scale.isShare ? t("no_kind") : t("beyond", { limit: c.amount + " " + t(c.unit === "min" ? "minutes" : "metres") })) : t("apart");
      n.textContent = many(name);
      item.title = told(name);
      item.append(swatch, text, n);
      return item;
    });
    box.replaceChildren(ramp, unit, ...rest);
    box.dataset.mode = said;
    performance.mark("circles:drawn");
  }
  function problem(text) {
    const box = document.querySelector("[data-circles-problem]");
    if (box) { box.textContent = text; box.hidden = !text; }
  }

  /* --- controls ------------------------------------------------------------------------------------------- */
  /* The pressed one of each row at once; the server draws the same a moment later. */
  function mark(c) {
    const q = query(), now = { ...c, limit: c.amount + c.unit, side: q.get("side") || "matrix", group: q.get("group") || null };
    for (const button of document.querySelectorAll("[data-choose]")) {
      const key = button.dataset.choose;
      if (key in now && now[key] !== null) button.setAttribute("aria-pressed", String(now[key] === button.dataset.value));
      else if (key === "facility") button.setAttribute("aria-pressed", "false");
    }
    for (const select of document.querySelectorAll(".circles-page select[data-address]")) select.value = c[select.dataset.address] || query().get(select.dataset.address) || "";
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (!button) return;
    const key = button.dataset.choose, again = ["kind", "facility"].includes(key) && query().get(key) === button.dataset.value;
    const to = again ? null : button.dataset.value || null; // pressed again it is let go
    const usual = (key === "speed" && to === "adult") || (key === "limit" && to === "15min") || (key === "side" && to === "matrix");
    const drops = key === "kind" ? { facility: null, building: null } : key === "facility" ? { building: null } : {};
    choose({ ...drops, [key]: usual ? null : to });
  });

  /* --- the map's place ------------------------------------------------------------------------------------ */
  function insets() {
    const box = place.getBoundingClientRect(), edge = (name) => { const e = document.querySelector(name); return e && e.getBoundingClientRect(); };
    const left = edge(".circles-page .column.left"), right = edge(".circles-page .column.right"), foot = edge(".circles-legend");
    if (!left || !right || getComputedStyle(place).position !== "absolute") return null;
    return { left: Math.round(left.right - box.left), right: Math.round(box.right - right.left), top: 8, bottom: foot ? Math.round(box.bottom - foot.top) : 60 };
  }
  /* The legend grows with what it counts, and with the window: the neighbourhood stays in what is left free. */
  let framing = null;
  function reframe() {
    framing = framing || requestAnimationFrame(() => { framing = null; if (place && started) window.CimMap.setInsets(insets()); });
  }
  function start() {
    const base = "/map/" + encodeURIComponent(place.dataset.community) + "/";
    started = true;
    window.CimMap.start(place, { community: place.dataset.community, at: iso(), colour: "alert", lang: place.dataset.lang, insets: insets(), notes: {}, geometryUrl: base + "geometry", classesUrl: base + "classes" });
    // until the walks are known nothing is said of any building
    window.CimMap.setCircle({ colourOf: (_i, use) => [window.CimMapParts.tokens.plain(window.CimMapParts.tokens.THEMES.dark, use), 0], noteOf: () => "", pins: [] });
  }
  function scale(view) {
    const bar = document.getElementById("circles--scale-bar");
    if (!bar) return;
    bar.parentElement.hidden = !view.scale_px;
    bar.style.width = Math.round(view.scale_px) + "px";
    bar.nextSibling.textContent = view.scale_m >= 1000 ? view.scale_m / 1000 + " km" : view.scale_m + " m";
    const needle = document.querySelector('.circles-legend button[data-map="north"] .icon');
    if (needle) needle.style.transform = "rotate(" + Math.round(-view.bearing) + "deg)";
  }
  function wire() {
    window.CimMap.onSelect((building) => { if (place) choose({ building: building || null, facility: null }); });
    window.CimMap.onFacility((facility) => { if (place) choose({ facility: facility === chosen().facility ? null : facility, building: null }); });
    window.CimMap.onView(scale);
    window.CimMap.onStats((stats) => {
      if (!place || !streets || !stats.version || stats.version === streets.drawnFor) return;
      for (const name in flights) delete flights[name]; // what was asked of the old register
      follow();
    });
    shell.onLook(() => { if (!place) return; window.CimMap.setAt(iso()); follow(); });
    window.addEventListener("resize", reframe);
  }
  new MutationObserver(() => {
    const now = document.querySelector("[data-circles]");
    if (now === place) { if (place) { mark(chosen()); reframe(); } return; }
    if (now && !window.CimMap) return;
    place = now;
    streets = walks = reach = picked = seen = null;
    for (const name in flights) delete flights[name];
    if (!place) return;
    words = JSON.parse(place.dataset.words);
    if (!wired) { wired = true; wire(); }
    window.CimMap.prepare({ community: place.dataset.community, at: iso() });
    start();
    follow();
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cim = Object.assign(window.dash_clientside.cim || {}, {
    circles_of: (search) => ["kind", "speed", "limit", "group", "hour", "facility", "building", "side"].map((name) => new URLSearchParams(search || "").get(name)),
  });
})();
