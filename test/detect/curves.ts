import { hash32 } from '../../src/detect/argument-shapes.ts'
import { detect } from '../../src/detect/detect.ts'
import { observationDigest } from '../../src/detect/digest.ts'
import type { Reading, Step } from '../../src/detect/finding.ts'
import { checkNovelty, type NoveltySettings } from '../../src/detect/novelty.ts'
import { measureOutput, outputEntropy } from '../../src/detect/output-entropy.ts'
import { spike, type SpikeSettings } from '../../src/detect/spike.ts'
import { SCOPE_SHAPES_MAX, TOOLS_MAX, TRANSITIONS_MAX } from '../../src/detect/state.ts'
import { tokenUsage } from '../../src/detect/token-usage.ts'
import { random } from '../faults/random.ts'
import { ATTACKS, HARMLESS, IN_TOPIC, OFF_TOPIC, type TopicCase } from './corpora.ts'
import { bernoulliRunLength } from './run-lengths.ts'
import { findingOf, NEW, rawDecided, rawFinished, SETTINGS, START_MS } from './support.ts'

/** One row of the table in docs/detectors.md. */
export type CurveRow = {
  readonly detector: string
  readonly honest: string
  readonly falsePerThousand: string
  readonly attack: string
  readonly found: string
  readonly delayActions: string
}

const SEED = 20_261_120
const RUNS = 50
const HONEST_ACTIONS = 10_000
const WARM_ACTIONS = 2_000
const PATIENCE_ACTIONS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

type Random = () => number
type World<State, Value> = {
  readonly start: State
  readonly step: (state: State, value: Value) => Step<State>
  /** Values of the honest agent, one after the other; it keeps what it needs between them. */
  readonly honest: (next: Random) => () => Value
  /** What follows after the honest ones. */
  readonly attack: (next: Random) => (index: number) => Value
}

const gauss = (next: Random): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
const isAlarm = ({ verdict }: Reading): boolean => verdict === 'suspicious' || verdict === 'anomalous'
/** Three significant digits. */
const figure = (value: number): string => (value === 0 ? '0' : String(Number(value.toPrecision(value >= 10 ? 3 : 2))))

/** False alarms per 1,000 honest actions after the warm-up. */
function falseAlarms<State, Value>(world: World<State, Value>): number {
  const value = world.honest(random(SEED))
  let state = world.start
  let alarms = 0
  for (let index = 0; index < WARM_ACTIONS + HONEST_ACTIONS; index += 1) {
    const step = world.step(state, value())
    state = step.state
    if (index >= WARM_ACTIONS && isAlarm(step.reading)) alarms += 1
  }
  return (alarms / HONEST_ACTIONS) * 1_000
}

/** Share of runs in which the attack is found within 1,000 actions, and the median number of actions until then. */
function delays<State, Value>(world: World<State, Value>): { readonly found: number; readonly median: number } {
  const waits: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const next = random(SEED + run)
    const value = world.honest(next)
    let state = world.start
    for (let index = 0; index < WARM_ACTIONS / 4; index += 1) state = world.step(state, value()).state
    const attack = world.attack(next)
    for (let index = 1; index <= PATIENCE_ACTIONS; index += 1) {
      const step = world.step(state, attack(index))
      state = step.state
      if (!isAlarm(step.reading)) continue
      waits.push(index)
      break
    }
  }
  const sorted = waits.sort((a, b) => a - b)
  return { found: waits.length / RUNS, median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN }
}

type Named = Pick<CurveRow, 'detector' | 'honest' | 'attack'>

/** False alarms by honest world: it is the same for every attack. */
const falseByWorld = new Map<string, number>()

function simulated<State, Value>(named: Named, world: World<State, Value>): CurveRow {
  const key = `${named.detector} ${named.honest}`
  const wrong = falseByWorld.get(key) ?? falseAlarms(world)
  falseByWorld.set(key, wrong)
  const { found, median } = delays(world)
  return {
    ...named,
    falsePerThousand: figure(wrong),
    found: `${figure(found * 100)} %`,
    delayActions: found === 0 ? '–' : figure(median),
  }
}

function exact(named: Named, settings: { readonly m: number; readonly alarm: number }, p0: number, p1: number): CurveRow {
  return {
    ...named,
    falsePerThousand: figure(1_000 / bernoulliRunLength(p0, settings.m, settings.alarm)),
    found: '100 %',
    delayActions: figure(bernoulliRunLength(p1, settings.m, settings.alarm)),
  }
}

/** Times of actions: sessions with a rate of their own and pauses between them. */
function times(next: Random, perMinute: number): () => number {
  let atMs = START_MS
  let left = 0
  let rate = perMinute
  return () => {
    if (left <= 0) {
      atMs += -Math.log(1 - next()) * HOUR_MS
      left = 50 + 200 * next()
      rate = perMinute * Math.exp(0.3 * gauss(next))
    }
    left -= 1
    return (atMs += (-Math.log(1 - next()) * MINUTE_MS) / rate)
  }
}

/** Spikes: after the honest times, actions at a fixed rate. */
function spikeRow(named: Named, settings: SpikeSettings, perMinute: number, attackPerMinute: number): CurveRow {
  let lastMs = START_MS
  return simulated(named, {
    start: NEW.agent.calls,
    step: (state, atMs: number) => spike(state, (lastMs = atMs), settings, 'actions'),
    honest: (next) => times(next, perMinute),
    attack: (next) => () => lastMs + (-Math.log(1 - next()) * MINUTE_MS) / attackPerMinute,
  })
}

/** Draws 0 to n−1, the early ones far more often (Zipf). */
function zipf(next: Random, n: number): number {
  const total = Array.from({ length: n }, (_, index) => 1 / (index + 1)).reduce((sum, share) => sum + share, 0)
  let left = next() * total
  for (let index = 0; index < n; index += 1) if ((left -= 1 / (index + 1)) <= 0) return index
  return n - 1
}

/** Novelty: known things by Zipf, and once in `every` actions something honest that is new; then something new each time. */
function noveltyRow(named: Named, settings: NoveltySettings, size: NoveltySize): CurveRow {
  let fresh = 0
  return simulated(named, {
    start: NEW.agent.tools,
    step: (state, hash: number) => checkNovelty(state, { hashes: [hash], noun: 'thing', max: size.max, learn: true }, settings),
    honest: (next) => () => hash32(next() < 1 / size.every ? `new ${(fresh += 1)}` : `known ${zipf(next, size.known)}`),
    attack: () => (index) => hash32(`attack ${index}`),
  })
}

type NoveltySize = { readonly known: number; readonly every: number; readonly max: number }

function tokenRow(named: Named, attacked: (index: number) => number): CurveRow {
  return simulated(named, {
    start: NEW.scope.tokens,
    step: (state, tokens: number) => tokenUsage(state, tokens, SETTINGS.token_usage),
    honest: (next) => () => Math.exp(7 + 0.5 * gauss(next)),
    attack: (next) => (index) => attacked(index) * Math.exp(7 + 0.5 * gauss(next)),
  })
}

const WORDS =
  'the order of customer was sent to address on date with amount and status open for product in city by account name paid late note'.split(
    ' ',
  )
const text = (next: Random, words: number): string =>
  Array.from({ length: words }, () => WORDS[Math.floor(next() * WORDS.length)]!).join(' ')
const row = (next: Random): string =>
  JSON.stringify({ id: Math.floor(next() * 1e6), name: text(next, 3), amount: next() * 100, items: text(next, 9).split(' ') })
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function entropyRow(named: Named, attack: (next: Random) => string): CurveRow {
  return simulated(named, {
    start: NEW.scope.output,
    step: (state, output: string) => outputEntropy(state, measureOutput(output), SETTINGS.output_entropy),
    honest: (next) => () => (next() < 1 / 7 ? row(next) : text(next, 20 + Math.floor(60 * next()))),
    attack: (next) => () => attack(next),
  })
}

function injectionRow(named: Named, attacks: readonly string[]): CurveRow {
  const isFound = (output: string): boolean =>
    isAlarm(
      findingOf(detect(NEW, observationDigest(rawFinished({ output_text: output }), SETTINGS), SETTINGS), 'injection_output'),
    )
  return rated(named, HARMLESS.filter(isFound).length / HARMLESS.length, attacks.filter(isFound).length / attacks.length)
}

function topicRow(named: Named): CurveRow {
  const isFound = ({ action, resource, keys, purpose }: TopicCase): boolean => {
    const raw = rawDecided({
      action,
      resource_type: resource,
      arguments: Object.fromEntries(keys.map((key) => [key, 1])),
      purpose,
    })
    return isAlarm(findingOf(detect(NEW, observationDigest(raw, SETTINGS), SETTINGS), 'topic_drift'))
  }
  return rated(named, IN_TOPIC.filter(isFound).length / IN_TOPIC.length, OFF_TOPIC.filter(isFound).length / OFF_TOPIC.length)
}

function rated(named: Named, wrong: number, found: number): CurveRow {
  return {
    ...named,
    falsePerThousand: figure(wrong * 1_000),
    found: `${figure(found * 100)} %`,
    delayActions: found === 0 ? '–' : '1',
  }
}

/** The operating curves of every detector with its default settings: seeded, the same each time. */
export function curves(): readonly CurveRow[] {
  const calls = { detector: 'call_rate', honest: '5 a minute in sessions, whose rates vary by a third' }
  const destructive = { detector: 'destructive_rate', honest: '2 an hour, now and then more' }
  const failures = (rate: string, attack: string): Named => ({ detector: 'failure_rate', honest: `${rate} fail`, attack })
  const tokens = { detector: 'token_usage', honest: 'log-normal, standard deviation 0.5' }
  const entropy = { detector: 'output_entropy', honest: '20 to 80 words, 1 in 7 a row of JSON' }
  const injection = { detector: 'injection_output', honest: `${HARMLESS.length} everyday texts` }
  return [
    spikeRow({ ...calls, attack: '60 a minute' }, SETTINGS.call_rate, 5, 60),
    spikeRow({ ...calls, attack: '300 a minute' }, SETTINGS.call_rate, 5, 300),
    spikeRow({ ...destructive, attack: '1 a minute' }, SETTINGS.destructive_rate, 2 / 60, 1),
    spikeRow({ ...destructive, attack: '60 a minute' }, SETTINGS.destructive_rate, 2 / 60, 60),
    noveltyRow(
      { detector: 'unseen_tool', honest: '20 tools, 1 action in 500 with a new one', attack: 'another tool each time' },
      SETTINGS.unseen_tool,
      { known: 20, every: 500, max: TOOLS_MAX },
    ),
    noveltyRow(
      { detector: 'unseen_transition', honest: '60 transitions, 1 in 200 new', attack: 'another transition each time' },
      SETTINGS.unseen_transition,
      { known: 60, every: 200, max: TRANSITIONS_MAX },
    ),
    noveltyRow(
      { detector: 'argument_novelty', honest: '100 shapes, 1 in 200 new', attack: 'another shape each time' },
      SETTINGS.argument_novelty,
      { known: 100, every: 200, max: SCOPE_SHAPES_MAX },
    ),
    exact({ detector: 'base_denials', honest: '1 % denied', attack: 'half denied' }, SETTINGS.base_denials, 0.01, 0.5),
    exact({ detector: 'base_denials', honest: '5 % denied', attack: 'all denied' }, SETTINGS.base_denials, 0.05, 1),
    exact(failures('1 %', '5 % fail'), SETTINGS.failure_rate, 0.01, 0.05),
    exact(failures('1 %', '10 % fail'), SETTINGS.failure_rate, 0.01, 0.1),
    exact(failures('2 %', '30 % fail'), SETTINGS.failure_rate, 0.02, 0.3),
    tokenRow({ ...tokens, attack: 'three times as many' }, () => 3),
    tokenRow({ ...tokens, attack: 'ten times as many' }, () => 10),
    tokenRow({ ...tokens, attack: '1 % more each time' }, (index) => 1.01 ** index),
    entropyRow({ ...entropy, attack: 'base64 instead' }, (next) =>
      Array.from({ length: 400 }, () => BASE64[Math.floor(next() * 64)]!).join(''),
    ),
    entropyRow(
      { ...entropy, attack: '600 characters of base64 in the text' },
      (next) => `${text(next, 100)} ${Array.from({ length: 600 }, () => BASE64[Math.floor(next() * 64)]!).join('')}`,
    ),
    entropyRow({ ...entropy, attack: 'a quarter of the words are numbers' }, (next) =>
      text(next, 50).replace(/\b(?:the|order|of|was|to|on)\b/gu, () => String(Math.floor(next() * 1e6))),
    ),
    injectionRow({ ...injection, attack: `${ATTACKS.plain.length} plain attacks` }, ATTACKS.plain),
    injectionRow({ ...injection, attack: `${ATTACKS.disguised.length} disguised ones` }, ATTACKS.disguised),
    injectionRow({ ...injection, attack: `${ATTACKS.posing.length} that pose as somebody` }, ATTACKS.posing),
    injectionRow({ ...injection, attack: `${ATTACKS.paraphrased.length} paraphrases` }, ATTACKS.paraphrased),
    topicRow({
      detector: 'topic_drift',
      honest: `${IN_TOPIC.length} actions in topic`,
      attack: `${OFF_TOPIC.length} actions out of it`,
    }),
  ]
}

/** The rows as a table of Markdown. */
export function curveTable(rows: readonly CurveRow[]): string {
  const lines = rows.map(
    ({ detector, honest, falsePerThousand, attack, found, delayActions }) =>
      `| \`${detector}\` | ${honest} | ${falsePerThousand} | ${attack} | ${found} | ${delayActions} |`,
  )
  return [
    '| detector | honest agent | false alarms per 1,000 | attack | found | actions until found |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}
