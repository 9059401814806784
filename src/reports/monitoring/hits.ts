import { pointerSteps } from '../../format/source-place.ts'
import type { AuditRecord } from '../../ledger/record.ts'
import { formatScope, ScopeKey } from '../../model/scope.ts'
import type { MonitoringRule } from './settings.ts'

/** A rule that counts a record. `group`: the agent, action or scope it is counted under; empty if the rule has no groups. */
export type Hit = { readonly rule: string; readonly group: string }

/** The rules that count a record. A hit holds nothing of the request, so monitoring state never does. */
export function hitsOf(record: AuditRecord, rules: readonly MonitoringRule[]): readonly Hit[] {
  return rules.flatMap((rule) =>
    isWatched(rule, record) && counts(rule, record) ? [{ rule: rule.id, group: groupOf(rule, record) }] : [],
  )
}

function isWatched(
  { records: { kinds, outcomes, agents, actions, scopes, tenant } }: MonitoringRule,
  record: AuditRecord,
): boolean {
  const { kind, outcome, agent, action } = record
  return (
    record.tenant === tenant &&
    kinds.some((each) => each === kind) &&
    among(outcomes, outcome) &&
    among(agents, agent) &&
    among(actions, action) &&
    (scopes === undefined || among(scopes, scopeOfDecision(record)))
  )
}

function among(wanted: readonly string[] | undefined, actual: string | null): boolean {
  return wanted === undefined || (actual !== null && wanted.includes(actual))
}

function counts(rule: MonitoringRule, record: AuditRecord): boolean {
  switch (rule.kind) {
    case 'volume':
      return true
    case 'unexpected': {
      const named = namedIn(rule.of, record).filter((value) => value !== undefined && value !== null)
      if (named.length === 0) return record.kind === 'decision' && rule.missing === 'count'
      return named.some((value) => typeof value !== 'string' || !rule.expected.includes(value))
    }
    case 'range': {
      const value = at(placeOf(rule.in, record), rule.pointer)
      if (value === undefined) return rule.missing === 'count'
      return !(typeof value === 'number' && value >= (rule.min ?? -Infinity) && value <= (rule.max ?? Infinity))
    }
  }
}

/** Every place of a request that names this kind of data. One unexpected value among them is a hit. */
function namedIn(of: 'classification' | 'jurisdiction' | 'resource_type', { body }: AuditRecord): readonly unknown[] {
  const request = body['request']
  if (of === 'resource_type') return [at(request, '/resource/type')]
  return [at(request, `/resource/properties/${of}`), at(request, `/context/${of}`), at(request, `/context/facts/${of}`)]
}

function placeOf(within: 'arguments' | 'detail' | 'result', { body }: AuditRecord): unknown {
  return within === 'arguments' ? at(body['request'], '/action/properties/arguments') : body[within]
}

/** The value at a JSON Pointer (RFC 6901); undefined where there is none. */
function at(document: unknown, pointer: string): unknown {
  return pointerSteps(pointer).reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Readonly<Record<string, unknown>>)[step]
        : undefined,
    document,
  )
}

function groupOf({ per }: MonitoringRule, record: AuditRecord): string {
  if (per === 'all') return ''
  return (per === 'scope' ? scopeOfDecision(record) : record[per]) ?? ''
}

/** The scope of a decision; null for every other record. */
export function scopeOfDecision({ kind, body }: AuditRecord): string | null {
  if (kind !== 'decision') return null
  const scope = at(body, '/facts/action/scope')
  const stake = at(body, '/facts/action/stake')
  if (typeof scope !== 'string' || (stake !== 'light' && stake !== 'full')) return null
  return ScopeKey.safeParse(`${scope}:${stake}`).success ? formatScope(scope, stake) : null
}
