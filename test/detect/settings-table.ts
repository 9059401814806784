import { z } from 'zod'

import { DetectSettings } from '../../src/detect/settings.ts'

type Schema = {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly default?: unknown
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
}

/** Longest default that is written out. */
const DEFAULT_CHARS_MAX = 40

function rows(schema: Schema, place: string): readonly string[] {
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, member]) => rows(member, place === '' ? name : `${place}.${name}`))
  const standard = JSON.stringify(schema.default)
  const range = schema.maximum === undefined ? '' : `${schema.minimum ?? schema.exclusiveMinimum} to ${schema.maximum}`
  return [`| \`${place}\` | ${standard.length > DEFAULT_CHARS_MAX ? 'the two above' : `\`${standard}\``} | ${range} |`]
}

/** Every setting of the detectors with its default and range, as a table of Markdown. */
export function settingsTable(): string {
  const schema = z.toJSONSchema(DetectSettings, { io: 'input', unrepresentable: 'any' }) as Schema
  return ['| setting | default | range |', '|---|---|---|', ...rows(schema, '')].join('\n')
}
