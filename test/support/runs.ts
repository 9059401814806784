/**
 * How often a property is tried. `GRADUS_RUNS=1000000 npx vitest run test/property --testTimeout=0` tries a million cases;
 * `GRADUS_SEED` repeats a run. fast-check prints the seed of what failed.
 */
export function runs(usual: number): { readonly numRuns: number; readonly seed?: number } {
  const count = Number(process.env['GRADUS_RUNS'] ?? usual)
  const seed = process.env['GRADUS_SEED']
  return { numRuns: count, ...(seed === undefined ? {} : { seed: Number(seed) }) }
}

/** True where everything is to be tried that is otherwise sampled. */
export const FULL = process.env['GRADUS_FULL'] === '1'
