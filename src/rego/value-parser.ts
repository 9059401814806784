import {
  RegoObject,
  RegoSet,
  VALUE_DEPTH_MAX,
  ValueSyntaxError,
  compareText,
  fromJson,
  numberFrom,
  toJson,
  type RegoValue,
} from './value.ts'
import { overLimit } from '../format/limit.ts'

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /\s*/y

/** Reads the text form of Rego values that `opa_value_dump` writes. */
class ValueParser {
  private at = 0
  private depth = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  whole(): RegoValue {
    const value = this.value()
    this.skip()
    if (this.at !== this.text.length) throw this.unexpected()
    return value
  }

  private value(): RegoValue {
    this.skip()
    this.depth += 1
    if (this.depth > VALUE_DEPTH_MAX)
      throw new ValueSyntaxError(overLimit('nested', 'rego.value_depth_max', { max: VALUE_DEPTH_MAX }))
    const value = this.any()
    this.depth -= 1
    return value
  }

  private any(): RegoValue {
    switch (this.text.charAt(this.at)) {
      case '"':
        return this.string()
      case '[':
        return this.array()
      case '{':
        return this.objectOrSet()
      case 's':
        return this.word('set()', new RegoSet([]))
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      case 'n':
        return this.word('null', null)
      default:
        return numberFrom(this.match(NUMBER))
    }
  }

  private string(): string {
    let end = this.at + 1
    while (this.text[end] !== '"') {
      if (end >= this.text.length) throw this.unexpected()
      end += this.text[end] === '\\' ? 2 : 1
    }
    const literal = this.text.slice(this.at, end + 1)
    this.at = end + 1
    try {
      return JSON.parse(literal) as string
    } catch {
      throw new ValueSyntaxError(`malformed string ${literal.slice(0, 40)}`)
    }
  }

  private array(): readonly RegoValue[] {
    this.at += 1
    const items: RegoValue[] = []
    if (this.take(']')) return items
    do items.push(this.value())
    while (this.take(','))
    this.expect(']')
    return items
  }

  private objectOrSet(): RegoObject | RegoSet {
    this.at += 1
    if (this.take('}')) return new RegoObject([])
    const first = this.value()
    if (!this.take(':')) return this.setAfter(first)
    const entries: [RegoValue, RegoValue][] = [[first, this.value()]]
    while (this.take(',')) {
      const key = this.value()
      this.expect(':')
      entries.push([key, this.value()])
    }
    this.expect('}')
    return new RegoObject(entries)
  }

  private setAfter(first: RegoValue): RegoSet {
    const elements = [first]
    while (this.take(',')) elements.push(this.value())
    this.expect('}')
    return new RegoSet(elements)
  }

  private word<T extends RegoValue>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.unexpected()
    this.at += word.length
    return value
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found === undefined) throw this.unexpected()
    this.at += found.length
    return found
  }

  private skip(): void {
    this.match(SPACE)
  }

  private take(token: string): boolean {
    this.skip()
    if (this.text[this.at] !== token) return false
    this.at += 1
    return true
  }

  private expect(token: string): void {
    if (!this.take(token)) throw this.unexpected()
  }

  private unexpected(): ValueSyntaxError {
    return new ValueSyntaxError(`unexpected text at ${this.at}: ${JSON.stringify(this.text.slice(this.at, this.at + 20))}`)
  }
}

/** A Rego value from its text (as `opa_value_dump` and `opa eval --format raw` of a value write it); throws `ValueSyntaxError`. */
export function parseValue(text: string): RegoValue {
  return new ValueParser(text).whole()
}

/** Whether plain JSON text holds a number that a double may not keep; true for some texts that hold none. */
const MAYBE_INEXACT = /\d{16}|\d[.eE]|-0/

/** Exact Rego value of JSON text; throws `SyntaxError` on text that is not JSON. */
export function parseJsonExactly(text: string): RegoValue {
  const plain: unknown = JSON.parse(text)
  return MAYBE_INEXACT.test(text) ? parseValue(text) : fromJson(plain)
}

/** Plain JSON with keys in code point order; throws on a number that overflowed (`1e400` reads as Infinity). */
function sorted(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new ValueSyntaxError('a number of the result is out of range')
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const fields = Object.entries(value).sort((a, b) => compareText(a[0], b[0]))
  return Object.fromEntries(fields.map(([key, item]) => [key, sorted(item)]))
}

/** Plain JSON of a Rego value text. Text without sets and odd keys is JSON already and takes the fast way. */
export function jsonOfValueText(text: string): unknown {
  let plain: unknown
  try {
    plain = JSON.parse(text)
  } catch {
    return toJson(parseValue(text))
  }
  return sorted(plain)
}
