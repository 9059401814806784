import { z } from 'zod'

import { identifier } from '../../format/identifier.ts'
import { overLimit } from '../../format/limit.ts'
import { TYPE_CHARS_MAX } from '../../model/request.ts'
import { SettingsId, uniqueIds } from '../../model/settings-id.ts'
import { AnySignalClass } from '../../model/signal-classes.ts'
import { signalDataOf } from '../../model/signal-data.ts'

/** Forms of alerts that are known here: a mapping that names one need only say what differs. */
export const ALERT_FORMS = ['ocsf', 'splunk', 'elastic', 'sentinel', 'falco', 'alertmanager'] as const
/** How grave an alert is, in the words that mappings put the ones of other systems into. */
const ALERT_SEVERITIES = ['low', 'medium', 'high', 'critical'] as const

const TEXT_CHARS_MAX = 256
/** Most entries of a table of values. */
const TABLE_ENTRIES_MAX = 256
const Scalar = z.union([z.string().max(TEXT_CHARS_MAX), z.number(), z.boolean()])

/** Where a value may stand, as JSON Pointers (RFC 6901) from the alert on; the first at which there is one counts. */
const Pointers = z
  .array(
    z
      .string()
      .max(TEXT_CHARS_MAX)
      .regex(/^(?:\/(?:[^/~]|~[01])*){1,16}$/u, 'a JSON Pointer of 1 to 16 steps, such as /labels/agent'),
  )
  .min(1)
  .max(8)

/** Values of another system in words of ours; upper and lower case are alike. */
const ValueTable = z.record(z.string().min(1).max(TEXT_CHARS_MAX), Scalar).superRefine((table, context) => {
  const names = Object.keys(table)
  if (names.length > TABLE_ENTRIES_MAX) {
    const message = overLimit('the table has', 'signals.table_entries_max', { max: TABLE_ENTRIES_MAX, came: names.length })
    context.addIssue({ code: 'custom', message })
  }
  for (const [index, name] of names.entries())
    if (names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) < index)
      context.addIssue({ code: 'custom', path: [name], message: `"${name}" is there twice: upper and lower case are alike` })
})

/** Where a value comes from: the alert (`at`), put into other words by `table`; or `value`, where the alert has none. */
export const SignalPlace = z
  .strictObject({ at: Pointers.optional(), table: ValueTable.optional(), value: Scalar.optional() })
  .superRefine(({ at, table, value }, context) => {
    if (at === undefined && value === undefined)
      context.addIssue({ code: 'custom', path: ['at'], message: 'say where it stands (at: [/pointer]), or what it is (value)' })
    if (at === undefined && table !== undefined)
      context.addIssue({ code: 'custom', path: ['table'], message: 'a table is for what stands at a pointer: give "at" too' })
  })
export type SignalPlace = z.infer<typeof SignalPlace>

const SeverityPlace = SignalPlace.superRefine(({ table = {}, value }, context) => {
  const words: readonly (readonly [readonly string[], unknown])[] = [
    ...Object.entries(table).map(([name, word]) => [['table', name], word] as const),
    ...(value === undefined ? [] : [[['value'], value] as const]),
  ]
  for (const [path, word] of words)
    if (!ALERT_SEVERITIES.some((each) => each === word))
      context.addIssue({ code: 'custom', path: [...path], message: `is one of ${ALERT_SEVERITIES.join(', ')}` })
})

/** What becomes of an alert: the first line that fits says its class. */
export const AlertClass = z
  .strictObject({
    class: AnySignalClass,
    /** Fits alerts of these severities only. */
    severity: z.array(z.enum(ALERT_SEVERITIES)).min(1).max(ALERT_SEVERITIES.length).optional(),
    /** Fits where each of these holds: something stands there, and is one of `in`, or a list with one of them. */
    when: z
      .array(z.strictObject({ at: Pointers, in: z.array(Scalar).min(1).max(64).optional() }))
      .max(4)
      .default([]),
    /** Members of the data of the class besides `session` and `decision_id`. */
    data: z.record(z.string().max(64), SignalPlace).default({}),
  })
  .superRefine(({ class: of, data }, context) => {
    const members = signalDataOf(of).shape
    const known = Object.keys(members).filter((name) => name !== 'detail')
    for (const [name, place] of Object.entries(data)) {
      const message = `the class "${of}" has no such data: ${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}`
      if (!known.includes(name)) context.addIssue({ code: 'custom', path: ['data', name], message })
      else refuseConstants(members[name], { name, place }, context)
    }
    for (const name of known)
      if (data[name] === undefined && !FILLED.includes(name) && members[name]?.safeParse(undefined).success === false)
        context.addIssue({
          code: 'custom',
          path: ['data'],
          message: `the class "${of}" needs "${name}": say where it comes from`,
        })
  })
export type AlertClass = z.infer<typeof AlertClass>

/** Data that come from the mapping's own places. */
const FILLED: readonly string[] = ['session', 'decision_id']

/** What a mapping itself says has to be what the class takes: later would be too late. */
function refuseConstants(
  member: z.ZodType | undefined,
  { name, place: { table = {}, value } }: { readonly name: string; readonly place: SignalPlace },
  context: z.RefinementCtx,
): void {
  const refuse = (path: readonly string[], said: unknown): void => {
    const issue = member?.safeParse(said).error?.issues[0]
    if (issue !== undefined) context.addIssue({ code: 'custom', path: ['data', name, ...path], message: issue.message })
  }
  if (value !== undefined) refuse(['value'], value)
  for (const [from, to] of Object.entries(table)) refuse(['table', from], to)
}

/** How alerts of one system become signals (docs/signals.md). What a form says is replaced member by member. */
export const SignalMapping = z
  .strictObject({
    /** Its name in the path: `/api/v1/signals/{id}`. */
    id: SettingsId,
    form: z.enum(ALERT_FORMS).optional(),
    /** Ids of the credentials that may send by it. */
    credentials: z.array(identifier(TYPE_CHARS_MAX)).min(1).max(64),
    /** Whose alerts they are, a URI reference; `/` and the id where absent. With `event_id` it tells one alert from another. */
    source: z.string().min(1).max(TEXT_CHARS_MAX).regex(/^\S+$/u, 'a URI reference, without white space').optional(),
    /** Where a list of alerts stands in the body, each of which is answered for itself; without it the body is one, or a list. */
    items: Pointers.optional(),
    agent: SignalPlace.optional(),
    time: z.strictObject({ at: Pointers, unit: z.enum(['rfc3339', 'seconds', 'milliseconds']).default('rfc3339') }).optional(),
    /** Parts that together tell one alert from another; all of them have to be there. */
    event_id: z.array(SignalPlace).min(1).max(8).optional(),
    severity: SeverityPlace.optional(),
    session: SignalPlace.optional(),
    decision: SignalPlace.optional(),
    classes: z.array(AlertClass).min(1).max(64).optional(),
  })
  .superRefine((mapping, context) => {
    if (mapping.form !== undefined) return
    for (const name of ['agent', 'event_id', 'classes'] as const)
      if (mapping[name] === undefined)
        context.addIssue({ code: 'custom', path: [name], message: `say "${name}", or name a "form": ${ALERT_FORMS.join(', ')}` })
  })
export type SignalMapping = z.infer<typeof SignalMapping>

/** `signals` of the configuration: what is sent here in the words of other systems. */
export const SignalSettings = z
  .strictObject({ mappings: z.array(SignalMapping).max(64).superRefine(uniqueIds('mapping')).default([]) })
  .prefault({})
