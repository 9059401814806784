import { createHash } from 'node:crypto'

import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'

import { writeConfig } from './organisation.ts'
import type { Parsed, Running } from './server.ts'

const LEVEL = { read: 'allow', low: 'require_approval', medium: 'require_approval', high: 'require_approval' }
const credential = (id: string, more: object) => ({
  id,
  token_sha256: createHash('sha256').update(`token-of-${id}`).digest('hex'),
  ...more,
})

/** The example organisation in a folder, where people may be asked about every payment; alice and bob decide about payments. Returns the file. */
export function approversConfig(folder: string, more: Readonly<Record<string, unknown>> = {}): string {
  const approver = (person: string) => credential(person, { roles: ['approver'], person, approver_scopes: ['payments'] })
  return writeConfig(folder, {
    credentials: [
      credential('gateway', { supported_obligations: ['rollback_handle', 'redact_sensitive'] }),
      credential('jury', { roles: ['verifier'], verifier: 'llm_judge' }),
      credential('verifier', { roles: ['verifier'], verifier: 'deterministic' }),
      ...['alice', 'bob'].map(approver),
    ],
    tenants: {
      default: { overrides: { matrix: { high: { '0': LEVEL, '1': LEVEL, '2': LEVEL, '3': LEVEL, '4': LEVEL } } } },
    },
    ...more,
  })
}

const LONG = Array.from({ length: 100 }, (_, at) => `line ${at} of the statement`).join(', ')

/** A payment of the finance agent, with texts that would do harm to a page that trusts them. `more`: other arguments. */
export function payment(amount: number, approval?: string, more: object = {}) {
  const to = { name: 'Muster GmbH', iban: 'DE02120300000000202051' }
  const hostile = { reference: 'Invoice \u202Egpj.exe', note: '<script>document.title = "pwned"</script>"\'>', statement: LONG }
  return {
    subject: { type: 'agent', id: 'finance-agent' },
    action: { name: 'wire_transfer', properties: { arguments: { amount, currency: 'EUR', to, ...hostile, ...more } } },
    resource: { type: 'account', id: 'operations' },
    context: {
      session: 's-17',
      purpose: 'pay an approved invoice',
      environment: 'production',
      ...(approval === undefined ? {} : { approval }),
    },
  }
}

/** Asks for a payment; with an approval, to redeem it. */
export async function askToPay(server: Running, amount: number, approval?: string, more: object = {}): Promise<Parsed> {
  return (await server.post('/api/v1/decisions', payment(amount, approval, more), 'token-of-gateway')).body
}

/** A page of the approvals, somebody signed in. */
export async function signIn(context: BrowserContext, server: Running, person: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${server.url}/approvals`)
  await page.getByLabel('Your token').fill(`token-of-${person}`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  expect(await page.getByText('Signed in as').textContent()).toBe(`Signed in as ${person}`)
  return page
}
