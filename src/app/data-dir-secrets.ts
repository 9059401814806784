import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Credential } from '../access/caller.ts'
import { OPERATOR_TOKEN_FILE } from '../cli/support/server-client.ts'
import { sha256Hex } from '../format/canonical-json.ts'
import { MODE_KEY_BYTES } from '../service/create-service.ts'

/** Random bytes of the operator's token. */
const OPERATOR_TOKEN_BYTES = 32
/** Name of the file that holds the key by which sessions are dealt to the sides of a percentage, in the data directory. */
const MODE_KEY_FILE = 'mode.key'

/**
 * The operator's credential of a data directory: a random token, made at the first start, readable by its owner only. A person
 * who can read the file operates this instance: reports outcomes as a human verifier, reviews, promotes, contains, reads the audit.
 */
export function operatorCredential(dataDir: string): { readonly credential: Credential; readonly file: string } {
  const token = secretIn(dataDir, OPERATOR_TOKEN_FILE, OPERATOR_TOKEN_BYTES)
  const credential = Credential.parse({
    id: 'operator',
    token_sha256: sha256Hex(token),
    roles: ['operator', 'verifier', 'auditor', 'approver'],
    person: 'operator',
    verifier: 'human',
  })
  return { credential, file: join(dataDir, OPERATOR_TOKEN_FILE) }
}

/** The key of modes, made at the first start: a session stays on its side over restarts, and nobody else can tell which side that is. */
export function modeKeyOf(dataDir: string): Uint8Array {
  return Buffer.from(secretIn(dataDir, MODE_KEY_FILE, MODE_KEY_BYTES), 'base64url')
}

/** The text of a secret's file, base64url; made at random where there is none, readable by its owner only. */
function secretIn(dataDir: string, name: string, bytes: number): string {
  const file = join(dataDir, name)
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(file, `${randomBytes(bytes).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    // The mode of a new file is narrowed by the umask only; this is what it has to be.
    chmodSync(file, 0o600)
  }
  return readFileSync(file, 'utf8').trim()
}
