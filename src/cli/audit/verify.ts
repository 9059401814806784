import { resolve } from 'node:path'

import type { Command } from 'commander'

import { readText } from '../../format/read-text.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps, NamedText } from '../support/deps.ts'
import type { LogVerification } from '../../ledger/log-verification.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions, collect } from '../support/options.ts'
import { painter, progress, printAnswer } from '../support/output.ts'

/** Options of `gradus audit verify`. */
export type AuditVerifyOptions = DataDirOptions & {
  readonly head: readonly string[]
  readonly heads: readonly string[]
  readonly askWitnesses: boolean
  readonly receipt: readonly string[]
  readonly key: string | undefined
  readonly json: boolean
}

/** Adds `gradus audit verify`. */
export function addAuditVerify(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('verify'))
    .description(
      'verify tree, signatures, values, policy sets, receipts and derived state offline; 2: the log is not what it was',
    )
    .option('--head <file>', 'signed tree head kept elsewhere; may be repeated', collect, [])
    .option('--heads <folder>', 'folder of signed tree heads, files that end in .checkpoint; may be repeated', collect, [])
    .option('--ask-witnesses', 'ask the witnesses of the configuration, too, what they vouch for', false)
    .option('--receipt <file>', 'proof or answer that a caller kept; may be repeated', collect, [])
    .option('--key <vkey>', 'public key of the log; that of the data directory when absent')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'the log is whole', mismatch: 'the log is not what it was' }
  examples(command, 'gradus audit verify', 'gradus audit verify -d data --head kept/checkpoint.txt')
  runs(command, cli, exits, (options: AuditVerifyOptions) => auditVerify(cli.deps, options))
}

/** Verifies a log offline: tree, signatures, what people kept outside, and the state derived anew. 0: whole; 2: it is not what it was. */
async function auditVerify(deps: CliDeps, options: AuditVerifyOptions): Promise<ExitCode> {
  const { loaded, dir } = await locateDataDir(deps, options)
  const texts = (files: readonly string[]): Promise<readonly NamedText[]> =>
    Promise.all(files.map((file) => readText(deps, file)))
  const kept = loaded.config.audit.checkpoint_file
  const bar = progress(deps, options.json)
  const report = await deps.verifyLog({
    dataDir: dir,
    loaded,
    heads: await texts([...options.head, ...(kept === undefined || options.head.includes(kept) ? [] : [kept])]),
    headFolders: options.heads.map((folder) => resolve(deps.cwd, folder)),
    askWitnesses: options.askWitnesses,
    receipts: await texts(options.receipt),
    publicKey: options.key,
    onProgress: (done, total) => bar.show(`verified ${done} of ${total} records`),
  })
  bar.end()
  printAnswer(deps, options.json, report, () => plain(report, deps))
  return report.ok ? EXIT_CODES.ok : EXIT_CODES.mismatch
}

function plain(report: LogVerification, deps: CliDeps): string {
  const paint = painter(deps)
  const { records, storedHeads, outsideHeads, receipts, documents, policySets, unsigned, root, findings, omitted } = report
  const { masked, masksUnbound, erased, expired, witnessed } = report
  const values = `${masked} masked, ${erased} erased, ${expired} expired`
  const seen = `${records} records (${values}), ${storedHeads} signed heads, ${outsideHeads} kept outside, ${receipts} receipts, ${policySets} policy sets, ${documents} documents derived anew`
  const lines = findings.map(
    ({ kind, leafIndex, id, subject, message }) =>
      `${paint('red', kind)}${leafIndex === undefined ? '' : ` record ${leafIndex}`}${[id, subject].map((about) => (about === undefined ? '' : ` ${escapeLine(about)}`)).join('')}: ${escapeLine(message)}`,
  )
  return [
    ...lines,
    ...(omitted === 0 ? [] : [`and ${omitted} more`]),
    report.ok
      ? `${paint('green', 'ok')} ${seen}`
      : `${paint('red', 'the log is not what it was')}: ${findings.length + omitted} findings; ${seen}`,
    ...witnessed.map(({ name, size, at }) => `witness ${escapeLine(name)} vouches for ${size} records since ${at}`),
    ...(masksUnbound === 0
      ? []
      : [
          `${masksUnbound} of the masked records were made before masks were bound: that their values were masked is only said beside them`,
        ]),
    ...(unsigned === 0 ? [] : [`the newest ${unsigned} records are not covered by a signed head yet`]),
    `root ${root}`,
    '',
  ].join('\n')
}
