/** log Γ(x) for x > 0; Lanczos, g = 7, nine terms. */
function logGamma(x: number): number {
  const terms = [
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
    9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  const sum = terms.reduce((total, term, i) => total + term / (x + i), 0.99999999999980993)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/** The beta distribution's function at x, by Simpson's rule over a finely cut range: slow and obvious. */
function betaCdf(x: number, a: number, b: number): number {
  const log = logGamma(a + b) - logGamma(a) - logGamma(b)
  const density = (y: number): number =>
    y <= 0 || y >= 1 ? 0 : Math.exp(log + (a - 1) * Math.log(y) + (b - 1) * Math.log(1 - y))
  const steps = 4_000
  const width = x / steps
  let sum = density(0) + density(x)
  for (let i = 1; i < steps; i += 1) sum += density(i * width) * (i % 2 === 0 ? 2 : 4)
  return (sum * width) / 3
}

/** The value below which a share of the beta distribution lies; a, b ≥ 1. */
export function betaQuantile(share: number, a: number, b: number): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 40; i += 1) {
    const middle = (low + high) / 2
    if (betaCdf(middle, a, b) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}
