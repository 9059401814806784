import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { configurationFindings } from '../../src/cli/policy/check/configuration.ts'
import { checkedParts } from '../../src/cli/policy/check/parts.ts'
import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'
import type { SourceFinding } from '../../src/format/source-place.ts'
import { parseFixtures } from '../../src/fixtures/load.ts'
import { readCatalogue, readRisk } from '../../src/rego/policy-parts.ts'
import { mutationsOf, yamlFiles } from '../support/yaml-mistakes.ts'
import { folder, run } from './harness.ts'

const files = folder()
afterAll(files.remove)

/** The part of the check that reads the files of a folder. */
const PART: Readonly<Record<string, string>> = { rbac: 'roles', graduation: 'matrix', catalogue: 'catalogue' }
const checks = { checkRego: () => Promise.resolve([]), hasOpa: () => Promise.resolve(false), readCatalogue, readRisk }

/** A copy of a project that ships: its configuration and its policies. */
function projectOf(name: string): string {
  const from = name === 'example' ? PACKAGE_ROOT : join(PACKAGE_ROOT, 'templates', name)
  const root = join(files.path, name)
  mkdirSync(root, { recursive: true })
  cpSync(join(from, 'policies'), join(root, 'policies'), { recursive: true })
  cpSync(join(from, 'gradus.yaml'), join(root, 'gradus.yaml'))
  return root
}

/** What the part of the check that reads a file finds in its folder. */
async function findingsIn(root: string, file: string): Promise<readonly SourceFinding[]> {
  const kind = basename(dirname(file))
  if (kind === 'fixtures') return parseFixtures(file, readFileSync(file, 'utf8')).findings
  if (basename(file) === 'gradus.yaml')
    return configurationFindings(new ServiceError('bad_config', 'not loaded', { place: { file } }), file)
  const parts = await checkedParts(checks, join(root, 'policies'), [])
  const part = parts.find(({ name }) => name === PART[kind])
  if (part === undefined) throw new Error(`no part of the check reads ${file}`)
  return part.findings()
}

describe.each(['example', 'default', 'coding-agents', 'customer-support'])('the YAML files of %s', (name) => {
  it('one small mistake is at most one finding, and mostly one', { timeout: 120_000 }, async () => {
    const root = projectOf(name)
    const seen = { mistakes: 0, found: 0 }
    for (const file of yamlFiles(root)) {
      const text = readFileSync(file, 'utf8')
      for (const { what, after } of mutationsOf(text)) {
        writeFileSync(file, after)
        const told = (await findingsIn(root, file)).map((each) => `${relative(root, each.file)}:${each.line}: ${each.message}`)
        expect(told.length, `${relative(root, file)}, ${what}:\n${told.join('\n')}`).toBeLessThanOrEqual(1)
        seen.mistakes += 1
        seen.found += told.length
      }
      writeFileSync(file, text)
    }
    expect(seen.mistakes).toBeGreaterThan(50)
    // What is still YAML and fits the schema, such as a mapping that is indented a little more, is no mistake.
    expect(seen.found / seen.mistakes).toBeGreaterThan(0.95)
  })
})

describe('members in the wrong place', () => {
  it('are one finding where none of them is known there', async () => {
    const file = join(files.path, 'dedented.yaml')
    const text = readFileSync(join(PACKAGE_ROOT, 'gradus.yaml'), 'utf8')
    const dedented = text.replace('\n    overrides:\n', '\n  overrides:\n')
    expect(dedented).not.toBe(text)
    writeFileSync(file, dedented)
    const found = await configurationFindings(new ServiceError('bad_config', 'not loaded', { place: { file } }), file)
    expect(found.map(({ message }) => message)).toEqual([
      'tenants.overrides.purposes: there is no such member here, nor guardrails',
    ])
  })

  it('are told one by one where others beside them are known', async () => {
    const file = join(files.path, 'strangers.yaml')
    writeFileSync(file, 'http:\n  listen: 127.0.0.1:0\n  lisen: 1\n  publik: 2\n')
    const found = await configurationFindings(new ServiceError('bad_config', 'not loaded', { place: { file } }), file)
    expect(found.map(({ line }) => line)).toEqual([3, 4])
  })
})

describe('gradus check', () => {
  it.each([
    ['gradus.yaml', 'listen: ', 'listen '],
    ['policies/catalogue/catalogue.yaml', 'version: 1', 'version 1'],
    ['policies/rbac/data.yaml', '\ngrants:', '\ngrants'],
    ['policies/fixtures/assistant.yaml', '- name: ', '- name '],
  ])('tells one finding where %s is no YAML, whatever else reads the file', { timeout: 60_000 }, async (file, part, instead) => {
    const root = projectOf('default')
    const text = readFileSync(join(root, file), 'utf8')
    expect(text).toContain(part)
    writeFileSync(join(root, file), text.replace(part, instead))
    const ran = await run(['check', '--json'], { cwd: root })
    writeFileSync(join(root, file), text)
    const { findings } = JSON.parse(ran.out) as { readonly findings: readonly SourceFinding[] }
    expect(findings.map((each) => relative(root, each.file))).toEqual([file])
  })
})
