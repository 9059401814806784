/** A binomial opinion: belief, disbelief and uncertainty, each 0–1, together 1. */
export type Opinion = { readonly b: number; readonly d: number; readonly u: number }

/** Opinion of r good and s bad units against `priorUnits` (W = z²) units of ignorance. Jøsang 2016; W = 3 here. */
export function opinionOf(r: number, s: number, priorUnits: number): Opinion {
  const total = r + s + priorUnits
  return { b: r / total, d: s / total, u: priorUnits / total }
}

/** Half the width of the Wilson interval in opinion space. */
function halfWidth({ b, d, u }: Opinion): number {
  return Math.sqrt((u * u) / 4 + (u < 1 ? (u * b * d) / (1 - u) : 0))
}

/** Upper bound on the failure rate, 0–1: the Wilson score bound with z² = `priorUnits`. No evidence gives 1. */
export function failureUpperBound(r: number, s: number, priorUnits: number): number {
  const opinion = opinionOf(r, s, priorUnits)
  return Math.min(1, opinion.d + opinion.u / 2 + halfWidth(opinion))
}

/** Lower bound on the failure rate, 0–1: the other end of the same interval. No evidence gives 0. */
export function failureLowerBound(r: number, s: number, priorUnits: number): number {
  const opinion = opinionOf(r, s, priorUnits)
  return Math.max(0, opinion.d + opinion.u / 2 - halfWidth(opinion))
}

/** Base rate of the projected probability P = b + u/2. */
const BASE_RATE = 0.5

/** Largest degree of conflict between two of the opinions, 0–1: |Pi − Pj|·(1 − ui)·(1 − uj). */
export function conflictOf(opinions: readonly Opinion[]): number {
  let largest = 0
  for (const [i, one] of opinions.entries()) {
    for (const other of opinions.slice(i + 1)) {
      const distance = Math.abs(one.b + BASE_RATE * one.u - (other.b + BASE_RATE * other.u))
      largest = Math.max(largest, distance * (1 - one.u) * (1 - other.u))
    }
  }
  return largest
}

/**
 * Weighted belief fusion of opinions, each counting by its certainty; van der Heijden, Kopp, Kargl, FUSION 2018. For people: it averages, so
 * no decision may rest on it. Every uncertainty must be above 0, as those of `opinionOf` are; only ignorance gives ignorance.
 */
export function fusedOpinion(opinions: readonly Opinion[]): Opinion {
  const weighted = opinions.map((opinion) => ({ ...opinion, weight: (1 - opinion.u) / opinion.u }))
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return { b: 0, d: 0, u: 1 }
  const of = (pick: (opinion: Opinion) => number): number =>
    weighted.reduce((sum, opinion) => sum + pick(opinion) * opinion.weight, 0) / total
  return { b: of(({ b }) => b), d: of(({ d }) => d), u: opinions.reduce((sum, { u }) => sum + 1 - u, 0) / total }
}
