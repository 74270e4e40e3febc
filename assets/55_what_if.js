/* The what-if page: the draft (kind, who walks, edits) is what this person chooses; it stands in a store of the page and
   in this tab's session, and every answer about it comes from the server. The map is drawn from what the result carries. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const KEPT = "cim-what-if";
  const COLOURS = { gained: [245, 181, 68], lost: [138, 127, 176], nearer: [124, 196, 255], further: [93, 111, 168], within: [47, 109, 181], beyond: [74, 86, 108] };
  const LEAST_MS = 300; // between two looks at what is being carried
  const FARTHEST_M = 20000;
  let place = null, wired = false, words = {}, draft = {}, wish = null, pair = [], picking = null, drawn = null, exactAsked = "";
  let typed = {}, amending = null; // what stands in the form; which edit it is of
  let carried = null; // {id, x, y, at}: a pin on its way
  let show = () => {}; // the pins again, as they stand now

  const t = (key, values) => Object.entries(values || {}).reduce((text, [k, v]) => text.replace("{" + k + "}", v), words[key] || "");
  const iso = () => { const at = shell.at(); return at === null ? null : shell.iso(at); };
  const store = (name, value) => window.dash_clientside.set_props("what-if--" + name, { data: value });
  const edits = () => draft.edits || [];

  function changed(changes) {
    draft = { ...draft, ...changes };
    try { sessionStorage.setItem(KEPT, JSON.stringify({ community: place.dataset.community, draft })); } catch (error) { /* a full session keeps nothing */ }
    carried = null;
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
    if (picking && !next && carried) { carried = null; store("draft", JSON.stringify(draft)); }
    picking = next;
    if (next) { const box = place.getBoundingClientRect(); if (box.top < 0 || box.bottom > window.innerHeight + 1) place.scrollIntoView({ block: "center" }); }
    if (place) { if (next) place.setAttribute("data-picking", ""); else place.removeAttribute("data-picking"); }
    const hint = document.querySelector("[data-what-if-hint]"), button = document.querySelector("[data-what-if-form] [type=submit]");
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
    carried = null;
    pick(null);
    if (!next) return;
    if (next.op === "put") placed(at);
    else changed({ edits: moved(next.facility_id, at) });
  }
  function placed(at) {
    changed({ edits: [...edits(), { op: "put", facility_kind: kind(), ...at, ...fresh() }] });
    typed = {};
    fill(true);
  }
  /* The edits with a facility that is there, or one that is put, at another spot. A candidate site left is none any more:
     its name and its cost stay behind. */
  function moved(id, at) {
    const n = /^edit-(\d+)$/.exec(id);
    if (!n) return [...edits().filter((e) => e.facility_id !== id), { op: "move", facility_id: id, ...at }];
    return edits().map((e, i) => {
      if (i !== Number(n[1])) return e;
      const { site_no, ...rest } = e;
      if (site_no) { delete rest.name; delete rest.yuan_per_m2; }
      return { ...rest, ...at };
    });
  }
  /* What is being carried, seen at once: its pin, and a few times a second what would change. */
  function look(id, [x, y]) {
    const now = performance.now();
    const asked = carried ? carried.at : 0;
    carried = { id, x, y, at: asked };
    show();
    if (now - asked < LEAST_MS) return;
    carried.at = now;
    const spot = degrees([x, y]);
    store("draft", JSON.stringify({ ...draft, edits: moved(id, { lon: round(spot.lon), lat: round(spot.lat) }) }));
  }
  /* One more spot while picking: by arrow keys, from where it stands. */
  function nudge(event) {
    const from = picking.spot || centre();
    const to = window.CimWhatIfHand.stepped(event, from);
    if (!to) return false;
    picking.spot = to;
    if (picking.op === "move") look(picking.facility_id, to); else { carried = { id: "new", x: to[0], y: to[1], at: 0 }; show(); }
    return true;
  }
  function centre() {
    const pin = picking.op === "move" && (draw.pins || []).find((one) => one.id === picking.facility_id);
    if (pin) return [pin.x, pin.y];
    const box = place.getBoundingClientRect();
    return window.CimMap.spotAt(box.left + box.width / 2, box.top + box.height / 2) || [0, 0];
  }
  const kind = () => { const select = document.querySelector('[data-draft="kind"]'); return draft.kind || (select && select.dataset.now); };
  /* What the form says of a facility, as far as it was written. */
  function fresh() {
    const said = {};
    for (const key of ["area_m2", "capacity", "yuan_per_m2"]) if ((typed[key] || "").trim()) said[key] = Number(typed[key]);
    for (const key of ["name", "opening_hours"]) if ((typed[key] || "").trim()) said[key] = typed[key].trim();
    return said;
  }
  function spotTyped() {
    const said = (typed.spot || "").trim();
    if (!said) return null;
    const found = /^(-?\d+(?:\.\d+)?)\s*[,，\s]\s*(-?\d+(?:\.\d+)?)$/.exec(said);
    if (!found) return { wrong: t("bad.spot") };
    const at = { lon: Number(found[1]), lat: Number(found[2]) }, { x, y } = metres(at.lon, at.lat);
    const far = Math.hypot(x, y);
    return far > FARTHEST_M ? { wrong: t("bad.far", { km: Math.round(far / 1000).toLocaleString("en") }) } : at;
  }
  /* Whether the form can be used; what cannot is said beside its field, the first of them is given the hand. */
  async function checked() {
    const wrong = {};
    for (const key of ["area_m2", "capacity", "yuan_per_m2"]) {
      const said = (typed[key] || "").trim(), value = Number(said);
      if (said && !(value >= 0 && value <= 1e7)) wrong[key] = t("bad.number");
      else if (said && key === "capacity" && !Number.isInteger(value)) wrong[key] = t("bad.capacity");
    }
    if ((typed.name || "").trim().length > 60) wrong.name = t("bad.name");
    const spot = spotTyped();
    if (spot && spot.wrong) wrong.spot = spot.wrong;
    if ((typed.opening_hours || "").trim() && !(await readable(typed.opening_hours.trim()))) wrong.opening_hours = t("bad.opening_hours");
    for (const box of document.querySelectorAll("[data-field-wrong]")) {
      const key = box.dataset.fieldWrong, input = document.querySelector(`.what-if-new [data-field="${key}"] input`);
      box.textContent = wrong[key] || "";
      if (!input) continue;
      input.setAttribute("aria-invalid", String(Boolean(wrong[key])));
      if (wrong[key] && Object.keys(wrong)[0] === key) input.focus();
    }
    return !Object.keys(wrong).length;
  }
  /* Hours are read by the server only, as it reads those of every facility. */
  async function readable(hours) {
    const [lon, lat] = window.CimMap.origin() || [0, 0];
    const body = { community: place.dataset.community, minutes: [], metres: [], groups: ["homes"], edits: [{ op: "put", facility_kind: kind() || "clinic", lon, lat, opening_hours: hours }] };
    const answer = await fetch("/api/v1/siting", { method: "POST", credentials: "same-origin", headers: { accept: "application/json", "content-type": "application/json" }, body: JSON.stringify(body) }).catch(() => null);
    return !answer || answer.status !== 400;
  }
  async function submitted() {
    if (picking) { pick(null); return; }
    if (!(await checked())) return;
    if (amending !== null) {
      const { op, facility_kind, site_no, lon, lat } = edits()[amending] || {}, spot = spotTyped() || { lon, lat };
      const now = { op, facility_kind, ...(site_no && !spotTyped() ? { site_no } : {}), ...spot, ...fresh() };
      const next = edits().map((e, i) => (i === amending ? now : e));
      amend(null);
      changed({ edits: next });
      return;
    }
    const spot = spotTyped();
    if (spot) placed({ lon: round(spot.lon), lat: round(spot.lat) }); else pick({ op: "put" });
  }
  function amend(n) {
    amending = n;
    const one = n === null ? null : edits()[n];
    typed = one ? Object.fromEntries(["name", "area_m2", "capacity", "yuan_per_m2", "opening_hours"].map((key) => [key, one[key] === undefined ? "" : String(one[key])])) : {};
    fill(true);
    if (!one) return;
    const first = document.querySelector('.what-if-new [data-field="name"] input');
    if (first) { first.scrollIntoView({ block: "center" }); first.focus(); }
  }
  function use(site) {
    const said = { op: "put", facility_kind: kind(), site_no: site.site_no, name: site.title, lon: site.lon, lat: site.lat, ...fresh() };
    if (!(typed.name || "").trim()) said.name = site.title;
    if (site.area_m2 !== null && said.area_m2 === undefined) said.area_m2 = site.area_m2;
    if (site.yuan_per_m2 !== null && said.yuan_per_m2 === undefined) said.yuan_per_m2 = site.yuan_per_m2;
    return said;
  }

  /* --- buttons ---------------------------------------------------------------------------------------------- */
  const acts = {
    move: (id, button) => pick({ op: "move", facility_id: id, name: button.dataset.name }),
    close: (id) => changed({ edits: [...edits().filter((e) => e.facility_id !== id), { op: "close", facility_id: id }] }),
    enlarge: (id, button) => asking(button, {
      label: t("ask_capacity", { name: button.dataset.name }), kind: "number",
      send: (said) => {
        const capacity = Number(said);
        if (!said.trim() || !(Number.isInteger(capacity) && capacity >= 0 && capacity <= 1e7)) return t("bad_capacity");
        changed({ edits: [...edits().filter((e) => e.facility_id !== id), { op: "enlarge", facility_id: id, capacity }] });
        return null;
      },
    }),
    use: async (value) => { if (await checked()) changed({ edits: [...edits(), use(JSON.parse(value))] }); },
    amend: (value) => amend(Number(value)),
    amend_no: () => amend(null),
    take: (value) => { ask(null); changed({ edits: [...edits(), ...JSON.parse(value).map(use)] }); },
    undo: (value) => { if (amending !== null) amend(null); changed({ edits: edits().filter((_e, n) => n !== Number(value)) }); },
    clear: () => { if (amending !== null) amend(null); changed({ edits: [], scenario: null }); },
    best: () => {
      const said = Object.fromEntries([...document.querySelectorAll("[data-best]")].map((s) => [s.dataset.best, s.value]));
      const places = (typed.capacity || "").trim();
      ask({ ...said, k: Number(said.k), ...(places && Number(places) >= 0 ? { capacity: Number(places) } : {}), exact: false });
    },
    open: (value) => { const one = JSON.parse(value); changed({ edits: one.edits, scenario: one.id, speed: one.profile, ...(one.edits[0] && one.edits[0].facility_kind ? { kind: one.edits[0].facility_kind } : {}) }); },
    pair: (id) => { pair = pair.includes(id) ? pair.filter((one) => one !== id) : [...pair, id].slice(-3); store("pair", pair.join(",")); },
    save: async () => {
      const name = (typed.scenario || "").trim(), input = document.querySelector('[data-field="scenario"] input');
      if (input) input.setAttribute("aria-invalid", String(!name));
      if (!name) { if (input) input.focus(); return say(t("needs_name")); }
      const made = await send("POST", "", { community: place.dataset.community, name, base_at: iso(), profile: draft.speed || "adult", edits: edits() });
      if (made) { typed.scenario = ""; fill(true); say(t("saved")); changed({ scenario: made.scenario_id }); }
    },
    update: async (id) => { if (await send("PATCH", "/" + id, { edits: edits(), profile: draft.speed || "adult" })) say(t("saved")); },
    rename: (id, button) => asking(button, { label: t("ask_name"), value: button.dataset.name, send: named("PATCH", "/" + id) }),
    copy: (id, button) => asking(button, { label: t("ask_copy"), value: button.dataset.name.slice(0, 38) + " 2", send: named("POST", "/" + id + "/copies") }),
    withdraw: (id, button) => asking(button, { label: t("ask_withdraw", { name: button.dataset.name }), kind: "sure", send: async () => {
      const gone = await send("DELETE", "/" + id, undefined, true);
      if (typeof gone === "string") return gone;
      say(t("gone"));
      return null;
    } }),
    report: async (value) => {
      const scenarios = pair.length > 1 && pair.includes(value) ? pair : value.split(",");
      say(t("reporting"));
      const answer = await fetch("/api/v1/reports?wait=30", {
        method: "POST", credentials: "same-origin", headers: { accept: "application/json", "content-type": "application/json" },
        body: JSON.stringify({ kind: "scenario", audience: "management", lang: shell.lang(), community: place.dataset.community, scenarios, ...(iso() ? { at: iso() } : {}) }),
      }).catch(() => null);
      const said = answer ? await answer.json().catch(() => ({})) : {};
      if (!answer || !answer.ok || said.state === "failed") return say(t("failed", { why: (said.reason && said.reason[shell.lang()]) || said.detail || said.error || (answer ? answer.status : "") }));
      if (said.state !== "made") return say(t("report_later"));
      const kinds = { "report.pdf": "PDF", "report.html": "HTML", "annex.xlsx": "XLSX", "report.zip": "ZIP" };
      say(t("reported"), Object.entries(kinds).map(([paper, name]) => [name, said.href + "/papers/" + paper]));
    },
  };
  function asking(button, said) { window.CimWhatIfHand.ask(button, { ok: t("ok"), cancel: t("cancel"), ...said }); }
  /* A name sent to the interface: what it has against it, or nothing. */
  const named = (method, path) => async (name) => {
    if (!name.trim()) return t("needs_name");
    const made = await send(method, path, { name }, true);
    if (typeof made === "string") return made;
    say(t("saved"));
    return null;
  };
  function say(text, links) {
    const box = document.querySelector("[data-what-if-said]");
    if (!box) return;
    box.replaceChildren(text, ...(links || []).flatMap(([name, href]) => {
      const a = document.createElement("a");
      a.href = href; a.textContent = name; a.target = "_blank"; a.className = "link";
      return [" ", a];
    }));
  }
  async function send(method, path, body, tells) {
    const refused = (why) => { if (tells) return why; say(t("failed", { why })); return null; };
    let answer;
    try {
      answer = await fetch("/api/v1/scenarios" + path, {
        method, credentials: "same-origin", headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) },
        body: body ? JSON.stringify(body) : undefined,
      });
    } catch (error) { return refused(error.message); }
    if (answer.ok) return answer.status === 204 ? {} : answer.json();
    const problem = await answer.json().catch(() => ({}));
    return refused((problem.reason && problem.reason[shell.lang()]) || problem.detail || String(answer.status));
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
    typed[input.parentElement.dataset.field] = input.value;
    if (input.getAttribute("aria-invalid") === "true") input.setAttribute("aria-invalid", "false");
  });
  document.addEventListener("submit", (event) => {
    if (!place || !event.target.closest("[data-what-if-form]")) return;
    event.preventDefault();
    submitted();
  });
  document.addEventListener("keydown", (event) => {
    if (!place || !picking) return;
    if (event.key === "Escape") { pick(null); return; }
    if (event.target.closest("input, select, textarea, .what-if-asked")) return;
    const set = event.key === "Enter" && picking.spot;
    if (set) put(degrees(picking.spot)); else if (!nudge(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  /* What a redrawn panel must get back: chosen options, typed numbers, the name. */
  function fill(again) {
    for (const select of document.querySelectorAll("select[data-draft]")) if (select.dataset.seen !== select.dataset.now) { select.value = select.dataset.now; select.dataset.seen = select.dataset.now; }
    if (wish) for (const select of document.querySelectorAll("[data-best]")) if (!select.dataset.seen) { select.value = String(wish[select.dataset.best]); select.dataset.seen = "1"; }
    for (const box of document.querySelectorAll(".what-if-page .input-place")) {
      let input = box.querySelector("input");
      if (!input) {
        input = document.createElement("input");
        input.setAttribute("aria-label", box.dataset.label);
        input.autocomplete = "off";
        input.placeholder = box.dataset.example || (box.dataset.field === "scenario" ? box.dataset.label : "");
        if (box.dataset.kind === "number") input.inputMode = "decimal"; else input.maxLength = box.dataset.field === "scenario" ? 40 : 60;
        input.value = typed[box.dataset.field] || "";
        box.append(input);
      } else if (again) input.value = typed[box.dataset.field] || "";
    }
    const word = document.querySelector("[data-what-if-put]"), no = document.querySelector('[data-what-if="amend_no"]');
    if (word && word.textContent !== t(amending === null ? "put" : "amend_done")) word.textContent = t(amending === null ? "put" : "amend_done");
    if (no && no.hidden !== (amending === null)) no.hidden = amending === null;
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
    show = () => {
      const pins = pinsOf(said);
      draw.pins = pins;
      window.CimMap.setCircle({ colourOf: (i, use) => colour(said, i, use), noteOf: (i) => note(said, i), pins });
    };
    show();
    performance.mark("what-if:drawn");
  }
  /* What stands where: as the answer has it, save what is being carried. */
  function pinsOf(said) {
    const pins = said.pins.map((p) => ({
      id: p.id, kind: p.what === "site" ? "site" : p.kind, name: p.name || t("new"), name_en: p.name_en, ...metres(p.lon, p.lat), building: -1,
      placed: p.what === "gone" || p.what === "site" ? "no_network" : "on_path", shut: p.what === "gone", chosen: p.what === "new",
      first: p.what !== "site", note: p.what === "gone" ? t("closed") : p.what === "site" ? t("site") : p.what === "new" && p.name ? t("new") : "", what: p.what, lon: p.lon, lat: p.lat,
      drag: p.what === "there" || p.what === "new" ? p.id : undefined,
    }));
    if (!carried) return pins;
    const there = { x: carried.x, y: carried.y }, later = "edit-" + edits().filter((e) => e.facility_id !== carried.id).length;
    const one = pins.find((p) => p.id === carried.id && p.what !== "gone") || pins.find((p) => p.id === later && p.what === "new");
    if (one) Object.assign(one, there);
    else if (carried.id === "new") pins.push({ id: "new", kind: kind(), name: t("new"), ...there, building: -1, placed: "on_path", chosen: true, first: true, note: "", what: "new" });
    return pins;
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
  /* The legend grows with what it counts, and with the window: the neighbourhood stays in what is left free. */
  let framing = null;
  function reframe() {
    framing = framing || requestAnimationFrame(() => { framing = null; if (place) window.CimMap.setInsets(insets()); });
  }
  function wire() {
    window.CimMap.onSpot((spot) => { if (place && picking) put(degrees(spot)); });
    window.CimMap.onFacility((id) => {
      const pin = place && (draw.pins || []).find((one) => one.id === id);
      if (pin && picking) put(pin);
    });
    window.CimMap.onStats((stats) => { if (place && drawn && stats.version !== version) { version = stats.version; drawn = null; draw(); } });
    shell.onLook(() => { if (place) window.CimMap.setAt(iso()); });
    window.addEventListener("resize", reframe);
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
      window.CimWhatIfHand.carry(place, {
        may: () => !picking, where: (id) => { const pin = (draw.pins || []).find((one) => one.id === id); return pin ? [pin.x, pin.y] : null; }, start: () => place.setAttribute("data-carrying", ""), to: look,
        drop: (id, spot) => { const at = degrees(spot); place.removeAttribute("data-carrying"); changed({ edits: moved(id, { lon: round(at.lon), lat: round(at.lat) }) }); },
        cancel: () => { place.removeAttribute("data-carrying"); carried = null; store("draft", JSON.stringify(draft)); show(); },
      });
      wish = null; pair = []; picking = null; version = null; carried = null; amending = null; typed = {}; show = () => {};
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
    reframe();
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-what-if-map", "data-best-stage", "data-now"] });
})();
