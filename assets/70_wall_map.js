/* The map on a wall: one for the whole life of the page, framed into what the parts leave free; day and night. */
(function () {
  "use strict";
  const life = window.CimWall;
  if (!life) return;
  const { wall, query } = life, place = document.getElementById("wall-map"), root = document.documentElement;
  const past = query.get("at");
  let theme = null, framed = "", flown = null;

  const url = (what) => wall.base + "/" + what;
  function options() {
    return { community: wall.community, at: past, lang: wall.lang, theme: theme, insets: insets(), notes: {},
      colour: wall.audience === "public" ? "open" : "alert", words: wall.texts,
      geometryUrl: url("geometry"), classesUrl: url("classes") + "?lang=" + wall.lang, deckUrl: wall.deck };
  }
  /* What the parts cover. Columns of both sides count by their inner edge, so that every show has the same frame. */
  function insets() {
    const whole = place.getBoundingClientRect(), edge = (name) => { const e = document.querySelector(name); return e && e.getBoundingClientRect(); };
    const head = edge(".wall-head"), taken = life.isTaken() ? edge(".wall-take") : null;
    const foot = life.isTaken() ? null : edge(".wall-foot");
    const found = { left: 0, right: 0, top: Math.round(head.bottom - whole.top), bottom: foot ? Math.round(whole.bottom - foot.top) : 0 };
    const gap = Math.round(parseFloat(getComputedStyle(root).fontSize) / 2);
    if (taken && taken.width > 0.6 * whole.width) return { ...found, bottom: Math.round(whole.bottom - taken.top) + gap }; // upright: it lies below
    if (taken) return { ...found, right: Math.round(whole.right - taken.left) + gap };
    if (life.shape() === "portrait") {
      const tops = [edge(".wall-left"), edge(".wall-right")].filter(Boolean).map((box) => box.top);
      return { ...found, bottom: Math.round(whole.bottom - Math.min(...tops, whole.bottom)) };
    }
    for (const name of [".wall-left", ".wall-left2"]) { const e = edge(name); if (e && e.height > 1) found.left = Math.max(found.left, Math.round(e.right - whole.left) + gap); }
    for (const name of [".wall-right", ".wall-right2"]) { const e = edge(name); if (e && e.height > 1) found.right = Math.max(found.right, Math.round(whole.right - e.left) + gap); }
    return found;
  }
  /* Light while the sun is up (or between two times, or always, as the wall is declared). */
  function themeNow() {
    const wanted = query.get("theme") || wall.theme;
    if (wanted === "light" || wanted === "dark") return wanted;
    const at = life.now(), tokens = window.CimMapParts && window.CimMapParts.tokens;
    if (wanted === "sun") {
      const [lon, lat] = wall.place || [];
      if (tokens && typeof lon === "number") return tokens.nightfall(at, lon, lat) > 0.5 ? "dark" : "light";
    }
    const minutes = Math.floor(at / 60000 + 480) % 1440;
    const [from, to] = (wanted.includes("-") ? wanted : "06:30-18:00").split("-").map((t) => Number(t.slice(0, 2)) * 60 + Number(t.slice(3)));
    return (from <= to ? minutes >= from && minutes < to : minutes >= from || minutes < to) ? "light" : "dark";
  }
  function dress() {
    const wanted = themeNow();
    if (wanted === theme) return;
    theme = wanted;
    root.dataset.theme = theme;
    if (started) window.CimMap.start(place, options());
  }
  let started = false;
  function start() {
    if (!window.CimMap || !life.show().map) return;
    started = true;
    framed = JSON.stringify(insets());
    window.CimMap.start(place, options()).then(() => { if (flown) window.CimMap.flyTo(flown); });
  }
  function frame() {
    if (!started) { start(); return; }
    if (!life.show().map && !life.isTaken()) return; // behind a show without map nothing moves
    const free = insets(), words = JSON.stringify(free);
    if (words === framed) return;
    framed = words;
    window.CimMap.setInsets(free);
    if (flown) window.CimMap.flyTo(flown);
  }
  life.onShow(() => requestAnimationFrame(frame));
  life.onTake((building) => {
    flown = building || null;
    requestAnimationFrame(() => {
      frame();
      if (!started) return;
      if (flown) window.CimMap.flyTo(flown); else window.CimMap.home();
    });
  });
  let revision = null, asked = 0;
  life.onAnswer((answer) => {
    if (answer.refused) return;
    dress();
    if (!started) { start(); return; }
    const due = performance.now() - asked > 55000 / life.SPEED;
    if (answer.revision !== revision && due) { revision = answer.revision; asked = performance.now(); window.CimMap.refresh(); }
  });
  life.onBack(() => { if (started) window.CimMap.refresh(); });

  /* What moved, at once: staff walls hear the live stream; a public wall has nothing to hurry for. */
  let source = null;
  function listen() {
    if (source) source.close();
    source = new EventSource(url("live"));
    for (const kind of ["snapshot", "change", "alert", "incident"]) {
      source.addEventListener(kind, (event) => {
        const data = JSON.parse(event.data);
        if (data.map && started) window.CimMap.apply(data);
        if (kind === "incident" || kind === "alert" || kind === "snapshot") life.hurry();
      });
    }
    source.onerror = () => { if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000); };
  }
  if (wall.audience === "staff" && !past) {
    listen();
    life.onBack(listen); // the old connection may hang for minutes in a network that lost it
  }

  addEventListener("resize", () => requestAnimationFrame(frame));
  dress();
  setInterval(dress, 30000 / life.SPEED);
  window.CimWallMap = {
    isStarted: () => started,
    /* Anew in a new context: when the old one is gone or has stopped drawing. */
    again: () => { if (started) { window.CimMap.dispose(); start(); } },
    theme: () => theme,
  };
})();
