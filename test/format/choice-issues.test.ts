import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import type { ServiceError } from '../../src/format/error.ts'
import { schemaFindings } from '../../src/format/schema-findings.ts'
import { parseYaml, readYaml } from '../../src/format/yaml.ts'

const Door = z.strictObject({
  door: z.union([
    z.literal('shut'),
    z.strictObject({
      width: z.int().max(10),
      paint: z.union([z.literal('none'), z.strictObject({ colour: z.string() })]).optional(),
    }),
  ]),
})
const Either = z.strictObject({ door: z.union([z.strictObject({ left: z.int() }), z.strictObject({ right: z.int() })]) })

/** Where and what, as the file is told when it is loaded and when it is checked. */
function told(text: string, schema: z.ZodType): readonly (readonly [string, string])[] {
  const source = readYaml('house.yaml', text)
  if (!('placeOf' in source)) throw new Error('the text is no YAML')
  const parsed = schema.safeParse(source.value)
  const found = schemaFindings('house.yaml', source, parsed.error as z.ZodError, { fix: 'see the schema' })
  let first = ''
  try {
    parseYaml('house.yaml', text, schema, 'bad_config')
  } catch (error) {
    const { place, message } = error as ServiceError
    first = `${place.line}:${place.column} ${message}`
  }
  return found.map(({ line, column, message }) => [`${line}:${column} ${message}`, first] as const)
}

describe('a choice of which one alternative is of the kind that was written', () => {
  it.each<readonly [string, string, string, string, string]>([
    ['a value that is too large', 'door: { width: 11 }', '1:9', '1:16', ' door.width: '],
    ['a member that is unknown', 'door: { width: 1, depth: 2 }', '1:19', '1:19', ' door.depth: there is no such member'],
    ['a choice inside', 'door: { width: 1, paint: { colour: 3 } }', '1:28', '1:36', ' door.paint.colour: '],
  ])('says what is wrong in that one, at its name or value: %s', (_what, text, name, value, said) => {
    const [[found, first] = ['', ''], ...more] = told(text, Door)
    expect(more).toEqual([])
    expect([found.startsWith(name + said), first.startsWith(value + said)]).toEqual([true, true])
  })

  it('is told whole where what was written is of no kind, or of several', () => {
    expect(told('door: 3', Door).map(([found]) => found.split(' ').slice(0, 2))).toEqual([['1:1', 'door:']])
    expect(told('door: { middle: 1 }', Either).map(([found]) => found.split(' ').slice(0, 2))).toEqual([['1:1', 'door:']])
  })
})
