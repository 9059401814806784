/** Conditions as they are written in a document. */
export type RiskConditionsInput =
  | { readonly fact: string; readonly path: string; readonly operator: string; readonly value: unknown }
  | { readonly all: readonly RiskConditionsInput[] }
  | { readonly any: readonly RiskConditionsInput[] }
  | { readonly not: RiskConditionsInput }

/**
 * A rule read a second time, slow and obvious: the best and the worst truth it can have. A comparison whose fact is missing, or of a
 * type that does not go with the operator, can be either.
 */
export function referenceRisk(
  conditions: RiskConditionsInput,
  given: { readonly x: unknown; readonly y: unknown },
): { readonly possible: boolean; readonly reads: readonly string[] } {
  const reads: string[] = []
  const truth = truthOf(conditions, given, reads)
  return { possible: truth.includes(true), reads: [...new Set(reads)].sort() }
}

/** Every truth that the conditions can have, comparisons taken for themselves. */
function truthOf(
  conditions: RiskConditionsInput,
  given: { readonly x: unknown; readonly y: unknown },
  reads: string[],
): boolean[] {
  if ('all' in conditions) {
    const parts = conditions.all.map((each) => truthOf(each, given, reads))
    return [
      ...(parts.every((part) => part.includes(true)) ? [true] : []),
      ...(parts.some((part) => part.includes(false)) ? [false] : []),
    ]
  }
  if ('any' in conditions) {
    const parts = conditions.any.map((each) => truthOf(each, given, reads))
    return [
      ...(parts.some((part) => part.includes(true)) ? [true] : []),
      ...(parts.every((part) => part.includes(false)) ? [false] : []),
    ]
  }
  if ('not' in conditions) return truthOf(conditions.not, given, reads).map((each) => !each)
  const { path, operator, value } = conditions
  const fact = path === '$.x' ? given.x : path === '$.y' ? given.y : undefined
  if (!goesWith(operator, fact, value)) {
    reads.push(`arguments${path.slice(1)}`)
    return [true, false]
  }
  return [holds(operator, fact, value)]
}

function goesWith(operator: string, fact: unknown, value: unknown): boolean {
  if (fact === undefined) return false
  if (operator.startsWith('less') || operator.startsWith('greater')) return typeof fact === 'number'
  if (operator === 'contains' || operator === 'doesNotContain') return Array.isArray(fact)
  if (typeof fact === 'object' && fact !== null) return false
  const others = Array.isArray(value) ? (value as unknown[]) : [value]
  if (fact === null) return others.some((other) => typeof other !== 'number')
  return others.some((other) => other === null || typeof other === typeof fact)
}

function holds(operator: string, fact: unknown, value: unknown): boolean {
  switch (operator) {
    case 'equal':
      return fact === value
    case 'notEqual':
      return fact !== value
    case 'in':
      return (value as unknown[]).includes(fact)
    case 'notIn':
      return !(value as unknown[]).includes(fact)
    case 'contains':
      return (fact as unknown[]).includes(value)
    case 'doesNotContain':
      return !(fact as unknown[]).includes(value)
    case 'lessThan':
      return (fact as number) < (value as number)
    case 'lessThanInclusive':
      return (fact as number) <= (value as number)
    case 'greaterThan':
      return (fact as number) > (value as number)
    case 'greaterThanInclusive':
      return (fact as number) >= (value as number)
    default:
      throw new Error(`no such operator: ${operator}`)
  }
}
