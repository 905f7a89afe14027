// Points of latent space in the browser: the same z for the same seed, the same moves and ways, as gan_core.latent has.

const MASK64 = (1n << 64n) - 1n, MASK128 = (1n << 128n) - 1n;
const PCG_MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const TINY = 1e-12;

// Seeds as NumPy spreads them over the state of a generator (numpy.random.SeedSequence), for seeds below 2**32.
function seedWords(seed) {
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const mix = (x, y) => {
    const both = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y) | 0;
    return both ^ (both >>> 16);
  };
  const pool = [seed, 0, 0, 0].map(hash);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  let other = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, i) => {
    let value = pool[i % 4] ^ other;
    other = Math.imul(other, 0x58f38ded);
    value = Math.imul(value, other);
    return BigInt((value ^ (value >>> 16)) >>> 0);
  });
}

// PCG64 (O'Neill 2014), NumPy's default generator: a function that gives the next 64 bits.
function pcg64(seed) {
  const words = seedWords(seed), at = (i) => words[2 * i] | (words[2 * i + 1] << 32n);
  const increment = ((((at(2) << 64n) | at(3)) << 1n) | 1n) & MASK128;
  let state = 0n;
  const step = () => { state = (state * PCG_MULTIPLIER + increment) & MASK128; };
  step();
  state = (state + ((at(0) << 64n) | at(1))) & MASK128;
  step();
  return () => {
    step();
    const value = ((state >> 64n) ^ state) & MASK64, turn = state >> 122n;
    return ((value >> turn) | (value << (64n - turn))) & MASK64;
  };
}

// The ziggurat of Marsaglia and Tsang (2000) with 256 layers, as NumPy has it.
const RIGHT = 3.6541528853610088, AREA = 0.00492867323399, BITS = 2 ** 52;
const density = (x) => Math.exp(-0.5 * x * x);
const ziggurat = (() => {
  const wide = new Float64Array(256), inside = new Float64Array(256), height = new Float64Array(256);
  let x = RIGHT;
  Object.assign(wide, { 0: AREA / density(x) / BITS, 255: x / BITS });
  Object.assign(height, { 0: 1, 255: density(x) });
  Object.assign(inside, { 0: x * density(x) / AREA * BITS, 1: 0 });
  for (let i = 254; i > 0; i--) {
    const next = Math.sqrt(-2 * Math.log(AREA / x + density(x)));
    inside[i + 1] = next / x * BITS;
    wide[i] = next / BITS;
    height[i] = density(next);
    x = next;
  }
  return { wide, inside, height };
})();

export function normals(seed, count) {
  const next = pcg64(seed), uniform = () => Number(next() >> 11n) / 2 ** 53;
  const { wide, inside, height } = ziggurat;
  return Float32Array.from({ length: count }, () => {
    for (;;) {
      const bits = next(), layer = Number(bits & 255n), sign = (bits >> 8n) & 1n ? -1 : 1;
      const distance = Number((bits >> 9n) & 0xfffffffffffffn), x = distance * wide[layer];
      if (distance < inside[layer]) return sign * x;
      if (layer === 0) {
        for (;;) {
          const far = -Math.log1p(-uniform()) / RIGHT, rest = -Math.log1p(-uniform());
          if (2 * rest > far * far) return (BigInt(distance) >> 8n) & 1n ? -(RIGHT + far) : RIGHT + far;
        }
      } else if ((height[layer - 1] - height[layer]) * uniform() + height[layer] < density(x)) return sign * x;
    }
  });
}

export const length = (vector) => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const scaled = (vector, by) => Float64Array.from(vector, (x) => x * by);
const unit = (vector) => scaled(vector, 1 / Math.max(length(vector), TINY));

// z moved along unit vectors by amounts in standard deviations, with its norm kept (directions.move).
export function move(z, steps) {
  const moved = Float64Array.from(z);
  for (const [vector, amount] of steps) vector.forEach((x, i) => { moved[i] += amount * x; });
  return Float32Array.from(scaled(moved, length(z) / Math.max(length(moved), TINY)));
}

// A unit vector at a right angle to another, always the same one.
function perpendicular(unit) {
  const least = unit.reduce((best, x, i) => (Math.abs(x) < Math.abs(unit[best]) ? i : best), 0);
  const rest = Float64Array.from(unit, (x, i) => (i === least ? 1 : 0) - unit[least] * x);
  return scaled(rest, 1 / Math.max(length(rest), TINY));
}

// The point at t on the arc from a to b; norms change linearly (White 2016, section 2.1).
export function slerp(a, b, t) {
  const normA = length(a), normB = length(b);
  const start = scaled(a, 1 / Math.max(normA, TINY)), end = scaled(b, 1 / Math.max(normB, TINY));
  const cosine = dot(start, end), rest = Float64Array.from(end, (x, i) => x - cosine * start[i]), sine = length(rest);
  const across = sine > 1e-9 ? scaled(rest, 1 / sine) : perpendicular(start);
  const angle = t * Math.atan2(sine, cosine), norm = (1 - t) * normA + t * normB;
  return Float32Array.from(start, (x, i) => norm * (Math.cos(angle) * x + Math.sin(angle) * across[i]));
}

// The first latentDim numbers along an arc, class weights straight.
export function travel(a, b, t, latentDim) {
  const way = Float32Array.from(a, (x, i) => (1 - t) * x + t * b[i]);
  way.set(slerp(a.subarray(0, latentDim), b.subarray(0, latentDim), t));
  return way;
}

// Little-endian float32 numbers as text, and back.
export function toText(numbers) {
  return btoa(String.fromCharCode(...new Uint8Array(Float32Array.from(numbers).buffer)));
}

export function fromText(text) {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// The point at t from a to b on a curve that comes from `before` and goes on to `after` (paths.spline).
export function spline(before, a, b, after, t) {
  const share = t * t * (3 - 2 * t), norm = (1 - share) * length(a) + share * length(b);
  const [p, q, r, s] = [before, a, b, after].map(unit);
  const middle = slerp(q, r, t);
  const left = slerp(slerp(p, q, t + 1), middle, (t + 1) / 2), right = slerp(middle, slerp(r, s, t - 1), t / 2);
  return Float32Array.from(scaled(slerp(left, right, t), norm));
}

// Where a piece is at each share of its time (timeline.EASINGS).
const EASINGS = { linear: (t) => t, smooth: (t) => t * t * (3 - 2 * t), in: (t) => t * t, out: (t) => t * (2 - t), hold: Math.floor };

// A journey through several z, as gan_core.latent.timeline.Timeline: keys = [{z, seconds, easing}].
export class Timeline {
  constructor(keys, latentDim, { closed = true, way = "slerp" } = {}) {
    if (!keys.length) throw new Error("Add a picture to the timeline first.");
    this.z = keys.map((key) => key.z);
    this.pieces = [...keys];
    if (!closed && keys.length > 1) {
      this.pieces.splice(-1, 1, ...(keys.at(-2).easing === "hold" ? [{ ...keys.at(-1), easing: "hold" }] : []));
    }
    this.seconds = this.pieces.reduce((sum, piece) => sum + piece.seconds, 0);
    Object.assign(this, { latentDim, closed, way });
  }

  at(t) {
    let i = 0, time = t * this.seconds;
    while (i < this.pieces.length - 1 && time >= this.pieces[i].seconds) time -= this.pieces[i++].seconds;
    const { seconds, easing } = this.pieces[i], share = EASINGS[easing](Math.min(Math.max(time / seconds, 0), 1));
    const a = this.key(i), b = this.key(i + 1), found = travel(a, b, share, this.latentDim);
    if (this.way === "spline" && this.z.length > 2) {
      const four = [this.key(i - 1), a, b, this.key(i + 2)].map((each) => each.subarray(0, this.latentDim));
      found.set(spline(...four, share));
    }
    return found;
  }

  // Keys by their place; beyond the ends of an open path the outermost arcs go on, or the last key stays.
  key(i) {
    const count = this.z.length;
    if (this.closed || count === 1) return this.z[(i + count) % count];
    if (i < 0) return this.beyond(this.z[0], this.z[1]);
    if (i < count) return this.z[i];
    return this.pieces.length === count ? this.z[count - 1] : this.beyond(this.z[count - 1], this.z[count - 2]);
  }

  // As far before a as b is behind it; of length 1, for lengths that went on would change their sign.
  beyond(a, b) {
    return slerp(...[a, b].map((z) => unit(z.subarray(0, this.latentDim))), -1);
  }
}
