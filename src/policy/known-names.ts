import { ServiceError } from '../format/error.ts'
import { formatScope, parseScope } from '../model/scope.ts'
import type { PolicySet } from './policy-set.ts'

/** Most typing errors in a name that is still taken for another. */
const TYPOS_MAX = 3

const NOBODY = { agentId: '', supportedObligations: [], jurisdiction: null, nowMs: 0 }

/** The scopes in which there is an action, with their stakes, and that of actions which the catalogue does not list; sorted. */
function scopeNames({ catalogue }: PolicySet): readonly string[] {
  const named = [...catalogue.tools, ''].map((tool) => catalogue.classify(tool, NOBODY))
  return [...new Set(named.map(({ scope, stake }) => formatScope(scope, stake)))].sort()
}

/** Whether there can be an action in a scope, named with or without its stake. */
export function actsInScope(policySet: PolicySet, scope: string): boolean {
  return scopeNames(policySet).some((name) => name === scope || parseScope(name)?.category === scope)
}

/** Where a request names an agent or a scope: in its path, or in its body, where the error can point at it. */
type NamedIn = 'path' | 'body'

/** The error for an agent that does not exist, so that a typing error does not look like success. `fix` where no name is alike. */
export function unknownAgent(
  { catalogue }: Pick<PolicySet, 'catalogue'>,
  agent: string,
  namedIn: NamedIn,
  fix: string,
): ServiceError {
  return new ServiceError(namedIn === 'path' ? 'not_found' : 'bad_request', `there is no agent "${agent}"`, {
    ...(namedIn === 'path' ? {} : { place: { pointer: '/agent' } }),
    fix: didYouMean(agent, catalogue.agents, fix),
  })
}

/** The error for a scope in which no action can happen. */
export function unknownScope(policySet: PolicySet, scope: string, namedIn: NamedIn): ServiceError {
  return new ServiceError(namedIn === 'path' ? 'not_found' : 'bad_request', `no action has the scope "${scope}"`, {
    ...(namedIn === 'path' ? {} : { place: { pointer: '/scope' } }),
    fix: scopeFix(policySet, scope),
  })
}

/** The fix of a scope in which there is no action. */
export function scopeFix(policySet: PolicySet, scope: string): string {
  const names = scopeNames(policySet)
  const categoryOf = (name: string): string => parseScope(name)?.category ?? name
  const sameCategory = names.filter((name) => categoryOf(name) === categoryOf(scope))
  const otherwise =
    'see "scope" of the tools in the catalogue; "unknown" is the scope of all actions that the catalogue does not list'
  if (sameCategory.length > 0)
    return `did you mean ${sameCategory.map((name) => `"${name}"`).join(' or ')}? Otherwise ${otherwise}`
  return didYouMean(scope, [...new Set([...names, ...names.map(categoryOf)])], otherwise)
}

/** The fix of a mistyped name: the nearest of those that exist, and `otherwise`. */
export function didYouMean(name: string, names: readonly string[], otherwise: string): string {
  const [nearest] = names
    .filter((each) => Math.abs(each.length - name.length) <= TYPOS_MAX)
    .map((each) => ({ each, typos: typosBetween(name, each) }))
    .filter(({ each, typos }) => typos <= Math.min(TYPOS_MAX, each.length / 2))
    .toSorted((a, b) => a.typos - b.typos)
  return nearest === undefined ? otherwise : `did you mean "${nearest.each}"? Otherwise ${otherwise}`
}

/** Levenshtein distance, UTF-16 code units. */
function typosBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let line = 0; line < from.length; line += 1) {
    const next = [line + 1]
    for (let at = 0; at < to.length; at += 1)
      next.push(Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (from[line] === to[at] ? 0 : 1)))
    row = next
  }
  return row[to.length] ?? 0
}
