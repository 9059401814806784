import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { parseJsonExactly } from '../value-parser.ts'
import { RegoObject, fromJson, type RegoValue } from '../value.ts'
import { parseYamlData } from '../yaml-data.ts'
import { BuiltinError, textOperand, texts, type HostBuiltin } from './builtin.ts'

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new BuiltinError('the bytes are not UTF-8')
  }
}

function digest(algorithm: string): HostBuiltin {
  return ([value]) => createHash(algorithm).update(textOperand(value)).digest('hex')
}

function hmac(algorithm: string): HostBuiltin {
  return ([value, key]) => createHmac(algorithm, textOperand(key)).update(textOperand(value)).digest('hex')
}

function equalMacs(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

function hexBytes(hex: string): Buffer {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new BuiltinError('not hexadecimal')
  return Buffer.from(hex, 'hex')
}

/** As Go's `url.QueryEscape`. */
function escapeQuery(value: string): string {
  const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(value.toWellFormed())
    .replace(/[!'()*]/g, percent)
    .replaceAll('%20', '+')
}

/** As Go's `url.QueryUnescape`. */
function unescapeQuery(value: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(value)) throw new BuiltinError('malformed percent escape')
  try {
    return decodeURIComponent(value.replaceAll('+', '%20'))
  } catch {
    throw new BuiltinError('the escapes are not UTF-8')
  }
}

function encodeObject(value: RegoValue | undefined): string {
  if (!(value instanceof RegoObject)) throw new BuiltinError('operand must be object')
  return value.entries
    .flatMap(([key, item]) => texts(item).map((single) => `${escapeQuery(textOperand(key))}=${escapeQuery(single)}`))
    .join('&')
}

function decodeObject(query: string): RegoValue {
  const fields = new Map<string, string[]>()
  for (const part of query.split('&')) {
    if (part === '') continue
    if (part.includes(';')) throw new BuiltinError('invalid semicolon separator in query')
    const equals = part.indexOf('=')
    const key = unescapeQuery(equals === -1 ? part : part.slice(0, equals))
    const values = fields.get(key) ?? []
    values.push(equals === -1 ? '' : unescapeQuery(part.slice(equals + 1)))
    fields.set(key, values)
  }
  return new RegoObject([...fields])
}

function yaml(value: string): RegoValue {
  try {
    return fromJson(parseYamlData(value))
  } catch (error) {
    throw new BuiltinError(error instanceof Error ? error.message : 'not YAML')
  }
}

function isYaml(value: RegoValue | undefined): boolean {
  if (typeof value !== 'string') return false
  try {
    yaml(value)
    return true
  } catch {
    return false
  }
}

function base64url(part: string): Buffer {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(part)) throw new BuiltinError('not base64url')
  return Buffer.from(part, 'base64url')
}

function jwtObject(part: string, name: string): RegoObject {
  try {
    const value = parseJsonExactly(utf8(base64url(part)))
    if (value instanceof RegoObject) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new BuiltinError(`the token's ${name} is not a JSON object`)
}

/** `[header, payload, signature in hex]` of a signed token, of the innermost one when nested; nothing is verified. */
function decodeJwt(token: string): RegoValue {
  const parts = token.split('.')
  const [header = '', payload = '', signature = ''] = parts
  if (parts.length !== 3) throw new BuiltinError('encoded JWT must have 3 sections')
  const head = jwtObject(header, 'header')
  if (head.get('enc') !== undefined) throw new BuiltinError('JWT is a JWE object, which is not supported')
  const content = head.get('cty')
  if (typeof content === 'string' && content.toUpperCase() === 'JWT')
    return decodeJwt(utf8(base64url(payload)).replace(/^"|"$/g, ''))
  return [head, jwtObject(payload, 'payload'), base64url(signature).toString('hex')]
}

/** Built-ins that encode, decode and hash. */
export const ENCODING_BUILTINS: Readonly<Record<string, HostBuiltin>> = {
  'base64url.encode_no_pad': ([value]) => Buffer.from(textOperand(value)).toString('base64url'),
  'hex.encode': ([value]) => Buffer.from(textOperand(value)).toString('hex'),
  'hex.decode': ([value]) => utf8(hexBytes(textOperand(value))),
  'crypto.md5': digest('md5'),
  'crypto.sha1': digest('sha1'),
  'crypto.sha256': digest('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.hmac.equal': ([a, b]) => equalMacs(textOperand(a), textOperand(b)),
  'urlquery.encode': ([value]) => escapeQuery(textOperand(value)),
  'urlquery.decode': ([value]) => unescapeQuery(textOperand(value)),
  'urlquery.encode_object': ([value]) => encodeObject(value),
  'urlquery.decode_object': ([value]) => decodeObject(textOperand(value)),
  'yaml.unmarshal': ([value]) => yaml(textOperand(value)),
  'yaml.is_valid': ([value]) => isYaml(value),
  'io.jwt.decode': ([token]) => decodeJwt(textOperand(token)),
}
