// The deck.gl instance and what is drawn when; the camera's moves; reading pixels back (methods of the map).
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  const MOVING_RATIO = 0.55;
  const REST_MS = 180;
  const QUIET_MS = 1000; // longer than that nobody waits for trees

  /** Resolves when what was drawn is on the screen and the page is idle. */
  const idle = window.requestIdleCallback || ((run) => setTimeout(run, 100)); // Safari has none
  const quiet = () => new Promise((resolve) => requestAnimationFrame(() => idle(resolve, { timeout: QUIET_MS })));

  parts.stage = {
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
      this._pave();
      if (this.trees) this._plant();
      if (!this.moved) this.home(false);
      this._refocus();
      this._after();
      this.deck.redraw("first paint");
      this._placeLabels();
      parts.mark("first-paint");
      this._painted();

      // then, once that is on the screen and the page has nothing more urgent, in slices: trees and the fine ground
      await quiet();
      if (!alive()) return;
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
      parts.mark("ground");
    },

    _plant() {
      this.layer.setTrees(this.trees.mesh);
    },

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
    },

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
    },

    _ratio() {
      const { clientWidth, clientHeight } = this.element;
      const most = this.software ? 2.1e6 : 1.6e7; // pixels drawn per frame
      const wanted = this.software ? 1 : Math.min(2, window.devicePixelRatio || 1);
      return Math.min(wanted, Math.sqrt(most / Math.max(1, clientWidth * clientHeight)));
    },

    _uniforms(viewport) {
      if (!this.scene) return null;
      const { theme } = this;
      const camera = parts.geometry.camera(viewport, this.scene.header.origin);
      const unit = (c) => c.map((v) => v / 255);
      const focus = this.selected !== null && !this.circle ? 0.6 : 1;
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
        pixels: [this.canvas.width, this.canvas.height, 1.7 * this._ratio(), this._line()],
        ...this._walkUniforms(),
        treeA: [...unit(theme.tree[0]), 0], treeB: [...unit(theme.tree[1]), 0], treeC: [...unit(theme.tree[2]), 0],
      };
    },

    _camera() {
      const viewport = this.deck && this.deck.isInitialized && this.deck.getViewports()[0];
      return viewport && this.scene ? parts.geometry.camera(viewport, this.scene.header.origin) : null;
    },

    _frame() {
      const { clientWidth, clientHeight } = this.element;
      return parts.view.frameOf(clientWidth, clientHeight, this.options.insets);
    },

    _placeLabels() {
      const camera = this._camera();
      if (!camera) return;
      let boxes = null;
      const blocks = () => (boxes = boxes || this._blocks(camera));
      this.labels.place(camera, this._frame(), camera.viewport.zoom - (this.homeZoom ?? camera.viewport.zoom), blocks, this._focusBox(camera), this.other ? this.split * this.element.clientWidth : null);
      const { metres, pixels } = parts.view.scaleBar(camera, 90);
      parts.tell("view", { scale_m: metres, scale_px: pixels, scale_m_px: pixels ? metres / pixels : 0, bearing: camera.viewport.bearing, zoom: camera.viewport.zoom });
    },

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
    },
    home(animate = true) {
      const { clientWidth: w, clientHeight: h } = this.element;
      if (!this.scene || !w || !h) return;
      this.moved = false;
      const view = parts.view.home(this.scene, this._frame(), w, h);
      this.homeZoom = view.zoom;
      this._go(view, animate);
    },
    /** To a building, or to a facility that stands in none. */
    flyTo(id) {
      const place = this.scene && this.scene.header.facilities.find((one) => one.id === id);
      if (!this.scene || !(this.scene.indexOf.has(id) || place)) return;
      const i = this.scene.indexOf.get(id), { box } = this.scene;
      const { clientWidth: w, clientHeight: h } = this.element;
      const point = i === undefined ? [place.x, place.y, 0] : [(box[4 * i] + box[4 * i + 2]) / 2, (box[4 * i + 1] + box[4 * i + 3]) / 2, this._top(i) / 2];
      this.moved = true;
      const from = this.view || parts.view.home(this.scene, this._frame(), w, h);
      this._go(parts.view.towards(this.scene, point, this._frame(), w, h, from, 18.1), true);
    },
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
    },
    _resized() {
      if (!this.deck || !this.scene) return;
      this.deck.setProps({ useDevicePixels: this._ratio() });
      this.labels.remeasure();
      if (!this.moved) this.home(false);
    },

    // ---- reading back
    /** [r, g, b, a] at a CSS pixel of what is shown. */
    readPixel(x, y) { return Array.from(this.readPixels(x, y, 1, 1)); },
    /** RGBA rows from the bottom up of a rectangle given in CSS pixels. */
    readPixels(x, y, width, height) {
      this.deck.redraw(); // only if something is due
      const gl = this.canvas.getContext("webgl2");
      const k = this.canvas.width / this.canvas.clientWidth;
      const w = Math.max(1, Math.round(width * k)), h = Math.max(1, Math.round(height * k));
      const out = new Uint8Array(w * h * 4);
      gl.readPixels(Math.round(x * k), this.canvas.height - Math.round(y * k) - h, w, h, gl.RGBA, gl.UNSIGNED_BYTE, out);
      return out;
    },
    /** The map as a data URL (PNG), for reports. */
    picture() {
      this.deck.redraw();
      return this.canvas.toDataURL("image/png");
    },
    /** What building `id` is called in the page's language; empty when it is not on the map. */
    nameOf(id) { return this.scene && this.scene.indexOf.has(id) ? this._name(this.scene.indexOf.get(id)) : ""; },
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
    },
  };
})();
