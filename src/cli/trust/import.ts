import { resolve } from 'node:path'

import type { Command } from 'commander'

import { ImportAnswer } from '../../evidence/signals/wire.ts'
import { ServiceError } from '../../format/error.ts'
import { readBytes } from '../../format/read-text.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { localPerson } from '../support/local-person.ts'
import { serverOptions, dataDirOptions } from '../support/options.ts'
import { painter, table, printAnswer } from '../support/output.ts'
import { findServer, sendRequest, type ServerOptions } from '../support/server-client.ts'

/** Length of an Ed25519 signature, bytes. */
const SIGNATURE_BYTES = 64

/** Options of `gradus trust import`. */
export type ImportOptions = DataDirOptions &
  ServerOptions & {
    readonly file: string
    /** The detached signature; the file's name and `.sig` when absent. */
    readonly signature: string | undefined
    readonly tenant: string
    readonly as: string | undefined
    readonly json: boolean
  }

/** Adds `gradus trust import`. */
export function addTrustImport(trust: Command, cli: Cli): void {
  const command = trust
    .command('import')
    .description('takes the signed history of before, wholly or not at all')
    .argument('<file>', 'JSON lines (docs/signals.md)')
    .option('--signature <file>', 'Ed25519 signature over the bytes of the file; FILE.sig when absent')
  serverOptions(dataDirOptions(command), 'an administrator')
    .option('--tenant <tenant>', 'tenant of the agents, where no server runs', 'default')
    .option('--as <name>', 'the person who answers for it, where no server runs')
    .option('--json', 'as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'imported, now or before',
    failed: 'a line, the signature or the configuration is wrong, and nothing was taken',
    not_found: 'no such file',
    refused: 'the credential may not import',
    unavailable: 'the server does not answer, or the data directory is locked',
  }
  examples(command, 'gradus trust import history.jsonl --signature history.sig')
  runs(command, cli, exits, (file: string, options: Omit<ImportOptions, 'file'>) => trustImport(cli.deps, { ...options, file }))
}

/** Hands a signed history to the running server, or, where none runs, takes it under the lock of the data directory. */
async function trustImport(deps: CliDeps, options: ImportOptions): Promise<ExitCode> {
  const bytes = await bytesOf(deps, options.file)
  const signature = signatureIn(await bytesOf(deps, options.signature ?? `${options.file}.sig`))
  const answer = await imported(deps, options, bytes, signature)
  printAnswer(deps, options.json, answer, () => plain(deps, answer))
  return EXIT_CODES.ok
}

async function imported(deps: CliDeps, options: ImportOptions, bytes: Uint8Array, signature: Uint8Array): Promise<ImportAnswer> {
  const { loaded, dir } = await locateDataDir(deps, options)
  const server = await findServer(deps, options, dir)
  if (server !== undefined) {
    const headers = { 'content-type': 'application/x-ndjson', 'gradus-signature': Buffer.from(signature).toString('base64') }
    return sendRequest(deps, server, { method: 'POST', path: '/api/v1/trust/import', file: { bytes, headers } }, ImportAnswer)
  }
  const person = localPerson(deps, options, 'administrator', 'an import is answered for')
  const service = await deps.openService(loaded, dir)
  try {
    return await service.importHistory(person, {
      bytes,
      signature,
    })
  } finally {
    await service.close()
  }
}

function bytesOf(deps: Pick<CliDeps, 'cwd'>, file: string): Promise<Uint8Array> {
  const fix = 'correct the path; the signature is FILE.sig, or what --signature names'
  return readBytes(resolve(deps.cwd, file), { file, fix })
}

/** The 64 bytes of a signature, as they are or in Base64. */
function signatureIn(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === SIGNATURE_BYTES) return bytes
  const decoded = Buffer.from(Buffer.from(bytes).toString('latin1').trim(), 'base64')
  if (decoded.byteLength === SIGNATURE_BYTES) return decoded
  throw new ServiceError('bad_request', `a signature has ${SIGNATURE_BYTES} bytes, this one ${bytes.byteLength}`, {
    fix: 'make it with "openssl pkeyutl -sign -rawin -inkey KEY -in FILE -out FILE.sig"',
  })
}

function plain(deps: CliDeps, { lines, key, totals, duplicate, leaf_index }: ImportAnswer): string {
  const paint = painter(deps)
  const head = duplicate ? paint('yellow', 'taken before, and not again') : paint('green', 'imported')
  const rows = totals.map(({ agent, scope, layer, good, bad, good_given }) => [
    `  ${escapeLine(agent)}`,
    layer === 'identity' ? 'identity' : `${scope} ${layer}`,
    `good ${good.toFixed(2)}${good < good_given ? ` of ${good_given.toFixed(2)}` : ''}`,
    `bad ${bad.toFixed(2)}`,
  ])
  return `${head}: ${lines} lines, signed by ${escapeLine(key)}, record ${leaf_index}\n${table(rows)}\n`
}
