/* The shell in the browser: what is looked at, the clock, the live connection, ages that tick.
   The URL is the truth: goto() changes it, dcc.Location reports it, the server's callbacks follow. */
(function () {
  "use strict";
  const ZONE = "Asia/Shanghai";
  const byId = (id) => document.getElementById(id);
  const listeners = [];
  const hearers = [];        // who wants every live event: (kind, data)
  const answerers = [];      // who wants to know that a group of panels has answered
  const tickers = [];        // who writes every second: all at once, because each picture of a page without GPU is dear
  let offset = 0;            // server clock minus this computer's, ms
  let source = null;         // the EventSource
  let sourceOf = null;       // the community it listens to
  let lastEvent = null;      // server instant of the last event
  let lostSince = null;      // when the connection went, by this computer's clock
  let pending = null;        // the newest revision not yet handed to the page
  let handed = 0;            // when the last one was, ms
  let opener = null;         // what was pressed last, so that the keyboard returns there

  function params() { return new URLSearchParams(location.search); }
  function at() { const a = params().get("at"); const t = a ? Date.parse(a.replace(" ", "+")) : NaN; return isNaN(t) ? null : t; }
  /* The instant it is compared with: undefined for none, null for now, else ms. */
  function other() {
    const words = params().get("with");
    if (words === null) return undefined;
    const ms = Date.parse(words.replace(" ", "+"));
    return isNaN(ms) ? null : ms;
  }
  function lang() { return params().get("lang") === "en" ? "en" : "zh"; }
  function serverNow() { return Date.now() + offset; }
  function iso(ms) {         // RFC 3339 in the neighbourhood's zone: readable when shared
    const local = new Date(ms + 8 * 3600e3).toISOString();
    return local.slice(0, 19) + "+08:00";
  }
  let textsOf = null, textsAre = {};
  function text(key, values) {
    const bar = byId("shell--bar");
    if (bar && bar.dataset.texts !== textsOf) { textsOf = bar.dataset.texts; textsAre = JSON.parse(textsOf); }
    let words = textsAre[key];
    if (words === undefined) return "";
    for (const name in values || {}) words = words.replace("{" + name + "}", values[name]);
    return words;
  }
  function set(id, value) {
    if (window.dash_clientside && window.dash_clientside.set_props) window.dash_clientside.set_props(id, { data: value });
  }

  /* --- where we look ------------------------------------------------------------------------------- */
  function href(changes, path) {
    const query = params();
    for (const key in changes) { if (changes[key] === null) query.delete(key); else query.set(key, changes[key]); }
    // the offset's colon and plus stay legible, so a link can be read and typed
    const words = query.toString().replace(/%3A/g, ":");
    return (path || location.pathname) + (words ? "?" + words : "");
  }
  function visit(url, replace) {
    if (url === location.pathname + location.search) return;
    history[replace ? "replaceState" : "pushState"](null, "", url);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    looked();
  }
  /* Look at an instant (ms) or, with null, at what is live. The newest instant is live. */
  function goto(ms, replace) { visit(href({ at: ms === null || ms >= serverNow() ? null : iso(ms) }), replace); }

  function looked() {
    const past = at() !== null;
    document.body.toggleAttribute("data-past", past);
    document.documentElement.lang = lang() === "en" ? "en" : "zh-CN";
    tick();
    for (const listener of listeners) listener(at());
  }
  function keepLinks() {
    const bar = byId("shell--bar");
    if (!bar) return;
    for (const link of bar.querySelectorAll("a[data-page]")) link.href = href({}, "/" + link.dataset.page);
    for (const link of bar.querySelectorAll("a[data-place]")) link.href = href({ community: link.dataset.place });
    for (const link of bar.querySelectorAll("a[data-lang]")) link.href = href({ lang: link.dataset.lang === "zh" ? null : link.dataset.lang });
  }

  /* --- words --------------------------------------------------------------------------------------- */
  const formats = {};
  function format(name, ms) {
    const key = name + lang();
    if (!formats[key]) {
      const locale = lang() === "en" ? "en-GB" : "zh-CN";
      const how = { clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
        minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
        date: { month: lang() === "en" ? "short" : "long", day: "numeric" },
        dated: { year: "numeric", month: lang() === "en" ? "short" : "long", day: "numeric" }, year: { year: "numeric" },
        weekday: { weekday: "short" } }[name];
      formats[key] = new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...how });
    }
    return formats[key].format(ms);
  }
  /* Another year than this one is said. */
  function date(ms) { return format(format("year", ms) === format("year", serverNow()) ? "date" : "dated", ms); }
  function day(ms) { return lang() === "en" ? format("weekday", ms) + " " + date(ms) : date(ms) + " " + format("weekday", ms); }
  function ago(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    for (const [size, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
      if (s >= size) return text("ago." + unit, { n: Math.floor(s / size) });
    }
    return s >= 1 ? text("ago.second", { n: s }) : text("ago.now");
  }
  function lasting(ms) {
    const s = Math.max(0, Math.floor(ms / 1000)), d = Math.floor(s / 86400), h = Math.floor((s % 86400) / 3600), m = Math.floor((s % 3600) / 60);
    if (d) return text("lasting.days", { d: d, h: h });
    if (h) return text("lasting.hours", { h: h, m: m });
    return m ? text("lasting.minutes", { m: m }) : text("lasting.seconds", { s: s });
  }
  function elapsed(ms) {
    const s = Math.max(0, Math.floor(ms / 1000)), two = (n) => String(n).padStart(2, "0");
    const h = Math.floor(s / 3600);
    return (h ? h + ":" : "") + two(Math.floor((s % 3600) / 60)) + ":" + two(s % 60);
  }
  const FORMS = { ago: ago, lasting: lasting, clock: elapsed };
  function write(element, words) { if (element && element.textContent !== words) element.textContent = words; }

  /* The clock of the bar; while a past is played it runs with the head, ahead of the last screen asked for. */
  function show(ms) { write(byId("shell--day"), day(ms)); write(byId("shell--clock"), format("clock", ms)); }
  function tick() {
    keepLinks();
    const past = at(), shown = past === null ? serverNow() : past;
    if (!document.body.hasAttribute("data-playing")) show(shown);
    if (past === null) {
      for (const element of document.querySelectorAll("time[data-age]")) {
        write(element, FORMS[element.dataset.age](shown - Date.parse(element.dateTime)));
      }
    }
    offline();
    hand();
    for (const ticker of tickers) ticker();
  }

  /* --- live ---------------------------------------------------------------------------------------- */
  let revision = null;
  function listen() {
    const community = params().get("community") || (byId("shell--bar") || document.body).dataset.community || "";
    if (source && sourceOf === community) return;
    if (source) source.close();
    sourceOf = community;
    source = new EventSource("/api/v1/live" + (community ? "?community=" + encodeURIComponent(community) : ""));
    source.onopen = () => { if (lostSince !== null) waitForNobody(); lostSince = null; offline(); };
    source.onerror = () => {
      if (lostSince === null) lostSince = Date.now();
      offline();
      if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(listen, 3000); }
    };
    for (const kind of ["snapshot", "change", "alert", "incident"]) source.addEventListener(kind, (event) => received(kind, JSON.parse(event.data)));
  }
  function received(kind, data) {
    revision = data.revision || revision;
    if (data.at) {
      lastEvent = Date.parse(data.at);
      const drift = lastEvent - Date.now();
      offset = Math.abs(drift - offset) > 2000 ? drift : offset + (drift - offset) * 0.1;
    }
    lostSince = null;
    for (const listener of hearers) listener(kind, data);
    if (at() !== null) return;
    pending = { revision: data.revision, second: data.at || iso(serverNow()) };
    if (data.map && window.CimMap) window.CimMap.apply(data);
    if (kind === "incident") hand(true);
  }
  /* At most one revision in two seconds, which halves what an open page costs; and one every 15 s without any event,
     because silence makes things stale. A page asks on its own second (`tick`), not when the event comes: an event
     reaches every page at the same moment, and fifty that ask together wait for each other. When an incident moved the
     page is told as soon as what it was asked before has been answered: Dash drops an answer when the next question has
     left already, so that asking sooner would show it later, or on a busy server never. */
  let hurries = false;
  function hand(urgent) {
    hurries = hurries || urgent === true;
    if (at() !== null || !byId("shell--bar")) return;
    const now = Date.now();
    if (!pending && now - handed > 15000 && handed && lostSince === null) pending = { revision: null, second: iso(serverNow()) };
    if (!pending || document.hidden || !answered(now, hurries) || (!hurries && now - handed < 1990)) return;
    if (now - handed < 200) { setTimeout(hand, 200, true); return; }  // many at once: one page for all of them
    if (window.CimHand.busy()) { setTimeout(hand, 150); return; }
    set("shell--revision", pending);
    asked = pending.second;
    pending = null;
    hurries = false;
    handed = now;
  }
  /* Whether every group of panels has answered what was last asked; one that takes longer than 45 s is not waited for.
     What hurries does not wait for the slow groups, and 15 s for an answer that was lost. */
  let asked = null, answers = {}, begun = Date.now();
  function answered(now, quick) {
    const groups = Array.from(document.querySelectorAll("[data-panels]"), (group) => group.dataset.panels);
    const waited = quick ? groups.filter((group) => !group.endsWith("-slow")) : groups;
    return now - Math.max(handed, begun) > (quick ? 15000 : 45000) || waited.every((group) => group in answers && (asked === null || answers[group] === asked));
  }
  /* What was asked before the network or the server went away is never answered. */
  function waitForNobody() { handed = 1; begun = 0; hurries = true; }
  window.addEventListener("online", waitForNobody);
  function offline() {
    const lost = lostSince !== null && Date.now() - lostSince > 3000, place = byId("shell--offline");
    document.body.toggleAttribute("data-offline", lost);
    if (!place) return;
    place.hidden = !lost;
    if (lost) write(place, text("js.offline", { at: format("clock", lastEvent === null ? lostSince : lastEvent), ago: ago(Date.now() - lostSince) }));
  }
  /* --- presses ------------------------------------------------------------------------------------- */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set]");
    if (button) { opener = button; set(button.dataset.set, button.dataset.value || null); return; }
    const way = event.target.closest("[data-way]");
    if (way) { opener = way; wanted = way.dataset.way; open(); return; }
    const link = event.target.closest("a[data-page], a[data-lang], a[data-place], a[data-visit]");
    if (link && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      keepLinks();
      visit(link.getAttribute("href"));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const closers = document.querySelectorAll("[data-escape]");
    if (closers.length) closers[closers.length - 1].click();
  });
  window.addEventListener("popstate", looked);

  function started() {
    if (!byId("shell--bar")) return false;
    listen();
    looked();
    return true;
  }
  /* The rows behind a figure of the bar stand on the overview: go there first, then open them. */
  let wanted = null;
  function open() {
    if (wanted === null) return;
    if (!document.querySelector('[data-panels="overview"]')) { visit(href({}, "/overview")); return; }
    set("overview--open", wanted);
    wanted = null;
  }
  /* A dialog that opens takes the keyboard; closed, it goes back to what opened it. */
  let dialog = null;
  function focusDialog() {
    const now = document.querySelector('[role="dialog"]');
    if (now === dialog) return;
    if (now) { const heading = now.querySelector("[tabindex]"); if (heading) heading.focus({ preventScroll: true }); }
    else if (opener && opener.isConnected) opener.focus({ preventScroll: true });
    dialog = now;
  }
  // the bar comes with Dash's first render, and again with every page and language
  let seen = null;
  new MutationObserver(() => {
    const bar = byId("shell--bar");
    if (bar !== seen) { seen = bar; answers = {}; asked = null; begun = Date.now(); if (bar) started(); }
    focusDialog();
    if (wanted !== null && document.querySelector('[data-panels="overview"]')) setTimeout(open, 0);
  }).observe(document.documentElement, { childList: true, subtree: true });
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cim = Object.assign(window.dash_clientside.cim || {}, {
    answered: function (shown) {
      if (shown) { answers[shown.page] = shown.second; hand(); for (const answer of answerers) answer(shown.page); }
      return window.dash_clientside.no_update;
    },
  });
  window.CimShell = { at, other, lang, text, set, goto, visit, href, serverNow, iso, format, date, day, ago, lasting, onLook: (listener) => listeners.push(listener), onLive: (listener) => hearers.push(listener), onAnswer: (listener) => answerers.push(listener), revision: () => revision, onTick: (listener) => tickers.push(listener), show: show, isLost: () => lostSince !== null };
})();
