import { CatalogueFile } from '../../catalogue/catalogue-file.ts'
import { ServiceError } from '../../format/error.ts'
import { equalCatalogues } from '../../fixtures/mutants/equal-catalogues.ts'
import type { MutatedSet } from '../../fixtures/mutants/judge.ts'
import { withEdit } from '../../fixtures/mutants/json-edit.ts'
import type { Mutation } from '../../fixtures/mutants/mutation.ts'
import { BundleError } from '../../rego/error.ts'
import { catalogueOf, type PolicySetParts } from '../../rego/policy-parts.ts'
import { type SwappableSet, withBaseData, withGraduationData } from '../../rego/swappable-set.ts'
import { RiskDocument } from '../../risk/rule-document.ts'
import { compileRiskRules } from '../../risk/rules.ts'

/** Makes policy sets with one mutation each: no Rego is compiled, because data is no part of a compiled policy. Throws a `ServiceError` or `ZodError` where it would not be loaded. */
export function mutating(parts: PolicySetParts, swappable: SwappableSet): (mutation: Mutation) => MutatedSet {
  const { policySet } = swappable
  const never = (): boolean => false
  return (mutation) => {
    const { part, path, edit } = mutation
    if (part === 'base' || part === 'graduation') {
      const data = withEdit(swappable.bundles[part].data, path, edit)
      const changed = asBadPolicy(() => (part === 'base' ? withBaseData(swappable, data) : withGraduationData(swappable, data)))
      return { policySet: changed, isEqual: never, close: () => changed[part].close() }
    }
    const nothing = (): void => undefined
    if (part === 'catalogue') {
      const file = CatalogueFile.parse(withEdit(parts.catalogue, path, edit))
      const catalogue = catalogueOf(file, mutation.file)
      const isEqual = (): boolean => equalCatalogues(policySet.catalogue, catalogue, file)
      return { policySet: { ...policySet, catalogue }, isEqual, close: nothing }
    }
    const [id, ...inside] = path
    const documents = parts.risk.map((each) => (each.id === id ? RiskDocument.parse(withEdit(each, inside, edit)) : each))
    return { policySet: { ...policySet, risk: compileRiskRules(documents) }, isEqual: never, close: nothing }
  }
}

function asBadPolicy<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof BundleError)) throw error
    throw new ServiceError('bad_policy', error.message, { fix: error.fix, cause: error })
  }
}
