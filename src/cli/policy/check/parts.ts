import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { loadFixtures } from '../../../fixtures/load.ts'
import { ServiceError } from '../../../format/error.ts'
import type { SourceFinding } from '../../../format/source-place.ts'
import type { CliDeps } from '../../support/deps.ts'
import { findingOf } from '../../support/findings.ts'
import { actionNameFindings } from './action-names.ts'
import { catalogueFindings } from './catalogue.ts'
import { dataPathFindings } from './data-paths.ts'
import { graduationFindings } from './graduation-data.ts'
import { rbacFindings } from './rbac-data.ts'
import { regoDutyFindings } from './rego-duties.ts'
import { riskFindings } from './risk.ts'

/** One part of what a team writes: its name, and what is wrong with it. */
export type CheckedPart = { readonly name: string; readonly findings: () => Promise<readonly SourceFinding[]> }

/** What the checks of a policy folder are made with. */
export type PolicyChecks = Pick<CliDeps, 'checkRego' | 'hasOpa' | 'readCatalogue' | 'readRisk'>

/** Packages of Rego that become bundles. */
const PACKAGES = ['rbac', 'graduation', 'system'] as const
/** A folder with one of these is a folder of policies, not any folder with some Rego in it. */
const OF_POLICIES = [...PACKAGES, 'catalogue', 'risk', 'fixtures']

/** The parts of a policy folder, in the order in which one depends on the other. Rejects with `not_found`. */
export async function checkedParts(
  deps: PolicyChecks,
  folder: string,
  allowBuiltins: readonly string[],
): Promise<readonly CheckedPart[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new ServiceError('not_found', `cannot be read: ${(error as Error).message}`, {
      place: { file: folder },
      fix: 'name a folder of policies',
    })
  })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const part = (name: string, there: boolean, findings: CheckedPart['findings']): readonly CheckedPart[] =>
    there ? [{ name, findings }] : []
  const inside = (name: string): string => join(folder, name)
  const schemas = names.includes('schemas') ? { schemas: inside('schemas') } : {}
  const rego = (): Promise<readonly SourceFinding[]> => deps.checkRego(folder, { ...schemas, allowBuiltins, packages: PACKAGES })
  return [
    ...part('rego', await holdsRego(folder), () => orFinding(folder, rego)),
    // They are seen in the text alone, so also where there is no opa.
    ...part('duties', await holdsRego(folder), () => regoDutyFindings(folder)),
    ...part('roles', names.includes('rbac'), () => packageFindings(inside('rbac'), rbacFindings)),
    ...part('matrix', names.includes('graduation'), () => packageFindings(inside('graduation'), graduationFindings)),
    ...part(
      'catalogue',
      names.some((name) => OF_POLICIES.includes(name)),
      () => both(inside('catalogue'), catalogueFindings, deps.readCatalogue),
    ),
    ...part('risk rules', names.includes('risk'), () => both(inside('risk'), riskFindings, deps.readRisk)),
    ...part('fixtures', names.includes('fixtures'), async () => (await loadFixtures(inside('fixtures'))).findings),
    ...part('action names', names.includes('catalogue'), () => namesFindings(deps, folder, names)),
  ]
}

/** Names that nothing has, where everything can be read; where something cannot, its own part tells it. */
async function namesFindings(deps: PolicyChecks, folder: string, names: readonly string[]): Promise<readonly SourceFinding[]> {
  const inside = (name: string): string | undefined => (names.includes(name) ? join(folder, name) : undefined)
  try {
    const catalogue = await deps.readCatalogue(join(folder, 'catalogue'))
    return await actionNameFindings({ risk: inside('risk'), fixtures: inside('fixtures') }, catalogue)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return []
  }
}

/** What is wrong in any part of a folder; the Rego is checked where the compiler is here. */
export async function policyFindings(
  deps: PolicyChecks,
  folder: string,
  allowBuiltins: readonly string[],
): Promise<readonly SourceFinding[]> {
  const canCheckRego = await deps.hasOpa()
  const parts = (await checkedParts(deps, folder, allowBuiltins)).filter(({ name }) => name !== 'rego' || canCheckRego)
  const found = []
  for (const { findings } of parts) found.push(...(await findings()))
  return found
}

/** What is wrong with the data of a package, and with what its Rego reads of it. */
function packageFindings(
  folder: string,
  check: (folder: string) => Promise<readonly SourceFinding[]>,
): Promise<readonly SourceFinding[]> {
  return orFinding(folder, async () => [...(await check(folder)), ...(await dataPathFindings(folder))])
}

/** What the check finds, or, where it finds nothing, what the server's own reader refuses. */
async function both(
  folder: string,
  check: (folder: string) => Promise<readonly SourceFinding[]>,
  read: (folder: string) => Promise<unknown>,
): Promise<readonly SourceFinding[]> {
  const found = await orFinding(folder, () => check(folder))
  return found.length > 0 ? found : findingsOfRefusal(folder, () => read(folder))
}

async function orFinding(file: string, work: () => Promise<readonly SourceFinding[]>): Promise<readonly SourceFinding[]> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return [findingOf(error, file)]
  }
}

/** The expected failure of some work as a finding. */
export async function findingsOfRefusal(file: string, work: () => Promise<unknown>): Promise<readonly SourceFinding[]> {
  return orFinding(file, async () => {
    await work()
    return []
  })
}

async function holdsRego(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true })
  return entries.some((name) => name.endsWith('.rego'))
}
