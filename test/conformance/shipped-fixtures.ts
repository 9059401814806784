import { fileURLToPath } from 'node:url'

import { proofText } from '../../src/app/compose.ts'
import { type ConfigFile, loadConfig } from '../../src/config/load-config.ts'
import { type LoadedFixtures, loadFixtures } from '../../src/fixtures/load.ts'
import { type CaseRun, runCase } from '../../src/fixtures/run-case.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'

/** Root of the package, and the folder of the policies that it ships. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const POLICIES = fileURLToPath(new URL('../../policies', import.meta.url))

/** The configuration of the example organisation. */
export function shippedConfig(): Promise<ConfigFile> {
  return loadConfig(undefined, ROOT)
}

/** The fixtures that ship. */
export function shippedFixtures(): Promise<LoadedFixtures> {
  return loadFixtures(`${POLICIES}/fixtures`)
}

/** Runs all cases one after another, as `gradus test` does. */
export async function runAll({ cases }: LoadedFixtures, policySet: PolicySet): Promise<readonly CaseRun[]> {
  const runs: CaseRun[] = []
  for (const each of cases) {
    const openMemoryStore = (project: Parameters<typeof createMemoryStore>[0]['project']) =>
      createMemoryStore({ project, origin: 'gradus.test/fixtures' })
    runs.push(
      await runCase(each, { openMemoryStore, formatProof: proofText, elapsed: () => performance.now() / 1_000, policySet }),
    )
  }
  return runs
}
