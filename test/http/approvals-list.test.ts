import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { ApprovalHistoryStep, ApprovalSummary, ApprovalView } from '../../src/approvals/wire.ts'
import { ServiceError } from '../../src/format/error.ts'
import { agentPage } from '../../src/http/approvals-page/agent-view.ts'
import { historyPage } from '../../src/http/approvals-page/history-view.ts'
import { HistoryFilter, ListFilter, readFilter } from '../../src/http/approvals-page/list-filter.ts'
import { listPage } from '../../src/http/approvals-page/list-view.ts'
import { PAGE_CARDS, readList, readLookAlikes, SEARCHED_MAX } from '../../src/http/approvals-page/read-list.ts'
import { requestPage } from '../../src/http/approvals-page/request-view.ts'
import { createSessions } from '../../src/http/approvals-page/sessions.ts'
import { scoreMethod } from '../../src/ladder/published-score.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { caller } from '../support/callers.ts'
import { ASKED_MS, SUMMARY, VIEW } from './approval-samples.ts'

const alice = caller('alice', { roles: ['approver'], person: 'alice' })
const { session } = createSessions(() => ASKED_MS).open(alice, 'person:alice')
const frame = { base: '/approvals', session }
const ALL: ListFilter = { q: '', page: 1 }

type Waiting = { readonly is?: Partial<ApprovalSummary>; readonly args?: ApprovalView['request'] }

/** A service in which these wait, and which counts what is read whole. */
function waiting(...given: readonly Waiting[]) {
  const reads: string[] = []
  const approvals = given.map(({ is = {} }, at) => ({ ...SUMMARY, decision_id: `d-${at}`, ...is }))
  const view = (id: string): ApprovalView => {
    const at = approvals.findIndex(({ decision_id }) => decision_id === id)
    const summary = approvals[at]
    if (summary === undefined || given[at]?.args === 'gone') throw new ServiceError('not_found', 'gone')
    const properties = { arguments: given[at]?.args ?? { at } }
    return { ...VIEW, ...summary, request: { ...(VIEW.request as object), action: { name: summary.action, properties } } }
  }
  const service = {
    approvals: () => Promise.resolve({ approvals }),
    approval: (_caller: unknown, id: string) => {
      reads.push(id)
      return new Promise<ApprovalView>((resolve) => resolve(view(id)))
    },
  }
  return { service, reads }
}

const idsOf = (page: Awaited<ReturnType<typeof readList>>) =>
  page.groups.map((group) => group.map(({ summary }) => summary.decision_id))
const shown = async (filter: Partial<ListFilter>, ...given: readonly Waiting[]): Promise<string> => {
  const all = { ...ALL, ...filter }
  return listPage(frame, await readList(waiting(...given).service, alice, all), all, ASKED_MS).body.replaceAll(/\s+/gu, ' ')
}

describe('the list', () => {
  test('keeps look-alikes together, the group with the least time left first, what is approved last', async () => {
    const at = (minute: number): string => `2026-03-02T10:${minute}:00.000Z`
    const { service } = waiting(
      { is: { ends_at: at(50) } },
      { is: { ends_at: at(20), action: 'merge_pr' } },
      { is: { ends_at: at(10) } },
      { is: { ends_at: at(11), state: 'approved' } },
    )
    expect(idsOf(await readList(service, alice, ALL))).toEqual([['d-2', 'd-0'], ['d-1'], ['d-3']])
  })

  test('reads no more requests than one page shows, and has all pages', async () => {
    const { service, reads } = waiting(...Array.from({ length: PAGE_CARDS + 2 }, () => ({})))
    const page = await readList(service, alice, ALL)
    expect([page.pages, page.found, reads.length]).toEqual([2, PAGE_CARDS + 2, PAGE_CARDS])
    expect(idsOf(await readList(service, alice, { ...ALL, page: 2 }))[0]).toHaveLength(2)
    expect(listPage(frame, page, ALL, ASKED_MS).body).toContain('href="/approvals?page=2"')
  })

  test('searches names and arguments, and says where it did not look', async () => {
    const given = Array.from({ length: SEARCHED_MAX + 3 }, (_, at) => ({ args: { iban: `DE${at}x` } }))
    const { service, reads } = waiting(...given)
    const page = await readList(service, alice, { ...ALL, q: 'de7X' })
    expect(idsOf(page)).toEqual([['d-7']])
    expect([page.unsearched, reads.length]).toEqual([3, SEARCHED_MAX + 1])
    expect(listPage(frame, page, ALL, ASKED_MS).body).toContain('of 3 more only the names')
    expect(idsOf(await readList(waiting({ is: { human: 'carol' } }, {}).service, alice, { ...ALL, q: 'CAROL' }))).toEqual([
      ['d-0'],
    ])
  })

  test.each([
    [{ risk: 'low' } as const, [['d-1']]],
    [{ show: 'approved' } as const, [['d-2']]],
    [{ show: 'paused' } as const, [['d-1']]],
    [{ show: 'undecided' } as const, [['d-1']]],
  ])('shows what is wanted: %j', async (filter, ids) => {
    const voted = [{ person: 'person:alice', verdict: 'approve' as const, reason: 'x', at: SUMMARY.requested_at }]
    const { service } = waiting(
      { is: { votes: voted } },
      { is: { band: 'low', paused: 'an incident' } },
      { is: { state: 'approved' } },
    )
    expect(idsOf(await readList(service, alice, { ...ALL, ...filter }))).toEqual(ids)
  })

  test('says what look-alikes differ in and marks it, also beyond the arguments; nothing of one alone', async () => {
    const text = await shown({}, { args: { amount: 1, to: 'x' } }, { args: { amount: 2, to: 'x' } })
    expect(text).toContain('They differ in <code>amount</code>.')
    expect(text.match(/class="differs"/gu)).toHaveLength(2)
    const alone = await shown({}, { args: { amount: 1 } }, { args: { amount: 2 }, is: { agent: 'other-agent' } })
    expect(alone).not.toContain('differs"')
    expect(await shown({}, { args: { a: 1 } }, { args: { a: 1 } })).toContain('What differs is masked')
  })

  test('keeps a card of what is over meanwhile, and cuts long values on cards only', async () => {
    expect(await shown({}, { args: 'gone' })).toContain('It is over by now.')
    const text = await shown({}, { args: { long: 'x'.repeat(500), a: 1, b: 2, c: 3, d: 4, e: 5 } })
    expect(text).toContain('and 1 more member<')
    expect(text).not.toContain('x'.repeat(100))
  })

  test('lets any failure but that through', async () => {
    const { service } = waiting({})
    const failing = { ...service, approval: () => Promise.reject(new TypeError('broken')) }
    await expect(readList(failing, alice, ALL)).rejects.toThrow('broken')
  })

  test('shows at most three look-alikes beside a request, and how many more there are', async () => {
    const { service } = waiting(...Array.from({ length: 6 }, () => ({})))
    const view = await service.approval(alice, 'd-0')
    const alike = await readLookAlikes(service, alice, view)
    expect([alike.views.map(({ decision_id }) => decision_id), alike.more]).toEqual([['d-1', 'd-2', 'd-3'], 2])
    expect(requestPage(frame, view, ASKED_MS, { alike }).body).toContain('and 2 more of them in the list')
    expect(await readLookAlikes(service, alice, { ...view, state: 'rejected' })).toEqual({ views: [], more: 0 })
  })
})

describe('a filter', () => {
  test.each(['risk=huge', 'show=all', 'page=0', 'page=x', `q=${'x'.repeat(201)}`])('%s is refused by name', (query) => {
    const read = readFilter(ListFilter, new URLSearchParams(query))
    expect(read).toMatchObject({
      ok: false,
      fault: { code: 'bad_request', message: expect.stringContaining(query.slice(0, 1)) as string },
    })
  })

  test('with what a form leaves empty asks for everything', () => {
    expect(readFilter(ListFilter, new URLSearchParams('q=&risk=&show='))).toEqual({ ok: true, value: { q: '', page: 1 } })
    expect(readFilter(HistoryFilter, new URLSearchParams('from=-1')).ok).toBe(false)
  })
})

const STEP: ApprovalHistoryStep = {
  decision_id: 'd-1',
  at: SUMMARY.requested_at,
  by: 'person:alice',
  verb: 'approve',
  reason: null,
  state: 'pending',
  agent: 'finance-agent',
  action: 'wire_transfer',
  scope: 'payments:full',
  resource: 'account operations',
  payload: 'whole',
}

describe('the history', () => {
  test('says what was done, what is still open, and that no reason was given', () => {
    const { body } = historyPage(frame, { steps: [STEP, { ...STEP, verb: 'expire', state: 'expired' }], next: 7 }, { q: 'ali' })
    for (const told of ['approved', 'still pending', 'no reason', 'ran out of time', '/approvals/history?q=ali&amp;from=7'])
      expect(body.includes(told), told).toBe(true)
    expect(body).not.toContain('still expired')
  })

  test('that found nothing says whether there is more to look at', () => {
    expect(historyPage(frame, { steps: [], next: 7 }, { q: 'x', from: 9 }).body).toContain('Older ones may.')
    expect(historyPage(frame, { steps: [], next: null }, { q: 'x' }).body).toContain('nothing fits')
  })
})

describe('what comes from outside', () => {
  test('makes no markup in the list, in the history or on the page of an agent', async () => {
    const tags = (text: string): readonly string[] =>
      [...text.replaceAll(/<mark>U\+[0-9A-F]{4,6}<\/mark>|<br ?\/?>/gu, '').matchAll(/<[^>]*>/gu)].map(([tag]) =>
        tag.replaceAll(/="[^"]*"/gu, '=""'),
      )
    const made = async (text: string): Promise<readonly string[]> => {
      const some = { agent: text, human: text, requester: text, action: text, decision_id: text, paused: text }
      const { service } = waiting(
        { is: some, args: { [`k${text}`]: text } },
        { is: { ...some, decision_id: `${text}2` }, args: { [`k${text}`]: 1 } },
      )
      const list = listPage(frame, await readList(service, alice, ALL), { ...ALL, q: text }, ASKED_MS).body
      const step = { ...STEP, decision_id: text, by: text, reason: text, agent: text, action: text, resource: text }
      const history = historyPage(frame, { steps: [step], next: null }, { q: text }).body
      const hold = {
        id: text,
        scope: null,
        reason: 'flood' as never,
        source: text,
        units: 1,
        cap: 0.5,
        since: SUMMARY.requested_at,
      }
      const trust = {
        agent: text,
        known: true,
        class: text,
        tier: text,
        at: SUMMARY.requested_at,
        state_version: 1,
        scopes: [],
        owner: text,
        method: scoreMethod(DEFAULT_TRUST_CONSTANTS, text),
        holds: [hold],
      }
      const containments = [{ id: text, target: { kind: 'agent', agent: text } as never, by: text, reason: text }]
      return tags(list + history + agentPage(frame, { ...trust, containments }).body)
    }
    const plain = await made('plain')
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom('</dd><script>x</script>', '"><b a="', "' onload='", '<!--', '&lt;', '\u202E<'),
    )
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        expect(await made(text)).toEqual(plain)
      }),
    )
  })
})
