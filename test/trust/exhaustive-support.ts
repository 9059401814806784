import { LAYERS } from '../../src/model/layer.ts'
import { type Level, lowerLevel } from '../../src/model/level.ts'
import { changeComposition } from '../../src/trust/composition.ts'
import { addEvidence } from '../../src/trust/evidence.ts'
import { addIncident, closeReview, reviewAndSettle } from '../../src/trust/incidents.ts'
import { promoteScope } from '../../src/trust/promotion.ts'
import { type AgentTrust, type Ladder, type LayerState, newAgentTrust, scopeOf, withScope } from '../../src/trust/stored-trust.ts'
import type { ReferenceHistory, ReferenceLadder, ReferenceLayer } from './reference-model.mjs'
import { agentAt, C, DAY, evidence, MAIL, NOW } from './support.ts'

/** Everything that can happen to a scope, one kind each. */
export const ALPHABET = [
  'good',
  'light',
  'minor',
  'major',
  'injection',
  'reviewed',
  'false positive',
  'promote',
  'composition',
  'day',
  'month',
] as const
export type Letter = (typeof ALPHABET)[number]

/** What the first injection found, and whether it is still alone: not reviewed, and nothing else took or gave a level since. */
export type Taken = { readonly before: Ladder; readonly alone: boolean }
/** A state on the way: the agent, the time, how many injections were raised, and what the walk remembers by itself. */
export type Node = {
  readonly agent: AgentTrust
  readonly nowMs: number
  readonly raised: number
  /** The highest level that promotions gave since the last change of composition. */
  readonly earned: Level
  readonly taken: Taken | null
}

/** How the letters act: incidents of the scope as in history files, or of the agent, with its review settled, as in the service. */
export type Manner = 'history' | 'service'

export const idOf = (count: number): string => `i${String(count)}`
const CAP = 0.4
/** The injection that a review is about: the oldest in force. */
export const oldestInjection = ({ agent }: Node): string | undefined =>
  [...agent.incidents, ...scopeOf(agent, MAIL).incidents].find((one) => one.id.startsWith('i'))?.id

/** The state after one letter, and what the walk remembers of it. */
export function after(node: Node, letter: Letter, manner: Manner): Node {
  const next = acted(node, letter, manner)
  if (next === node) return node
  const [was, is] = [node, next].map(({ agent }) => scopeOf(agent, MAIL).ladder) as [Ladder, Ladder]
  const risen = letter === 'promote' && is.level > was.level
  const isFirst = letter === 'injection' && node.raised === 0
  const isElse = ['injection', 'reviewed', 'composition'].includes(letter) || risen || is.struckAtMs !== was.struckAtMs
  return {
    ...next,
    earned: letter === 'composition' ? lowerLevel(node.earned, 2) : risen && is.level > node.earned ? is.level : node.earned,
    taken: isFirst ? { before: was, alone: true } : node.taken && { ...node.taken, alone: node.taken.alone && !isElse },
  }
}

/** Evidence takes a second; the rest only the time it says. */
function acted(node: Node, letter: Letter, manner: Manner): Node {
  const { agent, nowMs, raised } = node
  const soonMs = nowMs + 1000
  switch (letter) {
    case 'good':
    case 'light': {
      const weight = letter === 'good' ? 1 : 0.25
      const next = LAYERS.reduce(
        (state, one) => addEvidence(state, evidence({ layer: one, weight, eventTimeMs: soonMs }), soonMs, C).agent,
        agent,
      )
      return { ...node, agent: next, nowMs: soonMs }
    }
    case 'minor':
    case 'major': {
      const weight = letter === 'minor' ? 1 : 5
      const failure = evidence({ polarity: 'negative', weight, kappa: weight, eventTimeMs: soonMs })
      return { ...node, agent: addEvidence(agent, failure, soonMs, C).agent, nowMs: soonMs }
    }
    case 'injection': {
      const reach = manner === 'history' ? 'scope' : 'agent'
      const incident = { id: idOf(raised), class: 'injection_suspected', reach, scope: MAIL, cap: CAP, review: true } as const
      return { ...node, agent: addIncident(agent, { ...incident, atMs: nowMs }, C).agent, raised: raised + 1 }
    }
    case 'reviewed':
    case 'false positive': {
      const id = oldestInjection(node)
      if (id === undefined) return node
      const review = { id, falsePositive: letter === 'false positive', atMs: nowMs }
      const { agent: next } = manner === 'history' ? closeReview(agent, review) : reviewAndSettle(agent, review, C)
      return { ...node, agent: next }
    }
    case 'promote': {
      const request = { nowMs, verifiers: 3, human: true, ...(manner === 'history' ? { conflict: 0 } : {}) }
      const promotion = promoteScope(agent, MAIL, request, C)
      return promotion.kind === 'promoted' ? { ...node, agent: promotion.agent } : node
    }
    case 'composition':
      return { ...node, agent: changeComposition(agent, { composition: null, kind: 'major', nowMs: nowMs }, C).agent }
    case 'day':
      return { ...node, nowMs: nowMs + DAY }
    case 'month':
      return { ...node, nowMs: nowMs + 30 * DAY }
  }
}

/** The same letter in the events of a history file. */
export function eventsOf(node: Node, letter: Letter): readonly object[] {
  const iso = (ms: number): string => new Date(ms).toISOString()
  const at = iso(node.nowMs)
  const soon = iso(node.nowMs + 1000)
  switch (letter) {
    case 'good':
    case 'light':
      return LAYERS.map((one) => ({ layer: one, polarity: 'positive', weight: letter === 'good' ? 1 : 0.25, event_time: soon }))
    case 'minor':
    case 'major': {
      const weight = letter === 'minor' ? 1 : 5
      return [{ layer: 'outcome', polarity: 'negative', weight, kappa: weight, event_time: soon }]
    }
    case 'injection':
      return [{ type: 'incident', id: idOf(node.raised), cap: CAP, review: true, at }]
    case 'reviewed':
    case 'false positive': {
      const id = oldestInjection(node)
      return id === undefined ? [] : [{ type: 'review', id, false_positive: letter === 'false positive', at }]
    }
    case 'promote':
      return [{ type: 'promote', verifiers: 3, human: true, at }]
    case 'composition':
      return [{ type: 'composition', kind: 'major', at }]
    case 'day':
    case 'month':
      return []
  }
}

const climbing = (level: Level, r: number, ladder: Partial<Ladder>): AgentTrust => {
  const agent = agentAt(level, r)
  const scope = scopeOf(agent, MAIL)
  return withScope(agent, MAIL, { ...scope, ladder: { ...scope.ladder, ...ladder } })
}

/** Where the walks begin: nothing known, one step from each rung, the top, and a relapse whose strike is about to be forgotten. */
export const STARTS: Readonly<Record<string, AgentTrust>> = {
  'a new agent': withScope(newAgentTrust(), MAIL, scopeOf(newAgentTrust(), MAIL)),
  'one step from L1': climbing(0, 6, { k: 3, e: 2.7, sinceMs: NOW - 3 * DAY }),
  'one step from L3': climbing(2, 100, { k: 49, e: 2.97, sinceMs: NOW - 6.5 * DAY }),
  'one step from L4': climbing(3, 400, { k: 1005, e: 4.6, sinceMs: NOW - 29.5 * DAY, kGrant: [0, 7, 25, 97, 0] }),
  'the top, after a strike': climbing(4, 1500, {
    k: 10,
    sinceMs: NOW - 100 * DAY,
    kGrant: [0, 7, 25, 97, 1200],
    strikes: 1,
    struckAtMs: NOW - 175 * DAY,
  }),
}
const time = (ms: number | null): number => ms ?? -Infinity
const layerOf = ({ r, s, q, tMs, tpMs, tnMs }: LayerState): ReferenceLayer => ({
  r,
  s,
  q,
  t: tMs,
  tp: time(tpMs),
  tn: time(tnMs),
})
/** Nothing is worth nothing at any time: when an empty layer was valued last is no difference. */
export function withoutEmptyTimes(layers: ReferenceHistory['S']['layers']): ReferenceHistory['S']['layers'] {
  return Object.fromEntries(Object.entries(layers).map(([name, one]) => [name, one.r + one.s > 0 ? one : { ...one, t: 0 }]))
}
const ladderOf = ({ level, k, e, sinceMs, kGrant, strikes, struckAtMs, restarts }: Ladder): ReferenceLadder => ({
  level,
  k,
  e,
  since: sinceMs,
  kGrant: [...kGrant],
  strikes,
  struckAt: time(struckAtMs),
  restarts,
})

/** The product's state as the reference model writes it. */
export function toReference({ agent, nowMs }: Node): ReferenceHistory {
  const { layers, incidents, ladder, undo } = scopeOf(agent, MAIL)
  const all = { identity: agent.identity, ...layers }
  return {
    S: {
      layers: Object.fromEntries(LAYERS.map((one) => [one, layerOf(all[one])])),
      incidents: incidents.map(({ id, cap, review, fromMs, c, tMs }) => ({ id, cap, review, from: fromMs, c, t: tMs })),
      agentHeat: { q: agent.heat.q, tn: time(agent.heat.tnMs) },
    },
    g: ladderOf(ladder),
    now: nowMs,
    undo: new Map(undo.map(({ id, before, struckAtMs }) => [id, { before: ladderOf(before), struckAt: time(struckAtMs) }])),
    promotions: [],
  }
}
