import { join } from 'node:path'

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { approversConfig, askToPay, payment, signIn } from './approvers.ts'
import { findChromium, launchChromium } from './chromium.ts'
import { run, workplace, type Parsed } from './server.ts'

const { place, start } = workplace()
const SCREENSHOTS = process.env['GRADUS_SCREENSHOTS']

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

const opened: BrowserContext[] = []
async function visitor(options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext(options)
  opened.push(context)
  return context
}
afterAll(() => Promise.all(opened.map((context) => context.close())))

async function photograph(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, name), fullPage: true })
}

const text = (page: Page): Promise<string> => page.locator('main').innerText()

async function decide(page: Page, verdict: 'Approve' | 'Reject', reason: string): Promise<void> {
  await page.getByLabel('Reason').fill(reason)
  await page.getByRole('button', { name: verdict }).click()
}

describe('the approvals page in Chromium', () => {
  it('lets two people approve a wire transfer without JavaScript; the retry is allowed once and refused twice', async () => {
    const server = await start(['--config', approversConfig(place())])
    const asked = await askToPay(server, 900)
    expect(asked).toMatchObject({ outcome: 'require_approval', approval: { state: 'pending' }, risk: { band: 'high' } })
    await askToPay(server, 80)
    const id = asked.decision_id as string

    const alice = await signIn(await visitor({ javaScriptEnabled: false }), server, 'alice')
    expect(await text(alice)).toContain('2 requests wait for approval')
    await photograph(alice, 'approvals-list.png')
    await alice.locator(`h2 a[href$="${id}"]`).click()
    // A long text is folded, and complete below its summary.
    await alice.locator('pre summary').first().click()
    expect(await alice.locator('pre').first().innerText()).toContain('line 99 of the statement')
    const shown = await alice
      .locator('pre')
      .first()
      .evaluate((pre) => {
        for (const each of pre.querySelectorAll('summary')) each.remove()
        return pre.textContent
      })
    expect(JSON.parse(shown.replace('U+202E', '\u202E'))).toEqual(payment(900).action.properties.arguments)
    expect(await alice.locator('mark', { hasText: 'U+202E' }).count()).toBeGreaterThan(0)
    expect(await text(alice)).toContain(asked.request_digest)
    await photograph(alice, 'approvals-one.png')

    await alice.getByRole('button', { name: 'Approve' }).click()
    expect(await text(alice)).toContain('0 of 2 approvals')
    await decide(alice, 'Approve', 'Invoice 2026-1184 is signed.\nCalled the payee back.')
    expect(await alice.getByRole('status').innerText()).toBe('Your approval is recorded. One more person has to approve.')
    expect(await alice.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    expect(await askToPay(server, 900, id)).toMatchObject({ outcome: 'require_approval', decision: false })

    const bob = await signIn(await visitor({ javaScriptEnabled: false, colorScheme: 'dark' }), server, 'bob')
    await bob.locator(`h2 a[href$="${id}"]`).click()
    expect(await text(bob)).toContain('Called the payee back.')
    await photograph(bob, 'approvals-one-dark.png')
    await decide(bob, 'Approve', 'Budget is free.')
    expect(await bob.getByRole('status').innerText()).toMatch(/The request is approved: it may run once, 1[45] min/u)
    await photograph(bob, 'approvals-done.png')

    expect(await askToPay(server, 901, id)).toMatchObject({ decision: false })
    expect(await askToPay(server, 900, id)).toMatchObject({
      decision: true,
      outcome: 'allow_guarded',
      approval: { state: 'redeemed' },
    })
    for (const again of [await askToPay(server, 900, id), await askToPay(server, 900, id)])
      expect(again).toMatchObject({ decision: false })

    await bob.getByRole('button', { name: 'Sign out' }).click()
    await bob.goto(`${server.url}/approvals`)
    expect(await bob.getByLabel('Your token').count()).toBe(1)
    expect(await server.stop()).toBe(0)
    expect(await run(['audit', 'verify', '--data-dir', server.dataDir])).toMatchObject({ code: 0 })
  })

  it('runs nothing that a request brings, and rejects with a reason, also with JavaScript and on a small screen', async () => {
    const server = await start(['--config', approversConfig(place())])
    const asked = await askToPay(server, 70)
    const page = await signIn(await visitor({ viewport: { width: 360, height: 740 } }), server, 'alice')
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => complaints.push('dialog')))
    await page.goto(`${server.url}/approvals/requests/${asked.decision_id}`)
    expect(await page.title()).toBe('wire_transfer · Gradus')
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await page.locator('script:not([type=module]), iframe, img, link').count()).toBe(0)
    await photograph(page, 'approvals-small.png')
    await decide(page, 'Reject', '<b>No</b> such invoice')
    expect(await text(page)).toContain('<b>No</b> such invoice')
    expect(await page.getByRole('status').innerText()).toBe('Your rejection is recorded. The request cannot run.')
    expect(await askToPay(server, 70, asked.decision_id)).toMatchObject({ decision: false })
    expect(complaints).toEqual([])
  })

  it('lets two people resume what a containment paused once that is lifted, the buttons in reach', async () => {
    const server = await start(['--config', approversConfig(place())])
    const { decision_id } = await askToPay(server, 40)
    const contained = { target: { kind: 'agent', agent: 'finance-agent' }, reason: 'odd invoices' }
    const { id } = (await server.post('/api/v1/containments', contained, server.operator())).body
    const small = { javaScriptEnabled: false, viewport: { width: 360, height: 640 } }
    const alice = await signIn(await visitor(small), server, 'alice')
    await alice.goto(`${server.url}/approvals/requests/${decision_id}`)
    expect(await text(alice)).toContain('stays paused: contained_agent:person:odd invoices still stands.')
    expect(await alice.getByRole('button', { name: 'Resume' }).count()).toBe(0)
    await photograph(alice, 'approvals-contained-small.png')

    const lifted = await fetch(`${server.url}/api/v1/containments/${id as string}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${server.operator()}` },
    })
    expect(lifted.status).toBe(200)
    await alice.reload()
    const resume = alice.getByRole('button', { name: 'Resume' })
    await resume.scrollIntoViewIfNeeded()
    if (SCREENSHOTS !== undefined) await alice.screenshot({ path: join(SCREENSHOTS, 'approvals-paused-small.png') })
    await alice.getByLabel('Why it goes on').fill('The invoices are real')
    await resume.click()
    expect(await alice.getByRole('status').first().innerText()).toBe(
      'Your word is recorded. One more person has to say that it goes on.',
    )
    expect(await text(alice)).toContain('person:alice said that it goes on; 2 different people have to.')
    expect(await text(alice)).toContain('"person:alice" has already said so')
    expect(await alice.getByRole('button', { name: 'Resume' }).count()).toBe(0)

    const bob = await signIn(await visitor({ viewport: { width: 1_280, height: 800 } }), server, 'bob')
    await bob.goto(`${server.url}/approvals/requests/${decision_id}`)
    if (SCREENSHOTS !== undefined) await bob.screenshot({ path: join(SCREENSHOTS, 'approvals-paused.png') })
    await bob.getByLabel('Why it goes on').fill('Looked at them, too')
    await bob.getByRole('button', { name: 'Resume' }).click()
    expect(await bob.getByRole('status').first().innerText()).toBe('Your word is recorded. The request goes on.')
    expect(await text(bob)).not.toContain('Paused')
    await decide(bob, 'Approve', 'Signed.')
    expect(await text(bob)).toContain('1 of 2 approvals')
  })

  it('keeps a form of another origin out, although the browser is signed in', async () => {
    const server = await start(['--config', approversConfig(place())])
    const asked = await askToPay(server, 60)
    const context = await visitor({})
    await signIn(context, server, 'alice')
    const elsewhere = await context.newPage()
    await elsewhere.route('http://127.0.0.1:9/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${server.url}/approvals/requests/${asked.decision_id}">
          <input name="verdict" value="approve"><input name="reason" value="x"><button>win</button></form>`,
      }),
    )
    await elsewhere.goto('http://127.0.0.1:9/')
    await elsewhere.getByRole('button', { name: 'win' }).click()
    expect(await text(elsewhere)).toContain('was not sent by a page of this server')
    expect((await server.get(`/api/v1/decisions/${asked.decision_id}/approvals`, server.operator())).body.votes).toEqual([])
  })
})

describe('an approval that nobody decides', () => {
  it('is written to the log as expired by itself', async () => {
    const server = await start(['--config', approversConfig(place(), { approvals: { expire_minutes: 0.01 } })])
    const asked = await askToPay(server, 50)
    const records = async (): Promise<Parsed> =>
      (await server.get(`/api/v1/audit/records?kind=approval&decision_id=${asked.decision_id}`, server.operator())).body.records
    await expect.poll(records, { timeout: 60_000, interval: 250 }).toMatchObject([{ record: { body: { verb: 'expire' } } }])
    expect((await server.get('/api/v1/approvals', server.operator())).body).toEqual({ approvals: [] })
  })
})

describe('a Chromium that is not there', () => {
  it('is an error that says how to install it', () => {
    expect(() => findChromium({ PATH: '/nowhere' })).toThrow(/apt-get install chromium/u)
    expect(() => findChromium({ GRADUS_CHROMIUM: '/nowhere/chromium' })).toThrow(/GRADUS_CHROMIUM names \/nowhere\/chromium/u)
  })
})
