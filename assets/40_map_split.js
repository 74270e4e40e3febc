// Two instants on one map, divided by a line: left the earlier one, right the later one (methods of the map).
// One mesh, one picture, one camera: each building has a second colour, and which one a pixel takes follows from the
// side of the line it lies on. So the second instant costs a texture of a few kilobytes and no second frame.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  parts.split = {
    /**
     * The instant on the other side of the line: RFC 3339, null for now, undefined for none.
     * `isLeft`: it lies on the left. Resolves when its colours are drawn.
     */
    async setOther(at, isLeft = false) {
      if (at === undefined) {
        if (this.asked) this.asked.abort();
        this.other = this.asked = null;
        this.otherAt = undefined;
        this._redivide();
        return;
      }
      if (!this.split) this.split = 0.5;
      this.otherAt = at;
      this.otherLeft = isLeft;
      await this._askOther();
    },
    async _askOther() {
      if (!this.scene || this.otherAt === undefined) return;
      if (this.asked) this.asked.abort();
      const asked = (this.asked = new AbortController());
      const { community } = this.options;
      const url = new URL(this.options.classesUrl || `/map/${encodeURIComponent(community)}/classes`, location.href);
      if (this.otherAt) url.searchParams.set("at", this.otherAt);
      try {
        const answer = await (await this._fetch(url, asked.signal)).json();
        if (this.disposed || this.asked !== asked) return;
        this.other = this._classesOf(answer, this.scene);
        this._recolour();
        this._redivide();
      } catch (error) {
        if (error.name !== "AbortError") console.error("CimMap:", error);
      }
    },
    /** Where the line stands: share of the map's width. */
    setSplit(share) {
      const to = Math.max(0.02, Math.min(0.98, share));
      if (to === this.split) return;
      this.split = to;
      if (this.other) this._moving();
      this._redivide();
    },
    _redivide() {
      if (!this.layer) return;
      this.layer.setNeedsRedraw();
      if (this.scene) this._relabel();
    },
    /** Which labels belong on which side: [classes, side] pairs. */
    _sides() {
      const own = { alert: this.alert, pins: this.pins, notes: this.options.notes };
      if (!this.other) return [[own, null]];
      const other = { alert: this.other.alert, pins: this.other.pins, notes: {} };
      return this.otherLeft ? [[own, "right"], [other, "left"]] : [[own, "left"], [other, "right"]];
    },
    /** The second colours, one texel per building as the first. */
    _otherColours() {
      const colours = new Uint8Array(this.colours.length);
      for (let i = 0; i < this.scene.count; i++) this._texel(i, colours, this.other);
      return colours;
    },
    /** For the shaders: the line in pixels of the drawing; negative: the other side is the left one; 0: no line. */
    _line() { return this.other ? this.split * this.canvas.width * (this.otherLeft ? -1 : 1) : 0; },
  };
})();
