import { join } from 'node:path'

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { approversConfig, askToPay, signIn } from './approvers.ts'
import { launchChromium } from './chromium.ts'
import { type Running, workplace } from './server.ts'

const { place, start } = workplace()
const SCREENSHOTS = process.env['GRADUS_SCREENSHOTS']
const [PHONE, DESKTOP] = [
  { width: 360, height: 640 },
  { width: 1280, height: 800 },
] as const

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

async function visit(server: Running, person: string, options: BrowserContextOptions = {}): Promise<Page> {
  return signIn(await browser.newContext({ timezoneId: 'Europe/Berlin', viewport: DESKTOP, ...options }), server, person)
}

async function photograph(page: Page, name: string, fullPage = false): Promise<void> {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, name), fullPage })
}

const main = (page: Page): Promise<string> => page.locator('main').innerText()
const IBAN = 'DE89370400440532013000'

/** Three payments, two of them alike but for the payee's account. */
async function threePayments(server: Running) {
  const first = await askToPay(server, 900)
  const second = await askToPay(server, 900, undefined, { to: { name: 'Muster GmbH', iban: IBAN } })
  const third = await askToPay(server, 75)
  return [first, second, third].map(({ decision_id }) => decision_id as string) as [string, string, string]
}

const refreshNow = (page: Page): Promise<unknown> => page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)

async function approveByApi(server: Running, id: string, person: string): Promise<void> {
  const { body } = await server.get(`/api/v1/decisions/${id}/approvals`, `token-of-${person}`)
  const report = { verdict: 'reject', reason: 'No order for it.', request_digest: body.request_digest as string }
  expect((await server.post(`/api/v1/decisions/${id}/approvals`, report, `token-of-${person}`)).status).toBe(200)
}

describe('the list of approvals in Chromium', () => {
  it('shows what look-alikes differ in, side by side, and is searched, filtered and linked to the agent', async () => {
    const server = await start(['--config', approversConfig(place())])
    const [first, second, third] = await threePayments(server)
    await server.post(
      '/api/v1/outcomes',
      { decision_id: second, class: 'rejected', detail: { reason: 'The account is <i>new</i>.' } },
      'token-of-jury',
    )
    const page = await visit(server, 'alice')
    await photograph(page, 'list-1280.png', true)
    expect(await main(page)).toContain('3 look alike: wire_transfer, asked by finance-agent. They differ in amount, to.iban.')
    expect(await page.locator(`[id="r-${second}"] .differs`).allInnerTexts()).toEqual([
      expect.stringMatching(/amount\s+900 differs/u),
      expect.stringContaining(IBAN),
    ])
    expect(await page.locator(`[id="r-${first}"]`).innerText()).toContain('account operations')
    expect(await page.locator(`[id="r-${second}"]`).innerText()).toContain('1 advice')
    const [a, b] = await Promise.all([first, second].map((id) => page.locator(`[id="r-${id}"]`).boundingBox()))
    expect(a?.y).toBe(b?.y)

    await page.getByLabel('Search').pressSequentially(IBAN.toLowerCase())
    await expect.poll(() => page.locator('.request').count()).toBe(1)
    expect(await page.getByLabel('Search').inputValue()).toBe(IBAN.toLowerCase())
    expect(new URL(page.url()).searchParams.get('q')).toBe(IBAN.toLowerCase())
    await page.reload()
    expect(await page.locator('.request').count()).toBe(1)
    await page.goto(`${server.url}/approvals?show=approved`)
    expect(await main(page)).toContain('Nothing fits the search.')
    await page.goto(`${server.url}/approvals?risk=huge`)
    expect(await main(page)).toContain('"risk"')

    await page.goto(`${server.url}/approvals/requests/${second}`)
    const alike = page.locator('section', { hasText: 'Look-alikes that wait' })
    expect(await alike.locator('tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/^amount/u),
      expect.stringMatching(/^to\.iban/u),
    ])
    expect(await alike.locator(`a[href$="${third}"]`).count()).toBe(1)
    expect(await main(page)).toContain('The account is <i>new</i>.')
    await photograph(page, 'request-1280.png')
    await page.getByRole('link', { name: 'finance-agent', exact: true }).first().click()
    expect(await page.locator('h1').innerText()).toBe('Trust of finance-agent')
    expect(await main(page)).toMatch(/payments:full[\s\S]*Level[\s\S]*Weakest layer/u)
    await photograph(page, 'trust-1280.png', true)
  })

  it('refreshes by itself and keeps what is typed, selected and looked at; says when it could not', async () => {
    const server = await start(['--config', approversConfig(place())])
    const [first] = await threePayments(server)
    const page = await visit(server, 'alice', { viewport: PHONE })
    await page.getByLabel('Search').fill('')
    await page.getByLabel('Search').focus()
    await askToPay(server, 33)
    await expect.poll(() => page.locator('.request').count(), { timeout: 30_000 }).toBe(4)
    expect(await page.title()).toContain('4 requests wait')
    expect(await page.evaluate('document.activeElement?.id')).toBe('q')

    const last = page.locator('.request').last()
    await last.getByRole('link', { name: /Look and decide/u }).focus()
    const before = await last.boundingBox()
    const focused = await page.evaluate(`document.activeElement?.getAttribute('href')`)
    await approveByApi(server, first, 'bob')
    await refreshNow(page)
    await expect.poll(() => page.locator('.request').count()).toBe(3)
    expect(await page.evaluate(`document.activeElement?.getAttribute('href')`)).toBe(focused)
    expect(Math.abs(((await page.locator('.request').last().boundingBox())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(3)

    const open = await page.locator('.request a').last().getAttribute('href')
    await page.goto(`${server.url}${open ?? ''}`)
    await page.getByLabel('Reason').fill('I called them')
    await approveVote(server, page, 'bob')
    await refreshNow(page)
    await expect.poll(() => page.locator('#standing').innerText()).toContain('1 of 2 approvals')
    expect(await page.getByLabel('Reason').inputValue()).toBe('I called them')

    expect(await server.stop()).toBe(0)
    await refreshNow(page)
    await expect
      .poll(() => page.getByRole('alert').innerText())
      .toMatch(/could not be refreshed: the server does not answer\. It shows what was there at .* (CET|CEST)/u)
    expect(await page.getByLabel('Reason').inputValue()).toBe('I called them')
    await photograph(page, 'stale-360.png')
  })

  it('says when nobody is signed in any more, and shows times in the zone of the reader', async () => {
    const server = await start(['--config', approversConfig(place())])
    await threePayments(server)
    const page = await visit(server, 'alice')
    const time = page.locator('.request time').first()
    const machine = (await time.getAttribute('title')) ?? ''
    expect(machine).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u)
    const inBerlin = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit' }).format(
      new Date(machine),
    )
    expect(await time.innerText()).toMatch(new RegExp(`${inBerlin}:\\d\\d (CET|CEST)`, 'u'))
    expect(await page.locator('footer').innerText()).toContain('Europe/Berlin')
    const other = await page.context().newPage()
    await other.goto(`${server.url}/approvals`)
    await other.getByRole('button', { name: 'Sign out' }).click()
    await refreshNow(page)
    await expect.poll(() => page.getByRole('alert').innerText()).toContain('you are not signed in any more')
  })

  it.each([
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ])('has both buttons and the reason in reach on a %s, wherever one has scrolled to', async (_name, viewport) => {
    const server = await start(['--config', approversConfig(place())])
    const [first] = await threePayments(server)
    const page = await visit(server, 'alice', { viewport, colorScheme: viewport === PHONE ? 'dark' : 'light' })
    await photograph(page, `list-${viewport.width}-screen.png`)
    await page.goto(`${server.url}/approvals/requests/${first}`)
    const height = await page.evaluate<number>('document.documentElement.scrollHeight')
    expect(height).toBeGreaterThan(viewport.height * 2)
    for (const part of [0, 0.5, 1]) {
      await page.evaluate(`scrollTo(0, ${height * part})`)
      for (const each of [
        page.getByRole('button', { name: 'Approve' }),
        page.getByRole('button', { name: 'Reject' }),
        page.getByLabel('Reason'),
      ]) {
        const box = await each.boundingBox()
        expect(box?.y).toBeGreaterThanOrEqual(0)
        expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(viewport.height)
        expect((box?.x ?? Infinity) + (box?.width ?? 0)).toBeLessThanOrEqual(viewport.width)
      }
      await photograph(page, `request-${viewport.width}-${part}.png`)
    }
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    // The bar leaves more than half of a small screen to what is decided about.
    expect((await page.locator('.decide').boundingBox())?.height).toBeLessThan(viewport.height / 2)
  })

  it('has a history of who decided what, when and why, page by page and searched', async () => {
    const server = await start(['--config', approversConfig(place())])
    for (let at = 0; at < 27; at += 1)
      await approveByApi(server, (await askToPay(server, 10 + at)).decision_id as string, at === 0 ? 'bob' : 'alice')
    const page = await visit(server, 'alice', { javaScriptEnabled: false })
    await page.getByRole('link', { name: 'History' }).click()
    expect(await page.locator('tbody tr').count()).toBe(25)
    const newest = await page.locator('tbody tr').first().innerText()
    for (const told of ['alice', 'rejected', 'wire_transfer', 'account operations', 'No order for it.', 'UTC'])
      expect(newest).toContain(told)
    await photograph(page, 'history-1280.png')
    await page.getByRole('link', { name: 'Older' }).click()
    expect(await page.locator('tbody tr').count()).toBe(2)
    expect(await page.getByRole('link', { name: 'Older' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Newest' }).click()
    await page.getByLabel('Search').fill('BOB')
    await page.getByRole('button', { name: 'Search' }).click()
    expect(await page.locator('tbody tr').count()).toBe(1)
    await page.setViewportSize(PHONE)
    await photograph(page, 'history-360.png')
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    await page.locator('tbody a').first().click()
    expect(await main(page)).toContain('The request is rejected.')
  })
})

/** One yes, of what the page shows. */
async function approveVote(server: Running, page: Page, person: string): Promise<void> {
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
  const report = { verdict: 'approve', reason: 'Budget is free.' }
  expect((await server.post(`/api/v1/decisions/${id}/approvals`, report, `token-of-${person}`)).status).toBe(200)
}
