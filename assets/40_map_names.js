// Which names stand on the map, and what they say (methods of the map; placing them is 40_map_labels.js).
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

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

  parts.names = {
    /** The few words of the map's own, in the page's language. */
    get text() { return TEXT[this.options.lang === "en" ? "en" : "zh"]; },

    /** Box of the lifted floors on the screen, or null. */
    _focusBox(camera) {
      if (!this.floors) return null;
      const { frame: f, height } = this.floors, low = this.scene.b_base[this.selected];
      const points = [[f.s0, f.t0], [f.s1, f.t0], [f.s1, f.t1], [f.s0, f.t1]].map(([s, t]) => f.at(s, t));
      const seen = points.flatMap((p) => [camera.project(...p, low), camera.project(...p, low + height)]);
      const [x, y] = [seen.map((p) => p[0]), seen.map((p) => p[1])];
      return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
    },

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
    },

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
    },

    _name(i) {
      const { names, names_en: english } = this.scene.header.buildings;
      return (this.options.lang === "en" && english[i]) || names[i] || "";
    },

    /** What buildings and facilities say at one instant; `side` of the line it is shown on, null without a line. */
    _faceLabels(list, { alert, pins, notes }, side) {
      const { scene } = this;
      const { header } = scene;
      const tail = side ? `:${side}` : "";
      const named = (thing) => (this.options.lang === "en" && thing.name_en) || thing.name;
      const middle = (i) => [(scene.box[4 * i] + scene.box[4 * i + 2]) / 2, (scene.box[4 * i + 1] + scene.box[4 * i + 3]) / 2];
      const states = parts.tokens.CLASSES.alert;
      const followed = this.target && this.floors && this.floors.places.get(this.target.home);
      const blind = alert.reduce((n, v) => n + (states[v] === "blind"), 0);
      for (let i = 0; i < scene.core; i++) {
        const state = this.circle ? "none" : states[alert[i]]; // walking circles speak of nothing else
        const mine = i === this.selected;
        if (state === "none" && !mine) continue;
        if (mine && followed) continue; // the callout beside its home says it
        if (state === "blind" && blind > 8 && !mine) continue; // many blind at once: the colour and the legend say it
        const id = header.buildings.ids[i];
        const home = mine && this._alarmed();
        list.push({
          key: `b:${id}${tail}`, side, kind: state === "none" ? "selected" : state,
          title: this._name(i) || id,
          note: (this.circle ? this.circle.noteOf(i) : notes[id]) || (state === "none" ? "" : this.text[state]),
          mine, anchor: home ? home.centre : [...middle(i), mine && this.floors ? this.floors.height : scene.top[i]],
          onClick: () => this._choose(i),
        });
      }
      if (this.circle) { this._circlePins(list); return; }
      for (const f of header.facilities) {
        const pin = pins.get(f.id);
        const known = pin && pin.people !== null && pin.grade !== "unknown";
        const [icon, level] = parts.labels.facility(f.kind);
        list.push({
          key: `f:${f.id}${tail}`, side, kind: "facility", title: named(f), icon,
          level: level + (f.building < 0 && f.kind !== "park" ? 1 : 0), // a building of its own counts more
          note: pin && pin.says ? pin.says : known ? `${pin.people} ${this.text.people}` : "",
          quiet: pin && pin.quiet !== undefined ? pin.quiet : Boolean(pin) && !known,
          anchor: [f.x, f.y, f.building >= 0 ? scene.top[f.building] * 0.9 : 0],
          onClick: f.building >= 0 ? () => this._choose(f.building) : null,
        });
      }
    },
    _relabel() {
      const { scene } = this;
      const { header } = scene;
      const english = this.options.lang === "en";
      const named = (thing) => (english && thing.name_en) || thing.name;
      const list = [];
      const followed = this.target && this.floors && this.floors.places.get(this.target.home);
      for (const [face, side] of this._sides()) this._faceLabels(list, face, side);
      for (const e of followed ? [] : header.estates) { /* beside one home the names of whole estates say nothing */
        list.push({
          key: `e:${e.id}`, kind: "estate", title: named(e),
          note: e.households ? `${e.households.toLocaleString("en")} ${this.text.homes}` : "", anchor: [e.x, e.y, 0],
        });
      }
      list.push(...this._storeyLabels());
      if (followed && this.target.title) {
        const { tone, title, kind, note, since, clock, drill } = this.target;
        list.push({ key: "ring", kind: "ring", tone, title: "", note: "", anchor: followed.centre });
        list.push({ key: "callout", kind: "callout", tone, title: [title, kind].filter(Boolean).join(" · "), note, since, clock, drill, mine: true, anchor: followed.centre });
      }
      const rivers = new Set(), [w, s, e, n] = scene.bounds;
      for (const g of header.ground_names) {
        if (g.layer !== "water" || rivers.has(g.name)) continue;
        rivers.add(g.name);
        list.push({ key: `w:${g.name}`, kind: "water", title: named(g), note: "", small: g.area_m2 < 0.02 * (e - w) * (n - s), anchor: [g.x, g.y, 0], angle: g.angle });
      }
      this.labels.set(list);
      this._placeLabels();
    },
  };
})();
