import { invariant } from '../format/error.ts'

/** Refuses numbers that are not finite: the trust core has no NaN path. Throws the error for bugs; edges parse before. */
export function requireFinite(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers))
    invariant(Number.isFinite(value), `${name} must be a finite number, not ${value}`)
}

/** Refuses a number that is not finite or below zero. Throws the error for bugs. */
export function requireAmount(name: string, value: number): void {
  invariant(Number.isFinite(value) && value >= 0, `${name} must be a finite number of at least 0, not ${value}`)
}
