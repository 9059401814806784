import { isStateClass } from '../../../model/signal-classes.ts'
import { signalDataOf } from '../../../model/signal-data.ts'
import type { AlertClass, SignalMapping, SignalPlace } from '../settings.ts'
import { type AlertForm, FORMS } from './forms.ts'
import { type AlertValue, type AtPlace, holds, readPlace } from './place.ts'

/** A mapping with what its form says where it says nothing itself. */
export type WholeMapping = AlertForm & Pick<SignalMapping, 'id' | 'credentials'> & { readonly source: string }

/** What `type` of a CloudEvent begins with; the class follows. */
export const EVENT_TYPE_PREFIX = 'gradus.signal.'

/** An alert as the CloudEvent of a signal, still unchecked; or why it is none: no class of the mapping fits, or a part is missing. */
export type MappedAlert =
  | { readonly ok: true; readonly event: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly kind: 'unmatched' | 'incomplete'; readonly message: string }

/** Completes a mapping by its form. */
export function wholeMapping({ form, ...own }: SignalMapping): WholeMapping {
  const given = Object.fromEntries(Object.entries(own).filter(([, member]) => member !== undefined))
  const shipped: Partial<AlertForm> = form === undefined ? {} : FORMS[form]
  // The schema of the settings asks for what neither says.
  return { source: `/${own.id}`, ...shipped, ...given } as WholeMapping
}

/** Turns one alert of another system into a signal, as its mapping says. */
export function mapAlert(mapping: WholeMapping, alert: unknown): MappedAlert {
  const told = { agent: readPlace(mapping.agent, alert), severity: optional(mapping.severity, alert) }
  const fitting = firstFitting(mapping, alert, told.severity)
  if (!fitting.ok)
    return { ok: false, kind: 'unmatched', message: `no class of the mapping "${mapping.id}" fits: ${fitting.because}` }
  const { of, data } = fitting
  if (isStateClass(of) && !told.agent.ok) return incomplete(mapping, 'agent', told.agent.because)
  const parts = mapping.event_id.map((place) => readPlace(place, alert))
  const missing = parts.find((part) => !part.ok)
  if (missing !== undefined) return incomplete(mapping, 'event_id', missing.because)
  const time = timeOf(mapping, alert)
  if (time?.ok === false) return incomplete(mapping, 'time', time.because)
  const event = {
    specversion: '1.0',
    source: mapping.source,
    id: idOf(parts.flatMap((part) => (part.ok ? [String(part.value)] : []))),
    type: EVENT_TYPE_PREFIX + of,
    ...(told.agent.ok ? { subject: String(told.agent.value) } : {}),
    ...(time === undefined ? {} : { time: String(time.value) }),
    data,
  }
  return { ok: true, event }
}

function incomplete(mapping: WholeMapping, member: string, because: string): MappedAlert {
  return { ok: false, kind: 'incomplete', message: `"${member}" of the mapping "${mapping.id}" is not in the alert: ${because}` }
}

/** Several parts are told apart whatever stands in them. */
function idOf(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : JSON.stringify(parts)
}

function optional(place: SignalPlace | undefined, alert: unknown): AtPlace {
  return place === undefined ? { ok: false, because: 'the mapping names no place for it' } : readPlace(place, alert)
}

type Fitting =
  | { readonly ok: true; readonly of: AlertClass['class']; readonly data: Readonly<Record<string, AlertValue>> }
  | { readonly ok: false; readonly because: string; readonly far?: true }

/** Longest list of reasons in a refusal, characters: a batch can hold a thousand. */
const REASONS_CHARS_MAX = 1_000

/** The first line that fits; where none does, why each of them does not, the same reason once. Lines for other severities are told only where all are. */
function firstFitting(mapping: WholeMapping, alert: unknown, severity: AtPlace): Fitting {
  const near = new Set<string>()
  const far = new Set<string>()
  for (const row of mapping.classes) {
    const fit = fits(row, mapping, alert, severity)
    if (fit.ok) return fit
    const reasons = fit.far === true ? far : near
    reasons.add(fit.because)
  }
  const because = [...(near.size > 0 ? near : far)].join('; ')
  return { ok: false, because: because.length > REASONS_CHARS_MAX ? `${because.slice(0, REASONS_CHARS_MAX)}…` : because }
}

function fits(row: AlertClass, mapping: WholeMapping, alert: unknown, severity: AtPlace): Fitting {
  if (row.severity !== undefined) {
    if (!severity.ok) return { ok: false, because: `severity: ${severity.because}` }
    if (!row.severity.some((each) => each === severity.value))
      return { ok: false, because: `no line is for the severity ${String(severity.value)}`, far: true }
  }
  const failing = row.when.find(({ at, in: among }) => !holds(at, among, alert))
  if (failing !== undefined)
    return {
      ok: false,
      because: `${row.class}: ${failing.in === undefined ? 'nothing' : 'none of its values'} at ${failing.at.join(', ')}`,
    }
  return dataOf(row, mapping, alert)
}

/** The data of the class: what the line says, and the session and decision of the alert where the class has them. */
function dataOf({ class: of, data }: AlertClass, { session, decision }: WholeMapping, alert: unknown): Fitting {
  const filled: Record<string, AlertValue> = {}
  const places: Readonly<Record<string, SignalPlace | undefined>> = { session, decision_id: decision, ...data }
  for (const [name, member] of Object.entries(signalDataOf(of).shape)) {
    if (name === 'detail') continue
    const found = optional(places[name], alert)
    if (found.ok) filled[name] = TEXTS.includes(name) ? String(found.value) : found.value
    else if (!member.safeParse(undefined).success) return { ok: false, because: `${of}: ${name}: ${found.because}` }
  }
  return { ok: true, of, data: filled }
}

/** Data that are texts whatever another system makes of them. */
const TEXTS: readonly string[] = ['session', 'decision_id', 'agent', 'owner']

const PER_UNIT_MS = { seconds: 1_000, milliseconds: 1 } as const

/** When it happened; undefined: now, because the mapping or the alert does not say. */
function timeOf({ time }: WholeMapping, alert: unknown): AtPlace | undefined {
  if (time === undefined) return undefined
  const found = readPlace({ at: time.at }, alert)
  if (!found.ok) return undefined
  if (time.unit === 'rfc3339') return found
  const date = new Date(Number(found.value) * PER_UNIT_MS[time.unit])
  if (!Number.isNaN(date.getTime())) return { ok: true, value: date.toISOString() }
  return { ok: false, because: `what stands at ${time.at.join(', ')} is no time in ${time.unit}` }
}
