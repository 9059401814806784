import { escapeLine, type Paint, type Style } from '../../format/terminal-text.ts'
import { trackRecordText } from '../../catalogue/track-record.ts'
import { DAY_MS } from '../../format/time.ts'
import { LAYERS } from '../../model/layer.ts'
import { levelName } from '../../model/level.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import type { Gate, GateName } from '../../trust/promotion.ts'
import type { ScopeTrustAnswer } from '../../trust/scope-trust-answer.ts'

/** Width of a bar, characters: one for each .05 of score. */
const BAR = 20
const SPARKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const
/** Where the bands of scores begin, by the constants in force. */
type Thresholds = TrustConstants['thresholds']
type Brush = { readonly paint: Paint; readonly thresholds: Thresholds }

/** How far failures reached, by blast radius. */
const BLAST_RADII = ['nothing else', 'one record', 'many records', 'the organisation or money'] as const

/** A scope as it is drawn; `days` are its scores at the end of each of the last days. */
export type DrawnScope = ScopeTrustAnswer & { readonly days: readonly number[] }

/** One scope: its score and level, a bar for each layer, what holds it, the gates of the next rung, its last days. */
export function drawScope(view: DrawnScope, paint: Paint, thresholds: Thresholds): string {
  const brush = { paint, thresholds }
  return [
    head(view, brush),
    ...layerLines(view, brush),
    ...ceilingLines(view, brush),
    ...recordLines(view),
    ...wayUp(view, paint),
  ]
    .concat(days(view))
    .join('\n')
}

function head({ scope, score, level_effective, level_granted, binding }: DrawnScope, { paint, thresholds }: Brush): string {
  const level = `L${level_effective} ${levelName(level_effective)}`
  const granted = level_granted === level_effective ? '' : ` (granted L${level_granted})`
  return `${paint('bold', escapeLine(scope))}  ${paint(colourOf(score, thresholds), score.toFixed(4))}  ${level}${granted}, held by ${escapeLine(binding)}`
}

function layerLines({ layers, bottleneck_layer }: DrawnScope, brush: Brush): readonly string[] {
  return LAYERS.map((layer) => {
    const { score, live, evidence, heat_ceiling, evidence_ceiling, freshness } = layers[layer]
    const least = Math.min(evidence_ceiling, heat_ceiling, freshness.ceiling)
    const by = least === evidence_ceiling ? '' : least === heat_ceiling ? ', recent failures' : ', not fresh'
    const what = live ? `${number(evidence.r)} good, ${number(evidence.s)} bad${by}` : 'not watched'
    const mark = layer === bottleneck_layer ? brush.paint('bold', '◀ weakest') : ''
    return row(layer, `${bar(score, brush)} ${score.toFixed(4)}  ${what}  ${mark}`)
  })
}

/** Ceilings that are below 1; the others hold nothing. */
function ceilingLines(view: DrawnScope, brush: Brush): readonly string[] {
  const { agent_heat_ceiling, instrumentation_ceiling, incident, ceilings, conflict } = view
  const open = incident.open.length === 0 ? '' : `, waits for a review: ${escapeLine(incident.open.join(' '))}`
  const all: readonly (readonly [string, number, string])[] = [
    ['agent heat', agent_heat_ceiling, 'recent failures of the agent in any scope'],
    ['incident', incident.cap, `${incident.state}${open}`],
    ['watched', instrumentation_ceiling, 'layers that nobody watches'],
    ...ceilings.map(({ source, value }) => [source, value, 'from outside'] as const),
  ]
  return [
    ...all
      .filter(([, value]) => value < 1)
      .map(([name, value, why]) => row(name, `${bar(value, brush)} ${value.toFixed(4)}  ${why}`)),
    ...(conflict > 0 ? [row('conflict', `${number(conflict)} between two layers`)] : []),
  ]
}

function recordLines({ track_record: track, confidence, failure_bound }: DrawnScope): readonly string[] {
  const { good, bad, failure_detection_rate: detected, blast_radius_history: blast } = track
  const failures = BLAST_RADII.flatMap((name, radius) => (blast[radius] === 0 ? [] : [`${blast[radius]} ${name}`]))
  return [
    row('record', trackRecordText(good, good + bad)),
    ...(detected === null ? [] : [row('noticed', `${percent(detected)} of its failures it reported itself`)]),
    ...(failures.length === 0 ? [] : [row('blast', `failures that reached: ${failures.join(', ')}`)]),
    row('bound', `fails at most ${percent(failure_bound)} of the time, at confidence ${number(confidence)}`),
  ]
}

function wayUp({ next, ladder }: DrawnScope, paint: Paint): readonly string[] {
  const struck = ladder.strikes === 0 ? '' : `, ${ladder.strikes} ${ladder.strikes === 1 ? 'strike' : 'strikes'}`
  if (next === null) return [row('ladder', `at the top${struck}`)]
  const missing = next.gates.filter(({ passed }) => !passed)
  const ready =
    missing.length === 0 ? paint('green', 'every gate is open') : `${missing.length} of ${next.gates.length} gates shut`
  return [
    row('ladder', `to L${next.level} ${levelName(next.level)}: ${ready}${struck}`),
    ...next.gates.map((gate) => `    ${gateLine(gate, paint)}`),
  ]
}

function gateLine(gate: Gate, paint: Paint): string {
  const mark = gate.passed ? paint('green', 'ok') : paint('yellow', '--')
  const line = `${mark} ${gate.gate.padEnd(10)} ${amount(gate.gate, gate.have)} of ${amount(gate.gate, gate.need)}`
  return gate.passed ? line : `${line}  ${paint('yellow', missingText(gate))}`
}

const AT_MOST: readonly GateName[] = ['incident', 'conflict']

/** What a shut gate waits for. */
export function missingText({ gate, have, need }: Gate): string {
  if (gate === 'top') return 'there is no higher rung'
  if (gate === 'human') return 'a person has to sign: "gradus trust promote"'
  if (gate === 'incident') return `${have} to be reviewed`
  if (AT_MOST.includes(gate)) return `${number(have - need)} too much`
  return `${amount(gate, need - have)} missing`
}

function amount(gate: GateName, value: number): string {
  return gate === 'dwell' ? `${number(value / DAY_MS)} d` : number(value)
}

function days({ days: scores }: DrawnScope): readonly string[] {
  const [first, last] = [scores[0], scores.at(-1)]
  if (first === undefined || last === undefined) return []
  return [row(`${scores.length} days`, `${sparkline(scores)}  ${first.toFixed(4)} to ${last.toFixed(4)}`)]
}

/** Scores as a line of blocks, on a scale from 0 to 1, so that lines compare. */
export function sparkline(scores: readonly number[]): string {
  return scores.map((score) => SPARKS[Math.min(SPARKS.length - 1, Math.floor(score * SPARKS.length))]).join('')
}

function bar(score: number, { paint, thresholds }: Brush): string {
  const full = Math.floor(score * BAR)
  return `${paint(colourOf(score, thresholds), '█'.repeat(full))}${paint('dim', '░'.repeat(BAR - full))}`
}

/** Green from the band in which actions run by themselves, red in the lowest. */
function colourOf(score: number, thresholds: Thresholds): Style {
  if (score >= thresholds[3]) return 'green'
  return score >= thresholds[1] ? 'yellow' : 'red'
}

/** Names may come from somebody else; texts are escaped where they are put together. */
function row(name: string, text: string): string {
  return `  ${escapeLine(name).padEnd(11)} ${text}`.trimEnd()
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100)
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`
}
