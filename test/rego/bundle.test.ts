import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { pack } from 'tar-stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadBundle, readBundleFiles } from '../../src/rego/bundle.ts'
import { BundleError } from '../../src/rego/error.ts'
import { bundleOf } from './support.ts'

let good: Buffer
let wasmBytes: Buffer

beforeAll(async () => {
  good = await bundleOf('package t\n\nd := {"top": data.top, "a": data.a}\n', ['t/d'])
  wasmBytes = (await readBundleFiles(good, { name: 'good' })).get('policy.wasm')!
})

type Entry = { readonly name: string; readonly type?: 'file' | 'symlink' | 'directory'; readonly linkname?: string }

async function tarOf(entries: readonly (readonly [string | Entry, string | Buffer])[]): Promise<Buffer> {
  const archive = pack()
  for (const [entry, content] of entries) archive.entry(typeof entry === 'string' ? { name: entry } : entry, content)
  archive.finalize()
  return gzipSync(await buffer(archive))
}

const withPolicy = (...entries: readonly (readonly [string | Entry, string | Buffer])[]): Promise<Buffer> =>
  tarOf([...entries, ['/policy.wasm', wasmBytes]])

describe('loading a bundle', () => {
  it('mounts data files at their folders', async () => {
    const bytes = await withPolicy(
      ['data.json', '{"top": 1, "a": {"x": true}}'],
      ['./a/data.yaml', 'y: yes\nlist: [1, 0777]\n'],
      ['/a/b/data.yml', 'z: null\n'],
      ['other.json', '{"ignored": true}'],
      [{ name: 'a', type: 'directory' }, ''],
      ['.manifest', '{"revision": "r1", "wasm": [{"entrypoint": "t/d", "module": "/policy.wasm"}], "extra": 1}'],
    )
    const { data, manifest, policy } = await loadBundle(bytes, { name: 'mounts' })
    const expected = { top: 1, a: { x: true, y: 'yes', list: [1, 511], b: { z: null } } }
    expect(data).toEqual(expected)
    expect(manifest).toMatchObject({ revision: 'r1', roots: [''], entrypoints: ['t/d'] })
    expect(policy.evaluate('t/d', undefined)).toMatchObject({ kind: 'value', value: expected })
  })

  it('keeps the exact text of numbers in data', async () => {
    const source = 'package t\n\nd := sprintf("%v %v", [data.big, data.e])\n'
    const policyWasm = (await readBundleFiles(await bundleOf(source, ['t/d']), { name: 'x' })).get('policy.wasm')!
    const bytes = await tarOf([
      ['data.json', '{"big": 12345678901234567890, "e": 1.50}'],
      ['policy.wasm', policyWasm],
    ])
    const { policy } = await loadBundle(bytes, { name: 'exact' })
    expect(policy.evaluate('t/d', undefined)).toEqual({ kind: 'value', value: '12345678901234567890 1.5' })
  })

  it('the digest follows module and data, not the rest', async () => {
    const digests = await Promise.all(
      [
        withPolicy(['data.json', '{"a": 1, "b": 2}']),
        withPolicy(['data.json', '{"b": 2, "a": 1}'], ['note.txt', 'x']),
        withPolicy(['data.json', '{"a": 1, "b": 3}']),
      ].map(async (bytes) => (await loadBundle(await bytes, { name: 'digest' })).policy.digest),
    )
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(digests[1]).toBe(digests[0])
    expect(digests[2]).not.toBe(digests[0])
  })
})

describe('a bundle that is not right is refused with its place', () => {
  const refused = async (bytes: Uint8Array | Promise<Uint8Array>, options: object = {}): Promise<BundleError> => {
    const error: unknown = await loadBundle(await bytes, { name: 'acme', ...options }).catch((thrown: unknown) => thrown)
    if (!(error instanceof BundleError)) throw new Error(`not refused: ${String(error)}`)
    expect(error.place).toContain('acme')
    expect(error.fix).not.toBe('')
    return error
  }

  it.each<[string, string, () => Uint8Array | Promise<Uint8Array>]>([
    ['bundle_unreadable', 'nothing', () => new Uint8Array()],
    ['bundle_unreadable', 'no gzip', () => Buffer.from('hello')],
    ['bundle_unreadable', 'a cut gzip', () => good.subarray(0, good.length - 1000)],
    ['bundle_unreadable', 'gzip without tar', () => gzipSync('x'.repeat(2000))],
    ['bundle_unreadable', 'a cut tar', () => gzipSync(gunzipSync(good).subarray(0, 5000))],
    ['policy_missing', 'no policy', () => tarOf([['data.json', '{}']])],
    ['policy_invalid', 'a policy that is no module', () => tarOf([['policy.wasm', 'nope']])],
    ['policy_invalid', 'a cut module', () => tarOf([['policy.wasm', wasmBytes.subarray(0, 3000)]])],
    ['policy_invalid', 'a module that is no policy', () => tarOf([['policy.wasm', Buffer.from('0061736d01000000', 'hex')]])],
    ['data_invalid', 'data that is no JSON', () => withPolicy(['data.json', '{"a": }'])],
    ['data_invalid', 'data that is no YAML', () => withPolicy(['x/data.yaml', 'a: [1'])],
    ['data_invalid', 'data that is no object', () => withPolicy(['data.json', '[1]'])],
    ['data_invalid', 'one path in two files', () => withPolicy(['data.json', '{"a": {"b": 1}}'], ['a/data.json', '{"b": 2}'])],
    ['bundle_unreadable', 'data that is no UTF-8', () => withPolicy(['data.json', Buffer.from([0x7b, 0xff, 0x7d])])],
    ['manifest_invalid', 'a manifest that is no JSON', () => withPolicy(['.manifest', '{'])],
    ['manifest_invalid', 'roots of a wrong type', () => withPolicy(['.manifest', '{"roots": "a"}'])],
    [
      'manifest_invalid',
      'data outside the roots',
      () => withPolicy(['data.json', '{"b": {"c": 1}}'], ['.manifest', '{"roots": ["b/d", "a"]}']),
    ],
    [
      'manifest_invalid',
      'an entrypoint the module lacks',
      () => withPolicy(['.manifest', '{"wasm": [{"entrypoint": "x", "module": "/policy.wasm"}]}']),
    ],
    [
      'manifest_invalid',
      'a second module',
      () => withPolicy(['.manifest', '{"wasm": [{"entrypoint": "t/d", "module": "/a/policy.wasm"}]}']),
    ],
    ['bundle_path', 'a path that leaves', () => withPolicy(['../data.json', '{}'])],
    ['bundle_path', 'a path that leaves later', () => withPolicy(['a/../../data.json', '{}'])],
    ['bundle_path', 'a backslash', () => withPolicy(['a\\..\\data.json', '{}'])],
    ['bundle_path', 'a link', () => withPolicy([{ name: 'data.json', type: 'symlink', linkname: '/etc/passwd' }, ''])],
    ['bundle_duplicate', 'a file twice', () => withPolicy(['data.json', '{}'], ['/data.json', '{}'])],
  ])('%s: %s', async (code, _, bytes) => {
    expect((await refused(bytes())).code).toBe(code)
  })

  it('limits hold: unpacked bytes, bytes of a file, files', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(30_000)
    expect((await refused(bomb, { bundleBytesMax: 1024 * 1024 })).code).toBe('bundle_too_large')
    const error = await refused(withPolicy(['a/big.txt', 'x'.repeat(300_000)]), { fileBytesMax: 200_000 })
    expect(error).toMatchObject({ code: 'bundle_too_large', place: 'acme a/big.txt' })
    expect((await refused(withPolicy(['a', ''], ['b', '']), { filesMax: 2 })).code).toBe('bundle_too_large')
  })

  it('data that does not fit the memory limit is refused at load', async () => {
    const rows = Array.from({ length: 60_000 }, (_, id) => ({ id, name: `user ${id}` }))
    const bytes = withPolicy(['data.json', JSON.stringify({ rows })])
    expect((await refused(bytes, { memoryPagesMax: 64 })).code).toBe('policy_invalid')
  })

  it('no flipped byte does anything but load or be refused', async () => {
    const unpacked = gunzipSync(good)
    await fc.assert(
      fc.asyncProperty(fc.nat(unpacked.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const bytes = Buffer.from(unpacked)
        bytes[at] = bytes[at]! ^ mask
        try {
          const { policy } = await loadBundle(gzipSync(bytes, { level: 0 }), { name: 'flipped' })
          expect(['value', 'undefined', 'failed']).toContain(policy.evaluate(policy.entrypoints[0] ?? '', {}).kind)
        } catch (error) {
          expect(error).toBeInstanceOf(BundleError)
        }
      }),
      { numRuns: 60 },
    )
  })
})
