// The floors of the neighbourhood centre, lifted apart: rooms as blocks whose height and colour say how full they are.
// Drawn with deck.gl (served by the program itself); where WebGL is missing, as a plan. Data come with the page, in
// [data-floors-data]; a room is chosen by a press, from the list by the keyboard.
(() => {
  "use strict";
  const LIFT = 21, SHIFT = 27;  // metres from one floor to the next: up, and aside, so that none hides another
  const LOW = 0.8, HIGH = 9;  // height of an empty and of a full room
  const TILT = 33, TURN = -20;
  const BLIND = [93, 86, 128], SLAB = [24, 37, 60], EDGE = [77, 163, 255];
  const PLACE = "occupancy--place";
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let current = null;

  function loadDeck() {
    if (window.deck && window.luma) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const found = document.querySelector('script[src="/vendor/deck.js"]');
      const script = found || document.createElement("script");
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error("/vendor/deck.js could not be loaded")));
      if (!found) { script.src = "/vendor/deck.js"; document.head.append(script); }
    });
  }

  function middle(ring) {
    let area = 0, x = 0, y = 0;
    ring.forEach(([ax, ay], k) => {
      const [bx, by] = ring[(k + 1) % ring.length], cross = ax * by - bx * ay;
      area += cross; x += (ax + bx) * cross; y += (ay + by) * cross;
    });
    return area ? [x / (3 * area), y / (3 * area)] : ring[0];
  }
  const colourOf = (room) => {
    if (room.people === null) return BLIND;  // also where nothing counts: dark would say that it is empty
    return window.CimMapParts.tokens.ramp(room.share === null ? Math.min(1, room.people / 40) : Math.min(1, room.share));
  };
  const filled = (room) => (room.people === null ? 0 : Math.min(1, room.share === null ? room.people / 40 : room.share));

  class Floors {
    constructor(host) {
      this.host = host;
      this.tags = document.createElement("div");
      this.tags.className = "floors-tags";
      this.over = null;
      host.replaceChildren(this.tags);
      this.sizes = new ResizeObserver(() => this.resized());
      this.sizes.observe(host);
    }
    dispose() {
      this.sizes.disconnect();
      if (this.deck) this.deck.finalize();
      this.deck = null;
    }
    base(floor) { return (floor - this.lowest) * LIFT; }
    aside(floor, [x, y]) { return [x + (floor - this.lowest) * SHIFT, y]; }

    async show(data) {
      this.data = data;
      this.lowest = Math.min(...data.rooms.map((room) => room.floor));
      if (!data.rooms.length) { this.say(data.words.none); return; }
      if (this.flat) { this.plan(); return; }
      if (!this.deck) {
        try {
          await loadDeck();
          if (!this.host.isConnected) return;
          this.start();
        } catch (error) {
          console.warn("floors:", error.message);
          this.flat = true;
          this.plan();
          return;
        }
      }
      this.name();
      this.draw();
    }
    say(words) {
      const note = document.createElement("p");
      note.className = "floors-note";
      note.textContent = words;
      this.host.replaceChildren(note);
    }

    // ---- three dimensions
    start() {
      const probe = document.createElement("canvas").getContext("webgl2");
      if (!probe) throw new Error("no WebGL 2");
      const lose = probe.getExtension("WEBGL_lose_context");
      if (lose) lose.loseContext();
      const { Deck, OrbitView } = window.deck;
      const canvas = document.createElement("canvas");
      this.host.prepend(canvas);
      this.view = this.fit();
      this.deck = new Deck({
        canvas, width: "100%", height: "100%",
        views: new OrbitView({ id: "floors", orbitAxis: "Z", fovy: 28, controller: { keyboard: false, scrollZoom: { speed: 0.008 }, inertia: calm() ? 0 : 200 } }),
        viewState: this.view,
        parameters: { depthCompare: "less-equal" },
        onViewStateChange: ({ viewState }) => { this.view = viewState; this.moved = true; this.deck.setProps({ viewState }); },
        onAfterRender: () => this.place(),
        onHover: (info) => { const id = info.object && info.object.id ? info.object.id : null; if (id !== this.over) { this.over = id; this.place(); } },
        onClick: (info) => { if (info.object && info.object.id) choose(info.object.id); },
        getCursor: ({ isDragging }) => (isDragging ? "grabbing" : this.over ? "pointer" : "grab"),
        onError: (error) => { console.error("floors:", error); },
        layers: [],
      });
    }
    extent() {
      const rings = this.data.slabs.flatMap((slab) => slab.rings.flat().map((p) => (this.flat ? p : this.aside(slab.floor, p))));
      const xs = rings.map((p) => p[0]), ys = rings.map((p) => p[1]);
      return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    }
    fit() {
      const [w, s, e, n] = this.extent();
      const top = this.base(Math.max(...this.data.rooms.map((room) => room.floor))) + HIGH * 0.6;
      const view = { target: [(w + e) / 2, (s + n) / 2, top / 2], rotationX: TILT, rotationOrbit: TURN, zoom: 2, minZoom: 0, maxZoom: 6 };
      const width = this.host.clientWidth || 800, height = this.host.clientHeight || 500;
      const corners = this.data.slabs.flatMap((slab) => slab.rings.flat().flatMap((p) => [0, HIGH].map((z) => [...this.aside(slab.floor, p), this.base(slab.floor) + z])));
      const { OrbitView } = window.deck;
      for (let step = 0; step < 8; step++) {
        const seen = new OrbitView({ orbitAxis: "Z", fovy: 28 }).makeViewport({ width, height, viewState: view });
        const at = corners.map((c) => seen.project(c));
        const xs = at.map((p) => p[0]), ys = at.map((p) => p[1]);
        const [l, r, t, b] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
        view.zoom += Math.log2(Math.min((width - Math.min(150, width * 0.22)) / (r - l), (height - 64) / (b - t))) * 0.8;
        const off = [(l + r) / 2 - width / 2 - 20, (t + b) / 2 - height / 2 + 8];
        const from = seen.unproject([width / 2, height / 2, 0.5]), to = seen.unproject([width / 2 + off[0], height / 2 + off[1], 0.5]);
        view.target = view.target.map((v, k) => v + (to[k] - from[k]) * (step < 6 ? 0.9 : 0.5));
      }
      return view;
    }
    resized() {
      if (!this.deck || !this.data) return;
      if (!this.moved) { this.view = this.fit(); this.deck.setProps({ viewState: this.view }); }
    }
    draw() {
      const { PolygonLayer, PathLayer, COORDINATE_SYSTEM } = window.deck;
      const { rooms, slabs, chosen } = this.data;
      const flat = slabs.flatMap((slab) => slab.rings.map((ring) => ({ ring: ring.map((p) => this.aside(slab.floor, p)), z: this.base(slab.floor) - 0.6 })));
      const ringOf = (room) => room.ring.map((p) => this.aside(room.floor, p));
      const at = (room) => ringOf(room).map(([x, y]) => [x, y, this.base(room.floor)]);
      const top = (room) => this.base(room.floor) + LOW + filled(room) * (HIGH - LOW);
      const closed = (ring, z) => [...ring, ring[0]].map(([x, y]) => [x, y, z]);
      const common = { coordinateSystem: COORDINATE_SYSTEM.CARTESIAN };
      this.deck.setProps({ layers: [
        new PolygonLayer({ ...common, id: "slabs", data: flat, getPolygon: (d) => d.ring.map(([x, y]) => [x, y, d.z]), extruded: true, getElevation: 0.5, getFillColor: SLAB, material: { ambient: 0.85, diffuse: 0.25, shininess: 8 } }),
        new PathLayer({ ...common, id: "rims", data: flat, getPath: (d) => closed(d.ring, d.z + 0.6), getColor: [70, 96, 140, 200], widthUnits: "pixels", getWidth: 1 }),
        new PolygonLayer({ ...common, id: "rooms", data: rooms, pickable: true, extruded: true, getPolygon: at, getElevation: (room) => LOW + filled(room) * (HIGH - LOW), getFillColor: (room) => colourOf(room), material: { ambient: 0.62, diffuse: 0.5, shininess: 12, specularColor: [20, 26, 40] }, transitions: calm() ? {} : { getElevation: 400, getFillColor: 400 }, updateTriggers: { getElevation: rooms.map((r) => r.people), getFillColor: rooms.map((r) => r.people) } }),
        new PathLayer({ ...common, id: "edges", data: rooms, getPath: (room) => closed(ringOf(room), top(room) + 0.05), getColor: (room) => (room.people === null ? [201, 191, 234, 255] : [190, 214, 245, 120]), widthUnits: "pixels", getWidth: 1, updateTriggers: { getPath: rooms.map((r) => r.people) } }),
        new PathLayer({ ...common, id: "hatch", data: rooms.filter((room) => room.people === null).flatMap((room) => hatch(ringOf(room), top(room) + 0.1)), getPath: (line) => line, getColor: [167, 155, 208, 255], widthUnits: "pixels", getWidth: 1.5 }),
        new PathLayer({ ...common, id: "chosen", data: rooms.filter((room) => room.id === chosen), getPath: (room) => closed(ringOf(room), top(room) + 0.15), getColor: [...EDGE, 255], widthUnits: "pixels", getWidth: 3.5 }),
      ] });
    }

    // ---- words over the drawing
    name() {
      const { rooms, slabs, words, lang, chosen } = this.data;
      this.marks = [];
      const put = (className, at, parts, id, weight) => {
        const e = document.createElement("div");
        e.className = className;
        for (const [tag, text, name] of parts) { const p = document.createElement(tag); p.textContent = text; if (name) p.className = name; e.append(p); }
        this.marks.push({ e, at, id, weight });
        return e;
      };
      for (const slab of slabs) {
        const ring = slab.rings[0].map((p) => this.aside(slab.floor, p)), edge = ring.reduce((a, b) => (b[0] + b[1] * 0.25 < a[0] + a[1] * 0.25 ? b : a));
        put("floor-name", [edge[0] - 2.5, edge[1], this.base(slab.floor)], [["span", words.floor.replace("{n}", slab.floor)]], null, 1e9);
      }
      for (const room of rooms) {
        const [x, y] = this.aside(room.floor, middle(room.ring)), z = this.base(room.floor) + LOW + filled(room) * (HIGH - LOW);
        const name = (lang === "en" && room.name_en) || room.name;
        const number = !room.counted ? null : room.people === null ? "—" : String(room.people);
        if (number === null) continue;
        put("room-tag" + (room.people === null ? " blind" : "") + (room.id === chosen ? " on" : ""), [x, y, z + 0.5],
          [["span", name, "tag-name"], ["b", number]], room.id, (room.id === chosen || room.share >= 0.5 ? 2e9 : 0) + (room.people || 0) + (room.share || 0));
      }
      this.tags.replaceChildren(...this.marks.map((mark) => mark.e));
      for (const mark of this.marks) { mark.w = mark.e.offsetWidth; mark.h = mark.e.offsetHeight; mark.e.classList.add("short"); mark.s = mark.e.offsetWidth; mark.e.classList.remove("short"); }
    }
    /** Names yield to each other: first the whole tag, then the number alone, else nothing until pointed at. */
    place() {
      const seen = this.deck && this.deck.getViewports()[0];
      if (!seen || !this.marks) return;
      const taken = [], free = (box) => taken.every((b) => box[2] < b[0] || box[0] > b[2] || box[3] < b[1] || box[1] > b[3]);
      const first = (mark) => (mark.id && mark.id === this.over ? 1 : 0);
      const order = [...this.marks].sort((a, b) => first(b) - first(a) || b.weight - a.weight);
      for (const mark of order) {
        const at = seen.project(mark.at);
        let [x, y] = mark.id ? at : [at[0] - mark.w / 2, at[1]]; // floors are named beside their corner, or near it
        const whole = mark.id === this.over && this.over !== null;
        const box = (w) => [x - w / 2 - 1, y - mark.h / 2 - 1, x + w / 2 + 1, y + mark.h / 2 + 1];
        if (!mark.id) {
          const aside = [[0, 0], [-6, -18], [-34, -8], [-40, 14], [0, -34]].find(([dx, dy]) => { const [bx, by] = [x, y]; x += dx; y += dy; const ok = free(box(mark.w)); [x, y] = [bx, by]; return ok; });
          if (aside) { x += aside[0]; y += aside[1]; }
        }
        const fits = whole || free(box(mark.w)), short = !fits && mark.id && free(box(mark.s));
        mark.e.classList.toggle("short", Boolean(short));
        mark.e.classList.toggle("over", whole);
        mark.e.style.visibility = fits || short ? "visible" : "hidden";
        if (!(fits || short)) continue;
        const w = short ? mark.s : mark.w;
        taken.push(box(w));
        mark.e.style.transform = `translate(${Math.round(x - w / 2)}px, ${Math.round(y - mark.h / 2)}px)`;
      }
    }

    // ---- without WebGL: the floors side by side, from above
    plan() {
      const { rooms, slabs, words, lang, chosen } = this.data, [w, s, e, n] = this.extent();
      const NS = "http://www.w3.org/2000/svg", make = (tag, set) => { const x = document.createElementNS(NS, tag); for (const k in set) x.setAttribute(k, set[k]); return x; };
      const columns = slabs.length > 2 ? 2 : 1, wide = e - w + 12, high = n - s + 16, rows = Math.ceil(slabs.length / columns);
      const svg = make("svg", { class: "floors-plan", viewBox: `0 0 ${wide * columns} ${high * rows}`, role: "img" });
      const write = (x, y, text, size, anchor) => { const t = make("text", { x, y, style: `font-size:${size}px`, "text-anchor": anchor }); t.textContent = text; svg.append(t); };
      slabs.forEach((slab, k) => {
        const left = (k % columns) * wide + 6 - w, foot = Math.floor(k / columns) * high + 12 + n, at = ([x, y]) => [x + left, foot - y];
        write(left + w, foot - n - 3, words.floor.replace("{n}", slab.floor), 4, "start");
        for (const room of rooms.filter((one) => one.floor === slab.floor)) {
          const shape = make("polygon", { class: "room" + (room.id === chosen ? " on" : ""), points: room.ring.map((p) => at(p).join(",")).join(" "), fill: window.CimMapParts.tokens.css(colourOf(room)) });
          shape.addEventListener("click", () => choose(room.id));
          const [x, y] = at(middle(room.ring)), bright = filled(room) > 0.5;
          svg.append(shape);
          if (!room.counted) continue;
          const t = make("text", { x, y: y + 1.4, style: `font-size:3.6px;font-weight:700;${bright ? "fill:#0b1220" : ""}`, "text-anchor": "middle" });
          t.textContent = room.people === null ? "—" : room.people;
          const title = make("title", {});
          title.textContent = (lang === "en" && room.name_en) || room.name;
          shape.append(title);
          svg.append(t);
        }
      });
      const note = document.createElement("p");
      note.className = "floors-note";
      note.textContent = words.plan;
      this.host.replaceChildren(svg, note);
    }
  }

  /** Slanting lines over a ring's rectangle, for a room nobody can tell of. */
  function hatch(ring, z) {
    const xs = ring.map((p) => p[0]), ys = ring.map((p) => p[1]);
    const [w, e, s, n] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)], lines = [];
    for (let c = w + s; c < e + n; c += 2.4) {
      const a = [Math.max(w, c - n), Math.min(n, c - w)], b = [Math.min(e, c - s), Math.max(s, c - e)];
      if (b[0] > a[0]) lines.push([[...a, z], [...b, z]]);
    }
    return lines;
  }

  function choose(id) {
    const same = current && current.data && current.data.chosen === id;
    window.CimShell.set(PLACE, same ? null : id);
  }

  let said = null, due = null;
  function look() {
    due = null;
    const host = document.querySelector("[data-floors]");
    if (!host) { if (current) { current.dispose(); current = null; said = null; } return; }
    if (!current || current.host !== host) {
      if (current) current.dispose();
      current = new Floors(host);
      said = null;
    }
    const place = document.querySelector("[data-floors-data]");
    if (!place || place.dataset.floorsData === said) return;
    said = place.dataset.floorsData;
    current.show(JSON.parse(said));
  }
  new MutationObserver(() => { due = due || setTimeout(look, 60); }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-floors-data"] });

  window.CimFloors = { ready: () => Boolean(current && current.deck), rooms: () => (current && current.data ? current.data.rooms.length : 0), tags: () => (current && current.marks ? current.marks.filter((m) => m.e.style.visibility !== "hidden").length : 0), flat: () => Boolean(current && current.flat) };
})();
