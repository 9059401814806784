import { describe, expect, it } from 'vitest'

import { DetectSettings } from '../../src/detect/settings.ts'
import { LAST_TOOLS_MAX } from '../../src/detect/state.ts'
import { decided, finished, follow, NEW, SETTINGS, START_MS } from './support.ts'

const MINUTE_MS = 60_000
const verdicts = (findings: readonly { readonly verdict: string }[]): readonly string[] => findings.map(({ verdict }) => verdict)
/** `count` actions, one every `everyMs`. */
const row = (count: number, everyMs: number, parts: Parameters<typeof decided>[0] = {}, fromMs = START_MS) =>
  Array.from({ length: count }, (_, index) => decided({ ...parts, at_ms: fromMs + index * everyMs }))

describe('call_rate', () => {
  const usual = row(11 * 5, 12_000)

  it('learns for ten windows, and then calls five a minute clean', () => {
    const { findings } = follow(usual, 'call_rate')
    expect(verdicts(findings.slice(0, 50))).toEqual(Array.from({ length: 50 }, () => 'learning'))
    expect(verdicts(findings.slice(50))).toEqual(Array.from({ length: 5 }, () => 'clean'))
  })

  it('alarms once per verdict and window, and looks again in the next', () => {
    const { state } = follow(usual, 'call_rate')
    const burst = row(200, 100, {}, START_MS + 20 * MINUTE_MS)
    const { findings, state: after } = follow(burst, 'call_rate', SETTINGS, state)
    expect(verdicts(findings).filter((verdict) => verdict === 'suspicious')).toHaveLength(1)
    expect(verdicts(findings).filter((verdict) => verdict === 'anomalous')).toHaveLength(1)
    expect(findings[28]?.verdict).toBe('clean')
    expect(findings[29]).toMatchObject({ verdict: 'suspicious', resets: expect.stringContaining('after the window') })
    expect(findings[31]?.verdict).toBe('learning')
    const [next] = follow(row(1, 1, {}, START_MS + 30 * MINUTE_MS), 'call_rate', SETTINGS, after).findings
    expect(next?.verdict).toBe('clean')
  })

  it('counts a late action in the window that is open', () => {
    const { state } = follow([...row(2, 1_000), ...row(1, 1, {}, START_MS - MINUTE_MS)], 'call_rate')
    expect(state.agent.calls).toMatchObject({ start_ms: START_MS, count: 3 })
  })

  it('takes a night without actions for no window', () => {
    const { findings } = follow([...usual, ...row(5, 12_000, {}, START_MS + 800 * MINUTE_MS)], 'call_rate')
    expect(verdicts(findings.slice(-5))).toEqual(Array.from({ length: 5 }, () => 'clean'))
  })
})

describe('destructive_rate', () => {
  it('looks at destructive actions only', () => {
    const { findings, state } = follow([decided(), decided({ destructive: true })], 'destructive_rate')
    expect(findings[0]).toMatchObject({ looked: false, not_looked: 'not_applicable' })
    expect(findings[1]).toMatchObject({ looked: true, verdict: 'learning' })
    expect(state.agent.destructive.count).toBe(1)
  })

  it('alarms when an agent that destroys one thing an hour destroys many', () => {
    const hourly = row(12, 61 * MINUTE_MS, { destructive: true })
    const burst = row(30, 1_000, { destructive: true }, START_MS + 13 * 61 * MINUTE_MS)
    const { findings } = follow([...hourly, ...burst], 'destructive_rate')
    expect(verdicts(findings)).toContain('suspicious')
    expect(verdicts(findings)).toContain('anomalous')
    expect(verdicts(findings.slice(0, 16))).not.toContain('suspicious')
  })
})

describe('unseen_tool', () => {
  const usual = Array.from({ length: 200 }, (_, index) => decided({ action: `tool_${index % 4}` }))

  it('learns, then calls known tools clean and a new one suspicious, once', () => {
    const { findings } = follow([...usual, decided({ action: 'other' }), decided({ action: 'other' })], 'unseen_tool')
    expect(findings[48]?.verdict).toBe('learning')
    expect(findings[199]?.verdict).toBe('clean')
    expect(verdicts(findings.slice(200))).toEqual(['suspicious', 'clean'])
    expect(findings[200]?.resets).toContain('at once')
  })

  it('never learns a tool that the base policy denies', () => {
    const denied = decided({ action: 'forbidden', base_denied: true })
    expect(verdicts(follow([...usual, denied, denied], 'unseen_tool').findings.slice(200))).toEqual(['suspicious', 'suspicious'])
    expect(
      verdicts(follow([...usual, decided({ action: 'tool_1', base_denied: true })], 'unseen_tool').findings.slice(200)),
    ).toEqual(['clean'])
  })

  it('calls a burst of new tools anomalous, and then learns anew', () => {
    const burst = Array.from({ length: 8 }, (_, index) => decided({ action: `new_${index}` }))
    const { findings, state } = follow([...usual, ...burst, decided({ action: 'tool_1' })], 'unseen_tool')
    const seen = verdicts(findings.slice(200, 208))
    expect(seen.filter((verdict) => verdict === 'anomalous')).toHaveLength(1)
    expect(seen.at(-1)).toBe('learning')
    expect(findings[200 + seen.indexOf('anomalous')]?.resets).toContain('learning anew')
    expect(findings.at(-1)?.verdict).toBe('learning')
    expect(verdicts(follow(usual, 'unseen_tool', SETTINGS, state).findings).at(-1)).toBe('clean')
  })

  it('says nothing of a known tool while new ones come often', () => {
    const burst = Array.from({ length: 6 }, (_, index) => decided({ action: `new_${index}` }))
    const { findings, state } = follow([...usual, ...burst, decided({ action: 'tool_1' })], 'unseen_tool')
    expect(state.agent.tools.established).toBe(true)
    expect(findings.at(-1)).toMatchObject({ verdict: 'learning', score: 1 })
  })
})

describe('unseen_transition', () => {
  const round = Array.from({ length: 400 }, (_, index) => decided({ action: `tool_${index % 4}`, session: 's' }))

  it('has nothing to look at for the first action of a session', () => {
    const { findings } = follow(
      [decided({ session: 'a' }), decided({ session: 'b' }), decided(), decided({ session: 'a' })],
      'unseen_transition',
    )
    expect(findings.map(({ not_looked }) => not_looked)).toEqual(['not_applicable', 'not_applicable', 'not_applicable', null])
  })

  it('finds known tools in a new order, and is not misled by sessions that run at the same time', () => {
    const { findings, state } = follow(round, 'unseen_transition')
    expect(findings.at(-1)?.verdict).toBe('clean')
    const other = follow(
      [decided({ action: 'tool_2', session: 'other' }), decided({ action: 'tool_0', session: 's' })],
      'unseen_transition',
      SETTINGS,
      state,
    )
    expect(other.findings[1]?.verdict).toBe('clean')
    expect(follow([decided({ action: 'tool_2', session: 's' })], 'unseen_transition', SETTINGS, state).findings[0]?.verdict).toBe(
      'suspicious',
    )
  })

  it('does not remember a tool that was denied as the last one', () => {
    const { state } = follow(
      [decided({ action: 'a', session: 's' }), decided({ action: 'b', session: 's', base_denied: true })],
      'unseen_transition',
    )
    expect(state.agent.last_tools).toHaveLength(1)
    expect(follow([decided({ action: 'a', session: 's' })], 'unseen_transition').state.agent.last_tools).toEqual(
      state.agent.last_tools,
    )
  })

  it('remembers the last tool of the most recent sessions', () => {
    const many = Array.from({ length: LAST_TOOLS_MAX + 5 }, (_, index) => decided({ session: `s${index}` }))
    expect(follow(many, 'unseen_transition').state.agent.last_tools).toHaveLength(LAST_TOOLS_MAX)
  })
})

describe('argument_novelty', () => {
  const usual = Array.from({ length: 200 }, (_, index) => decided({ arguments: { to: 'ann@example.org', count: index % 9 } }))

  it('has nothing to look at without arguments', () => {
    for (const parts of [{}, { arguments: {} }])
      expect(follow([decided(parts)], 'argument_novelty').findings[0]).toMatchObject({ not_looked: 'not_applicable' })
  })

  it.each([
    ['another host', { to: 'ann@evil.example', count: 1 }],
    ['another member', { to: 'ann@example.org', count: 1, bcc: 'x' }],
    ['another magnitude', { to: 'ann@example.org', count: 123_456 }],
    ['another sign', { to: 'ann@example.org', count: -1 }],
    ['another type', { to: 'ann@example.org', count: true }],
    ['a link', { to: 'https://evil.example/collect?x', count: 1 }],
    ['digits', { to: '12345', count: 1 }],
    ['free text', { to: 'everybody, please', count: 1 }],
  ])('finds %s', (_, value) => {
    const { findings } = follow([...usual, decided({ arguments: value })], 'argument_novelty')
    expect(findings[199]?.verdict).toBe('clean')
    expect(findings[200]?.verdict).toBe('suspicious')
  })

  it('does not call clean what it has not seen all of', () => {
    const wide = { list: Array.from({ length: 3_000 }, () => 1) }
    const { findings } = follow(
      Array.from({ length: 200 }, () => decided({ arguments: wide })),
      'argument_novelty',
    )
    expect(findings.at(-1)).toMatchObject({ looked: false, not_looked: 'cannot_tell' })
    const shapes = decided({ arguments: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 1])) }).shapes
    expect(shapes).toMatchObject({ complete: false })
    expect(shapes?.hashes).toHaveLength(64)
  })
})

describe('base_denials and failure_rate', () => {
  it('alarms at the fourth denial in a row, and starts at 0 again', () => {
    const { findings, state } = follow(
      Array.from({ length: 4 }, () => decided({ base_denied: true })),
      'base_denials',
    )
    expect(verdicts(findings)).toEqual(['learning', 'learning', 'learning', 'anomalous'])
    expect(findings[3]).toMatchObject({ score: 1, resets: expect.stringContaining('0 again') })
    expect(state.agent.denials.sum).toBe(0)
  })

  it('never counts what trust or risk denies', () => {
    const { findings } = follow(
      Array.from({ length: 50 }, () => decided({ ran: false, base_denied: false })),
      'base_denials',
    )
    expect(new Set(verdicts(findings))).toEqual(new Set(['clean']))
  })

  it('alarms at the fifth failure in a row, and says nothing where nobody said whether it failed', () => {
    const { findings } = follow(
      [finished(), ...Array.from({ length: 5 }, () => finished({ failed: true })), finished({ failed: false })],
      'failure_rate',
    )
    expect(verdicts(findings)).toEqual(['learning', 'learning', 'learning', 'learning', 'learning', 'anomalous', 'clean'])
    expect(findings[0]?.not_looked).toBe('not_applicable')
  })
})

describe('token_usage', () => {
  const usual = Array.from({ length: 100 }, (_, index) => finished({ tokens: 1_000 + 40 * (index % 7) }))

  it('learns, then finds an action that used far more', () => {
    const { findings, state } = follow(usual, 'token_usage')
    expect([findings[29]?.verdict, findings[30]?.verdict]).toEqual(['learning', 'clean'])
    const verdictOf = (tokens: number) => follow([finished({ tokens })], 'token_usage', SETTINGS, state).findings[0]?.verdict
    expect([verdictOf(1), verdictOf(1_800), verdictOf(100_000)]).toEqual(['clean', 'suspicious', 'anomalous'])
  })

  it('finds a creep that no single action shows', () => {
    const { state } = follow(usual, 'token_usage')
    const creep = Array.from({ length: 60 }, (_, index) => finished({ tokens: 1_120 * 1.015 ** index }))
    const found = follow(creep, 'token_usage', SETTINGS, state).findings.find(({ verdict }) => verdict === 'suspicious')
    expect(found).toMatchObject({ reason: expect.stringContaining('creeps up'), resets: expect.stringContaining('Page-Hinkley') })
  })

  it('does not look at what is no number of tokens', () => {
    expect(follow([finished({ tokens: Number.NaN })], 'token_usage').findings[0]).toMatchObject({ not_looked: 'not_applicable' })
    expect(finished({ tokens: -1 }).tokens).toBeNull()
    const { findings, state } = follow(
      [
        { ...finished(), tokens: Number.NaN },
        { ...finished(), tokens: Number.POSITIVE_INFINITY },
      ],
      'token_usage',
    )
    for (const finding of findings) expect(finding).toMatchObject({ looked: false, not_looked: 'cannot_tell' })
    expect(state).toEqual(NEW)
  })
})

describe('output_entropy', () => {
  const sentence = 'the order of the customer was sent to the address on the date with the amount and the status '
  const usual = Array.from({ length: 60 }, (_, index) => finished({ output_text: sentence.repeat(1 + (index % 3)) }))
  const base64 = (chars: number): string =>
    Array.from({ length: chars }, (_, index) => String.fromCharCode(65 + ((index * 7 + (index >> 3)) % 26))).join('')

  it('learns, then calls the same kind of text clean', () => {
    const { findings } = follow(usual, 'output_entropy')
    expect([findings[29]?.verdict, findings[30]?.verdict]).toEqual(['learning', 'clean'])
  })

  it('has nothing to say of no output, and of a short one', () => {
    for (const parts of [{}, { output_text: '' }, { output_text: 'ok' }])
      expect(follow([finished(parts)], 'output_entropy').findings[0]).toMatchObject({ not_looked: 'not_applicable' })
  })

  it.each([
    ['one character over and over', 'x'.repeat(500), 'anomalous'],
    [
      'characters of every kind',
      Array.from({ length: 500 }, (_, index) => String.fromCharCode(33 + ((index * 37) % 90))).join(''),
      'anomalous',
    ],
    ['capital letters in every other sentence', `${sentence}${sentence.toUpperCase()}`.repeat(4), 'suspicious'],
    ['encoded data in the text', `${sentence.repeat(400)}${base64(600)}`, 'suspicious'],
  ])('finds %s', (_, output_text, verdict) => {
    const { state } = follow(usual, 'output_entropy')
    expect(follow([finished({ output_text })], 'output_entropy', SETTINGS, state).findings[0]?.verdict).toBe(verdict)
  })

  it('finds a lasting shift that no single output shows', () => {
    const { state } = follow(usual, 'output_entropy')
    const lower = Array.from({ length: 20 }, () =>
      finished({ output_text: 'the order of the order of the sent to the order the date the the '.repeat(2) }),
    )
    const found = follow(lower, 'output_entropy', SETTINGS, state).findings
    expect(found.find(({ reason }) => reason.includes('a lasting shift down'))).toMatchObject({ verdict: 'suspicious' })
  })

  it('does not call clean what it has not seen all of', () => {
    const { state } = follow(usual, 'output_entropy')
    const [finding] = follow([finished({ output_text: sentence.repeat(1_000) })], 'output_entropy', SETTINGS, state).findings
    expect(finding).toMatchObject({ looked: false, not_looked: 'cannot_tell', reason: expect.stringContaining('only 65536 of') })
  })
})

describe('sequence', () => {
  const read = { classification: 'restricted' as const, session: 'a' }
  const send = { external: true, at_ms: START_MS + 5 * MINUTE_MS, session: 'b', classification: 'public' as const }
  const last = (parts: readonly Parameters<typeof decided>[0][], settings = SETTINGS) =>
    follow(
      parts.map((part) => decided(part)),
      'sequence',
      settings,
    ).findings.at(-1)
  const session = DetectSettings.parse({
    sequence: {
      rules: [
        {
          id: 'three',
          meaning: 'three in a row',
          reach: 'session',
          within_seconds: 600,
          verdict: 'suspicious',
          steps: [
            { action: 'a*' },
            { action: '*b', scope: ['crm'] },
            { action: 'c', category: ['read_only'], destructive: false, external: false },
          ],
        },
      ],
    },
  })

  it('finds restricted data that is read and something that is sent outside within ten minutes', () => {
    expect(last([read, send])).toMatchObject({ verdict: 'anomalous', rules: ['sensitive_read_then_external_send'], score: 1 })
    expect(last([read, send, send])).toMatchObject({ verdict: 'anomalous' })
  })

  it.each([
    [
      'the other way round',
      [
        { ...send, at_ms: START_MS },
        { ...read, at_ms: START_MS + 1 },
      ],
    ],
    ['too late', [read, { ...send, at_ms: START_MS + 10 * MINUTE_MS + 1 }]],
    ['a read that was not let run', [{ ...read, ran: false }, send]],
    ['a read of public data', [{ ...read, classification: 'public' as const }, send]],
    ['a read of data of which nobody knows', [{ session: 'a' }, send]],
    ['nothing sent outside', [read, { ...send, external: false }]],
  ])('calls clean what is not in the rule: %s', (_, parts) => {
    expect(last(parts)).toMatchObject({ looked: true, verdict: 'clean' })
  })

  it('counts data of which nobody knows where the rule says so', () => {
    const steps = [{ classification_at_least: 'confidential', or_unclassified: true }, { external: true }]
    const settings = DetectSettings.parse({ sequence: { rules: [{ id: 'r', meaning: 'm', within_seconds: 600, steps }] } })
    expect(last([{ session: 'a' }, send], settings)).toMatchObject({ verdict: 'anomalous' })
  })

  it('needs one session where the rule says so; an action without a session belongs to every one', () => {
    const steps = (sessions: readonly (string | undefined)[]) =>
      ['a1', 'xb', 'c'].map((action, index) => ({ action, at_ms: START_MS + index, session: sessions[index] }))
    expect(last(steps(['s', 's', 's']), session)).toMatchObject({ verdict: 'suspicious', rules: ['three'] })
    expect(last(steps(['s', 's', 't']), session)).toMatchObject({ verdict: 'clean' })
    expect(last(steps(['s', undefined, 's']), session)).toMatchObject({ verdict: 'suspicious' })
    expect(last(steps([undefined, 's', 's']), session)).toMatchObject({ verdict: 'suspicious' })
    expect(last(steps([undefined, 's', 't']), session)).toMatchObject({ verdict: 'clean' })
  })

  it('keeps the latest beginning only, and lets go of what is over or has no rule', () => {
    const both = follow(
      [decided({ action: 'a1', session: 's' }), decided({ action: 'a2', session: 's', at_ms: START_MS + 9 })],
      'sequence',
      session,
    )
    expect(both.state.agent.open).toMatchObject([{ rule: 'three', done: 1, first_ms: START_MS + 9 }])
    const late = follow([decided({ action: 'a1', session: 's', at_ms: START_MS - 5 })], 'sequence', session, both.state)
    expect(late.state.agent.open).toMatchObject([{ first_ms: START_MS + 9 }])
    expect(follow([decided({ at_ms: START_MS + 11 * MINUTE_MS })], 'sequence', session, both.state).state.agent.open).toEqual([])
    expect(follow([decided()], 'sequence', SETTINGS, both.state).state.agent.open).toEqual([])
  })

  it('names the anomalous rule first where two are completed', () => {
    const rules = [
      { id: 'mild', meaning: 'm', within_seconds: 60, verdict: 'suspicious', steps: [{}, {}] },
      { id: 'grave', meaning: 'g', within_seconds: 60, steps: [{}, {}] },
    ]
    const finding = last([{}, {}], DetectSettings.parse({ sequence: { rules } }))
    expect(finding).toMatchObject({ verdict: 'anomalous', rules: ['mild', 'grave'], reason: expect.stringContaining('grave') })
  })

  it('does not call clean an action for which it had to give up a sequence', () => {
    const many = Array.from({ length: 140 }, (_, index) =>
      decided({ action: 'a', session: `s${index}`, at_ms: START_MS + index }),
    )
    const { findings, state } = follow(many, 'sequence', session)
    expect(findings[127]).toMatchObject({ verdict: 'clean' })
    expect(findings[139]).toMatchObject({ looked: false, not_looked: 'cannot_tell' })
    expect(state.agent.open).toHaveLength(128)
  })

  it('has nothing to look for without rules', () => {
    expect(last([{}], DetectSettings.parse({ sequence: { rules: [] } }))).toMatchObject({
      looked: false,
      not_looked: 'not_applicable',
    })
  })
})
