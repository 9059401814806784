import { describe, expect, it } from 'vitest'

import { LAYERS } from '../../src/model/layer.ts'
import { incidentsOf, readScope } from '../../src/trust/score.ts'
import { type AgentTrust, type Incident, type Ladder, scopeOf } from '../../src/trust/stored-trust.ts'
import { scopeView } from '../../src/trust/trust-view.ts'
import {
  after,
  ALPHABET,
  eventsOf,
  type Letter,
  type Manner,
  type Node,
  STARTS,
  toReference,
  withoutEmptyTimes,
} from './exhaustive-support.ts'
import * as reference from './reference-model.mjs'
import { C, DAY, MAIL, NOW } from './support.ts'

/** How many events long the orders are of which all are tried, one fewer from most starts. `GRADUS_DEPTH=6` takes eight times as long. */
const DEPTH = Number(process.env['GRADUS_DEPTH'] ?? '5')
const depthFrom = (name: string): number => (['one step from L3', 'the top, after a strike'].includes(name) ? DEPTH : DEPTH - 1)
const EPSILON = 1e-9

type Step = { readonly before: Node; readonly letter: Letter; readonly next: Node }

/**
 * Tries every order of at most `depth` events. A state that was reached before by as few or fewer events is not walked again: what can
 * come of it was tried.
 */
function walk(agent: AgentTrust, depth: number, manner: Manner, check: (step: Step) => void): void {
  let level: readonly Node[] = [{ agent, nowMs: NOW, raised: 0, earned: scopeOf(agent, MAIL).ladder.level, taken: null }]
  const seen = new Set<string>()
  for (let length = 1; length <= depth; length += 1) {
    const reached: Node[] = []
    for (const before of level)
      for (const letter of ALPHABET) {
        const next = after(before, letter, manner)
        check({ before, letter, next })
        if (next === before || length === depth) continue
        const key = JSON.stringify(next)
        if (seen.has(key)) continue
        seen.add(key)
        reached.push(next)
      }
    level = reached
  }
}

const ladderIn = ({ agent }: Node): Ladder => scopeOf(agent, MAIL).ladder
const incidentsIn = ({ agent }: Node): readonly Incident[] => incidentsOf(agent, scopeOf(agent, MAIL))
const scoreIn = ({ agent }: Node, nowMs: number): number => readScope(agent, MAIL, { nowMs }, C).score
const isNoInjection = ({ id }: Incident): boolean => !id.startsWith('i')
const strikesAt = ({ strikes, struckAtMs }: Ladder, nowMs: number): number =>
  struckAtMs === null || nowMs - struckAtMs > 180 * DAY ? 0 : strikes

/** The gates of trust written out once more, from the state alone. */
function gatesPass(node: Node): boolean {
  const { agent, nowMs } = node
  const { ladder } = scopeOf(agent, MAIL)
  const to = ladder.level + 1
  if (to > 4) return false
  const reading = readScope(agent, MAIL, { nowMs }, C)
  const strikes = strikesAt(ladder, nowMs)
  const theta = [0, 0.3, 0.5, 0.7, 0.9][to]!
  const floor = (score: number): number => Math.floor(score * 1e4 + 1e-7) / 1e4
  return (
    !incidentsIn(node).some((one) => one.review === 'required') &&
    floor(reading.score) >= theta + (strikes > 0 ? 0.02 : 0) &&
    LAYERS.every((one) => floor(reading.layers[one].trust) >= theta) &&
    ladder.k >= Math.max([0, 5, 20, 50, 1000][to]!, ladder.kGrant[to]!) * 2 ** Math.min(3, Math.max(0, strikes - 1)) &&
    ladder.e >= Math.log(to === 4 ? 100 : 20) + (strikes + ladder.restarts) * Math.LN2 &&
    nowMs - ladder.sinceMs >= [0, 0, 1, 7, 30][to]! * DAY
  )
}

/** What must hold of every step, whatever came before. Compared by hand, because `expect` a million times is slow. */
const LAWS: Readonly<Record<string, (step: Step) => boolean>> = {
  'a level rises by promotion, one rung at a time, or by a false positive': ({ before, letter, next }) => {
    const [from, to] = [ladderIn(before).level, ladderIn(next).level]
    return letter === 'promote' ? to === from || to === from + 1 : letter === 'false positive' || to <= from
  },
  'a promotion happens exactly where every gate is passed': ({ before, letter, next }) =>
    letter !== 'promote' || ladderIn(next).level > ladderIn(before).level === gatesPass(before),
  'a cap that waits for its review never rises, and no cap rises with time': ({ before, letter, next }) => {
    const waiting = incidentsIn(before).filter((one) => one.review === 'required')
    const rises = (one: Incident): boolean => incidentsIn(next).some(({ id, cap }) => id === one.id && cap > one.cap)
    if (waiting.some(rises)) return false
    const [was, is] = [before, next].map(({ agent, nowMs }) => readScope(agent, MAIL, { nowMs }, C).incidentCap) as [
      number,
      number,
    ]
    const mayRise = ['good', 'light', 'false positive'].includes(letter)
    const held = waiting.filter((one) => incidentsIn(next).some(({ id }) => id === one.id)).map(({ cap }) => cap)
    return is <= Math.min(1, ...held) + EPSILON && (mayRise || is <= was + EPSILON)
  },
  'the effective level is at most the band and at most the grant, and open incidents leave sensitive scopes read-only': ({
    next: { agent, nowMs },
  }) => {
    const { level_effective: effective, level_granted: granted, band } = scopeView(agent, MAIL, { nowMs }, C)
    const sensitive = scopeView(agent, MAIL, { nowMs, sensitive: true }, C)
    const isOpen = sensitive.incident.open.length > 0
    return effective <= band && effective <= granted && (!isOpen || sensitive.level_effective === 0)
  },
  'k and e start over with every change of the grant and every restart, k with every incident, and otherwise only count': ({
    before,
    letter,
    next,
  }) => {
    const [was, is] = [ladderIn(before), ladderIn(next)]
    if (letter === 'false positive') return true
    const startedOver = is.level !== was.level || is.restarts > was.restarts || is.struckAtMs !== was.struckAtMs
    if (startedOver) return is.k === 0 && is.e === 0
    if (letter === 'injection') return is.k === 0 && is.e === was.e
    if (letter === 'major') return is.k === 0 && is.e <= was.e
    if (letter === 'minor') return is.k === was.k && is.e <= was.e
    if (letter === 'good') return is.k === was.k + 1 && is.e >= was.e
    return is.k === was.k && is.e === was.e
  },
  'strikes and restarts only grow, but that strikes expire and a false positive gives its own back': ({
    before,
    letter,
    next,
  }) => {
    const [was, is] = [ladderIn(before), ladderIn(next)]
    if (letter === 'false positive') return strikesAt(is, next.nowMs) <= strikesAt(was, next.nowMs)
    const isExpired = strikesAt(was, next.nowMs) === 0
    return is.restarts >= was.restarts && (isExpired || strikesAt(is, next.nowMs) >= strikesAt(was, before.nowMs))
  },
  'a strike comes with a level, and only from a failure or an incident': ({ before, letter, next }) => {
    const [was, is] = [ladderIn(before), ladderIn(next)]
    if (is.struckAtMs === was.struckAtMs) return true
    return letter === 'false positive' || (is.level < was.level && ['minor', 'major', 'injection'].includes(letter))
  },
  'a grant is lost only by failures, incidents and a change of composition': ({ before, letter, next }) =>
    ladderIn(next).level >= ladderIn(before).level ||
    ['minor', 'major', 'injection', 'composition', 'false positive'].includes(letter),
  'failures, incidents and time never raise the score, successes never lower it': ({ before, letter, next }) => {
    const [was, is] = [scoreIn(before, next.nowMs), scoreIn(next, next.nowMs)]
    if (letter === 'good' || letter === 'light') return is >= was - EPSILON
    return letter === 'false positive' || is <= was + EPSILON
  },
  'no order of events gives a level that promotions did not give since the last change of composition': ({ next }) =>
    ladderIn(next).level <= next.earned,
  'a false positive gives back exactly what its incident found, as far as trust supports it, and nothing if something else took it since':
    ({ before, letter, next }) => {
      const { taken } = before
      if (letter !== 'false positive' || taken === null || before.raised > 1 || incidentsIn(before).every(isNoInjection))
        return true
      const is = ladderIn(next)
      if (!taken.alone) return is.level <= ladderIn(before).level
      const { demotion_score: supported } = scopeView(next.agent, MAIL, { nowMs: next.nowMs }, C)
      if (supported >= C.thresholds[taken.before.level] - C.demote_margin)
        return JSON.stringify(is) === JSON.stringify(taken.before)
      return is.level < taken.before.level && is.k === 0 && is.e === 0 && is.struckAtMs === next.nowMs
    },
  'a false positive takes its own incident away and leaves every other as it is': ({ before, letter, next }) => {
    if (letter !== 'false positive') return true
    const [was, is] = [incidentsIn(before), incidentsIn(next)]
    const gone = was.filter((one) => !is.some(({ id }) => id === one.id))
    const kept = was.filter((one) => !gone.includes(one))
    return (
      gone.length === (was.every(isNoInjection) ? 0 : 1) &&
      !gone.some(isNoInjection) &&
      JSON.stringify(kept) === JSON.stringify(is)
    )
  },
  'after a failure or an incident the grant is supported within the margin': ({ letter, next }) => {
    if (!['minor', 'major', 'injection'].includes(letter)) return true
    const { demotion_score: supported, level_granted: level } = scopeView(next.agent, MAIL, { nowMs: next.nowMs }, C)
    return supported >= C.thresholds[level] - C.demote_margin
  },
}

function requireLaws(step: Step): void {
  for (const [law, holds] of Object.entries(LAWS))
    if (!holds(step))
      expect.fail(
        `${law}: not after "${step.letter}" on ${JSON.stringify(step.before)}, which gives ${JSON.stringify(step.next)}`,
      )
}

/** What a step shows, so that a walk can say that it came by everything it is about. */
function eventsIn({ before, letter, next }: Step): readonly string[] {
  const [was, is] = [ladderIn(before), ladderIn(next)]
  const time = letter === 'day' || letter === 'month'
  return [
    ...(is.level > was.level ? [letter === 'promote' ? 'promoted' : 'restored'] : []),
    ...(is.level < was.level ? ['demoted'] : []),
    ...(time && strikesAt(is, next.nowMs) < strikesAt(was, before.nowMs) ? ['forgiven'] : []),
  ]
}

function textOf({ S, g, undo }: reference.ReferenceHistory): string {
  return JSON.stringify([{ ...S, layers: withoutEmptyTimes(S.layers) }, g, [...undo]])
}

describe(`every order of ${String(DEPTH)} events`, () => {
  it.each([
    ['a new agent', []],
    ['one step from L1', ['demoted', 'promoted']],
    ['one step from L3', ['demoted', 'promoted', 'restored']],
    ['one step from L4', ['demoted', 'promoted', 'restored']],
    ['the top, after a strike', ['demoted', 'forgiven', 'restored']],
  ])('from %s keeps the laws, with the service’s verbs', { timeout: 0 }, (name, want) => {
    const events = new Set<string>()
    walk(STARTS[name]!, depthFrom(name), 'service', (step) => {
      requireLaws(step)
      for (const event of eventsIn(step)) events.add(event)
    })
    expect([...events].sort()).toEqual(want)
  })

  it.each(Object.entries(STARTS))('from %s is what the reference model says, state by state', { timeout: 0 }, (name, start) => {
    walk(start, depthFrom(name), 'history', ({ before, letter, next }) => {
      const want = eventsOf(before, letter).reduce<reference.ReferenceHistory>(
        (state, event) => reference.step(state, event),
        toReference(before),
      )
      const got = toReference(next)
      const score = reference.score(want.S, next.nowMs).T
      if (textOf(got) !== textOf(want) || scoreIn(next, next.nowMs) !== score)
        expect([letter, textOf(got), scoreIn(next, next.nowMs), before]).toEqual([letter, textOf(want), score, before])
    })
  })
})
