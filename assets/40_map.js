// window.CimMap: the 3D neighbourhood. Geometry is fetched once per version; afterwards only colours change.
// Parts: tokens (colours), geometry (answer, camera, picking), mesh and ground (baking), shaders and layer
// (drawing), labels (placing names), view (where the camera stands); stage, names, focus, split and streets are
// further methods of the class below. deck.gl is served by the program itself at /vendor/deck.js.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});
  const listeners = { select: new Set(), view: new Set(), stats: new Set(), facility: new Set(), spot: new Set() };
  let current = null;

  const mark = (name) => performance.mark(`cim-map:${name}`);
  const tell = (name, value) => { for (const fn of listeners[name]) fn(value); };
  parts.tell = tell;
  parts.mark = mark;

  let deckLoading = null;
  function loadDeck(url) {
    if (window.deck && window.luma) return Promise.resolve();
    deckLoading = deckLoading || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.onload = resolve;
      script.onerror = () => { deckLoading = null; reject(new Error(`${url} could not be loaded`)); };
      document.head.append(script);
    });
    return deckLoading;
  }

  // the geometry asked for by `prepare`, while the page still waits for its figures
  let ahead = null;
  function fetchAhead(url) {
    const answer = fetch(url, { credentials: "same-origin" }).then((a) => (a.ok ? a.arrayBuffer() : Promise.reject(new Error(`HTTP ${a.status}`))));
    answer.catch(() => { if (ahead && ahead.answer === answer) ahead = null; }); // then start asks again and says why
    ahead = { url: url.href, answer };
  }
  function fetchedAhead(url) {
    const answer = ahead && ahead.url === url.href ? ahead.answer : null;
    ahead = null;
    return answer;
  }

  class CimMapView {
    constructor(element, options) {
      this.element = element;
      this.options = { colour: "alert", lang: "zh", theme: "dark", at: null, insets: null, notes: {}, ...options };
      this.disposed = false;
      this.selected = null; // building number
      this.hovered = -1;
      this.lit = null; // class number that stays lit, null: all
      this.detail = null;
      this.floors = null;
      this.moved = false;
      this.night = 0;
      this.software = parts.view.software();
      this.painted = new Promise((resolve) => { this._painted = resolve; });
      element.classList.add("cim-map");
      element.classList.toggle("cim-map--still", this.software);
      if (!element.hasAttribute("tabindex")) element.tabIndex = 0;
      element.setAttribute("role", "application");
      this._dress();
      this.host = document.createElement("div");
      this.host.className = "cim-map__canvas";
      this.message = document.createElement("div");
      this.message.className = "cim-map__message";
      this.message.hidden = true;
      this.message.setAttribute("role", "status");
      element.replaceChildren(this.host, this.message);
      this.labels = parts.labels.create(element);
      this._onKey = (event) => this._key(event);
      element.addEventListener("keydown", this._onKey);
      // the page's router may take the element away at any time: then nothing of the map stays
      this.watch = new MutationObserver(() => { if (!element.isConnected) this.dispose(); });
      this.watch.observe(document.documentElement, { childList: true, subtree: true });
      this.sizes = new ResizeObserver(() => this._resized());
      this.sizes.observe(element);
      this.ready = this._load();
    }

    get theme() { return parts.tokens.THEMES[this.options.theme] || parts.tokens.THEMES.dark; }

    _dress() {
      this.element.dataset.theme = this.options.theme;
      this.element.setAttribute("aria-label", this.text.label);
    }

    // ---- data
    _url(which) {
      const { community, at, version } = this.options;
      const base = this.options[`${which}Url`] || `/map/${encodeURIComponent(community)}/${which}`;
      const url = new URL(base, location.href);
      if (at) url.searchParams.set("at", at);
      if (which === "geometry" && version) url.searchParams.set("v", version);
      return url;
    }

    async _fetch(url, signal) {
      const answer = await fetch(url, { signal, credentials: "same-origin" });
      if (!answer.ok) throw new Error(`${url.pathname}: HTTP ${answer.status}`);
      return answer;
    }

    async _load() {
      if (this.loading) this.loading.abort();
      const loading = (this.loading = new AbortController());
      const alive = () => !this.disposed && this.loading === loading;
      this.late = []; // changes that come over the stream while the answers below are on their way
      const empty = () => this._show(this.text.empty, this.text.how, `python run.py import buildings.osm --community ${this.options.community || "mine"}`);
      if (!this.options.community) { empty(); return; } // a twin nothing has been imported into
      try {
        const geometry = fetchedAhead(this._url("geometry")) ||
          this._fetch(this._url("geometry"), loading.signal).then((a) => a.arrayBuffer());
        const classes = this._fetch(this._url("classes"), loading.signal).then((a) => a.json());
        classes.catch(() => {}); // awaited below; a failed geometry must not leave it unheard
        const [buffer] = await Promise.all([geometry, loadDeck(this.options.deckUrl || "/vendor/deck.js")]);
        if (!alive()) return;
        mark("geometry");
        const scene = parts.geometry.parse(buffer);
        this._useClasses(await classes, scene);
        if (!alive()) return;
        if (!scene.count) { empty(); return; }
        this._show(null);
        this._useScene(scene);
        const late = this.late.filter((change) => !(change.revision <= this.revision));
        this.late = null;
        for (const change of late) this.apply(change);
        await this._draw(alive);
        if (alive() && this.otherAt !== undefined) this._askOther();
      } catch (error) {
        if (error.name === "AbortError" || !alive()) return;
        console.error("CimMap:", error);
        this._show(this.text.failed, error.message, null, () => { this.ready = this._load(); });
      }
    }

    _classesOf(answer, scene) {
      const { CLASSES } = parts.tokens;
      const count = scene.core;
      const found = { pins: new Map((answer.pins || []).map(([id, people, grade, says, quiet]) => [id, { people, grade, says, quiet }])) };
      for (const name of Object.keys(CLASSES)) {
        const none = CLASSES[name].indexOf("none");
        found[name] = new Uint8Array(count).fill(none);
        found[name].set((answer[name] || []).slice(0, count));
      }
      return found;
    }
    _useClasses(answer, scene) {
      this.classes = answer;
      this.revision = answer.revision;
      this.options.version = answer.version;
      Object.assign(this, this._classesOf(answer, scene));
      this._hour(Date.parse(answer.at), scene.header.origin);
    }

    _useScene(scene) {
      const mesh = parts.mesh.buildings(scene);
      const rows = Math.max(1, Math.ceil(scene.count / parts.shaders.WIDTH));
      const form = new Float32Array(rows * parts.shaders.WIDTH * 4);
      for (let i = 0; i < scene.count; i++) {
        const levels = scene.b_levels[i];
        const storey = levels ? Math.max(2.4, scene.b_height[i] / levels) : 3;
        // a guessed height shows fainter storeys: they are a guess too
        const windows = scene.b_use[i] === 2 ? 2 : scene.b_source[i] === 2 ? 0.6 : 1;
        form.set([scene.b_height[i], scene.b_base[i], storey, windows], i * 4);
      }
      this.scene = scene;
      this.baked = { mesh, form, triangles: mesh.index.length / 3 };
      this.colours = new Uint8Array(rows * parts.shaders.WIDTH * 4);
      this._paintAll();
      const kept = this.selectedId;
      this.selected = kept !== undefined && scene.indexOf.has(kept) ? scene.indexOf.get(kept) : null;
    }

    // ---- colours
    _texel(i, into = this.colours, classes = this) {
      const { tokens } = parts;
      const use = this.scene.b_use[i];
      let colour, flags = 0;
      if (i >= this.scene.core) colour = this.theme.context;
      else {
        const number = classes[this.options.colour][i];
        [colour, flags] = this.circle ? this.circle.colourOf(i, use) : tokens.classColour(this.theme, this.options.colour, number, use, this._unsensed(i, classes));
        if ((this.lit !== null && number !== this.lit) || (this.only && !this.only.has(i))) flags |= tokens.DIMMED;
      }
      if (this.low && this.low.has(i)) flags |= tokens.LOW;
      const o = i * 4;
      into[o] = colour[0]; into[o + 1] = colour[1]; into[o + 2] = colour[2];
      into[o + 3] = flags;
    }
    /* Nothing there could alarm: unknown, not calm. */
    _unsensed(i, classes) { return classes.freshness !== undefined && parts.tokens.CLASSES.freshness[classes.freshness[i]] === "none"; }
    _paintAll() { for (let i = 0; i < this.scene.count; i++) this._texel(i); }
    _recolour() {
      if (!this.scene) return;
      this._paintAll();
      if (this.layer) {
        if (this.other) this.layer.recolourOther(this._otherColours());
        this.layer.recolour(this.colours, null);
      }
      this._after();
    }
    _after() {
      this._relabel();
      tell("stats", this.stats());
    }

    _hour(instant, origin) {
      if (!Number.isFinite(instant)) return;
      const night = this.options.theme === "light" ? 0 : parts.tokens.nightfall(instant, origin[0], origin[1]);
      if (Math.abs(night - this.night) < 0.02 && this.tint && !this.hourStale) return;
      this.hourStale = false;
      this.night = night;
      const { mix, css } = parts.tokens;
      this.tint = mix([1, 1, 1], [0.62, 0.65, 0.68], night);
      this.ground = this.theme.ground.map((v, k) => v * this.tint[k]);
      this.element.style.backgroundColor = css(this.ground);
      if (this.layer) this.layer.setNeedsRedraw();
    }

    // ---- changes
    setAt(at) {
      if ((this.options.at || null) === (at || null)) return Promise.resolve();
      this.options.at = at || null;
      return this.refresh();
    }
    /** Asks for the classes again; fetches the geometry again only when its version changed. */
    async refresh(again = false) {
      if (!this.scene) { this.ready = this._load(); return this.ready; }
      if (this.asking) this.asking.abort();
      const asking = (this.asking = new AbortController());
      try {
        const answer = await (await this._fetch(this._url("classes"), asking.signal)).json();
        if (this.disposed || this.asking !== asking) return undefined;
        // a change that came over the stream meanwhile knows more than this answer: ask once more
        if (!again && !this.options.at && answer.revision < this.revision) return this.refresh(true);
        if (answer.version !== this.scene.header.version) {
          this.trees = null;
          this.options.version = answer.version;
          this.ready = this._load();
          return this.ready;
        }
        this._useClasses(answer, this.scene);
        this._recolour();
        if (this.selectedId !== undefined && this.floors) this._lift(this.selectedId);
      } catch (error) {
        if (error.name !== "AbortError") console.error("CimMap:", error);
      }
      return undefined;
    }
    /** A live change: {revision, at, map: {version, changed: [[index, alert, occupancy, freshness], ...], pins}}. */
    apply(change) {
      if (this.late) this.late.push(change);
      if (!this.scene || this.options.at) return;
      const map = change.map || change;
      if (map.community_id && map.community_id !== this.options.community) return;
      if (!map.changed || (map.version && map.version !== this.scene.header.version)) {
        if (map.changed === null || map.version) this.refresh();
        return;
      }
      let mine = false;
      const numbers = new Set();
      for (const [i, alert, occupancy, freshness] of map.changed) {
        if (i >= this.scene.core) continue;
        this.alert[i] = alert; this.occupancy[i] = occupancy; this.freshness[i] = freshness;
        this._texel(i);
        numbers.add(i);
        mine = mine || i === this.selected;
      }
      if (map.pins) this.pins = new Map(map.pins.map(([id, people, grade]) => [id, { people, grade }]));
      if (change.revision) this.revision = change.revision;
      if (change.at) this._hour(Date.parse(change.at), this.scene.header.origin);
      if (numbers.size && this.layer) this.layer.recolour(this.colours, [...numbers]);
      if (mine && this.floors) this._lift(this.selectedId);
      if (numbers.size || map.pins) this._after();
    }
    setColour(colour) {
      if (!parts.tokens.CLASSES[colour]) throw new Error(`CimMap.setColour: found "${colour}", expected ${Object.keys(parts.tokens.CLASSES).join(", ")}`);
      this.options.colour = colour;
      this.lit = null;
      this._recolour();
    }
    setLit(number) { this.lit = number; this._recolour(); }
    update(options) {
      const before = { ...this.options };
      Object.assign(this.options, options);
      const { community, at, colour, lang, theme } = this.options;
      if (lang !== before.lang || theme !== before.theme) this._dress();
      if (community !== before.community || theme !== before.theme) {
        this.trees = null;
        this.hourStale = true; // the old tint stays until the new place is loaded: the old picture may be drawn meanwhile
        if (community !== before.community) { this.moved = false; this.selectedId = undefined; delete this.options.version; }
        this.ready = this._load();
        return;
      }
      if (colour !== before.colour) this.lit = null;
      if ((at || null) !== (before.at || null)) this.refresh();
      else if (this.scene) this._recolour();
      if (JSON.stringify(options.insets) !== JSON.stringify(before.insets) && options.insets && !this.moved) this.home(false);
    }

    stats() {
      if (!this.scene) return { buildings: 0, classes: [], counts: {} };
      const { tokens } = parts;
      const counts = {};
      for (const [name, classes] of Object.entries(tokens.CLASSES)) {
        const n = new Array(classes.length).fill(0);
        for (const v of this[name]) n[v]++;
        counts[name] = Object.fromEntries(classes.map((c, k) => [c, n[k]]));
      }
      const { colour } = this.options;
      return {
        buildings: this.scene.core, context: this.scene.count - this.scene.core,
        triangles: this.baked.triangles, trees: this.trees ? this.trees.places.length : 0,
        software: this.software, revision: this.revision, version: this.scene.header.version,
        colour, counts, lit: this.lit,
        classes: tokens.CLASSES[colour].map((name, number) => {
          const [rgb, flags] = tokens.classColour(this.theme, colour, number, 0);
          return { name, number, count: counts[colour][name], colour: tokens.css(rgb), hatched: (flags & tokens.HATCHED) !== 0 };
        }),
      };
    }

    // ---- end of life
    _lost(event) {
      event.preventDefault();
      if (this.disposed) return;
      // the driver took the context: everything is drawn again in a new one, seen from where it was
      const { view } = this;
      this._dropDeck();
      this.view = view;
      const alive = () => !this.disposed;
      setTimeout(() => { if (alive() && this.scene) { this.moved = true; this.ready = this._draw(alive); } }, 300);
    }
    _dropDeck() {
      const { deck, canvas } = this;
      this.deck = this.layer = this.canvas = null;
      if (!deck) return;
      deck.finalize();
      const gl = canvas.getContext("webgl2");
      const lose = gl && !gl.isContextLost() && gl.getExtension("WEBGL_lose_context");
      if (lose) lose.loseContext(); // browsers keep only a few contexts: give this one back now
      canvas.remove();
    }
    dispose() {
      if (this.disposed) return;
      this.disposed = true;
      for (const work of [this.loading, this.asking]) if (work) work.abort();
      clearTimeout(this.coarse);
      this.watch.disconnect();
      this.sizes.disconnect();
      this.element.removeEventListener("keydown", this._onKey);
      this.labels.dispose();
      this._dropDeck();
      this.scene = this.baked = this.trees = null;
      if (current === this) current = null;
    }

    _show(title, text, command, retry) {
      const { message } = this;
      message.hidden = !title;
      message.replaceChildren();
      if (!title) return;
      const add = (tag, content) => { const e = document.createElement(tag); e.textContent = content; message.append(e); return e; };
      add("b", title);
      if (text) add("span", text);
      if (command) add("code", command);
      if (retry) add("button", this.text.retry).onclick = retry;
    }
  }

  // the other halves of the class; once, when first used, because those files load after this one
  function complete() {
    for (const half of [parts.names, parts.focus, parts.split, parts.stage, parts.streets]) {
      Object.defineProperties(CimMapView.prototype, Object.getOwnPropertyDescriptors(half));
    }
  }

  const on = (name) => (fn) => { listeners[name].add(fn); return () => listeners[name].delete(fn); };
  const call = (method, ...args) => (current ? current[method](...args) : undefined);

  window.CimMap = {
    /** Fetches what the map will need (deck.gl, geometry) before its place on the page is free to be drawn. */
    prepare({ community, at = null, deckUrl = "/vendor/deck.js" }) {
      if (!community) return;
      const url = new URL(`/map/${encodeURIComponent(community)}/geometry`, location.href);
      if (at) url.searchParams.set("at", at);
      fetchAhead(url);
      loadDeck(deckUrl).catch(() => {}); // start meets the same failure and shows it
    },
    /** Draws into `element`; the same element again only updates the options. Resolves when the ground is ready. */
    start(element, options) {
      if (current && current.element === element && !current.disposed) current.update(options);
      else {
        if (current) current.dispose();
        if (!CimMapView.prototype.select) complete();
        current = new CimMapView(element, options);
      }
      return current.ready;
    },
    setAt: (at) => call("setAt", at),
    setOther: (at, isLeft) => call("setOther", at, isLeft),
    setSplit: (share) => call("setSplit", share),
    setColour: (colour) => call("setColour", colour),
    setLit: (number) => call("setLit", number),
    setStreets: (streets) => call("setStreets", streets),
    setWalks: (walks, bands) => call("setWalks", walks, bands),
    setCircle: (circle) => call("setCircle", circle),
    setInsets: (insets) => call("update", { insets }),
    setNotes: (notes) => call("update", { notes: notes || {} }),
    apply: (change) => call("apply", change),
    refresh: () => call("refresh"),
    flyTo: (id) => call("flyTo", id),
    follow: (what) => call("follow", what),
    reframe: () => call("reframe"),
    keepOnly: (ids) => call("keepOnly", ids),
    home: () => call("home"),
    north: () => { if (current && current.view) { current.moved = true; current._go({ ...current.view, bearing: 0 }, true); } },
    select: (id) => call("select", id),
    spotAt: (x, y) => call("spotAt", x, y) || null,
    onSelect: on("select"),
    onView: on("view"),
    onStats: on("stats"),
    onFacility: on("facility"),
    onSpot: on("spot"),
    /** Longitude and latitude that metres are counted from; null before the ground is there. */
    origin: () => (current && current.scene ? current.scene.header.origin : null),
    stats: () => call("stats") || { buildings: 0, classes: [], counts: {} },
    dispose: () => call("dispose"),
    readPixel: (x, y) => call("readPixel", x, y),
    readPixels: (x, y, w, h) => call("readPixels", x, y, w, h),
    picture: () => call("picture"),
    where: (id) => call("where", id),
    nameOf: (id) => call("nameOf", id) || "",
    /** Whether the view moves, or has just come to rest and is still to be drawn sharp. */
    moving: () => Boolean(current && current.coarse),
    /** The id of building number i of the geometry, as changes name it. */
    id: (i) => (current && current.scene ? current.scene.header.buildings.ids[i] : undefined),
    labelBoxes: () => (current ? current.labels.boxes() : []),
    ready: () => (current ? current.ready : Promise.resolve()),
    /** Resolves when the buildings stand, before trees and the fine ground; never when there are none. */
    built: () => (current ? current.painted : Promise.resolve()),
    get marks() {
      return Object.fromEntries(performance.getEntriesByType("mark")
        .filter((m) => m.name.startsWith("cim-map:")).map((m) => [m.name.slice(8), m.startTime]));
    },
  };
})();
