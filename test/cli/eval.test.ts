import { afterAll, describe, expect, it } from 'vitest'

import { folder, liveService, ANYBODY, NOW_MS, run, shippedPolicySet } from './harness.ts'

const files = folder()
afterAll(files.remove)
const request = (action: string, resource = { type: 'repository', id: 'app' }, more: object = {}): string =>
  JSON.stringify({ subject: { type: 'agent', id: 'coding-agent' }, action: { name: action }, resource, ...more })
const OPEN_PR = request('open_pr')

describe('gradus eval', () => {
  it('decides a request from standard input; an agent of which nothing is known is at level 0', async () => {
    const ran = await run(['eval'], { readStdin: () => Promise.resolve(OPEN_PR) })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain('deny (base allow, risk low 1, trust 0 L0 in source_control:light)')
    expect(ran.out).toContain('level L0 at low risk concedes deny')
  })

  it.each([
    [['--score', '0.85'], 'allow_guarded', 3],
    [['--level', 'autonomous'], 'allow', 4],
    [['--level', '2', '--score', '0.85'], 'require_approval', 2],
    [['--trust', '{layers: {context: {r: 30, s: 6}}}'], 'suggest', 1],
    [['--trust', '{"score": 0.95, "incidents": [{"class": "injection_suspected"}]}'], 'suggest', 1],
  ])('takes trust from the flags %j', async (flags, outcome, level) => {
    const ran = await run(['eval', files.write('pr.json', OPEN_PR), '--json', ...flags])
    expect(JSON.parse(ran.out)).toMatchObject({
      outcome,
      base: 'allow',
      trust: { level_effective: level },
      decided_at: new Date(NOW_MS).toISOString(),
    })
  })

  it('takes what is given from a fixture', async () => {
    const fixture = files.write(
      'f.yaml',
      'name: a trusted agent\ngiven: { agent: coding-agent, time: "2026-03-07T12:00:00Z", trust: { score: 0.85 } }\nrequest: { action: open_pr }\nwant: { outcome: allow }\n',
    )
    const ran = await run(['eval', files.write('pr.json', OPEN_PR), '--json', '--fixture', `${fixture}#a trusted agent`])
    expect(JSON.parse(ran.out)).toMatchObject({ outcome: 'allow_guarded', decided_at: '2026-03-07T12:00:00.000Z' })
    expect(await run(['eval', files.write('pr.json', OPEN_PR), '--fixture', `${fixture}#another`])).toMatchObject({
      code: 3,
      err: expect.stringContaining('one of: a trusted agent'),
    })
  })

  it('takes trust from a store without recording anything', async () => {
    const { store, open } = await liveService()
    const before = store.size()
    const ran = await run(['eval', files.write('pr.json', OPEN_PR), '--json', '--data-dir', files.path], { openStore: open })
    expect(JSON.parse(ran.out)).toMatchObject({ outcome: 'deny', trust: { score: 0 } })
    expect(store.size()).toBe(before)
  })

  it('ends with the outcome’s code where that is asked for', async () => {
    const file = files.write('pr.json', OPEN_PR)
    const codes = await Promise.all(
      ['0', '1', '2', '3', '4'].map(async (level) => (await run(['eval', file, '--exit-code', '--level', level])).code),
    )
    expect(codes).toEqual([10, 11, 12, 0, 0])
  })

  it('reads YAML', async () => {
    const file = files.write(
      'r.yaml',
      'subject: { type: agent, id: coding-agent }\naction: { name: open_pr }\nresource: { type: repository, id: app }\n',
    )
    expect(JSON.parse((await run(['eval', file, '--json', '--level', '4'])).out)).toMatchObject({ outcome: 'allow' })
  })

  it('shows what print() says, on standard error and escaped', async () => {
    const said = async (...flags: readonly string[]): Promise<string> => {
      const ran = await run(['eval', files.write('pr.json', OPEN_PR), '--json', ...flags], {
        loadPolicySet: (_loaded, { print }) => {
          print?.('seen\u001b[2J')
          return shippedPolicySet()
        },
      })
      expect(JSON.parse(ran.out)).toMatchObject({ outcome: 'deny' })
      return ran.err
    }
    expect(await said()).toBe('print: seen\\e[2J\n')
    expect(await said('--print')).toBe('print: seen\\e[2J\n')
    expect(await said('--no-print')).toBe('')
  })

  it.each([
    ['{"subject": }', ':1:13: '],
    ['{"subject": {"type": "agent", "id": "a", "id": "b"}}', ':1:42: '],
    [
      '{\n "subject": {"type": "agent", "id": "a"},\n "action": {"nam": "x"},\n "resource": {"type": "r", "id": "1"}}',
      ':3:2: /action/name',
    ],
    ['', 'empty'],
  ])('names the place where the request %j is wrong', async (text, place) => {
    const ran = await run(['eval', files.write('bad.json', text)])
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain(place)
    expect(ran.err).toContain('\n  fix: ')
  })

  it.each([
    [['--score', '1.5'], 'the trust given'],
    [['--level', 'boss'], 'a level is 0 to 4'],
    [['--trust', '['], '--trust is not an object'],
  ])('refuses the flags %j', async (flags, message) => {
    expect(await run(['eval', files.write('pr.json', OPEN_PR), ...flags])).toMatchObject({
      code: 1,
      err: expect.stringContaining(message),
    })
  })

  it('takes trust from one place only', async () => {
    expect((await run(['eval', files.write('pr.json', OPEN_PR), '--fixture', 'x', '--level', '1'])).code).toBe(64)
  })

  it('escapes what a request says', async () => {
    const ran = await run([
      'explain',
      files.write(
        'evil.json',
        request('open_pr', { type: 'repository', id: 'app' }, { context: { environment: 'prod\u001b[2J' } }),
      ),
    ])
    expect(ran.out).not.toContain('\u001b')
  })
})

describe('gradus explain', () => {
  it('draws the ladder and says what would lift each limiting term', async () => {
    const ran = await run([
      'explain',
      files.write('mr.json', request('merge_pr', { type: 'pull_request', id: '42' })),
      '--level',
      '1',
      '--at',
      '2026-03-03T10:00:00Z',
    ])
    expect(ran.code).toBe(0)
    expect(ran.out).toMatchInlineSnapshot(`
      "agent/coding-agent asks for merge_pr on pull_request/42 (not recorded)
      trust  coding-agent, source_control:full: score 0.4, L1 suggest
      risk   medium, 2 points

                     deny  sugg  appr  guard allow
        base         █████ █████ █████ █████ █████  allow: permitted to role coding_agent
      ▶ trust        █████ █████ ····· ····· ·····  suggest: level L1 at medium risk concedes suggest
        risk         █████ █████ █████ █████ █████  allow: medium risk concedes at most allow
        category     █████ █████ █████ █████ █████  allow: category local_reversible_write, catalogue disposition none: allow
        chain        █████ █████ █████ █████ █████  allow: no_other_links
        containment  █████ █████ █████ █████ █████  allow: none
        incident     █████ █████ █████ █████ █████  allow: none
        hard         █████ █████ █████ █████ █████  allow: none
        context      █████ █████ █████ ····· ·····  require_approval: not verified: checks_passed equals true
        context      █████ █████ █████ ····· ·····  require_approval: not verified: complexity at most 5
        guardrails   █████ █████ █████ █████ █████  allow: bounds that follow from trust
                     ─────────────────────────────
        =            █████ █████ ····· ····· ·····  suggest  (does not run)

      obligations: audit (pdp), enhanced_logging (pdp), named_approver (pdp)

      guardrails: outstanding_unverified_max 3

      advice: record_proposal

      what would lift it (all of these, each the smallest change):
        trust: L2 approve_to_execute in source_control:full, which concedes require_approval at this risk: the score is 0.4 and has to reach 0.5; the layers identity, behaviour, context, outcome hold it there until verified work lifts it, granted is L1, so it has to be promoted (gradus trust show lists the gates).
      "
    `)
  })

  it('marks the limiting terms in colour on a terminal, and plainly elsewhere', async () => {
    const file = files.write('pr.json', OPEN_PR)
    const coloured = await run(['explain', file], { stdoutIsTty: true })
    const plain = await run(['explain', file])
    expect(coloured.out).toContain('\u001b[31m')

    expect(coloured.out.replace(/\u001b\[\d+m/gu, '')).toBe(plain.out)
    expect(plain.out).toContain('▶ trust')
  })

  it.each([
    [
      'an explicit forbid',
      request('read_hr_record', { type: 'hr_record', id: '1' }),
      [],
      'base: Nothing but the static policy can lift this',
    ],
    [
      'what no role permits, which may be asked for',
      request('read_hr_record', { type: 'hr_record', id: '1' }),
      [],
      'The agent may ask for it: POST /api/v1/permission-requests',
    ],
    [
      'permission escalation',
      JSON.stringify({
        subject: { type: 'agent', id: 'operations-agent' },
        action: { name: 'modify_permissions' },
        resource: { type: 'role', id: 'r' },
      }),
      [],
      'hard: Nothing lifts this: an agent never changes permissions.',
    ],
    [
      'high risk',
      request('deploy', { type: 'service', id: 'web' }),
      ['--level', '4'],
      'risk: Bring the risk down from high to medium: 4 points now, at most 3 there; all of them are the tool’s own',
    ],
    [
      'a weak link',
      request('open_pr', undefined, { context: { chain: [{ type: 'agent', id: 'research-agent' }] } }),
      ['--level', '3'],
      'chain: "research-agent" has to stand at L1 suggest in this scope.',
    ],
    [
      'an unknown link',
      request('open_pr', undefined, { context: { chain: [{ type: 'mcp_server', id: 'm' }] } }),
      ['--level', '3'],
      'chain: "m" has to be in the catalogue and stand at L1 suggest',
    ],
    ['an unknown action', request('fly'), ['--level', '4'], 'category: Describe the action in the catalogue'],
    [
      'an open incident',
      OPEN_PR,
      ['--trust', '{score: 0.95, incidents: [{class: injection_suspected}]}'],
      'incident: An operator reviews ',
    ],
    [
      'the cap of an incident',
      OPEN_PR,
      ['--trust', '{score: 0.95, incidents: [{class: injection_weak, cap: 0.6}]}'],
      'verified work lifts the cap of the incident',
    ],
    [
      'an unreadable amount',
      JSON.stringify({
        subject: { type: 'agent', id: 'finance-agent' },
        action: { name: 'refund', properties: { arguments: { amount: '1,000,000' } } },
        resource: { type: 'payment', id: '1' },
      }),
      ['--level', '4'],
      'risk: Send "amount" so that it can be read',
    ],
    [
      'an amount above its cap',
      JSON.stringify({
        subject: { type: 'agent', id: 'finance-agent' },
        action: { name: 'refund', properties: { arguments: { amount: 250 } } },
        resource: { type: 'payment', id: '1' },
      }),
      ['--level', '4'],
      'guardrails: Stay within amount_max (200).',
    ],
  ])('says what would lift %s', async (_what, text, flags, remedy) => {
    expect((await run(['explain', files.write('r.json', text), ...flags])).out).toContain(remedy)
  })

  it('has the remedies in its JSON', async () => {
    const ran = await run(['explain', files.write('pr.json', OPEN_PR), '--json', '--level', '2'])
    expect(JSON.parse(ran.out)).toMatchObject({
      outcome: 'require_approval',
      remedies: [{ source: 'trust', remedy: expect.stringContaining('L3 conditional in source_control:light') }],
    })
  })

  it('explains a recorded decision from its record and archived policy set', async () => {
    const { service, open } = await liveService()
    const { decision_id } = await service.evaluate(ANYBODY, { request: JSON.parse(OPEN_PR) as never, protocol: 'cli' })
    const ran = await run(['explain', decision_id, '--data-dir', files.path], { openStore: open })
    expect(ran.out).toContain(`decision ${decision_id}`)
    expect(ran.out).toContain('trust: L1 suggest in source_control:light, which concedes suggest at this risk')
    expect((await run(['explain', 'no-such-id', '--data-dir', files.path], { openStore: open })).code).toBe(3)
  })
})
