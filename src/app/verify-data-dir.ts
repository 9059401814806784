import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { noteVerifier } from '../audit/note.ts'
import { rebuildState, type WriteState } from '../audit/rebuild.ts'
import { verifyLog } from '../audit/verify.ts'
import type { RebuildOptions, VerifyLogOptions } from '../cli/support/deps.ts'
import { ServiceError } from '../format/error.ts'
import { unreadable } from '../format/read-text.ts'
import { SECOND_MS } from '../format/time.ts'
import { project } from '../ledger/fold/fold.ts'
import type { AuditFinding, LogVerification, Rebuilding, Witnessed } from '../ledger/log-verification.ts'
import { archiveDigest } from '../rego/assemble-policy-set.ts'
import { openLog } from '../stores/sqlite/raw-log.ts'
import { openReadOnlyStore } from '../stores/sqlite/read-only-store.ts'
import { rewriteState, underTheLock } from '../stores/sqlite/rewrite-state.ts'
import { askWitness } from '../witness/ask-witness.ts'
import { connectWitnesses } from '../witness/connect.ts'
import { keptSize, notesIn, witnessedFolder } from '../witness/kept-notes.ts'
import type { NamedWitness } from '../witness/send-checkpoints.ts'

/** What every head of a data directory's log has to be signed with. */
function trustedBy({ publicKey, dataDir }: Pick<VerifyLogOptions, 'publicKey' | 'dataDir'>) {
  const key = noteVerifier(publicKey ?? publicKeyOf(dataDir))
  if (!key.ok)
    throw new ServiceError('bad_request', `the log's public key cannot be read: ${key.error.message}`, {
      fix: 'pass the key that the log was started with',
    })
  return { verifiers: [key.verifier], origin: key.verifier.name, fold: project, policySetDigest: archiveDigest }
}

/** Derives the state of a data directory again, and writes it where that is asked for. */
export function rebuildDataDir({ dataDir, publicKey, write, onProgress }: RebuildOptions): Rebuilding {
  const derive = (writeState?: WriteState): Rebuilding => {
    const reader = openLog(dataDir)
    try {
      return rebuildState(reader, { ...trustedBy({ dataDir, publicKey }), onProgress }, writeState)
    } finally {
      reader.close()
    }
  }
  return write ? underTheLock(dataDir, () => derive((state) => rewriteState(dataDir, state))) : derive()
}

/**
 * Verifies the log of a data directory with what was kept outside of it: heads and receipts that are named, the folders of the
 * configuration, and what witnesses signed. Only where `askWitnesses` says so, the witnesses are asked, too.
 */
export async function verifyDataDir(options: VerifyLogOptions): Promise<LogVerification> {
  const { dataDir, loaded, receipts, onProgress } = options
  const witnesses = connectWitnesses(loaded.config.audit.witnesses)
  const trusted = { ...trustedBy(options), witnesses: witnesses.map(({ key }) => key) }
  const reader = openLog(dataDir)
  try {
    const report = verifyLog(reader, { ...trusted, heads: headsOf(options), receipts, onProgress })
    return options.askWitnesses ? withWitnesses(report, await askAll(dataDir, witnesses)) : report
  } finally {
    reader.close()
  }
}

function headsOf({ dataDir, loaded, heads, headFolders }: VerifyLogOptions) {
  const configured = loaded.config.audit.checkpoint_places.flatMap((place) =>
    'folder' in place ? [resolve(loaded.root, place.folder)] : [],
  )
  const folders = new Set([witnessedFolder(dataDir), ...configured, ...headFolders])
  const kept = [...folders].flatMap((folder) => notesIn(folder))
  return [...heads, ...kept].map(({ name, text }) => ({ name, note: text }))
}

type Heard = { readonly witnessed: readonly Witnessed[]; readonly findings: readonly AuditFinding[] }

async function askAll(dataDir: string, witnesses: readonly NamedWitness[]): Promise<readonly Heard[]> {
  const store = openReadOnlyStore(dataDir)
  try {
    return await Promise.all(witnesses.map((witness) => hear(store, dataDir, witness)))
  } finally {
    await store.close()
  }
}

async function hear(store: ReturnType<typeof openReadOnlyStore>, dataDir: string, witness: NamedWitness): Promise<Heard> {
  const { id, key } = witness
  const deps = { fetch, signal: new AbortController().signal }
  const verdict = await askWitness(store, witness, keptSize(dataDir, id), deps)
  const found = (kind: AuditFinding['kind'], message: string): Heard => ({
    witnessed: [],
    findings: [{ kind, subject: id, message }],
  })
  switch (verdict.kind) {
    case 'cosigned':
      return {
        witnessed: [{ name: key.name, size: verdict.size, at: new Date(verdict.atSeconds * SECOND_MS).toISOString() }],
        findings: [],
      }
    case 'larger':
      return found(
        'witness_differs',
        `It vouches for ${verdict.size} records, and there are ${verdict.own}: the newest were cut off.`,
      )
    case 'refuses':
      return found('witness_differs', 'The records do not continue those that it vouches for: they were rewritten.')
    case 'knows':
      return found('witness_silent', 'It says again that it has another checkpoint than the one asked for: ask once more.')
    case 'failed':
      return found('witness_silent', `It did not say what it vouches for: ${verdict.why}.`)
  }
}

function withWitnesses(report: LogVerification, heard: readonly Heard[]): LogVerification {
  const findings = [...report.findings, ...heard.flatMap((each) => each.findings)]
  const asked = heard.flatMap((each) => each.witnessed)
  const before = report.witnessed.filter(({ name }) => !asked.some((each) => each.name === name))
  return { ...report, findings, ok: report.ok && findings.length === 0, witnessed: [...before, ...asked] }
}

function publicKeyOf(dataDir: string): string {
  const file = join(dataDir, 'audit.vkey')
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw unreadable(cause, { file, code: 'io', fix: 'name the data directory of a server that ran, or pass the key' })
  }
}
