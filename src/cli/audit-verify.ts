import { readText } from '../format/read-text.ts'
import { type DataDirOptions, dataPlace } from './data-dir.ts'
import type { CliDeps, NamedText, VerifyLogReport } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { escapeLine, jsonText, painter, progress } from './output.ts'

/** Options of `gradus audit verify`. */
export type AuditVerifyOptions = DataDirOptions & {
  readonly heads: readonly string[]
  readonly receipts: readonly string[]
  readonly key: string | undefined
  readonly json: boolean
}

/** Verifies a log offline: tree, signatures, what people kept outside, and the state derived anew. 0: whole; 2: it is not what it was. */
export async function auditVerify(deps: CliDeps, options: AuditVerifyOptions): Promise<ExitCode> {
  const { loaded, dir } = await dataPlace(deps, options)
  const texts = (files: readonly string[]): Promise<readonly NamedText[]> =>
    Promise.all(files.map((file) => readText(deps, file)))
  const kept = loaded.config.audit.checkpoint_file
  const bar = progress(deps, options.json)
  const report = await deps.verifyLog({
    dataDir: dir,
    loaded,
    heads: await texts([...options.heads, ...(kept === undefined || options.heads.includes(kept) ? [] : [kept])]),
    receipts: await texts(options.receipts),
    publicKey: options.key,
    onProgress: (done, total) => bar.show(`verified ${done} of ${total} records`),
  })
  bar.end()
  deps.stdout(options.json ? `${jsonText(report)}\n` : plain(report, deps))
  return report.ok ? EXIT_CODES.ok : EXIT_CODES.mismatch
}

function plain(report: VerifyLogReport, deps: CliDeps): string {
  const paint = painter(deps)
  const { records, masked, erased, storedHeads, outsideHeads, receipts, documents, root, findings, omitted } = report
  const seen = `${records} records (${masked} masked, ${erased} erased), ${storedHeads} signed heads, ${outsideHeads} kept outside, ${receipts} receipts, ${documents} documents derived anew`
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
    `root ${root}`,
    '',
  ].join('\n')
}
