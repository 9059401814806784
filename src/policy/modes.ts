import { createHmac } from 'node:crypto'

import type { DecisionFacts } from '../ledger/decision-facts.ts'
import { ENFORCED, type ModeFacts } from '../model/mode.ts'
import type { Request } from '../model/request.ts'
import { formatScope, type ScopeKey } from '../model/scope.ts'
import type { ModeRule } from './settings.ts'

/** Sessions are dealt to this many places, so that a percentage with two decimals means something. */
const PLACES = 10_000

/** Whom and what a mode is asked for. The session only says on which side of a percentage it is. */
export type ModeQuestion = {
  readonly tenant: string
  /** Null: a human without an agent; always enforced, there is nothing to graduate. */
  readonly agent: string | null
  readonly scope: ScopeKey
  readonly session: string | null
}

/**
 * The mode of a decision: the most specific line wins, unset is enforce. Terms and rule documents have lines of their own. Sessions
 * are dealt to the sides of a percentage by a keyed hash, so that a session never changes sides while the line stands, and nobody
 * without the key can choose one.
 */
export function modeOf(rules: readonly ModeRule[], question: ModeQuestion, key: Uint8Array): ModeFacts {
  const { agent } = question
  if (agent === null) return ENFORCED
  const mine = rules.filter((rule) => isAbout(rule, question)).sort((a, b) => specificity(a) - specificity(b))
  const observed = (rule: ModeRule): boolean =>
    rule.mode === 'observe' || (rule.percent !== undefined && place(question, key) >= (rule.percent * PLACES) / 100)
  // Later lines overwrite earlier ones: sorted, the most specific is last.
  const of = <T extends string>(name: (rule: ModeRule) => T | undefined): readonly T[] => {
    const sides = new Map<T, boolean>()
    for (const rule of mine) {
      const named = name(rule)
      if (named !== undefined) sides.set(named, observed(rule))
    }
    return [...sides].flatMap(([named, side]) => (side ? [named] : [])).sort()
  }
  const whole = mine.filter(({ term, rules: document }) => term === undefined && document === undefined).at(-1)
  return {
    mode: whole !== undefined && observed(whole) ? 'observe' : 'enforce',
    observed_terms: of(({ term }) => term),
    observed_rules: of(({ rules: document }) => document),
  }
}

function isAbout(rule: ModeRule, { tenant, agent, scope }: ModeQuestion): boolean {
  return (
    (rule.tenant === undefined || rule.tenant === tenant) &&
    (rule.agent === undefined || rule.agent === agent) &&
    (rule.scope === undefined || rule.scope === scope)
  )
}

/** More named beats fewer; of as many, scope beats agent beats tenant. No two different sets of names have the same number. */
function specificity({ tenant, agent, scope }: ModeRule): number {
  const named = [tenant, agent, scope].filter((each) => each !== undefined).length
  return named * 8 + (scope === undefined ? 0 : 4) + (agent === undefined ? 0 : 2) + (tenant === undefined ? 0 : 1)
}

/** The place of a session, 0 to 9,999; without a session all requests of an agent are one. */
function place({ tenant, agent, session }: ModeQuestion, key: Uint8Array): number {
  const digest = createHmac('sha256', key)
    .update(JSON.stringify([tenant, agent, session]))
    .digest()
  return digest.readUInt32BE(0) % PLACES
}

/** Whom a line names; lines about one term or rule document are apart from those about the whole. */
type Names = Pick<ModeRule, 'tenant' | 'agent' | 'scope' | 'term' | 'rules'>

/**
 * For whom something is observed under `after` that `before` enforces, or enforced of fewer sessions: the line that does it, or
 * whom it reaches now that a more specific line is gone. Exact: where a decision is less enforced than before, the line that won
 * before and the one that wins now both still win for whoever both name and nobody else.
 */
export function loosened(before: readonly ModeRule[], after: readonly ModeRule[]): readonly string[] {
  const [were, are] = [sharesOf(before), sharesOf(after)]
  const isLooser = (names: Names): boolean => shareFor(are, names) < shareFor(were, names)
  const found = after
    .filter((rule) => shareOf(rule) < 100)
    .flatMap((line) => {
      if (isLooser(line)) return [nameOf(line)]
      const stricter = before.filter((rule) => shareOf(rule) > shareOf(line))
      return stricter
        .flatMap((rule) => joined(rule, line) ?? [])
        .filter(isLooser)
        .map(nameOf)
    })
  return [...new Set(found)].sort()
}

/** What share of sessions a line enforces. */
function shareOf({ mode, percent }: ModeRule): number {
  return mode === 'observe' ? 0 : (percent ?? 100)
}

function sharesOf(rules: readonly ModeRule[]): ReadonlyMap<string, number> {
  return new Map(rules.map((rule) => [nameOf(rule), shareOf(rule)]))
}

/** What share of sessions is enforced for whoever has these names and no line of its own; most specific line first. */
function shareFor(shares: ReadonlyMap<string, number>, { tenant, agent, scope, term, rules }: Names): number {
  const of = (names: Names): number | undefined => shares.get(nameOf({ ...names, term, rules }))
  return (
    of({ tenant, agent, scope }) ??
    of({ agent, scope }) ??
    of({ tenant, scope }) ??
    of({ tenant, agent }) ??
    of({ scope }) ??
    of({ agent }) ??
    of({ tenant }) ??
    of({}) ??
    100
  )
}

/** Whoever both lines are about; undefined where nobody is. */
function joined(a: Names, b: Names): Names | undefined {
  const apart = (['tenant', 'agent', 'scope'] as const).some(
    (name) => a[name] !== undefined && b[name] !== undefined && a[name] !== b[name],
  )
  if (apart || a.term !== b.term || a.rules !== b.rules) return undefined
  return { tenant: a.tenant ?? b.tenant, agent: a.agent ?? b.agent, scope: a.scope ?? b.scope, term: a.term, rules: a.rules }
}

function nameOf({ tenant, agent, scope, term, rules }: Names): string {
  return JSON.stringify([tenant, agent, scope, term, rules])
}

/**
 * The mode of one decision, from its facts and its session. An agent that only the body names chooses none: naming one would be
 * enough to be observed.
 */
export function modeOfFacts(rules: readonly ModeRule[], facts: DecisionFacts, request: Request, key: Uint8Array): ModeFacts {
  if (rules.length === 0) return ENFORCED
  const session = request.context?.['session']
  return modeOf(
    rules,
    {
      tenant: facts.caller.tenant,
      agent: facts.parties.agent_claimed ? null : (facts.parties.agent?.id ?? null),
      scope: formatScope(facts.action.scope, facts.action.stake),
      session: typeof session === 'string' ? session : null,
    },
    key,
  )
}
