import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import { createProgram } from '../../src/cli/program.ts'
import { leafCommands } from '../../src/cli/support/command.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import type { LogVerification } from '../../src/ledger/log-verification.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import type { Store, StoredRecord } from '../../src/ledger/store.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { newAgentTrust } from '../../src/trust/stored-trust.ts'
import { scopeView } from '../../src/trust/trust-view.ts'
import { earned } from '../support/test-service.ts'
import { ANYBODY, folder, liveService, type Ran, run, WHOLE_LOG } from './harness.ts'

const files = folder()
afterAll(files.remove)

/** Everything that could act on a terminal, besides the line breaks that gradus itself writes. */
const ACTS =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/u
const NASTY = fc.constantFrom(
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\r',
  '\u0008',
  '\u202e',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\u{e0041}',
  // A line that would pass for one of gradus, or for a stack.
  '\n    at gradus (it:1:1)\n',
)
/** Text with something in it that acts on a terminal. */
const hostile = fc
  .tuple(fc.string({ maxLength: 4 }), NASTY, fc.string({ unit: 'binary', maxLength: 4 }))
  .map((parts) => parts.join(''))

const CONFIG = loadConfig(undefined, PACKAGE_ROOT)
const live = liveService()
const write = (name: string, text: string): string => files.write(name, text)
/** YAML that every reader takes as this string. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

const requestWith = (text: string) => ({
  subject: { type: 'agent', id: 'coding-agent', properties: { note: text } },
  action: { name: `a${text}` },
  resource: { type: 'file', id: `r${text}` },
  context: { environment: text, chain: [{ type: 'agent', id: `c${text}` }], facts: { [text]: text } },
})

function recordWith(text: string): StoredRecord {
  const body = { policy_set: 'p', decision: {}, facts: {}, risk: {} }
  const names = { tenant: text, agent: text, user: text, action: text, outcome: text }
  return {
    leafIndex: 1,
    state: 'whole',
    record: { id: text, at: text, kind: 'decision', ...names, body, effects: [] },
  } as unknown as StoredRecord
}

const reportWith = (text: string): LogVerification => ({
  ...WHOLE_LOG,
  ok: false,
  omitted: 1,
  findings: [{ kind: 'document_differs', leafIndex: 1, id: text, subject: text, message: text }],
})

/** Each command, led to print a text that came from somebody else. */
const COMMANDS: Readonly<Record<string, (text: string) => readonly [readonly string[], Partial<CliDeps>?]>> = {
  'an unknown command': (text) => [[text]],
  'an unknown option': (text) => [['eval', `--${text}`]],
  'a file that is not there': (text) => [['trust', 'replay', `no/${text}`]],
  eval: (text) => [['eval', write('request.json', ascii(requestWith(text)))]],
  'eval of a wrong request': (text) => [['eval', write('request.json', ascii({ ...requestWith(text), [text]: 1 }))]],
  'eval of what is no request': (text) => [['eval', write('request.json', text)]],
  'eval with a trust that is none': (text) => [['eval', write('request.json', ascii(requestWith('x'))), '--trust', text]],
  'eval of a fixture by a name that is none': (text) => [
    ['eval', write('request.json', ascii(requestWith('x'))), '--fixture', `${write('f.yaml', fixture(text))}#${text}!`],
  ],
  explain: (text) => [['explain', write('request.json', ascii(requestWith(text)))]],
  test: (text) => [['test', write('f.yaml', fixture(text)), '--coverage']],
  'test as tap': (text) => [['test', write('f.yaml', fixture(text)), '--format', 'tap']],
  'test as junit': (text) => [['test', write('f.yaml', fixture(text)), '--format', 'junit']],
  'test of what is no fixture': (text) => [['test', write('f.yaml', `${quoted(text)}: 1\nname: 1\n`)]],
  check: (text) => {
    for (const name of ['catalogue', 'risk', 'rbac']) mkdirSync(join(files.path, 'policies', name), { recursive: true })
    writeFileSync(join(files.path, 'policies/catalogue/c.yaml'), `version: 1\ntools: { ${quoted(text)}: { scope: 1 } }\n`)
    writeFileSync(join(files.path, 'policies/risk/r.json'), ascii({ id: text, [text]: 1 }))
    writeFileSync(join(files.path, 'policies/rbac/p.rego'), 'package rbac\n\nroles := data.rbac.config.roles\n')
    writeFileSync(
      join(files.path, 'policies/rbac/data.yaml'),
      `config: { roles: { ${quoted(text)}: { inherits: [${quoted(text)}, ${quoted(`${text}x`)}] } }, assignments: {} }\n`,
    )
    const checkRego: CliDeps['checkRego'] = () => Promise.resolve([{ file: text, line: 1, column: 1, message: text, fix: text }])
    return [['check', join(files.path, 'policies')], { checkRego }]
  },
  build: (text) => [
    ['build', '-o', text],
    { buildBundles: () => Promise.resolve([{ name: text, file: text, digest: text, revision: text, entrypoints: [text] }]) },
  ],
  serve: (text) => [
    ['serve'],
    {
      stopped: () => Promise.resolve(),
      serve: () =>
        Promise.resolve({
          url: 'http://x',
          dataDir: text,
          notes: [text],
          reload: () => Promise.resolve(text),
          close: () => Promise.resolve(),
        }),
    },
  ],
  'trust show': (text) => [['trust', 'show', text, '--data-dir', files.path]],
  'trust show of a scope that is none': (text) => [['trust', 'show', 'coding-agent', '--scope', text, '--data-dir', files.path]],
  'trust why': (text) => [['trust', 'why', text, 'crm:full', '--data-dir', files.path]],
  'trust show of an agent with an incident': (text) => [
    ['trust', 'show', text, '--data-dir', files.path],
    { openStore: () => fallen(text), nowMs: () => FELL_MS },
  ],
  'trust why, by somebody': (text) => [
    ['trust', 'why', text, 'crm:full', '--data-dir', files.path],
    { openStore: () => fallen(text), nowMs: () => FELL_MS },
  ],
  'trust why of a scope, a time and a limit that are none': (text) => [
    ['trust', 'why', 'coding-agent', text, '--since', text, '--limit', text, '--data-dir', files.path],
  ],
  'trust rebuild': (text) => [
    ['trust', 'rebuild', '--data-dir', files.path],
    { rebuildState: () => Promise.resolve({ ...reportWith(text), damaged: false, written: true }) },
  ],
  'trust replay': (text) => [['trust', 'replay', write('h.jsonl', ascii({ layer: text, [text]: 1 }))]],
  'trust import': (text) => [
    ['trust', 'import', write('h.jsonl', text), '--signature', write('h.sig', 'x'.repeat(64)), '--server', 'http://x'],
    answering({
      ...{ record_id: text, leaf_index: 1, state_version: 2, digest: text, key: text, lines: 1, changes: [], duplicate: false },
      totals: [{ agent: text, scope: 'crm:full', layer: 'outcome', good: 1, bad: 0, good_given: 2 }],
    }),
  ],
  'trust import of a signature that is none': (text) => [
    ['trust', 'import', write('h.jsonl', text), '--signature', write('h.sig', text), '--as', text],
  ],
  'trust promote': (text) => [
    ['trust', 'promote', text, 'crm:full', '--server', 'http://x'],
    {
      fetch: () =>
        Promise.resolve(
          new Response(
            ascii({
              agent: text,
              scope: 'crm:full',
              promoted: false,
              level_before: 1,
              level_after: 1,
              gates: [],
              leaf_index: null,
              state_version: 9,
            }),
          ),
        ),
    },
  ],
  'trust promote that is refused': (text) => [
    ['trust', 'promote', text, 'crm:full', '--server', 'http://x'],
    {
      fetch: () =>
        Promise.resolve(
          new Response(ascii({ type: 'about:blank', title: text, status: 403, detail: text, code: 'forbidden', fix: text }), {
            status: 403,
          }),
        ),
    },
  ],
  'approvals list': (text) => [['approvals', 'list', '--server', 'http://x'], answering({ approvals: [approvalWith(text)] })],
  'approvals show': (text) => [['approvals', 'show', text, '--server', 'http://x'], answering(approvalViewWith(text))],
  'approvals approve': (text) => [
    ['approvals', 'approve', text, '--reason', text, '--server', 'http://x'],
    answering(approvalAnswerWith(text)),
  ],
  'approvals reject': (text) => [
    ['approvals', 'reject', text, '--reason', text, '--server', 'http://x'],
    answering(approvalAnswerWith(text)),
  ],
  'approvals resume': (text) => [
    ['approvals', 'resume', text, '--reason', text, '--server', 'http://x'],
    answering(resumptionWith(text, 'approval')),
  ],
  'reservations list': (text) => [['reservations', 'list', text, '--server', 'http://x'], answering(reservationsWith(text))],
  'reservations resume': (text) => [
    ['reservations', 'resume', text, '--reason', text, '--server', 'http://x'],
    answering(resumptionWith(text, 'reservation')),
  ],
  'reservations rollback': (text) => [
    ['reservations', 'rollback', text, '--result', 'failed', '--handle', text, '--notes', text, '--server', 'http://x'],
    answering(rollbackAnswerWith(text)),
  ],
  'approvals withdraw': (text) => [['approvals', 'withdraw', text, '--server', 'http://x'], answering(approvalAnswerWith(text))],
  'approvals list in a state that is none': (text) => [['approvals', 'list', '--state', text, '--server', 'http://x']],
  'trust demote': (text) => [
    ['trust', 'demote', text, 'crm:full', '--to', 'L1', '--reason', text, '--server', 'http://x'],
    answering({
      ...{ agent: text, scope: 'crm:full', demoted: true, level_before: 2, level_after: 1, changes: [] },
      ...{ leaf_index: 1, state_version: 1 },
    }),
  ],
  'trust demote to a level and in a scope that are none': (text) => [
    ['trust', 'demote', 'a', text, '--to', text, '--reason', 'r', '--server', 'http://x'],
  ],
  'trust holds': (text) => [['trust', 'holds', text, '--server', 'http://x'], answering(holdsWith(text))],
  'trust resolve': (text) => [
    ['trust', 'resolve', text, text, '--accept', '--note', text, '--server', 'http://x'],
    answering({
      ...{ agent: text, hold_id: text, resolution: 'accept', weighed: 1, changes: [] },
      ...{ leaf_index: 1, state_version: 1 },
    }),
  ],
  'trust resolve without a word': (text) => [['trust', 'resolve', text, text, '--server', 'http://x']],
  'raters list': (text) => [['raters', 'list', '--server', 'http://x'], answering({ raters: [raterWith(text)] })],
  'raters show': (text) => [['raters', 'show', text, '--server', 'http://x'], answering(raterWith(text))],
  'raters seed': (text) => [
    ['raters', 'seed', text, '--note', text, '--server', 'http://x'],
    answering({ decision_id: text, expected: 'reject', approval: true, leaf_index: 1, state_version: 1 }),
  ],
  'agents list': (text) => [
    ['agents', 'list', '--after', text, '--server', 'http://x'],
    answering({
      agents: [{ agent: text, known: true, class: text, tier: text, scopes: [], containments: 1 }],
      total: 2,
      next: text,
    }),
  ],
  'reviews list': (text) => [['reviews', 'list', '--server', 'http://x'], answering({ reviews: [reviewWith(text)] })],
  'reviews done': (text) => [
    ['reviews', 'done', text, '--finding', 'sound', '--notes', text, '--server', 'http://x'],
    answering({ ...reviewWith(text), finding: 'sound', leaf_index: 1 }),
  ],
  'permission-requests list': (text) => [
    ['permission-requests', 'list', '--agent', text, '--server', 'http://x'],
    answering({
      requests: [permissionRequestWith(text), { ...permissionRequestWith(text), change: noPatch(text) }],
      total: 2,
      next: text,
    }),
  ],
  'permission-requests patch': (text) => [
    ['permission-requests', 'patch', text, '--server', 'http://x'],
    answering(permissionRequestWith(text)),
  ],
  'permission-requests done': (text) => [
    ['permission-requests', 'done', text, '--note', text, '--server', 'http://x'],
    answering({ id: text, ...permissionWith(text), verdict: 'done', leaf_index: 1 }),
  ],
  'permission-requests refuse': (text) => [
    ['permission-requests', 'refuse', text, '--note', text, '--server', 'http://x'],
    answering({ id: text, ...permissionWith(text), verdict: 'refused', leaf_index: 1 }),
  ],
  'agents pause': (text) => [['agents', 'pause', text, '--reason', text, '--server', 'http://x'], answering(containedWith(text))],
  'agents resume': (text) => [
    ['agents', 'resume', text, '--action', text, '--server', 'http://x'],
    steeringWith(text, { kind: 'action', agent: text, action: text }),
  ],
  'agents resume of what is not paused': (text) => [
    ['agents', 'resume', text, '--server', 'http://x'],
    steeringWith(text, { kind: 'tenant' }),
  ],
  'agents revoke': (text) => [['agents', 'revoke', text, '--reason', text, '--server', 'http://x'], answering(revokedWith(text))],
  'contain list': (text) => [['contain', 'list', '--server', 'http://x'], steeringWith(text, { kind: 'agent', agent: text })],
  'contain add': (text) => [
    ['contain', 'add', '--agent', text, '--action', text, '--reason', text, '--server', 'http://x'],
    answering(containedWith(text)),
  ],
  'contain lift': (text) => [
    ['contain', 'lift', text, '--server', 'http://x'],
    answering({ ...containedWith(text), in_force: false }),
  ],
  'incidents list': (text) => [['incidents', 'list', '--server', 'http://x'], steeringWith(text, { kind: 'tenant' })],
  'incidents list in a state that is none': (text) => [['incidents', 'list', '--state', text, '--server', 'http://x']],
  'incidents show': (text) => [['incidents', 'show', text, '--server', 'http://x'], answering(incidentWith(text))],
  'incidents raise': (text) => [
    ['incidents', 'raise', text, 'injection_weak', '--reason', text, '--server', 'http://x'],
    answering(incidentAnswerWith(text)),
  ],
  'incidents raise of a class, a scope and a cap that are none': (text) => [
    ['incidents', 'raise', text, text, '--scope', text, '--cap', text, '--reason', text, '--server', 'http://x'],
  ],
  'incidents review': (text) => [['incidents', 'review', text, '--reason', text, '--server', 'http://x'], reviewing(text)],
  'incidents false-positive': (text) => [
    ['incidents', 'false-positive', text, '--reason', text, '--server', 'http://x'],
    reviewing(text),
  ],
  'overrides list': (text) => [['overrides', 'list', '--server', 'http://x'], answering({ overrides: [overrideWith(text)] })],
  'overrides open': (text) => [
    ['overrides', 'open', text, 'crm:full', '--reason', text, '--server', 'http://x'],
    answering({ ...overrideWith(text), leaf_index: 1, state_version: 1 }),
  ],
  'overrides open for a scope that is none': (text) => [
    ['overrides', 'open', 'a', text, '--reason', 'r', '--server', 'http://x'],
  ],
  'overrides open for a time that is none': (text) => [
    ['overrides', 'open', 'a', 'crm:full', '--reason', 'r', '--minutes', text, '--server', 'http://x'],
  ],
  'overrides confirm': (text) => [
    ['overrides', 'confirm', text, '--server', 'http://x'],
    answering({ ...overrideWith(text), leaf_index: 1, state_version: 1 }),
  ],
  'overrides end': (text) => [
    ['overrides', 'end', text, '--server', 'http://x'],
    answering({ ...overrideWith(text), in_force: false, leaf_index: 1, state_version: 1 }),
  ],
  'catalogue draft': (text) => [
    [
      'catalogue',
      'draft',
      '--from',
      'mcp',
      write('tools.json', ascii({ tools: [{ name: text, description: text, inputSchema: { type: 'object' } }] })),
    ],
  ],
  'catalogue draft of what is no list of tools': (text) => [
    ['catalogue', 'draft', '--from', 'mcp', write('tools.json', ascii({ tools: [{ name: 1, [text]: text }] }))],
  ],
  'fixture from': (text) => [['fixture', 'from', text, '--data-dir', files.path]],
  simulate: (text) => [['simulate', '--policies', text, '--data-dir', files.path]],
  'simulate trust': (text) => [['simulate', 'trust', '--worlds', text]],
  'observe report': (text) => [
    ['observe', 'report', '--since', '2000-01-01', '--data-dir', files.path],
    { walkRecords: walkOne(text, observedWith(text)) },
  ],
  'observe report by term': (text) => [
    ['observe', 'report', '--by', text, '--data-dir', files.path],
    { walkRecords: walkOne(text, observedWith(text)) },
  ],
  'observe ready': (text) => [
    ['observe', 'ready', '--agent', text, '--scope', 'crm:full', '--data-dir', files.path],
    { walkRecords: walkOne(text, observedWith(text)) },
  ],
  'observe ready of what is no scope': (text) => [
    ['observe', 'ready', '--agent', 'a', '--scope', text, '--data-dir', files.path],
    { walkRecords: walkOne(text, observedWith(text)) },
  ],
  init: (text) => [['init', write('taken.yaml', text), '--template', text], { cwd: files.path }],
  config: (text) => {
    const file = write('hostile.yaml', `entrypoints: [${quoted(text)}]\ntenants: { ${quoted(text)}: {} }\n`)
    return [['config', '--config', file], { loadConfig: () => loadConfig(file, files.path) }]
  },
  completion: (text) => [['completion', text]],
  version: (text) => [['version'], { version: { gradus: text, node: text, opa: text } }],
  'audit query': (text) => [['audit', 'query', '--data-dir', files.path], { walkRecords: walkOne(text) }],
  'audit export on a terminal': (text) => [
    ['audit', 'export', '--data-dir', files.path],
    { walkRecords: walkOne(text), stdoutIsTty: true, exportLine: ({ record }) => JSON.stringify(record) },
  ],
  'audit proof': (text) => [['audit', 'proof', text, '--data-dir', files.path]],
  'audit verify': (text) => [
    ['audit', 'verify', '--data-dir', files.path],
    { verifyLog: () => Promise.resolve(reportWith(text)) },
  ],
  'audit replay': (text) => [['audit', 'replay', '--all', '--data-dir', files.path], { walkRecords: walkOne(text) }],
  'audit sufficiency': (text) => [
    ['audit', 'sufficiency', '--since', '2000-01-01', '--data-dir', files.path],
    { walkRecords: walkOne(text, executedWith(text)) },
  ],
  'audit sufficiency as CSV': (text) => [
    ['audit', 'sufficiency', '--since', '2000-01-01', '--csv', '--data-dir', files.path],
    { walkRecords: walkOne(text, executedWith(text)) },
  ],
  'audit sufficiency as JSON': (text) => [
    ['audit', 'sufficiency', '--since', text, '--json', '--data-dir', files.path],
    { walkRecords: walkOne(text, executedWith(text)) },
  ],
  'audit reviews': (text) => [
    ['audit', 'reviews', '--data-dir', files.path, '--config', reviewsOf(text)],
    { openStore: () => fallen(text), nowMs: () => FELL_MS },
  ],
  'audit review': (text) => [
    ['audit', 'review', text, '--notes', `x${text}`, '--server', 'http://x'],
    answering({
      id: 'r',
      owner: `o${text}`,
      every_days: 7,
      what: `w${text}`,
      last: null,
      due: TIME,
      overdue: false,
      leaf_index: 1,
    }),
  ],
  'audit review of one that is not there': (text) => [
    ['audit', 'review', text, '--notes', `x${text}`, '--as', 'anna', '--data-dir', files.path],
  ],
  'trust report': (text) => [
    ['trust', 'report', '--since', '2000-01-01', '--data-dir', files.path],
    { walkRecords: walkOne(text, executedWith(text)), openStore: () => fallen(text) },
  ],
  'trust report since a time that is none': (text) => [['trust', 'report', '--since', text, '--data-dir', files.path]],
  'audit retain': (text) => [
    [
      'audit',
      'retain',
      '--as',
      text,
      '--data-dir',
      files.path,
      '--config',
      write('retention.yaml', 'audit: { retention: [{ days: 1 }] }'),
    ],
    { createRetention: () => () => Promise.reject(new ServiceError('conflict', text, { fix: text })) },
  ],
  'audit hold': (text) => [
    ['audit', 'hold', '--tenant', text, '--release', text, '--reason', text, '--as', text, '--data-dir', files.path],
    { releaseHold: () => Promise.reject(new ServiceError('not_found', text, { fix: text })) },
  ],
  'audit hold that is released': (text) => [
    ['audit', 'hold', '--release', text, '--reason', 'over', '--as', 'ann', '--data-dir', files.path],
    { releaseHold: () => Promise.resolve() },
  ],
  'audit erase': (text) => [
    ['audit', 'erase', '--agent', text, '--reason', text, '--as', text, '--data-dir', files.path],
    {
      eraseRecords: () =>
        Promise.reject(new ServiceError('not_found', text, { place: { file: text, pointer: text }, fix: text })),
    },
  ],
}

/** A configuration with a review that somebody of this name owns. */
function reviewsOf(text: string): string {
  const review = { id: 'r', owner: `o${text}`, every_days: 7, what: `w${text}` }
  return write(
    'reviews.yaml',
    `audit: { reviews: [{ ${Object.entries(review)
      .map(([name, value]) => `${name}: ${typeof value === 'string' ? quoted(value) : value}`)
      .join(', ')} }] }\n`,
  )
}

/** The body of a decision that let an agent of this name do something of this name. */
function executedWith(text: string): object {
  return {
    policy_set: text,
    decision: { outcome: 'allow', decision: true, ceilings: [] },
    facts: {
      action: { name: text, scope: 'crm', stake: 'full' },
      agent: {},
      parties: { agent: { type: text, id: text } },
      trust: null,
      links: [],
    },
  }
}

/** The body of an observed decision that says this wherever a text stands. */
function observedWith(text: string): object {
  const decision = { outcome: 'allow', decision: true, ceilings: [] }
  const ceilings = [{ source: 'trust', outcome: 'deny', reason: text }]
  return {
    request_digest: text,
    goal: { session: text },
    facts: { action: { scope: 'crm', stake: 'full', known: false }, agent: { known: false } },
    decision,
    would: { decision: { ...decision, outcome: 'deny', ceilings }, refusals: [], degraded: [text], rehearsal: text },
  }
}

/** A server that answers everything alike. */
function answering(answer: unknown): Partial<CliDeps> {
  return { fetch: () => Promise.resolve(new Response(ascii(answer))) }
}

const TIME = '2026-03-03T10:00:00.000Z'

function containedWith(text: string) {
  const target = { kind: 'action', agent: text, action: text }
  return { id: text, target, known: false, in_force: true, leaf_index: null, state_version: 1 }
}

function incidentWith(text: string) {
  const names = { incident_id: text, agent: text, class: 'injection_suspected', reach: 'agent', scope: null }
  const standing = { state: 'open', cap: 0.4, cap_raised: 0.4, since: TIME, review: 'required', needs: 'review' }
  return { ...names, ...standing, counts_from: null, merged: false, scopes: [{ scope: 'crm:full', cap: 0.4, proven: 0 }] }
}

function incidentAnswerWith(text: string) {
  const changes = [{ kind: 'demoted', scope: 'crm:full', from: 3, to: 1, demotion_score: 0.4 }]
  return { incident_id: text, agent: text, known: false, leaf_index: 1, state_version: 1, changes, scopes: [] }
}

function revokedWith(text: string) {
  const done = {
    agent: text,
    known: false,
    incident_id: text,
    revoked: true,
    approvals_withdrawn: [text],
    overrides_ended: [text],
  }
  const outstanding = [{ decision_id: text, scope: 'crm:full', action: text, verify_by: TIME }]
  return { ...done, changes: [], outstanding, answers_valid_until: TIME, leaf_index: 1, state_version: 1 }
}

/** A server that has one containment and one incident. */
function steeringWith(text: string, target: object): Partial<CliDeps> {
  return {
    fetch: (url, { method } = {}) => {
      const incidents = { incidents: [incidentWith(text)], total: 2 }
      const containments = { containments: [{ id: text, target, by: 'person', reason: text, at: TIME }] }
      const listed = typeof url === 'string' && url.includes('/incidents') ? incidents : containments
      return Promise.resolve(new Response(ascii(method === 'DELETE' ? containedWith(text) : listed)))
    },
  }
}

function reviewing(text: string): Partial<CliDeps> {
  return {
    fetch: (_url, { method } = {}) =>
      Promise.resolve(new Response(ascii(method === 'POST' ? incidentAnswerWith(text) : incidentWith(text)))),
  }
}

function resumptionWith(text: string, of: 'approval' | 'reservation') {
  const place = { record_id: text, leaf_index: 1, state_version: 1 }
  return { decision_id: text, of, resumed: of === 'approval', people: [text], people_needed: 2, ...place }
}

function reservationsWith(text: string) {
  const pauses = [{ cause: 'demotion', id: text, since: TIME, resumed_by: [text] }]
  const reservation = { decision_id: text, agent: text, action: text, scope: 'crm:full', at: TIME, verify_by: TIME }
  return { agent: text, reservations: [{ ...reservation, paused: text, pauses, rollback: wayBackWith(text) }], total: 2 }
}

function approvalWith(text: string) {
  const names = { decision_id: text, request_digest: text, agent: text, human: text, requester: text, action: text }
  const votes = [{ person: text, verdict: 'approve', reason: text, at: TIME }]
  const rest = { state: 'pending', scope: 'crm:full', band: 'low', requested_at: TIME, ends_at: TIME, redeemed_by: null }
  return {
    ...names,
    ...rest,
    approvers_needed: 2,
    votes,
    paused: text,
    pauses: [{ cause: 'incident', id: text, since: TIME, resumed_by: [text] }],
  }
}

function approvalViewWith(text: string) {
  const ceiling = {
    source: 'trust',
    outcome: 'require_approval',
    reason: text,
    obligations: [{ id: text, performer: 'pdp' }],
    guardrails: { [text]: [text] },
  }
  return {
    ...approvalWith(text),
    request: requestWith(text),
    payload: 'masked',
    masked: { [`/request/${text}`]: text },
    ceilings: [ceiling],
    reasons: [text],
    risk: { points: 0, band: 'low', rules: [], unavailable: [] },
    trust: null,
    incidents: [],
    injections: [
      {
        agent: text,
        record_id: text,
        decision_id: null,
        action: text,
        by: text,
        confidence: 1,
        reason: text,
        at: TIME,
        until: TIME,
      },
    ],
    rollback: wayBackWith(text),
  }
}

function wayBackWith(text: string) {
  return {
    reversibility: 0,
    kept: 'kept',
    handle: text,
    value_digest: text,
    until: null,
    attempt: { result: 'failed', by: text, at: TIME, within_deadline: false },
  }
}

function rollbackAnswerWith(text: string) {
  const trust = scopeView(newAgentTrust(), 'crm:full', { nowMs: 0 }, DEFAULT_TRUST_CONSTANTS)
  return {
    ...{ record_id: text, decision_id: text, leaf_index: 1, state_version: 1, counted: true, reason: text },
    ...{ trust_before: trust, trust_after: trust, changes: [], rollback: wayBackWith(text) },
  }
}

function approvalAnswerWith(text: string) {
  const approval = { ...approvalWith(text), state: 'approved' }
  return { approval, record_id: text, leaf_index: 1, state_version: 1, evidence: text, changes: [] }
}

function overrideWith(text: string) {
  const names = { id: text, agent: text, action: text, people: [text], reason: text }
  return {
    override: { ...names, scope: 'crm:full', at: TIME, until: TIME },
    in_force: true,
    reaches_high_risk: false,
    lifts_incidents: false,
  }
}

const FELL_MS = Date.parse('2026-03-03T11:00:00.000Z')

/** A store in which an agent of this name has an incident of this name, by somebody of this name. */
async function fallen(text: string): Promise<Store> {
  const store = createMemoryStore({ project, origin: 'gradus.test/audit' })
  const incident = { id: text, class: 'injection_suspected', reach: 'agent', scope: null, cap: 0.4, review: true } as const
  const effects: readonly Effect[] = [...earned(text, 'crm:full', 9, FELL_MS), { kind: 'incident', agent: text, incident }]
  const who = { ...ANYBODY, person: text }
  const record = recordOf({
    kind: 'incident',
    id: 'r',
    caller: who,
    atMs: FELL_MS,
    agent: text,
    outcome: text,
    body: {},
    effects,
  })
  await store.transact([], (transaction) => transaction.append({ record }))
  return store
}

function walkOne(text: string, body: object = {}): CliDeps['walkRecords'] {
  return async function* () {
    await Promise.resolve()
    const stored = recordWith(text)
    const at = Object.keys(body).length === 0 ? text : '2026-03-03T10:00:00.000Z'
    yield { ...stored, record: { ...stored.record, at, body: { ...stored.record.body, ...body } } }
  }
}

/** JSON in which nothing but ASCII stands raw. */
function ascii(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function fixture(text: string): string {
  return `cases:\n  - name: ${quoted(text)}\n    request: ${ascii(requestWith(text))}\n    want: { outcome: allow, reasons: [${quoted(text)}] }\n`
}

async function ran([argv, changes]: readonly [readonly string[], Partial<CliDeps>?], json: boolean): Promise<Ran> {
  const { open } = await live
  const given = { openStore: open, loadConfig: () => CONFIG, ...changes }
  // A colour that gradus itself paints is no harm; none is asked for here, so that any escape sequence is somebody else's.
  return run(json ? [...argv, '--json'] : argv, { env: { NO_COLOR: '1' }, ...given })
}

const program = createProgram({ columns: 80, version: { gradus: '0' }, stdout: () => undefined } as unknown as CliDeps)

describe('whatever a request, a policy, a server or the log says', () => {
  it('is tried on every command', () => {
    const tried = Object.keys(COMMANDS)
    expect(leafCommands(program).filter(({ path }) => !tried.some((name) => name.startsWith(path)))).toEqual([])
  })

  it.each(Object.keys(COMMANDS))('nothing that acts on a terminal comes out of %s', async (name) => {
    await fc.assert(
      fc.asyncProperty(hostile, fc.boolean(), async (text, json) => {
        const command = COMMANDS[name]
        if (command === undefined) throw new Error('no such command')
        const { code, out, err } = await ran(command(text), json)
        expect(ACTS.exec(out + err)).toBeNull()
        expect(`${out}${err}`).not.toMatch(/^\s+at /mu)
        expect(code).not.toBe(EXIT_CODES.bug)
      }),
      { numRuns: 12 },
    )
  })
})

/** An agent of whom something waits. */
function holdsWith(text: string): object {
  const time = '2026-03-02T10:00:00.000Z'
  const hold = { id: text, scope: null, reason: 'uncorroborated_failures', source: text, units: 2, cap: 0.6999, since: time }
  const who = { agent: text, known: true, class: text, tier: text, at: time, state_version: 1 }
  return { ...who, scopes: [], holds: [hold, { ...hold, cap: null }], containments: [] }
}

/** One who judges, of everything something. */
function raterWith(text: string): object {
  return {
    ...{ rater: text, verdicts: 3, approve_rate: 1, median_latency_seconds: 2, hasty: 3 },
    ...{ canaries: { seen: 1, caught: 0, catch_rate: 0 }, weight: 0.8, calibrated: false },
    ...{ rubber_stamp: true, units_given: 1.2 },
  }
}

function reviewWith(text: string) {
  const at = '2026-03-02T10:00:00.000Z'
  return {
    ...{ decision_id: text, agent: text, action: text, scope: 'crm:full', owner: text, causes: ['post_hoc_review'] },
    ...{ at, due: at, overdue: true, hours_left: 0 },
  }
}

const noPatch = (text: string) => ({ kind: 'none', why: text })

function permissionWith(text: string) {
  return { subject: { type: 'agent', id: 'support-agent' }, action: text, resource: { type: 'order', id: 'A-1001' } }
}

/** A patch is lines of a file, each behind its sign. */
function permissionRequestWith(text: string) {
  const at = '2026-03-02T10:00:00.000Z'
  return {
    ...{ id: text, ...permissionWith(text), owner: text, asked: 2, first_at: at, last_at: at, asked_by: text },
    ...{
      reason: text,
      expected_use: text,
      change: { kind: 'patch', file: text, role: text, patch: `--- a\n+${text.replaceAll('\n', ' ')}\n` },
    },
  }
}
