import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { staleFindings } from '../../src/app/stale-bundles.ts'
import { patternProblem } from '../../src/cli/policy/check/rbac-data.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'
import { checkRego } from '../../src/rego/check.ts'
import { findOpa } from '../../src/rego/opa-tool.ts'
import { readRisk } from '../../src/rego/policy-parts.ts'
import { folder, run } from './harness.ts'

const project = folder()
afterAll(project.remove)
const policies = (name: string): string => join(project.path, 'policies', name)
const original = (name: string): string => readFileSync(join(PACKAGE_ROOT, 'policies', name), 'utf8')
beforeAll(() => {
  cpSync(join(PACKAGE_ROOT, 'policies'), join(project.path, 'policies'), { recursive: true })
  project.write('gradus.yaml', 'policies: policies\n')
})

type Told = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly fix: string
}

/** What the check says of the example organisation after one change; the file is put back. */
async function findingsAfter(name: string, change: (text: string) => string): Promise<readonly Told[]> {
  const before = original(name)
  const after = change(before)
  expect(after).not.toBe(before)
  writeFileSync(policies(name), after)
  try {
    const ran = await run(['check', '--json'], { cwd: project.path })
    const { findings, ok } = JSON.parse(ran.out) as { findings: readonly Told[]; ok: boolean }
    expect({ ok, code: ran.code }).toEqual({ ok: findings.length === 0, code: findings.length === 0 ? 0 : 1 })
    return findings
  } finally {
    writeFileSync(policies(name), before)
  }
}

describe('the matrix', () => {
  const DATA = 'graduation/data.yaml'
  it.each([
    [
      "high:\n      '0'",
      "hgih:\n      '0'",
      'hgih',
      'config.matrix.hgih: there is no such member',
      'correct the spelling, or remove it',
    ],
    [
      "'2': { read: allow, low: allow_guarded",
      "'5': { read: allow, low: allow_guarded",
      "'5': {",
      'config.matrix.low.5: there is no such member',
      'correct',
    ],
    [
      'low: allow_guarded, medium: require_approval, high: suggest',
      'low: allow_garded, medium: require_approval, high: suggest',
      'low: allow_garded',
      'config.matrix.low.2.low: Invalid option',
      'use one of: deny, suggest, require_approval, allow_guarded, allow',
    ],
    [
      "'1': { read: allow, low: require_approval, medium: suggest",
      "'1': { read: allow, low: require_approval, medium: allow",
      'medium: allow, high: deny',
      'config.matrix.low.1.medium: a higher risk',
      'docs/policy-guide.md',
    ],
    [
      "'3': { read: allow, low: allow, medium: allow_guarded",
      "'3': { read: allow, low: suggest, medium: suggest",
      'low: suggest, medium: suggest, high: require',
      'config.matrix.low.3.low: a higher level',
      'docs/policy-guide.md',
    ],
    [
      '    financial: require_approval\n',
      '    finance: require_approval\n',
      'finance: require',
      'config.categories.finance: there is no such member',
      'correct',
    ],
    [
      'unknown_action: deny',
      'unknown_action: allow',
      'unknown_action',
      'config.unknown_action: Invalid option',
      'use one of: deny, suggest, require_approval',
    ],
    [
      '    unknown: { read: allow, write: require_approval }\n',
      '',
      'environments:',
      'config.environments: the environment "unknown" is missing',
      'add unknown:',
    ],
    [
      'allow_above: 0.8',
      'allow_above: 0.3',
      'allow_above: 0.3',
      'config.classification.internal.allow_above: is below approval_from',
      'from a higher trust',
    ],
    [
      'actions_per_hour_max: 3000',
      'actions_per_hour_max: -1',
      'actions_per_hour_max: -1',
      'config.guardrails.tiers.low.actions_per_hour_max: ',
      'docs/policy-guide.md',
    ],
    [
      'alert_soc: { performer: pdp }',
      'alert_soc: { performer: pip }',
      'performer: pip',
      'config.obligations.alert_soc.performer: Invalid option',
      'use one of: pdp, pep',
    ],
    [
      'alert_soc: { performer: pdp }',
      'alert_sock: { performer: pdp }',
      'alert_sock: { performer',
      'config.obligations.alert_sock.performer: nothing performs the duty "alert_sock"',
      'the decision point performs alert_soc, audit,',
    ],
  ])('%j as %j is found where it stands', async (part, instead, there, message, fix) => {
    const findings = await findingsAfter(DATA, (text) => text.replace(part, instead))
    const [found] = findings.filter((each) => each.message.startsWith(message))
    expect(found, JSON.stringify(findings)).toBeDefined()
    const changed = original(DATA).replace(part, instead)
    expect(found).toMatchObject({ file: policies(DATA), line: changed.slice(0, changed.indexOf(there)).split('\n').length })
    expect(found?.fix).toContain(fix)
  })

  it('has every tier, level and band', async () => {
    const findings = await findingsAfter(DATA, (text) =>
      text.replace("      '4': { read: allow, low: allow, medium: allow, high: require_approval }\n    high:", '    high:'),
    )
    expect(findings).toMatchObject([{ message: expect.stringContaining('config.matrix.standard.4: ') }])
  })

  it('says where config itself is missing, and where the YAML is broken', async () => {
    expect(await findingsAfter(DATA, (text) => text.replace('\nconfig:', '\nconfiguration:'))).toMatchObject([
      { message: expect.stringContaining('there is no member "config"') },
    ])
    expect(await findingsAfter(DATA, (text) => text.replace('categories:', 'categories: ['))).not.toEqual([])
  })

  it('leaves alone what a team’s own Rego reads', async () => {
    project.write('policies/graduation/own.rego', 'package graduation\n\nown := data.graduation.config.own_member\n')
    expect(await findingsAfter(DATA, (text) => `${text}  own_member: 1\n`)).toEqual([])
    rmSync(policies('graduation/own.rego'))
    expect(await findingsAfter(DATA, (text) => `${text}  own_member: 1\n`)).toMatchObject([
      { message: 'config.own_member: there is no such member' },
    ])
  })
})

describe('the roles', () => {
  const DATA = 'rbac/data.yaml'
  it.each([
    [
      'inherits: [observer]\n      permissions:\n        - actions: [create,',
      'inherits: [observr]\n      permissions:\n        - actions: [create,',
      'config.roles.file_editor.inherits.0: there is no role "observr"',
      'use one of: administrator, coding_agent',
    ],
    [
      'coding-agent: [coding_agent]',
      'coding-agent: [codign_agent]',
      'config.assignments.default.agent.coding-agent.0: there is no role "codign_agent"',
      'use one of',
    ],
    [
      'unless: [{ role: hr_partner }]',
      'unless: [{ role: hr_pal }]',
      'config.forbids.0.unless.0.role: there is no role "hr_pal"',
      'use one of',
    ],
    [
      'roles: [support_agent]\n',
      'roles: [support_agnet]\n',
      'config.forbids.1.roles.0: there is no role "support_agnet"',
      'use one of',
    ],
    [
      '    observer:\n',
      '    observer:\n      inherits: [desktop_agent]\n',
      'config.roles.observer.inherits: inherits itself: observer → desktop_agent → file_editor → observer',
      'remove one of these inherits',
    ],
    [
      "id: 'workspace/**' }\n            - { type: file, id: 'home",
      "id: 'work*space/**' }\n            - { type: file, id: 'home",
      'config.roles.file_editor.permissions.0.resources.0.id: the pattern "work*space/**" has "*" inside',
      '"word*" one that begins so',
    ],
    [
      "id: 'analytics/**'",
      "id: 'analytics//x'",
      'config.roles.research_agent.permissions.2.resources.0.id: the pattern "analytics//x" has an empty segment',
      '"*" is one segment',
    ],
    [
      '    administrator:\n      permissions:',
      '    administrator:\n      permisions:',
      'config.roles.administrator.permisions: there is no such member',
      'correct the spelling',
    ],
    [
      "attribute: [facts, ticket], begins: 'ticket-'",
      'attribute: [facts, ticket]',
      'config.forbids.1.unless.0: is no exemption',
      'give { role }',
    ],
  ])('%j as %j is found where it stands', async (part, instead, message, fix) => {
    const [found, ...more] = await findingsAfter(DATA, (text) => text.replace(part, instead))
    expect(more).toEqual([])
    expect(found).toMatchObject({
      file: policies(DATA),
      message: expect.stringContaining(message),
      fix: expect.stringContaining(fix),
    })
    const lines = original(DATA).replace(part, instead).split('\n')
    const wrong = instead.split('\n').filter((line) => !part.includes(line))
    expect([...wrong, instead].some((line) => lines[(found?.line ?? 0) - 1]?.includes(line.trim()))).toBe(true)
  })

  it('are told apart from data of a team’s own policy', async () => {
    const own = folder()
    mkdirSync(join(own.path, 'rbac'))
    mkdirSync(join(own.path, 'catalogue'))
    cpSync(join(PACKAGE_ROOT, 'policies/catalogue'), join(own.path, 'catalogue'), { recursive: true })
    own.write('rbac/p.rego', 'package rbac\n\nallow if data.rbac.people[input.subject.id]\n')
    own.write('rbac/data.yaml', 'people: { ann: true }\n')
    expect((await run(['check', own.path])).code).toBe(0)
    own.remove()
  })

  it('have the patterns that the base policy can read, and no others', async () => {
    const patterns = [
      'a',
      '*',
      '**',
      'a*',
      '*a',
      'a*b',
      '**/x',
      'x/**',
      'x/**/y',
      '**/x/**',
      '**/**',
      'a/**/**',
      '**/a/**/b/**',
      'a//b',
      '/a/**',
      '',
      'a/',
      'a**',
      '***',
      'x/a*/y',
      'x/*a/y',
      '//**',
    ]
    const query = `[r | some p in ${JSON.stringify(patterns)}; r := [x | x := data.rbac.pattern_is_readable(p)] == [true]]`
    const out = execFileSync(
      await findOpa(),
      ['eval', '--format', 'raw', '-d', join(PACKAGE_ROOT, 'policies/rbac/patterns.rego'), query],
      { encoding: 'utf8' },
    )
    expect(patterns.map((each) => patternProblem(each) === undefined)).toEqual(JSON.parse(out))
  })
})

describe('the catalogue', () => {
  it('is one finding per contradiction, each with its file and line', async () => {
    const CATALOGUE = 'catalogue/catalogue.yaml'
    const changed = original(CATALOGUE)
      .replace(/auto_approve: \[/u, 'auto_approve: [no_such_tool, ')
      .replace(/(\n {2}open_pr:[\s\S]*?scope: )(\w+)/u, '$1no_such_scope')
    const findings = await findingsAfter(CATALOGUE, () => changed)
    const lineOf = (part: string): number => changed.slice(0, changed.indexOf(part)).split('\n').length
    expect(findings.find(({ message }) => message.includes('unknown tool "no_such_tool"'))).toMatchObject({
      file: policies(CATALOGUE),
      line: lineOf('no_such_tool'),
      fix: 'add it under tools, or correct its name',
    })
    expect(findings.find(({ message }) => message === 'tools.open_pr.scope: unknown scope "no_such_scope"')).toMatchObject({
      line: lineOf('no_such_scope'),
      fix: expect.stringContaining('declare it in trust_scopes, or use one of: '),
    })
    expect(new Set(findings.map(({ message }) => message)).size).toBe(findings.length)
  })

  it('names the file of several in which it is', async () => {
    const two = folder()
    mkdirSync(join(two.path, 'catalogue'))
    const tool = 'scope: files, category: read_only, blast: 0, reversibility: 0, frequency: high'
    two.write('catalogue/a.yaml', `version: 1\ntrust_scopes: { files: {} }\ntools:\n  read: { ${tool} }\n`)
    two.write(
      'catalogue/b.yaml',
      `version: 1\ntools:\n  write: { ${tool} }\nagents:\n  a: { class: c, trust_scopes: { files: { block: [write, gone] } } }\n`,
    )
    const { err } = await run(['check', two.path], { cwd: two.path })
    expect(err).toBe(
      'catalogue/b.yaml:5:58: agents.a.trust_scopes.files.block.1: unknown tool "gone"\n  fix: add it under tools, or correct its name\n',
    )
    two.write('catalogue/b.yaml', `version: 1\ntools:\n  read: { ${tool} }\n`)
    expect((await run(['check', two.path], { cwd: two.path })).err).toContain('catalogue/b.yaml:3:3: tools.read: it is in')
    two.remove()
  })

  it('is missed where it is missing', async () => {
    const bare = folder()
    mkdirSync(join(bare.path, 'fixtures'))
    const ran = await run(['check', bare.path], { cwd: bare.path })
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('catalogue: there is no catalogue') })
    bare.remove()
  })
})

describe('the names of actions', () => {
  it('of a rule and of fixtures are those of the catalogue, or near one of them', async () => {
    const rule = {
      ...{ id: 'r', reason: 'a refund', points: 1 },
      conditions: { any: [{ not: { fact: 'action', path: '$.name', operator: 'in', value: ['refund', 'refnud'] } }] },
    }
    const inRule = await findingsAfter('risk/bulk.json', () =>
      JSON.stringify({ id: 'bulk', version: '1', rules: [rule] }, null, 2),
    )
    expect(inRule).toMatchObject([
      {
        message: 'the action "refnud" is not in the catalogue',
        fix: expect.stringContaining('did you mean "refund"?') as string,
      },
    ])
    expect(inRule[0]?.line).toBeGreaterThan(10)
    const [misspelt, ...others] = await findingsAfter('fixtures/prompt-injection.yaml', (text) =>
      text.replace(/action: \w+/u, 'action: send_emial'),
    )
    expect(others).toEqual([])
    expect(misspelt).toMatchObject({
      message: expect.stringContaining('the action "send_emial" is not in the catalogue') as string,
    })
    expect(misspelt?.fix).toContain('did you mean "send_email"?')
    expect(misspelt?.line).toBeGreaterThan(1)
  })

  it('are not looked at where something cannot be read, which is told once', async () => {
    const unread = join(project.path, 'policies/risk/unread.json')
    mkdirSync(unread)
    try {
      const { out } = await run(['check', '--json'], { cwd: project.path })
      const { findings } = JSON.parse(out) as { readonly findings: readonly Told[] }
      expect(findings.map(({ file }) => file)).toEqual([expect.stringContaining('unread.json')])
    } finally {
      rmSync(unread, { recursive: true })
    }
    const broken = await findingsAfter('fixtures/people.yaml', (text) => text.replace('cases:', 'caes:'))
    expect(broken).toHaveLength(1)
  })

  it('that are said to be unknown are', async () => {
    const said = await findingsAfter('fixtures/people.yaml', (text) =>
      text.replace('[reindex_everything]', '[reindex_everything, refund]'),
    )
    expect(said.map(({ message }) => message)).toEqual(['given.unknown_actions.1: the action "refund" is in the catalogue'])
    const missing = await findingsAfter('fixtures/people.yaml', (text) => text.replace('[reindex_everything]', '[]'))
    expect(missing).toHaveLength(2)
  })
})

describe('the risk rules', () => {
  const RULES = 'risk/bulk.json'
  const withRule = (rule: object): string => JSON.stringify({ id: 'bulk', version: '1', rules: [rule] }, null, 2)
  const condition = { fact: 'records', operator: 'greaterThan', path: '$.count', value: 10 }
  const rule = { id: 'r', reason: 'many', conditions: { all: [condition] }, points: 1 }
  it.each([
    [
      'a fact’s member',
      { ...rule, conditions: { all: [{ ...condition, path: '$.number' }] } },
      '"$.number"',
      'rule "r" /rules/0/conditions/all/0/path: fact "records" has no such member',
      'use one of: count',
    ],
    [
      'an operator',
      { ...rule, conditions: { all: [{ ...condition, operator: 'moreThan' }] } },
      'moreThan',
      'rule "r" /rules/0/conditions/all/0/operator: ',
      'use one of: equal, notEqual',
    ],
    [
      'a value',
      { ...rule, conditions: { all: [{ ...condition, value: 'ten' }] } },
      '"ten"',
      'rule "r" /rules/0/conditions/all/0/value: "greaterThan" compares with a number',
      'give a number',
    ],
    ['points', { ...rule, points: 99 }, '99', 'rule "r" /rules/0/points: ', 'change it to be <=10'],
    [
      'an unknown member',
      { ...rule, poinst: 1 },
      '"rules": [',
      'rule "r" /rules/0: Unrecognized key',
      'correct the spelling, or remove it',
    ],
  ])('%s: where, which rule, and what to do, each once', async (_what, broken, there, message, fix) => {
    const text = withRule(broken)
    const [found, ...more] = await findingsAfter(RULES, () => text)
    expect(more).toEqual([])
    const line = text.slice(0, text.indexOf(there)).split('\n').length
    expect(found).toMatchObject({
      file: policies(RULES),
      message: expect.stringContaining(message),
      fix: expect.stringContaining(fix),
    })
    expect(Math.abs((found?.line ?? 0) - line)).toBeLessThanOrEqual(1)
    expect(found?.message).not.toContain(RULES)
  })

  it('that are no JSON say where', async () => {
    expect(await findingsAfter(RULES, () => '{\n  "id": "r",\n}')).toMatchObject([{ line: 3, file: policies(RULES) }])
  })
})

describe('the configuration', () => {
  it('shows every mistake where it stands, an unknown key too', async () => {
    const file = project.write(
      'wrong.yaml',
      'policies: policies\nhttp:\n  listen: 127.0.0.1:1\n  lissten: x\nanswer_valid_ms: -1\n',
    )
    const ran = await run(['check', '--config', file], { cwd: project.path })
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(
      'wrong.yaml:4:3: http.lissten: there is no such member\n  fix: correct the spelling, or remove it\n',
    )
    expect(ran.err).toContain('wrong.yaml:5:1: answer_valid_ms: ')
    expect(ran.err.split('\n').length).toBe(5)
  })
})

describe('the Rego', () => {
  it('names a built-in that is refused where it is called', async () => {
    const file = policies('rbac/ask.rego')
    writeFileSync(file, 'package rbac\n\nasked := http.send({"method": "get", "url": "https://example.com"})\n')
    const ran = await run(['check'], { cwd: project.path, checkRego })
    rmSync(file)
    expect(ran.err).toContain('policies/rbac/ask.rego:3:10: http.send is refused')
    expect(ran.code).toBe(1)
  })
})

describe('the duties that Rego writes out', () => {
  const REGO = 'rbac/roles.rego'
  it('are found where nothing performs them, whatever stands around them; comments and other performers are not', async () => {
    const duties = [
      '# {"id": "in_a_comment", "performer": "pdp"}',
      'duties_here := [',
      '\t{"id": "audit", "performer": "pdp"},',
      '\t{"performer": "pdp", "properties": {"hours": 24}, "id": "look_away"},',
      '\t{"id": "look_away", "performer": "pep"},',
      ']',
    ]
    const added = `\n${duties.join('\n')}\n`
    const findings = (await findingsAfter(REGO, (text) => text + added)).filter(({ message }) => message.includes('performs'))
    expect(findings).toEqual([
      {
        file: policies(REGO),
        line: (original(REGO) + added).split('\n').findIndex((line) => line.includes('"hours": 24')) + 1,
        column: 3,
        message: 'nothing performs the duty "look_away"',
        fix: expect.stringContaining('"performer: pep"'),
      },
    ])
  })
})

describe('the whole', () => {
  it('is loaded as the server would load it, when nothing else is wrong', async () => {
    const refusal = new ServiceError('bad_policy', 'the base bundle has no entrypoint "x/y"', { fix: 'annotate the rule' })
    const ran = await run(['check'], { cwd: project.path, loadPolicySet: () => Promise.reject(refusal) })
    expect(ran).toMatchObject({ code: 1, err: 'policies: the base bundle has no entrypoint "x/y"\n  fix: annotate the rule\n' })
  })

  it('is not right because there is nothing', async () => {
    const empty = folder()
    expect(await run(['check', empty.path])).toMatchObject({ code: 1, err: expect.stringContaining('there is nothing to check') })
    empty.remove()
  })
})

describe('the bundles', () => {
  it('are found where they are not of their sources: what was edited would not be in force', async () => {
    const loaded = await loadConfig(undefined, PACKAGE_ROOT)
    const config = { ...loaded.config, bundles: 'templates/default/bundles' }
    const found = await staleFindings({ ...loaded, config })
    expect(found).toMatchObject([
      {
        message: expect.stringMatching(/rbac\.tar\.gz was not built from .*rbac as it stands/u) as string,
        fix: 'run "gradus build"',
      },
      { message: expect.stringMatching(/graduation is not in force: there is no /u) as string },
      { message: expect.stringMatching(/system is not in force: there is no /u) as string },
    ])
    expect(await staleFindings(loaded)).toEqual([])
    const ran = await run(['check'], { cwd: project.path, staleBundles: () => Promise.resolve(found.slice(0, 1)) })
    expect(ran.code).toBe(1)
    expect(ran.err).toMatch(/was not built from .*\n {2}fix: run "gradus build"/u)
  })
})

describe('the readers of the server', () => {
  it('tell the first mistake of the risk rules as the check does: its file once, its line, the rule, the fix', async () => {
    const broken = folder()
    mkdirSync(join(broken.path, 'risk'))
    const rule = {
      id: 'r',
      reason: 'x',
      points: 99,
      conditions: { all: [{ fact: 'records', operator: 'equal', path: '$.count', value: 1 }] },
    }
    const file = broken.write(
      'risk/r.json',
      JSON.stringify({ id: 'r', version: '1', rules: [rule, { ...rule, id: 's' }] }, null, 1),
    )
    await expect(readRisk(join(broken.path, 'risk'))).rejects.toMatchObject({
      code: 'bad_policy',
      message: 'rule "r" /rules/0/points: Too big: expected number to be <=10 (and 1 more)',
      place: { file, line: 8 },
      fix: 'change it to be <=10',
    })
    broken.remove()
  })
})
