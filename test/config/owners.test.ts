import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { Config } from '../../src/config/config.ts'
import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { ownerOf, SETTINGS_OWNERS } from '../../src/config/owners.ts'

type Schema = { readonly properties?: Readonly<Record<string, Schema>> }

const schema = z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }) as Schema

describe('every setting has an owner', () => {
  it.each(Object.keys(Config.shape))('%s', (key) => {
    expect(ownerOf([key])).toBeDefined()
  })

  it.each(Object.entries(SETTINGS_OWNERS))('%s is a key of the configuration, and %s has a settings file', (key, room) => {
    let at: Schema | undefined = schema
    for (const step of key.split('.')) at = at?.properties?.[step]
    expect(at).toBeDefined()
    expect(existsSync(join(PACKAGE_ROOT, 'src', room, 'settings.ts'))).toBe(true)
  })

  it('the longest beginning of a key decides', () => {
    expect(ownerOf(['trust', 'constants', 'budgets'])).toBe('ladder')
    expect(ownerOf(['trust', 'import_keys', 0, 'id'])).toBe('evidence/import')
    expect(ownerOf(['audit', 'origin'])).toBe('audit')
    expect(ownerOf(['audit', 'reviews'])).toBe('reports')
    expect(ownerOf([])).toBeUndefined()
    expect(ownerOf(['nothing'])).toBeUndefined()
  })
})
