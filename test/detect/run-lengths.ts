/** Average run length of the integer Bernoulli CUSUM from 0, exact: L(s) = 1 + (1−p)·L(max(0, s−1)) + p·L(s+m−1), L = 0 from H on. Solved by elimination. */
export function bernoulliRunLength(p: number, m: number, alarm: number): number {
  // Each L(s) is a + b·L(s−1): from the top down, since only s−1 lies below.
  // L(s) = 1 + (1−p)·L(s−1) + p·L(s+m−1); L(s+m−1) is expressed by chaining down to L(s).
  const a = new Float64Array(alarm)
  const b = new Float64Array(alarm)
  for (let s = alarm - 1; s >= 0; s -= 1) {
    // L(s+m−1) = A + B·L(s)
    let A = 0
    let B = 0
    if (s + m - 1 < alarm) {
      B = 1
      for (let t = s + m - 1; t > s; t -= 1) {
        A += B * a[t]!
        B *= b[t]!
      }
    }
    const below = s === 0 ? 1 - (1 - p) - p * B : 1 - p * B
    a[s] = (1 + p * A) / below
    b[s] = s === 0 ? 0 : (1 - p) / below
  }
  return a[0]!
}

/** Gauss-Legendre nodes and weights on [0, 1]. */
function legendre(n: number): { readonly x: readonly number[]; readonly w: readonly number[] } {
  const x: number[] = []
  const w: number[] = []
  for (let i = 0; i < n; i += 1) {
    let z = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 0
    for (let round = 0; round < 50; round += 1) {
      let [p1, p0] = [1, 0]
      for (let j = 1; j <= n; j += 1) [p1, p0] = [((2 * j - 1) * z * p1 - (j - 1) * p0) / j, p1]
      slope = (n * (z * p1 - p0)) / (z * z - 1)
      const step = p1 / slope
      z -= step
      if (Math.abs(step) < 1e-15) break
    }
    x.push((1 - z) / 2)
    w.push(1 / ((1 - z * z) * slope * slope))
  }
  return { x, w }
}

const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

/** Standard normal distribution function: Simpson's rule from 0. */
function normal(z: number): number {
  if (z > 9) return 1
  if (z < -9) return 0
  const steps = 2_000
  const h = z / steps
  let sum = density(0) + density(z)
  for (let i = 1; i < steps; i += 1) sum += (i % 2 === 1 ? 4 : 2) * density(i * h)
  return 0.5 + (sum * h) / 3
}

/** Solves a dense system by elimination with pivots; destroys its arguments. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length
  for (let column = 0; column < n; column += 1) {
    let pivot = column
    for (let row = column + 1; row < n; row += 1)
      if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row
    ;[matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!]
    ;[right[column], right[pivot]] = [right[pivot]!, right[column]!]
    for (let row = column + 1; row < n; row += 1) {
      const factor = matrix[row]![column]! / matrix[column]![column]!
      for (let k = column; k < n; k += 1) matrix[row]![k]! -= factor * matrix[column]![k]!
      right[row]! -= factor * right[column]!
    }
  }
  for (let row = n - 1; row >= 0; row -= 1) {
    for (let k = row + 1; k < n; k += 1) right[row]! -= matrix[row]![k]! * right[k]!
    right[row]! /= matrix[row]![row]!
  }
  return right
}

/** Average run length of the one-sided CUSUM(k, h) of N(μ, 1) from 0, by Nyström quadrature of L(s) = 1 + L(0)·Φ(k−s−μ) + ∫ L(y)·φ(y+k−s−μ) dy. */
export function cusumRunLength(k: number, h: number, mu: number, nodes = 40): number {
  const { x, w } = legendre(nodes)
  const at = [0, ...x.map((node) => node * h)]
  const matrix = at.map((s, i) =>
    at.map((y, j) => (i === j ? 1 : 0) - (j === 0 ? normal(k - s - mu) : w[j - 1]! * h * density(y + k - s - mu))),
  )
  return solve(
    matrix,
    at.map(() => 1),
  )[0]!
}

/** The two-sided one: 1/L = 1/L(up) + 1/L(down), exact for k > 0 from 0 (Kemp 1961). */
export function twoSidedRunLength(k: number, h: number, mu: number): number {
  return 1 / (1 / cusumRunLength(k, h, mu) + 1 / cusumRunLength(k, h, -mu))
}
