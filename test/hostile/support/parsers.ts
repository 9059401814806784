import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { noteVerifier, type NoteVerifier, openCheckpoint } from '../../../src/audit/note.ts'
import { parseProof } from '../../../src/audit/proof.ts'
import { CatalogueFile } from '../../../src/catalogue/catalogue-file.ts'
import { Config } from '../../../src/config/config.ts'
import { OpaEntry } from '../../../src/decisions/opa-log/opa-entry.ts'
import { ServiceError } from '../../../src/format/error.ts'
import { parseYaml } from '../../../src/format/yaml.ts'
import type { Parsed } from '../../../src/http/exchange.ts'
import { parseAs, parseBody } from '../../../src/http/input.ts'
import { cloudEvent } from '../../../src/http/native/signal-forms.ts'
import { logLinesOf } from '../../../src/http/opa/decision-logs.ts'
import { readToken } from '../../../src/identity/token-text.ts'
import { Request } from '../../../src/model/request.ts'
import { loadBundle } from '../../../src/rego/bundle.ts'
import { BundleError } from '../../../src/rego/error.ts'
import type { Random } from '../../support/random.ts'
import { mutatedBytes } from './hostile-values.ts'

const CORPORA = join(import.meta.dirname, '../corpora')

/** Something that reads what others wrote: `value` and `refused` are good ends, whatever else is thrown is a bug. */
export type Parser = { readonly name: string; readonly read: (bytes: Buffer) => Promise<'value' | 'refused'> }

/** What was wrong is said in words, so that whoever sent it can mend it. */
function refused(told: { readonly message: string }): 'refused' {
  if (told.message === '') throw new TypeError('The refusal says nothing')
  return 'refused'
}

const ended = (parsed: Parsed<unknown>): 'value' | 'refused' => (parsed.ok ? 'value' : refused(parsed.fault))

/** Expected refusals of files: one of the project's own errors, with its place and what to do. */
function expected(error: unknown): 'refused' {
  if (error instanceof BundleError && error.place !== '' && error.fix !== '') return refused(error)
  if (error instanceof ServiceError && error.fix !== undefined && error.fix !== '') return refused(error)
  throw error
}

const text = (bytes: Buffer): string => bytes.toString('utf8')

function yaml(bytes: Buffer): Promise<'value' | 'refused'> {
  const ends = [Config, CatalogueFile].map((schema) => {
    try {
      parseYaml('a.yaml', text(bytes), schema, 'bad_config')
      return 'value'
    } catch (error) {
      if (error instanceof ServiceError && error.place.line === undefined) throw error
      return expected(error)
    }
  })
  return Promise.resolve(ends.includes('value') ? 'value' : 'refused')
}

async function uploaded(bytes: Buffer): Promise<'value' | 'refused'> {
  try {
    for await (const line of logLinesOf(bytes)) if (line.ok) OpaEntry.safeParse(line.value)
    return 'value'
  } catch (error) {
    return expected(error)
  }
}

async function events(bytes: Buffer): Promise<'value' | 'refused'> {
  const body = parseBody(bytes)
  if (!body.ok) return Promise.resolve(ended(body))
  return Promise.resolve([body.value].flat().map((each) => ended(cloudEvent(each)))[0] ?? 'refused')
}

async function bundle(bytes: Buffer): Promise<'value' | 'refused'> {
  try {
    const { policy } = await loadBundle(bytes, { name: 'a.tar.gz', bundleBytesMax: 4_194_304 })
    policy.close()
    return 'value'
  } catch (error) {
    return expected(error)
  }
}

/** Keys of the corpus, so that some signatures hold. */
function verifiers(): readonly NoteVerifier[] {
  const read = noteVerifier(readFileSync(join(CORPORA, 'checkpoint/key.txt'), 'utf8').trim())
  return read.ok ? [read.verifier] : []
}

async function checkpoint(bytes: Buffer): Promise<'value' | 'refused'> {
  const note = text(bytes)
  const [opened, proof, key] = [openCheckpoint(note, verifiers(), 'test.example/audit'), parseProof(note), noteVerifier(note)]
  for (const each of [opened, proof, key]) if (!each.ok) refused(each.error)
  return Promise.resolve(opened.ok ? 'value' : 'refused')
}

/** Every parser of what comes from outside, by the folder of its corpus. */
export const PARSERS: readonly Parser[] = [
  { name: 'request', read: (bytes) => Promise.resolve(ended(parseAs(Request, bytes))) },
  { name: 'token', read: (bytes) => Promise.resolve(readToken(text(bytes)) === undefined ? 'refused' : 'value') },
  { name: 'bundle', read: bundle },
  { name: 'gzip', read: uploaded },
  { name: 'yaml', read: yaml },
  { name: 'cloudevent', read: events },
  { name: 'checkpoint', read: checkpoint },
  { name: 'opa-log', read: uploaded },
]

/** The files of a parser's corpus, sorted by name. */
export function corpusOf({ name }: Parser): readonly Buffer[] {
  const folder = join(CORPORA, name)
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)))
}

const TOKENS = /[A-Za-z0-9_.:/-]+|[^A-Za-z0-9_.:/-]/gu
const MARKS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  "'",
  '\n',
  '&a ',
  '*a ',
  '<<: ',
  '!!binary ',
  '|',
  '>',
  '- ',
  '? ',
  '%',
  '\t',
  '0x1',
  '~',
  '—',
  '=',
]

/** A text with some of its tokens dropped, doubled, swapped or replaced by marks that formats give a meaning to. */
function mutatedTokens(bytes: Buffer, draw: Random): Buffer {
  const tokens = bytes.toString('latin1').match(TOKENS) ?? []
  for (let times = 1 + draw.below(4); times > 0 && tokens.length > 0; times -= 1) {
    const [at, other] = [draw.below(tokens.length), draw.below(tokens.length)]
    const put = draw.of<readonly string[]>([
      [],
      [tokens[at]!, tokens[at]!],
      [tokens[other]!],
      [draw.of(MARKS)],
      [draw.of(MARKS).repeat(draw.of([2, 40, 3_000]))],
    ])
    tokens.splice(at, 1, ...put)
  }
  return Buffer.from(tokens.join(''), 'latin1')
}

/** Some file of a corpus, changed once or several times by bytes or by tokens. */
export function mutatedFile(corpus: readonly Buffer[], draw: Random): Buffer {
  let bytes = draw.of(corpus)
  for (let times = 1 + draw.below(3); times > 0; times -= 1)
    bytes = draw.chance(0.5) ? mutatedBytes(bytes, draw) : mutatedTokens(bytes, draw)
  return bytes
}
