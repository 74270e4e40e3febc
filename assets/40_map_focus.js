// Choosing a building: what a click hits, its floors lifted apart, its outline (methods of the map).
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  const NEAR = 260; // metres around a building in which others can stand before it
  const REACH = 19; // metres above and below a home that stay in the picture

  parts.focus = {
    _top(i) {
      return i === this.selected && this.floors ? this.floors.height : this.scene.top[i];
    },
    _at(x, y) {
      const camera = this._camera();
      if (!camera) return -1;
      const [from, to] = camera.ray(x, y);
      return parts.geometry.pick(this.scene, from, to, this.scene.core, (i) => this._top(i));
    },
    /** Where the ground is under a pixel, in metres from the origin; null: the sky. */
    _ground(x, y) {
      const camera = this._camera(), ray = camera && camera.ray(x, y);
      if (!ray || ray[1][2] >= ray[0][2]) return null;
      const [from, to] = ray, share = from[2] / (from[2] - to[2]);
      return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    },
    /** As _ground, of a place of the window. */
    spotAt(clientX, clientY) {
      const box = this.element.getBoundingClientRect();
      return this._ground(clientX - box.left, clientY - box.top);
    },
    _click(info) {
      const i = this._at(info.x, info.y);
      this.element.focus({ preventScroll: true });
      const ground = this._ground(info.x, info.y);
      this.moved = true; // what somebody pointed at stays where it is, also when a panel beside it grows
      if (ground) parts.tell("spot", ground);
      this._choose(i >= 0 ? i : null);
    },
    _choose(i) {
      const id = i === null ? null : this.scene.header.buildings.ids[i];
      this.select(id);
      parts.tell("select", id);
    },
    _hover(info) {
      const i = info.x >= 0 ? this._at(info.x, info.y) : -1;
      if (i === this.hovered) return;
      this.hovered = i;
      this.host.title = i >= 0 ? this._name(i) : "";
      if (!this.software && this.layer) this.layer.setNeedsRedraw();
    },

    select(id) {
      const i = id !== null && this.scene && this.scene.indexOf.has(id) ? this.scene.indexOf.get(id) : null;
      this.selectedId = id ?? undefined;
      if (i === this.selected && (i === null || this.floors)) return;
      this.selected = i;
      this.detail = null;
      this._refocus();
      if (i !== null && this.scene.b_use[i] === 0 && !this.circle) this._lift(id);
    },

    /**
     * Look at one home: lift its building's floors, frame it in white, fly there. `what`: {building, home, tone,
     * title, note, since, clock, kind, drill, fly}; null: the whole neighbourhood. Colours of its homes are asked again.
     */
    follow(what) {
      const before = this.target;
      this.target = what && what.building ? what : null;
      this.flyDue = Boolean(what && what.fly);
      if (!this.target) {
        this.select(null);
        this._lower(null);
        if (before || this.flyDue) this.home();
        this._relabel();
        return;
      }
      const { building } = this.target, again = this.selectedId === building && this.floors;
      if (again) this._lift(building); else this.select(building);
      this._arrive();
    },
    /** The camera goes to the followed home, once its floors are there (a building without homes has none). */
    _arrive() {
      const i = this.selected, { scene, target } = this;
      if (!this.flyDue || i === null || !target || !this.deck) return;
      if (!this.floors && scene.b_use[i] === 0 && !this.liftFailed) return;
      this.flyDue = false;
      this.moved = true;
      const { box } = scene, place = this.floors && this.floors.places.get(target.home);
      const low = scene.b_base[i], top = low + this._top(i), middle = place ? place.centre[2] : (low + top) / 2;
      // of a tower only the storeys around the home, else they could not be told apart
      const z0 = Math.max(low, Math.min(middle - REACH, top - 2 * REACH)), z1 = Math.min(top, Math.max(middle + REACH, low + 2 * REACH));
      const points = [];
      for (let k = 0; k < 8; k++) points.push([box[4 * i + (k & 1 ? 2 : 0)], box[4 * i + (k & 2 ? 3 : 1)], k & 4 ? z1 : z0]);
      const { clientWidth: w, clientHeight: h } = this.element;
      const view = parts.view.around(scene, points, this._frame(), w, h);
      this._lower(parts.view.cameraAt(scene, w, h, view));
      this._go(view, true);
    },
    /** Lay down what stands between the camera and the building in focus; null: everything stands again. */
    _lower(camera) {
      const { scene, selected } = this, { box } = scene, low = new Set();
      const seen = (i, top) => {
        const points = [];
        for (let k = 0; k < 8; k++) points.push(camera.project(box[4 * i + (k & 1 ? 2 : 0)], box[4 * i + (k & 2 ? 3 : 1)], k & 4 ? top : scene.b_base[i]));
        const of = (n, pick) => pick(...points.map((p) => p[n]));
        return [of(0, Math.min), of(1, Math.min), of(0, Math.max), of(1, Math.max), of(2, Math.min)];
      };
      if (camera && selected !== null) {
        const mine = seen(selected, scene.b_base[selected] + this._top(selected));
        const middle = [(box[4 * selected] + box[4 * selected + 2]) / 2, (box[4 * selected + 1] + box[4 * selected + 3]) / 2];
        for (let i = 0; i < scene.count; i++) {
          if (i === selected || Math.hypot(box[4 * i] - middle[0], box[4 * i + 1] - middle[1]) > NEAR) continue;
          const b = seen(i, scene.top[i]);
          const over = b[0] < mine[2] && b[2] > mine[0] && b[1] < mine[3] && b[3] > mine[1];
          if (over && b[3] > mine[3]) low.add(i); // its foot is lower in the picture: it stands before
        }
      }
      if (!low.size && !(this.low && this.low.size)) return;
      this.low = low;
      this._recolour();
    },
    /** The same view again after the panels moved. */
    reframe() {
      if (!this.target) { if (!this.moved) this.home(false); return; }
      this.flyDue = true;
      this._arrive();
    },
    /** Only these buildings stay lit; null: all. */
    keepOnly(ids) {
      const words = JSON.stringify(ids);
      if (words === this.onlyWords || !this.scene) return;
      this.onlyWords = words;
      this.only = ids && new Set(ids.map((id) => this.scene.indexOf.get(id)));
      this._recolour();
    },

    async _lift(id) {
      try {
        const answer = await this._fetch(this._url(`building/${encodeURIComponent(id)}`));
        const detail = await answer.json();
        if (this.disposed || this.selectedId !== id) return;
        this.detail = detail;
        this._refocus();
        this._arrive();
      } catch (error) {
        this.liftFailed = true;
        this._arrive();
        console.error("CimMap:", error); // the building stays highlighted, only its floors stay closed
      }
    },

    _alarmed() {
      if (!this.floors) return null;
      const followed = this.target && this.floors.places.get(this.target.home);
      if (followed) return followed;
      for (const state of ["act", "look"]) {
        for (const place of this.floors.places.values()) if (place.state === state) return place;
      }
      return null;
    },

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
        const followed = this.floors && this.target && this.floors.places.get(this.target.home);
        for (const place of followed ? [followed] : this.floors ? this.floors.places.values() : []) {
          if (place !== followed && place.state !== "act") continue;
          const { corners, z0, z1 } = place;
          const ring = (z) => corners.map((c, k) => [[...c, z], [...corners[(k + 1) % 4], z], [255, 236, 236, 255]]);
          wire = [...(wire || []), ...ring(z0), ...ring(z1), ...corners.map((c) => [[...c, z0], [...c, z1], [255, 236, 236, 255]])];
        }
      }
      if (this.floors) {
        const { mesh, colours, storey } = this.floors;
        const rows = Math.ceil(colours.length / parts.shaders.WIDTH);
        const texels = new Uint8Array(rows * parts.shaders.WIDTH * 4), form = new Float32Array(rows * parts.shaders.WIDTH * 4);
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
    },

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
    },
  };
})();
