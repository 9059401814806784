import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HostBuiltin } from '../../src/rego/builtins/builtin.ts'
import { load, opaEval } from './support.ts'

const ECHO = `package t

echo := input

default given := false

given if { _ := input }

truthy if input
`

const TRAP = `package t

p := 1 if input.a

p := 2 if input.b

q := {k: v | some k in ["x", "x"]; some v in input.values}

ok := input.n + 1
`

const GROW = `package t

big := count([y | some i in numbers.range(1, input.n); y := [i, sprintf("%d", [i]), {"a": i}]])

small := input.n
`

describe('inputs', () => {
  it('falsy inputs are inputs, and no input is none', async () => {
    const { policy } = await load(ECHO, ['t/echo', 't/given', 't/truthy'])
    for (const input of [false, 0, '', null, [], {}, -0]) {
      expect(policy.evaluate('t/echo', input)).toEqual({ kind: 'value', value: JSON.parse(JSON.stringify(input)) })
      expect(policy.evaluate('t/given', input)).toEqual({ kind: 'value', value: true })
    }
    expect(policy.evaluate('t/echo', undefined)).toEqual({ kind: 'undefined' })
    expect(policy.evaluate('t/given', undefined)).toEqual({ kind: 'value', value: false })
    expect(policy.evaluate('t/truthy', false)).toEqual({ kind: 'undefined' })
  })

  it('plain JSON comes back as it went in', async () => {
    const { policy } = await load(ECHO, ['t/echo'])
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (input) => {
        const plain: unknown = JSON.parse(JSON.stringify(input))
        expect(policy.evaluate('t/echo', input)).toEqual({ kind: 'value', value: plain })
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['\ud800', '\ufffd'],
    ['a\udc00b', 'a\ufffdb'],
    ['\\ud800', '\\ud800'],
    ['\\\ud800', '\\\ufffd'],
    ['\ud83d\ude00', '\ud83d\ude00'],
    ['\u0000\u2028"\\', '\u0000\u2028"\\'],
  ])('the text %j reaches the policy as %j', async (text, read) => {
    const { policy } = await load(ECHO, ['t/echo'])
    expect(policy.evaluate('t/echo', { [text]: text })).toEqual({ kind: 'value', value: { [read]: read } })
  })

  it('what is not JSON is refused with its place, and the policy stays usable', async () => {
    const { policy } = await load(ECHO, ['t/echo'])
    const cases: readonly (readonly [unknown, string])[] = [
      [{ a: [1, Number.NaN] }, '/a/1'],
      [{ 'x/y': Infinity }, '/x~1y'],
      [{ f: () => 1 }, '/f'],
      [{ n: 1n }, '/n'],
      [{ at: new Date(0) }, '/at'],
    ]
    for (const [input, place] of cases) {
      const evaluation = policy.evaluate('t/echo', input)
      expect(evaluation).toMatchObject({ kind: 'failed', cause: 'input' })
      expect(evaluation.kind === 'failed' && evaluation.message).toContain(`"${place}"`)
    }
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(policy.evaluate('t/echo', circle)).toMatchObject({ kind: 'failed', cause: 'input' })
    expect(policy.evaluate('t/echo', 'x'.repeat(17 * 1024 * 1024))).toMatchObject({ kind: 'failed', cause: 'input' })
    expect(policy.evaluate('t/echo', 1)).toEqual({ kind: 'value', value: 1 })
  })

  it('keys named like prototype members are plain keys', async () => {
    const { policy } = await load(ECHO, ['t/echo'])
    const input: unknown = JSON.parse('{"__proto__":{"admin":true},"constructor":1}')
    const evaluation = policy.evaluate('t/echo', input)
    if (evaluation.kind !== 'value') throw new Error('no value')
    expect(Object.keys(evaluation.value as object)).toEqual(['__proto__', 'constructor'])
    expect((evaluation.value as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('answers', () => {
  const SOURCE = `package t

s contains x if some x in ["b", "a", "\uffff", "\u{1f600}", 10, 9, -1.5, true, false, null, [2], [1, 3], {"x": 1}, {"w": 2}, {5, 4}]

nested := {"z": {3, 1, 2}, "a": [{"k", "b"}], "10": 1, "9": 2}

odd := {3: "three", true: "yes", null: "no", [1, {2}]: "list", {1, 2}: "set"}

n := null

f := false

e := set()

undef if 1 == 2

exponent := 1e400
`
  const SRC = SOURCE.replace('\\u{1f600}', '😀')

  it('sets are sorted and keys are text, as native OPA prints them', async () => {
    const { policy } = await load(SRC, ['t/s', 't/nested', 't/odd', 't/e'])
    for (const name of ['s', 'nested', 'odd', 'e']) {
      const [native] = await opaEval(SRC, `data.t.${name}`)
      const evaluation = policy.evaluate(`t/${name}`, undefined)
      expect(evaluation).toEqual({ kind: 'value', value: native })
      expect(JSON.stringify((evaluation as { value: unknown }).value)).toBe(JSON.stringify(native))
    }
  })

  it('undefined, null and false differ', async () => {
    const { policy } = await load(SRC, ['t/n', 't/f', 't/undef'])
    expect(policy.evaluate('t/n', {})).toEqual({ kind: 'value', value: null })
    expect(policy.evaluate('t/f', {})).toEqual({ kind: 'value', value: false })
    expect(policy.evaluate('t/undef', {})).toEqual({ kind: 'undefined' })
  })

  it('a number that no double holds is a failure, not Infinity', async () => {
    const { policy } = await load(SRC, ['t/exponent'])
    expect(policy.evaluate('t/exponent', {})).toMatchObject({ kind: 'failed' })
  })

  it('an unknown entrypoint is a failure that names the known ones', async () => {
    const { policy } = await load(SRC, ['t/n', 't/f'])
    expect(policy.entrypoints).toEqual(['t/f', 't/n'])
    expect(policy.evaluate('t/x', {})).toMatchObject({
      kind: 'failed',
      cause: 'entrypoint',
      message: 'no entrypoint t/x; there are: t/f, t/n',
    })
    expect(policy.evaluate('toString', {})).toMatchObject({ kind: 'failed', cause: 'entrypoint' })
  })

  it('a closed policy fails', async () => {
    const { policy } = await load(SRC, ['t/n'])
    policy.close()
    expect(policy.evaluate('t/n', {})).toMatchObject({ kind: 'failed', message: 'the policy is closed' })
  })
})

describe('failures', () => {
  it('a conflict fails one evaluation, and the next has a fresh instance with the data', async () => {
    const { policy } = await load({ 'p.rego': `${TRAP}\nd := data.known\n`, 'data.json': '{"known": 7}' }, [
      't/p',
      't/q',
      't/ok',
      't/d',
    ])
    for (let round = 0; round < 3; round += 1) {
      const conflict = policy.evaluate('t/p', { a: true, b: true })
      expect(conflict).toMatchObject({ kind: 'failed', cause: 'conflict' })
      expect(conflict.kind === 'failed' && conflict.message).toMatch(/p\.rego:\d+:\d+: var assignment conflict/)
      expect(policy.evaluate('t/q', { values: [1, 2] })).toMatchObject({ kind: 'failed', cause: 'conflict' })
      expect(policy.evaluate('t/d', {})).toEqual({ kind: 'value', value: 7 })
      expect(policy.evaluate('t/p', { b: true })).toEqual({ kind: 'value', value: 2 })
    }
  })

  it('an input nested too deep is refused, one just below is not', async () => {
    const { policy } = await load(ECHO, ['t/given'])
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    expect(policy.evaluate('t/given', nested(5_000))).toMatchObject({ kind: 'failed', cause: 'input' })
    expect(policy.evaluate('t/given', nested(900))).toEqual({ kind: 'value', value: true })
  })

  it('the memory limit stops an evaluation and leaves the policy usable', async () => {
    const { policy } = await load(GROW, ['t/big', 't/small'], { memoryPagesMax: 64 })
    expect(policy.evaluate('t/big', { n: 10 })).toEqual({ kind: 'value', value: 10 })
    expect(policy.evaluate('t/big', { n: 100_000 })).toMatchObject({ kind: 'failed', cause: 'memory' })
    expect(policy.evaluate('t/small', { n: 3 })).toEqual({ kind: 'value', value: 3 })
    expect(policy.evaluate('t/small', 'x'.repeat(8 * 1024 * 1024))).toMatchObject({ kind: 'failed', cause: 'memory' })
    expect(policy.evaluate('t/big', { n: 10 })).toEqual({ kind: 'value', value: 10 })
  })

  it('an instance that grew a lot is replaced', async () => {
    const { policy } = await load(GROW, ['t/big', 't/small'])
    expect(policy.evaluate('t/big', { n: 20_000 })).toEqual({ kind: 'value', value: 20_000 })
    const live = (policy as unknown as { instance: unknown }).instance
    expect(live).toBeUndefined()
    expect(policy.evaluate('t/small', { n: 3 })).toEqual({ kind: 'value', value: 3 })
  })

  it('a thousand evaluations in a row answer their own question', async () => {
    const { policy } = await load(TRAP, ['t/ok', 't/p'])
    const asked = Array.from({ length: 1_000 }, (_, n) => {
      if (n % 10 === 3) return policy.evaluate('t/p', { a: true, b: true }).kind === 'failed'
      const evaluation = policy.evaluate('t/ok', { n })
      return evaluation.kind === 'value' && evaluation.value === n + 1
    })
    expect(asked.filter((right) => !right)).toEqual([])
  })
})

describe('built-ins', () => {
  const SOURCE = `package t

import rego.v1

quoted := sprintf("%d", [input.x])

bad := time.parse_rfc3339_ns(input.text)

guarded if not bad

now := [time.now_ns(), time.now_ns()]

said if {
	print("x is", input.x, {1, 2}, input.missing)
	input.x == 1
}
`

  it('an error of a built-in is undefined and named beside the answer', async () => {
    const { policy } = await load(SOURCE, ['t/bad', 't/guarded'])
    const builtinErrors = ['time.parse_rfc3339_ns: not an RFC 3339 time']
    expect(policy.evaluate('t/bad', { text: 'x' })).toEqual({ kind: 'undefined', builtinErrors })
    expect(policy.evaluate('t/guarded', { text: 'x' })).toEqual({ kind: 'value', value: true, builtinErrors })
    expect(policy.evaluate('t/bad', { text: '1970-01-01T00:00:01Z' })).toEqual({ kind: 'value', value: 1_000_000_000 })
  })

  it('time stands still within one evaluation', async () => {
    let ns = 1_700_000_000_000_000_000n
    const { policy } = await load(SOURCE, ['t/now'], { clockNs: () => (ns += 1_000_000n) })
    expect(policy.evaluate('t/now', {})).toEqual({
      kind: 'value',
      value: [1_700_000_000_001_000_000, 1_700_000_000_001_000_000],
    })
    expect(policy.evaluate('t/now', {})).toEqual({
      kind: 'value',
      value: [1_700_000_000_002_000_000, 1_700_000_000_002_000_000],
    })
  })

  it('print reaches the configured taker', async () => {
    const lines: string[] = []
    const { policy } = await load(SOURCE, ['t/said'], { print: (line) => lines.push(line) })
    expect(policy.evaluate('t/said', { x: 1 })).toEqual({ kind: 'value', value: true })
    expect(lines).toEqual(['x is 1 {1, 2} <undefined>'])
  })

  const NEEDY = {
    'sub/uses.rego':
      'package t\n\n# METADATA\n# entrypoint: true\nup if http.send({"url": input.u, "method": "get"}).status_code == 200\n',
    'plain.rego': 'package u\n\n# METADATA\n# entrypoint: true\nr := regex.globs_match(input.a, input.b)\n',
  }

  it('missing and refused built-ins are found at load, with name, file and entrypoints', async () => {
    const message = /http\.send \(sub\/uses\.rego\), regex\.globs_match \(plain\.rego\); entrypoints: t\/up, u\/r/
    await expect(load(NEEDY, [])).rejects.toMatchObject({ name: 'BundleError', code: 'builtin_refused', message })
    const { 'plain.rego': plain } = NEEDY
    await expect(load({ 'plain.rego': plain }, [])).rejects.toMatchObject({ code: 'builtin_missing' })
  })

  it('a refused built-in runs when it is allowed and implemented, not when only one holds', async () => {
    const send: HostBuiltin = () => null
    const builtins = { 'http.send': send, 'regex.globs_match': () => true }
    await expect(load(NEEDY, [], { builtins })).rejects.toMatchObject({ code: 'builtin_refused' })
    await expect(load(NEEDY, [], { allowBuiltins: ['http.send'] })).rejects.toMatchObject({ code: 'builtin_refused' })
    const { policy } = await load(NEEDY, [], { builtins, allowBuiltins: ['http.send'] })
    expect(policy.evaluate('u/r', { a: 'x', b: 'y' })).toEqual({ kind: 'value', value: true })
    expect(policy.evaluate('t/up', { u: 'x' })).toEqual({ kind: 'undefined' })
  })

  it('a defect in a built-in fails the evaluation instead of hiding as undefined', async () => {
    const broken: HostBuiltin = () => {
      throw new TypeError('broken')
    }
    const { policy } = await load(SOURCE, ['t/quoted'], { builtins: { sprintf: broken } })
    expect(policy.evaluate('t/quoted', { x: 1 })).toEqual({ kind: 'failed', cause: 'builtin', message: 'sprintf: broken' })
  })
})
