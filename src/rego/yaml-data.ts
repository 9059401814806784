import { parseDocument, type ScalarTag } from 'yaml'

/** Most aliases of one document: stops exponential documents. */
const ALIASES_MAX = 100

function legacyInteger(text: string): number | bigint {
  const sign = text.startsWith('-') ? -1n : 1n
  const digits = text.replace(/[-+_]/g, '')
  const value = sign * BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const double = Number(value)
  return Number.isSafeInteger(double) ? double : value
}

/** Integers of YAML 1.1 that Go's YAML still reads as numbers: `0777`, `0b11`, `1_000`. */
const LEGACY_INTEGER: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(?:0[0-7_]+|0b[01_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)$/,
  resolve: legacyInteger,
}

/**
 * A YAML document as JSON the way OPA 1.22 reads data files: YAML 1.2 booleans (`yes` is a string), merge keys, and the
 * integers of YAML 1.1. Integers beyond 2^53 are bigint. Of equal keys the last one counts. Throws on malformed text and several documents.
 */
export function parseYamlData(text: string): unknown {
  const document = parseDocument(text, {
    version: '1.2',
    merge: true,
    uniqueKeys: false,
    customTags: (tags) => [LEGACY_INTEGER, ...tags],
  })
  const problem = document.errors[0]
  if (problem !== undefined) throw problem
  return document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown
}
