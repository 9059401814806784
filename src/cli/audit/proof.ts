import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeText } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText } from '../support/output.ts'

/** Options of `gradus audit proof`. */
export type AuditProofOptions = DataDirOptions & { readonly id: string; readonly tenant: string; readonly json: boolean }

/** Adds `gradus audit proof`. */
export function addAuditProof(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('proof'))
    .description('prove that a record is in the log')
    .argument('<id>', 'id of the record')
    .option('--tenant <tenant>', 'tenant of the record', 'default')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'printed', unavailable: 'not under a signed tree head yet' }
  examples(command, 'gradus audit proof 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  runs(command, cli, exits, (id: string, options: Omit<AuditProofOptions, 'id'>) => auditProof(cli.deps, { ...options, id }))
}

/** Prints the proof that a record is in the log, under a signed tree head (`c2sp.org/tlog-proof@v1`). */
async function auditProof(deps: CliDeps, options: AuditProofOptions): Promise<ExitCode> {
  const { id, tenant } = options
  const answer = await withStore(deps, options, async (store) => {
    const stored = await store.read([], (view) => view.record(tenant, id))
    if (stored === undefined)
      throw new ServiceError('not_found', `tenant "${tenant}" has no record "${id}"`, { fix: '"gradus audit query" lists ids' })
    const proof = await store.proof(stored.leafIndex)
    if (proof === undefined)
      throw new ServiceError('not_ready', `record "${id}" is not under a signed tree head yet`, {
        fix: 'ask again in a moment, or start the server so that it signs',
      })
    return { record_id: id, leaf_index: stored.leafIndex, leaf_hash: proof.leafHash, proof: deps.formatProof(proof) }
  })
  const proof = answer.proof.replace(/\n?$/u, '\n')
  deps.stdout(options.json ? `${jsonText(answer)}\n` : deps.stdoutIsTty ? escapeText(proof) : proof)
  return EXIT_CODES.ok
}
