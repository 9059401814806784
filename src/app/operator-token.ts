import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Credential } from '../access/caller.ts'
import { sha256Hex } from '../format/canonical-json.ts'
import { MODE_KEY_BYTES } from '../service/create-service.ts'

/** Name of the file that holds the operator's token, in the data directory. */
export const OPERATOR_TOKEN_FILE = 'operator.token'

/**
 * The operator's credential of a data directory: a random token, made at the first start, readable by its owner only. A person
 * who can read the file operates this instance: reports outcomes as a human verifier, reviews, promotes, contains, reads the audit.
 */
export function operatorCredential(dataDir: string): { readonly credential: Credential; readonly file: string } {
  const file = join(dataDir, OPERATOR_TOKEN_FILE)
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  }
  const token = readFileSync(file, 'utf8').trim()
  const credential = Credential.parse({
    id: 'operator',
    token_sha256: sha256Hex(token),
    roles: ['operator', 'verifier', 'auditor', 'approver'],
    person: 'operator',
    verifier: 'human',
  })
  return { credential, file }
}

/** Name of the file that holds the key by which sessions are dealt to the sides of a percentage, in the data directory. */
const MODE_KEY_FILE = 'mode.key'

/** That key, made at the first start: a session stays on its side over restarts, and nobody else can tell which side that is. */
export function modeKeyOf(dataDir: string): Uint8Array {
  const file = join(dataDir, MODE_KEY_FILE)
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(file, `${randomBytes(MODE_KEY_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  }
  return Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')
}
