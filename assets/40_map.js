// window.CimMap: the 3D neighbourhood. Geometry is fetched once per version; afterwards only colours change.
// Parts: tokens (colours), geometry (answer, camera, picking), mesh and ground (baking), layer (drawing),
// labels (names), view (camera moves). deck.gl is served by the program itself at /vendor/deck.js.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});
  const listeners = { select: new Set(), view: new Set(), stats: new Set() };
  let current = null;

  const mark = (name) => performance.mark(`cim-map:${name}`);
  const tell = (name, value) => { for (const fn of listeners[name]) fn(value); };

  const MOVING_RATIO = 0.55;
  const REST_MS = 180;

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

  const TEXT = {
    zh: {
      act: "需要处置", look: "请查看", blind: "数据中断", people: "人", homes: "户", closed: "无数据",
      label: "三维社区地图：方向键移动，加减键缩放，Q 和 E 旋转，Home 回到全貌",
      empty: "地图上还没有建筑", how: "导入一份建筑数据即可显示：", failed: "地图没有取到数据", retry: "再试一次",
      webgl: "这个浏览器没有开启 WebGL 2，三维地图无法显示；其他数据不受影响。",
    },
    en: {
      act: "Action needed", look: "Please check", blind: "No data", people: "people", homes: "homes", closed: "no data",
      label: "3D map of the community: arrow keys move, plus and minus zoom, Q and E rotate, Home shows all",
      empty: "No buildings on the map yet", how: "Import building data to see them:", failed: "The map got no data", retry: "Try again",
      webgl: "WebGL 2 is off in this browser, so the 3D map cannot be shown; all other data can.",
    },
  };

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

    get text() { return TEXT[this.options.lang === "en" ? "en" : "zh"]; }
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
      try {
        const geometry = this._fetch(this._url("geometry"), loading.signal).then((a) => a.arrayBuffer());
        const classes = this._fetch(this._url("classes"), loading.signal).then((a) => a.json());
        classes.catch(() => {}); // awaited below; a failed geometry must not leave it unheard
        const [buffer] = await Promise.all([geometry, loadDeck(this.options.deckUrl || "/vendor/deck.js")]);
        if (!alive()) return;
        mark("geometry");
        const scene = parts.geometry.parse(buffer);
        this._useClasses(await classes, scene);
        if (!alive()) return;
        if (!scene.count) {
          this._show(this.text.empty, this.text.how, `python run.py import buildings.osm --community ${this.options.community}`);
          return;
        }
        this._show(null);
        this._useScene(scene);
        await this._draw(alive);
      } catch (error) {
        if (error.name === "AbortError" || !alive()) return;
        console.error("CimMap:", error);
        this._show(this.text.failed, error.message, null, () => { this.ready = this._load(); });
      }
    }

    _useClasses(answer, scene) {
      this.classes = answer;
      this.revision = answer.revision;
      this.options.version = answer.version;
      const { CLASSES } = parts.tokens;
      const count = scene.core;
      for (const name of Object.keys(CLASSES)) {
        const none = CLASSES[name].indexOf("none");
        const numbers = new Uint8Array(count).fill(none);
        numbers.set((answer[name] || []).slice(0, count));
        this[name] = numbers;
      }
      this.pins = new Map((answer.pins || []).map(([id, people, grade]) => [id, { people, grade }]));
      this._hour(Date.parse(answer.at), scene.header.origin);
    }

    _useScene(scene) {
      const mesh = parts.mesh.buildings(scene);
      const rows = Math.max(1, Math.ceil(scene.count / parts.layer.WIDTH));
      const form = new Float32Array(rows * parts.layer.WIDTH * 4);
      for (let i = 0; i < scene.count; i++) {
        const levels = scene.b_levels[i];
        const storey = levels ? Math.max(2.4, scene.b_height[i] / levels) : 3;
        // a guessed height shows fainter storeys: they are a guess too
        const windows = scene.b_use[i] === 2 ? 2 : scene.b_source[i] === 2 ? 0.6 : 1;
        form.set([scene.b_height[i], scene.b_base[i], storey, windows], i * 4);
      }
      this.scene = scene;
      this.baked = { mesh, form, triangles: mesh.index.length / 3 };
      this.colours = new Uint8Array(rows * parts.layer.WIDTH * 4);
      this._paintAll();
      const kept = this.selectedId;
      this.selected = kept !== undefined && scene.indexOf.has(kept) ? scene.indexOf.get(kept) : null;
    }

    // ---- colours
    _texel(i) {
      const { tokens } = parts;
      const use = this.scene.b_use[i];
      let colour, flags = 0;
      if (i >= this.scene.core) colour = this.theme.context;
      else {
        const number = this[this.options.colour][i];
        [colour, flags] = tokens.classColour(this.theme, this.options.colour, number, use);
        if (this.lit !== null && number !== this.lit) flags |= tokens.DIMMED;
      }
      const o = i * 4;
      this.colours[o] = colour[0]; this.colours[o + 1] = colour[1]; this.colours[o + 2] = colour[2];
      this.colours[o + 3] = flags;
    }
    _paintAll() { for (let i = 0; i < this.scene.count; i++) this._texel(i); }
    _recolour() {
      if (!this.scene) return;
      this._paintAll();
      if (this.layer) this.layer.recolour(this.colours, null);
      this._after();
    }
    _after() {
      this._relabel();
      tell("stats", this.stats());
    }

    _hour(instant, origin) {
      if (!Number.isFinite(instant)) return;
      const night = this.options.theme === "light" ? 0 : parts.tokens.nightfall(instant, origin[0], origin[1]);
      if (Math.abs(night - this.night) < 0.02 && this.tint) return;
      this.night = night;
      const { mix, css } = parts.tokens;
      this.tint = mix([1, 1, 1], [0.62, 0.65, 0.68], night);
      this.ground = this.theme.ground.map((v, k) => v * this.tint[k]);
      this.element.style.backgroundColor = css(this.ground);
      if (this.layer) this.layer.setNeedsRedraw();
    }

    // ---- drawing
    async _draw(alive) {
      const { ground, layer } = parts;
      const { scene, theme } = this;
      const [inner, outer] = ground.extents(scene);
      const sketch = ground.sketch(scene, theme, outer, 1024);
      await this._device(alive);
      if (!alive()) return;
      const place = this.layer;
      place.setBuildings(this.baked.mesh, scene.count, this.baked.form, this.colours);
      place.setGround("inner", sketch, outer, [outer], 1);
      if (this.trees) this._plant();
      if (!this.moved) this.home(false);
      this._refocus();
      this._after();
      this.deck.redraw("first paint");
      this._placeLabels();
      mark("first-paint");

      // then, in slices: trees and the fine picture of the ground
      if (!this.trees) {
        const places = await ground.inSlices(ground.plantTrees(scene), alive);
        if (!places) return;
        this.trees = { places, mesh: parts.mesh.trees(places) };
      }
      if (!alive()) return;
      if (this.layer === place) this._plant();
      const limit = Math.min(this.software ? 3072 : 4096, this.deck.device.limits.maxTextureDimension2D);
      const pixels = (box, perMetre) => Math.round(Math.min(limit, perMetre * Math.max(box[2] - box[0], box[3] - box[1])));
      const fine = await ground.inSlices(ground.picture(scene, theme, inner, pixels(inner, 4), this.trees.places), alive);
      if (!fine || this.layer !== place) return;
      const coarse = await ground.inSlices(ground.picture(scene, theme, outer, Math.min(1536, pixels(outer, 4)), this.trees.places), alive);
      if (!coarse || this.layer !== place) return;
      const smooth = this.software ? 1 : 8; // anisotropy: on a processor it would cost more than the rest of the frame
      place.setGround("inner", fine, inner, [inner], smooth);
      place.setGround("outer", coarse, outer, [
        [outer[0], outer[1], outer[2], inner[1]], [outer[0], inner[3], outer[2], outer[3]],
        [outer[0], inner[1], inner[0], inner[3]], [inner[2], inner[1], outer[2], inner[3]],
      ], smooth);
      this.deck.redraw("ground");
      mark("ground");
    }

    _plant() {
      this.layer.setTrees(this.trees.mesh);
    }

    /** One deck.gl instance per map; resolves when its layer can take meshes. */
    _device(alive) {
      if (this.layer) return Promise.resolve();
      const { deck } = window;
      const canvas = document.createElement("canvas");
      canvas.id = `cim-map-canvas-${Math.round(performance.now())}`;
      this.host.replaceChildren(canvas);
      this.canvas = canvas;
      canvas.addEventListener("webglcontextlost", (event) => this._lost(event));
      return new Promise((resolve, reject) => {
        const Layer = parts.layer.sceneLayer();
        const [longitude, latitude] = this.scene.header.origin;
        this.deck = new deck.Deck({
          canvas,
          width: "100%", height: "100%",
          views: new deck.MapView({
            id: "map",
            controller: {
              keyboard: false, doubleClickZoom: true, touchRotate: true, dragRotate: true,
              scrollZoom: { speed: 0.008, smooth: false }, inertia: this.software || parts.view.calm() ? 0 : 220,
            },
          }),
          initialViewState: this.view || { longitude, latitude, zoom: 16, pitch: parts.view.PITCH, bearing: parts.view.BEARING },
          useDevicePixels: this._ratio(),
          // the drawn picture is kept, so that a change draws only what it changes; multisampling is then paid for
          // once per camera move, which even a processor can afford
          deviceProps: {
            type: "webgl",
            webgl: { antialias: true, preserveDrawingBuffer: true, powerPreference: "high-performance" },
          },
          layers: [new Layer({
            id: "cim-scene",
            uniforms: (viewport) => this._uniforms(viewport),
            onReady: (layer) => { this.layer = layer; if (alive()) resolve(); },
          })],
          onViewStateChange: ({ viewState, interactionState }) => {
            this.view = viewState;
            this._moving();
            if (interactionState && (interactionState.isDragging || interactionState.isZooming || interactionState.isPanning || interactionState.isRotating)) this.moved = true;
            return viewState;
          },
          onAfterRender: () => this._placeLabels(),
          onClick: (info) => this._click(info),
          onHover: (info) => this._hover(info),
          getCursor: ({ isDragging }) => (isDragging ? "grabbing" : this.hovered >= 0 ? "pointer" : "grab"),
          onError: (error) => {
            console.error("CimMap:", error);
            if (!this.layer) { this._show(this.text.webgl); reject(error); }
          },
        });
      });
    }

    /** Without a graphics card a moving picture is drawn coarser, and sharp again when it rests. */
    _moving() {
      if (!this.software || !this.deck) return;
      if (!this.coarse) this.deck.setProps({ useDevicePixels: this._ratio() * MOVING_RATIO });
      clearTimeout(this.coarse);
      this.coarse = setTimeout(() => {
        this.coarse = null;
        if (!this.deck) return;
        this.deck.setProps({ useDevicePixels: this._ratio() });
        if (this.layer) this.layer.setNeedsRedraw();
      }, REST_MS);
    }

    _ratio() {
      const { clientWidth, clientHeight } = this.element;
      const most = this.software ? 2.1e6 : 1.6e7; // pixels drawn per frame
      const wanted = this.software ? 1 : Math.min(2, window.devicePixelRatio || 1);
      return Math.min(wanted, Math.sqrt(most / Math.max(1, clientWidth * clientHeight)));
    }

    _uniforms(viewport) {
      if (!this.scene) return null;
      const { theme } = this;
      const camera = parts.geometry.camera(viewport, this.scene.header.origin);
      const unit = (c) => c.map((v) => v / 255);
      const focus = this.selected !== null ? 0.6 : 1;
      const [f0, f1] = this.scene.fade.buildings;
      const length = Math.hypot(-0.55, -0.62, 0.62);
      const dim = 1 - this.night;
      return {
        matrix: camera.matrix,
        sun: [-0.55 / length, -0.62 / length, 0.62 / length, theme.sun * (0.52 + 0.48 * dim)],
        light: [theme.ambient + 0.12 * this.night, theme.foot, theme.glass - 0.06 * this.night, theme.roof],
        ground: [...unit(this.ground), focus],
        fade: [...this.scene.centre, f0, f1],
        tint: [...this.tint, this.night],
        edge: [...unit(theme.edge), theme.edgeAlpha],
        base: [...unit(theme.base), this.options.at ? 1 : 0],
        pick: [this.floors ? this.selected : -1, this.selected ?? -1, this.software ? -1 : this.hovered, 0],
        pixels: [this.canvas.width, this.canvas.height, 1.7 * this._ratio(), 0],
        treeA: [...unit(theme.tree[0]), 0], treeB: [...unit(theme.tree[1]), 0], treeC: [...unit(theme.tree[2]), 0],
      };
    }

    _camera() {
      const viewport = this.deck && this.deck.isInitialized && this.deck.getViewports()[0];
      return viewport && this.scene ? parts.geometry.camera(viewport, this.scene.header.origin) : null;
    }

    _frame() {
      const { clientWidth, clientHeight } = this.element;
      return parts.view.frameOf(clientWidth, clientHeight, this.options.insets);
    }

    _placeLabels() {
      const camera = this._camera();
      if (!camera) return;
      let boxes = null;
      const blocks = () => (boxes = boxes || this._blocks(camera));
      this.labels.place(camera, this._frame(), camera.viewport.zoom - (this.homeZoom ?? camera.viewport.zoom), blocks, this._focusBox(camera));
      const { metres, pixels } = parts.view.scaleBar(camera, 90);
      tell("view", { scale_m: metres, scale_px: pixels, scale_m_px: pixels ? metres / pixels : 0, bearing: camera.viewport.bearing, zoom: camera.viewport.zoom });
    }

    // ---- labels
    /** Box of the lifted floors on the screen, or null. */
    _focusBox(camera) {
      if (!this.floors) return null;
      const { frame: f, height } = this.floors, low = this.scene.b_base[this.selected];
      const points = [[f.s0, f.t0], [f.s1, f.t0], [f.s1, f.t1], [f.s0, f.t1]].map(([s, t]) => f.at(s, t));
      const seen = points.flatMap((p) => [camera.project(...p, low), camera.project(...p, low + height)]);
      const [x, y] = [seen.map((p) => p[0]), seen.map((p) => p[1])];
      return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
    }

    /** Storeys beside and staircases before the lifted floors, on the sides the camera sees. */
    _storeyLabels() {
      const camera = this._camera();
      if (!camera || !this.floors) return [];
      const { frame: f, storey, floors, heightOfStorey } = this.floors, low = this.scene.b_base[this.selected];
      const english = this.options.lang === "en";
      const corners = [[f.s0 - 2.4, f.t0], [f.s1 + 2.4, f.t0], [f.s1 + 2.4, f.t1], [f.s0 - 2.4, f.t1]].map(([s, t]) => f.at(s, t));
      const left = corners.reduce((a, b) => (camera.project(...a, low)[0] <= camera.project(...b, low)[0] ? a : b));
      const list = [];
      for (let floor = 1; floor <= floors; floor++) {
        list.push({
          key: `s:${floor}`, kind: "storey", title: english ? `F${floor}` : `${floor}层`, note: "",
          anchor: [...left, low + (floor - 1) * storey + heightOfStorey / 2],
        });
      }
      const { units } = this.detail;
      const middle = (t) => f.at((f.s0 + f.s1) / 2, t);
      const front = camera.project(...middle(f.t0), low)[1] > camera.project(...middle(f.t1), low)[1] ? f.t0 - 4 : f.t1 + 4;
      units.forEach((name, k) => list.push({
        key: `u:${k}`, kind: "storey", title: english ? `Stair ${k + 1}` : name, note: "",
        anchor: [...f.at(f.s0 + (f.length * (k + 0.5)) / units.length, front), low],
      }));
      return list;
    }

    /** Boxes of the community's buildings on the screen (of a large one only the first few hundred). */
    _blocks(camera) {
      const { scene } = this, { box } = scene, found = [];
      for (let i = 0; i < Math.min(scene.core, 300); i++) {
        let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
        for (let k = 0; k < 8; k++) {
          const [x, y] = camera.project(box[4 * i + (k & 1 ? 2 : 0)], box[4 * i + (k & 2 ? 3 : 1)], k & 4 ? scene.top[i] : scene.b_base[i]);
          x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y);
        }
        found.push([x0, y0, x1, y1]);
      }
      return found;
    }

    _name(i) {
      const { names, names_en: english } = this.scene.header.buildings;
      return (this.options.lang === "en" && english[i]) || names[i] || "";
    }

    _relabel() {
      const { scene } = this;
      const { header } = scene;
      const english = this.options.lang === "en";
      const named = (thing) => (english && thing.name_en) || thing.name;
      const middle = (i) => [(scene.box[4 * i] + scene.box[4 * i + 2]) / 2, (scene.box[4 * i + 1] + scene.box[4 * i + 3]) / 2];
      const list = [];
      const states = parts.tokens.CLASSES.alert;
      const blind = this.alert.reduce((n, v) => n + (states[v] === "blind"), 0);
      for (let i = 0; i < scene.core; i++) {
        const state = states[this.alert[i]];
        const mine = i === this.selected;
        if (state === "none" && !mine) continue;
        if (state === "blind" && blind > 8 && !mine) continue; // many blind at once: the colour and the legend say it
        const id = header.buildings.ids[i];
        const home = mine && this._alarmed();
        list.push({
          key: `b:${id}`, kind: state === "none" ? "selected" : state,
          title: this._name(i) || id,
          note: this.options.notes[id] || (state === "none" ? "" : this.text[state]),
          mine, anchor: home ? home.centre : [...middle(i), mine && this.floors ? this.floors.height : scene.top[i]],
          onClick: () => this._choose(i),
        });
      }
      for (const f of header.facilities) {
        const pin = this.pins.get(f.id);
        const known = pin && pin.people !== null && pin.grade !== "unknown";
        const [icon, level] = parts.labels.facility(f.kind);
        list.push({
          key: `f:${f.id}`, kind: "facility", title: named(f), icon,
          level: level + (f.building < 0 && f.kind !== "park" ? 1 : 0), // a building of its own counts more
          note: known ? `${pin.people} ${this.text.people}` : "", quiet: Boolean(pin) && !known,
          anchor: [f.x, f.y, f.building >= 0 ? scene.top[f.building] * 0.9 : 0],
          onClick: f.building >= 0 ? () => this._choose(f.building) : null,
        });
      }
      for (const e of header.estates) {
        list.push({
          key: `e:${e.id}`, kind: "estate", title: named(e),
          note: e.households ? `${e.households.toLocaleString("en")} ${this.text.homes}` : "", anchor: [e.x, e.y, 0],
        });
      }
      list.push(...this._storeyLabels());
      const rivers = new Set(), [w, s, e, n] = scene.bounds;
      for (const g of header.ground_names) {
        if (g.layer !== "water" || rivers.has(g.name)) continue;
        rivers.add(g.name);
        list.push({ key: `w:${g.name}`, kind: "water", title: named(g), note: "", small: g.area_m2 < 0.02 * (e - w) * (n - s), anchor: [g.x, g.y, 0], angle: g.angle });
      }
      this.labels.set(list);
      this._placeLabels();
    }

    // ---- choosing
    _top(i) {
      return i === this.selected && this.floors ? this.floors.height : this.scene.top[i];
    }
    _at(x, y) {
      const camera = this._camera();
      if (!camera) return -1;
      const [from, to] = camera.ray(x, y);
      return parts.geometry.pick(this.scene, from, to, this.scene.core, (i) => this._top(i));
    }
    _click(info) {
      const i = this._at(info.x, info.y);
      this.element.focus({ preventScroll: true });
      this._choose(i >= 0 ? i : null);
    }
    _choose(i) {
      const id = i === null ? null : this.scene.header.buildings.ids[i];
      this.select(id);
      tell("select", id);
    }
    _hover(info) {
      const i = info.x >= 0 ? this._at(info.x, info.y) : -1;
      if (i === this.hovered) return;
      this.hovered = i;
      this.host.title = i >= 0 ? this._name(i) : "";
      if (!this.software && this.layer) this.layer.setNeedsRedraw();
    }

    select(id) {
      const i = id !== null && this.scene && this.scene.indexOf.has(id) ? this.scene.indexOf.get(id) : null;
      this.selectedId = id ?? undefined;
      if (i === this.selected && (i === null || this.floors)) return;
      this.selected = i;
      this.detail = null;
      this._refocus();
      if (i !== null && this.scene.b_use[i] === 0) this._lift(id);
    }

    async _lift(id) {
      try {
        const answer = await this._fetch(this._url(`building/${encodeURIComponent(id)}`));
        const detail = await answer.json();
        if (this.disposed || this.selectedId !== id) return;
        this.detail = detail;
        this._refocus();
      } catch (error) {
        console.error("CimMap:", error); // the building stays highlighted, only its floors stay closed
      }
    }

    _alarmed() {
      if (!this.floors) return null;
      for (const state of ["act", "look"]) {
        for (const place of this.floors.places.values()) if (place.state === state) return place;
      }
      return null;
    }

    /** Draws what depends on the selection: lifted floors, outline, wire frame of an alarmed home. */
    _refocus() {
      const { layer, scene } = this;
      if (!layer || !scene) return;
      const i = this.selected;
      this.floors = null;
      let outline = null, wire = null;
      if (i !== null) {
        const { HOMES } = parts.tokens;
        if (this.detail) this.floors = parts.mesh.liftedFloors(scene, i, this.detail, (state) => HOMES[state] || HOMES.none);
        if (!this.floors) outline = this._outline(i);
        for (const place of this.floors ? this.floors.places.values() : []) {
          if (place.state !== "act") continue;
          const { corners, z0, z1 } = place;
          const ring = (z) => corners.map((c, k) => [[...c, z], [...corners[(k + 1) % 4], z], [255, 236, 236, 255]]);
          wire = [...(wire || []), ...ring(z0), ...ring(z1), ...corners.map((c) => [[...c, z0], [...c, z1], [255, 236, 236, 255]])];
        }
      }
      if (this.floors) {
        const { mesh, colours, storey } = this.floors;
        const rows = Math.ceil(colours.length / parts.layer.WIDTH);
        const texels = new Uint8Array(rows * parts.layer.WIDTH * 4), form = new Float32Array(rows * parts.layer.WIDTH * 4);
        colours.forEach((c, k) => {
          texels.set([c[0], c[1], c[2], c === parts.tokens.BLIND ? parts.tokens.HATCHED : parts.tokens.SIGNAL], k * 4);
          form.set([storey, scene.b_base[i] - 8, storey, 0], k * 4);
        });
        layer.setFloors(mesh, colours.length, form, texels);
      } else layer.setFloors(null);
      layer.setLines("outline", outline, false);
      layer.setLines("wire", wire, true);
      layer.setNeedsRedraw();
      this._relabel();
    }

    _outline(i) {
      const { b_xy: xy, b_ring: ring, b_first_ring: first, b_base: low, b_height: height } = this.scene;
      const colour = [...(this.options.theme === "light" ? [21, 101, 184] : [214, 232, 255]), 235];
      const lines = [];
      for (let r = first[i]; r < first[i + 1]; r++) {
        const points = parts.geometry.ringPoints(xy, ring, r);
        points.forEach((p, k) => {
          const q = points[(k + 1) % points.length];
          const z = low[i] + height[i] + 0.05;
          lines.push([[...p, z], [...q, z], colour], [[...p, low[i] + 0.1], [...q, low[i] + 0.1], colour]);
          if (points.length <= 24) lines.push([[...p, low[i]], [...p, z], colour]);
        });
      }
      return lines;
    }

    // ---- camera
    _go(view, animate) {
      if (!this.deck || !view) return;
      this.view = view;
      const smooth = animate && !parts.view.calm();
      this.deck.setProps({
        initialViewState: {
          ...view,
          transitionDuration: smooth ? (typeof animate === "number" ? animate : parts.view.FLY_MS) : 0,
          transitionEasing: parts.view.easeOut,
          transitionInterpolator: smooth ? new window.deck.LinearInterpolator(["longitude", "latitude", "zoom", "pitch", "bearing"]) : undefined,
        },
      });
    }
    home(animate = true) {
      const { clientWidth: w, clientHeight: h } = this.element;
      if (!this.scene || !w || !h) return;
      this.moved = false;
      const view = parts.view.home(this.scene, this._frame(), w, h);
      this.homeZoom = view.zoom;
      this._go(view, animate);
    }
    flyTo(id) {
      if (!this.scene || !this.scene.indexOf.has(id)) return;
      const i = this.scene.indexOf.get(id), { box } = this.scene;
      const { clientWidth: w, clientHeight: h } = this.element;
      const point = [(box[4 * i] + box[4 * i + 2]) / 2, (box[4 * i + 1] + box[4 * i + 3]) / 2, this._top(i) / 2];
      this.moved = true;
      const from = this.view || parts.view.home(this.scene, this._frame(), w, h);
      this._go(parts.view.towards(this.scene, point, this._frame(), w, h, from, 18.1), true);
    }
    _key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.scene || !this.view) return;
      if (event.target !== this.element && event.target !== this.canvas) return;
      const { clientWidth: w, clientHeight: h } = this.element;
      if (event.key === "Home") this.home();
      else if (event.key === "Escape") this._choose(null);
      else {
        const view = parts.view.moved(this.scene, event.key, this.view, w, h);
        if (!view) return;
        this.moved = true;
        this._go(view, this.software ? 0 : 160);
      }
      event.preventDefault();
    }
    _resized() {
      if (!this.deck || !this.scene) return;
      this.deck.setProps({ useDevicePixels: this._ratio() });
      this.labels.remeasure();
      if (!this.moved) this.home(false);
    }

    // ---- changes
    setAt(at) {
      if ((this.options.at || null) === (at || null)) return Promise.resolve();
      this.options.at = at || null;
      return this.refresh();
    }
    /** Asks for the classes again; fetches the geometry again only when its version changed. */
    async refresh() {
      if (!this.scene) { this.ready = this._load(); return this.ready; }
      if (this.asking) this.asking.abort();
      const asking = (this.asking = new AbortController());
      try {
        const answer = await (await this._fetch(this._url("classes"), asking.signal)).json();
        if (this.disposed || this.asking !== asking) return undefined;
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
        this.tint = null;
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

    // ---- reading back
    /** [r, g, b, a] at a CSS pixel of what is shown. */
    readPixel(x, y) { return Array.from(this.readPixels(x, y, 1, 1)); }
    /** RGBA rows from the bottom up of a rectangle given in CSS pixels. */
    readPixels(x, y, width, height) {
      this.deck.redraw(); // only if something is due
      const gl = this.canvas.getContext("webgl2");
      const k = this.canvas.width / this.canvas.clientWidth;
      const w = Math.max(1, Math.round(width * k)), h = Math.max(1, Math.round(height * k));
      const out = new Uint8Array(w * h * 4);
      gl.readPixels(Math.round(x * k), this.canvas.height - Math.round(y * k) - h, w, h, gl.RGBA, gl.UNSIGNED_BYTE, out);
      return out;
    }
    /** The map as a data URL (PNG), for reports. */
    picture() {
      this.deck.redraw();
      return this.canvas.toDataURL("image/png");
    }
    /** Where building `id` is on the screen now: [x, y] of its roof, or null. */
    where(id) {
      const camera = this._camera();
      if (!camera || !this.scene.indexOf.has(id)) return null;
      const i = this.scene.indexOf.get(id), { box, b_first_tri: first, b_tri: tri, b_xy: xy } = this.scene;
      const t = first[i];
      const middle = first[i + 1] > t
        ? [0, 1].map((k) => (xy[2 * tri[t] + k] + xy[2 * tri[t + 1] + k] + xy[2 * tri[t + 2] + k]) / 3)
        : [(box[4 * i] + box[4 * i + 2]) / 2, (box[4 * i + 1] + box[4 * i + 3]) / 2];
      const [x, y] = camera.project(...middle, this.scene.b_base[i] + this.scene.b_height[i]);
      return [x, y];
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

  const on = (name) => (fn) => { listeners[name].add(fn); return () => listeners[name].delete(fn); };
  const call = (method, ...args) => (current ? current[method](...args) : undefined);

  window.CimMap = {
    /** Draws into `element`; the same element again only updates the options. Resolves when the ground is ready. */
    start(element, options) {
      if (current && current.element === element && !current.disposed) current.update(options);
      else {
        if (current) current.dispose();
        current = new CimMapView(element, options);
      }
      return current.ready;
    },
    setAt: (at) => call("setAt", at),
    setColour: (colour) => call("setColour", colour),
    setLit: (number) => call("setLit", number),
    setInsets: (insets) => call("update", { insets }),
    setNotes: (notes) => call("update", { notes: notes || {} }),
    apply: (change) => call("apply", change),
    refresh: () => call("refresh"),
    flyTo: (id) => call("flyTo", id),
    home: () => call("home"),
    north: () => { if (current && current.view) { current.moved = true; current._go({ ...current.view, bearing: 0 }, true); } },
    select: (id) => call("select", id),
    onSelect: on("select"),
    onView: on("view"),
    onStats: on("stats"),
    stats: () => call("stats") || { buildings: 0, classes: [], counts: {} },
    dispose: () => call("dispose"),
    readPixel: (x, y) => call("readPixel", x, y),
    readPixels: (x, y, w, h) => call("readPixels", x, y, w, h),
    picture: () => call("picture"),
    where: (id) => call("where", id),
    /** Whether the view moves, or has just come to rest and is still to be drawn sharp. */
    moving: () => Boolean(current && current.coarse),
    /** The id of building number i of the geometry, as changes name it. */
    id: (i) => (current && current.scene ? current.scene.header.buildings.ids[i] : undefined),
    labelBoxes: () => (current ? current.labels.boxes() : []),
    ready: () => (current ? current.ready : Promise.resolve()),
    get marks() {
      return Object.fromEntries(performance.getEntriesByType("mark")
        .filter((m) => m.name.startsWith("cim-map:")).map((m) => [m.name.slice(8), m.startTime]));
    },
  };
})();
