import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { parseYaml } from '../../src/format/yaml.ts'

const FILE = resolve(import.meta.dirname, '../../policies/catalogue/catalogue.yaml')
const tools = Object.entries(parseYaml(FILE, readFileSync(FILE, 'utf8'), CatalogueFile, 'bad_policy').tools)
const lacking = (has: (tool: (typeof tools)[number][1]) => boolean): readonly string[] =>
  tools.filter(([, tool]) => !has(tool)).map(([name]) => name)

describe('the shipped catalogue', () => {
  it('names every tool with its namespace and version, as the audit record has to', () => {
    expect(tools.length).toBeGreaterThanOrEqual(40)
    expect(lacking(({ namespace, version }) => namespace !== undefined && version !== undefined)).toEqual([])
  })
  it('says of every tool that others receive something from where its recipients are, or that there are none', () => {
    const namesThem = ({ recipients, destinations }: (typeof tools)[number][1]['arguments']): boolean =>
      recipients !== undefined || destinations?.some(({ kind }) => kind === 'mail') === true
    expect(lacking((tool) => tool.category !== 'external_communication' || namesThem(tool.arguments))).toEqual([])
    expect(Object.fromEntries(tools)['send_email']?.arguments.recipients).toEqual(['/to', '/cc', '/bcc'])
  })
})
