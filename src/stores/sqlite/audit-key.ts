import { existsSync, readFileSync, statSync } from 'node:fs'

import { OTHERS_MODE_MASK } from '../../access/secret-text.ts'
import { generateNoteKey, noteSigner, type NoteSigner, noteVerifier, type NoteVerifier } from '../../audit/note.ts'
import { ServiceError } from '../../format/error.ts'
import { onFile } from './sqlite-errors.ts'
import { SECRET_MODE, type StoreFiles, writeAtomically } from './store-files.ts'

/** The key that signs tree heads. `pem` is secret. */
export type AuditKey = { readonly pem: string; readonly signer: NoteSigner; readonly verifier: NoteVerifier }

/**
 * The store's audit key; made when neither it nor any record exists. Throws `store_corrupt` when records exist without it, and
 * `io` when others than the owner can read it.
 */
export function auditKey(files: StoreFiles, origin: string, hasRecords: boolean): AuditKey {
  if (!existsSync(files.key)) {
    if (hasRecords) throw missingKey(files.key)
    onFile(files.key, () => writeAtomically(files.key, generateNoteKey(), SECRET_MODE))
  }
  const pem = onFile(files.key, () => readSecret(files.key))
  const made = noteSigner(origin, pem)
  if (!made.ok) {
    const fix = `check the audit origin ${JSON.stringify(origin)} in the configuration, and restore ${files.key} from a backup`
    throw new ServiceError('store_corrupt', `The audit key ${files.key}: ${made.error.message}`, {
      place: { file: files.key },
      fix,
    })
  }
  const vkey = `${made.signer.vkey}\n`
  if (!existsSync(files.verifierKey) || readFileSync(files.verifierKey, 'utf8') !== vkey) {
    onFile(files.verifierKey, () => writeAtomically(files.verifierKey, vkey))
  }
  const read = noteVerifier(made.signer.vkey)
  if (!read.ok) throw new ServiceError('store_corrupt', read.error.message)
  return { pem, signer: made.signer, verifier: read.verifier }
}

function readSecret(file: string): string {
  const { mode } = statSync(file)
  if ((mode & OTHERS_MODE_MASK) !== 0) {
    throw new ServiceError('io', `Others than its owner can read ${file}`, { place: { file }, fix: `run: chmod 600 ${file}` })
  }
  return readFileSync(file, 'utf8')
}

function missingKey(file: string): ServiceError {
  const message = `The audit key ${file} is missing, but the log has records signed with it`
  return new ServiceError('store_corrupt', message, { place: { file }, fix: 'restore it from a backup of the data directory' })
}
