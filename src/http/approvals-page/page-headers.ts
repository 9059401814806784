import { createHash } from 'node:crypto'

import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const POLICY = [
  `default-src 'none'`,
  `style-src ${sourceOf(STYLE)}`,
  `script-src ${sourceOf(SCRIPT)}`,
  `connect-src 'self'`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
  `base-uri 'none'`,
] as const

/**
 * What every page is sent with. The policy admits this style sheet, this script, what the script reads from ourselves and forms to
 * ourselves, nothing else: no other script runs and nothing is loaded. `same-origin` instead of `no-referrer`, because then browsers would
 * send forms with the origin `null`.
 */
export const PAGE_HEADERS = {
  'Content-Security-Policy': POLICY.join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
} as const
