// Walking circles on the map: the streets as one mesh coloured by how far each point of them is to walk, the
// buildings by their own walk, the facilities concerned as pins (methods of the map). No outline is guessed around
// what was reached: a street is coloured exactly as far as one gets on it.
// The mesh is made once per version of the network; another choice rewrites two numbers per corner and no geometry.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  const HALF_WIDTH = 1.5; // metres of street to each side of its middle line
  const LEAST = 1.1; // and never thinner than this many pixels to each side
  const APART = 2; // side.w: this stretch is an island of the network
  const NEVER = 1e9; // metres of what is not reached

  // near is bright, far is dark: lightness alone tells the order, whatever colours somebody sees
  const RAMP = ["#F2F7FF", "#A3D6FF", "#66B5F7", "#3F8ADB", "#2E68B3", "#254C86"];
  const BEYOND = [74, 86, 108];
  const BEYOND_ALPHA = 0.5;
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const COLOURS = RAMP.map(rgb);
  const glsl = (c) => `vec3(${c.map((v) => (v / 255).toFixed(4)).join(",")})`;

  const VS = `#version 300 es
#define SHADER_NAME cim-street-vs
in vec2 positions; in vec2 others; in vec4 sides; in vec2 walks;
// sides: which side of the line, metres from its begin, its length, 2 for an island; walks: metres at both ends
out vec2 vWalk; out vec3 vAlong; out float vSide;
void main(void) {
  vec2 along = normalize(others - positions + vec2(1e-6, 0.0));
  vec2 across = vec2(-along.y, along.x) * sides.x;
  // the end reaches half a width further, so that bends close
  vec2 p = positions - along * ${HALF_WIDTH.toFixed(1)} * 0.5;
  vec4 a = cim.matrix * vec4(p, 0.0, 1.0);
  vec4 b = cim.matrix * vec4(p + across * ${HALF_WIDTH.toFixed(1)}, 0.0, 1.0);
  vec2 off = (b.xy / b.w - a.xy / a.w) * cim.pixels.xy * 0.5;
  float wide = length(off), least = ${LEAST.toFixed(2)} * cim.pixels.z / 1.7;
  if (wide < least && wide > 0.0) b.xy = a.xy / a.w * b.w + (b.xy - a.xy / a.w * b.w) * least / wide;
  b.z -= 0.0004 * b.w;
  gl_Position = b;
  vWalk = walks; vAlong = sides.yzw; vSide = sides.y > 0.0 ? -sides.x : sides.x;
}`;
  const FS = `#version 300 es
#define SHADER_NAME cim-street-fs
precision highp float;
in vec2 vWalk; in vec3 vAlong; in float vSide;
out vec4 fragColor;
void main(void) {
  // from whichever end is nearer; both are exact, so the meeting point between them is too
  float s = clamp(vAlong.x, 0.0, vAlong.y);
  float m = min(vWalk.x + s, vWalk.y + vAlong.y - s);
  if (cim.bandB.w < 0.0) m = mix(vWalk.x, vWalk.y, s / max(vAlong.y, 0.01)); // a share, not a way
  vec3 colour = m <= cim.bandA.x ? ${glsl(COLOURS[0])} : m <= cim.bandA.y ? ${glsl(COLOURS[1])}
    : m <= cim.bandA.z ? ${glsl(COLOURS[2])} : m <= cim.bandA.w ? ${glsl(COLOURS[3])}
    : m <= cim.bandB.x ? ${glsl(COLOURS[4])} : ${glsl(COLOURS[5])};
  float alpha = 0.86;
  if (m > cim.bandB.z) { colour = ${glsl(BEYOND)}; alpha = abs(cim.bandB.w); }
  if (vAlong.z > 1.0) { // an island: dashed, in the colour of what is not known
    colour = vec3(0.62, 0.57, 0.79);
    alpha = fract(vAlong.x / 9.0) < 0.55 ? 0.9 : 0.0;
  }
  alpha *= 1.0 - smoothstep(0.78, 1.0, abs(vSide));
  fragColor = vec4(colour * alpha, alpha);
}`;

  /**
   * `streets`: {xy (metres, begin and end of each stretch), apart (1 on an island)}. Four corners and two triangles
   * per stretch; `walks` holds metres at its begin and end for each corner.
   */
  function mesh({ xy, apart }) {
    const n = apart.length;
    const position = new Float32Array(n * 8), other = new Float32Array(n * 8), side = new Float32Array(n * 16);
    const index = new Uint32Array(n * 6);
    for (let k = 0; k < n; k++) {
      const [ax, ay, bx, by] = [xy[4 * k], xy[4 * k + 1], xy[4 * k + 2], xy[4 * k + 3]];
      const length = Math.hypot(bx - ax, by - ay), mark = apart[k] ? APART : 0;
      position.set([ax, ay, ax, ay, bx, by, bx, by], k * 8);
      other.set([bx, by, bx, by, ax, ay, ax, ay], k * 8);
      side.set([1, 0, length, mark, -1, 0, length, mark, 1, length, length, mark, -1, length, length, mark], k * 16);
      const v = k * 4;
      index.set([v, v + 1, v + 2, v, v + 2, v + 3], k * 6);
    }
    return { position, other, side, index, walks: new Float32Array(n * 8).fill(NEVER) };
  }

  /** Metres at the begin and end of each stretch, as the four corners want them. */
  function corners(walks) {
    const n = walks.length / 2, out = new Float32Array(n * 8);
    for (let k = 0; k < n; k++) {
      const a = walks[2 * k], b = walks[2 * k + 1];
      for (let v = 0; v < 8; v += 2) { out[8 * k + v] = a; out[8 * k + v + 1] = b; }
    }
    return out;
  }

  parts.streets = {
    /** The network to be drawn; null: none. */
    setStreets(streets) {
      this.paths = streets ? mesh(streets) : null;
      this._pave();
    },
    /**
     * Metres at both ends of each stretch (null: as they are), and `bands`: {ends: where six of them end, limit,
     * isShare: the numbers are shares not had, from 0, the best, to 1}.
     */
    setWalks(walks, bands) {
      this.bands = bands;
      if (this.paths && walks) {
        this.paths.walks = corners(walks);
        if (this.layer) this.layer.setWalks(this.paths.walks);
      }
      if (this.layer) this.layer.setNeedsRedraw();
    },
    /**
     * What the map speaks of instead of alerts: {colourOf(i, use) -> [rgb, flags], noteOf(i), pins: [{id, kind, name,
     * name_en, x, y, building, note, chosen, placed, drag}]}; null: the usual colouring. `drag`: what its pin says it
     * is when it is taken hold of.
     */
    setCircle(circle) {
      this.circle = circle;
      if (!this.scene) return;
      this._recolour();
      if (this.layer) this.layer.setLines("marks", circle ? this._marks() : null, true);
    },
    _pave() {
      if (!this.layer) return;
      this.layer.setStreets(this.paths || null);
      if (this.circle) this.layer.setLines("marks", this._marks(), true);
    },
    /** A needle at every facility concerned, so that all are seen where only some names find room. */
    _marks() {
      const lines = [];
      for (const f of this.circle.pins) {
        const z = this._foot(f), h = 9, r = 2.2;
        const colour = f.chosen ? [255, 214, 120, 255] : f.placed === "on_path" ? [255, 255, 255, 235] : [201, 191, 234, 235];
        lines.push([[f.x, f.y, z], [f.x, f.y, z + h], colour]);
        const ring = [[-r, 0], [0, r], [r, 0], [0, -r]];
        ring.forEach(([x, y], k) => {
          const [u, v] = ring[(k + 1) % 4];
          lines.push([[f.x + x, f.y + y, z + h], [f.x + u, f.y + v, z + h], colour]);
        });
      }
      return lines;
    },
    /** Where a needle stands: on the roof of its building, else on the ground. */
    _foot(f) { return f.building >= 0 && f.building < this.scene.count ? this.scene.top[f.building] : 0; },
    _circlePins(list) {
      for (const f of this.circle.pins) {
        const [icon, level] = parts.labels.facility(f.kind);
        list.push({
          key: `f:${f.id}`, kind: f.chosen ? "selected" : "facility", icon, level: f.first ? 0 : level,
          title: (this.options.lang === "en" && f.name_en) || f.name, note: f.note || "", mine: f.chosen,
          quiet: f.placed !== "on_path" || f.shut, drag: f.drag, anchor: [f.x, f.y, this._foot(f)], onClick: () => parts.tell("facility", f.id),
        });
      }
    },
    _walkUniforms() {
      const { ends = [0, 0, 0, 0, 0, 0], limit = 0, isShare = false } = this.bands || {};
      return { bandA: ends.slice(0, 4), bandB: [ends[4], ends[5], limit, isShare ? -BEYOND_ALPHA : BEYOND_ALPHA] };
    },
  };
  parts.streetShaders = { VS, FS };
  parts.walkRamp = { COLOURS, BEYOND, NEVER };
})();
