import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { startServer } from '../../src/app/serve.ts'
import { ANSWER_BYTES_MAX } from '../../src/classifiers/ask-model.ts'
import { connectClassifiers, createInjectionClassifier, createTopicModel } from '../../src/classifiers/classifiers.ts'
import { limited, MODEL_LIMITS } from '../../src/classifiers/limited.ts'
import { modelToken } from '../../src/classifiers/model-token.ts'
import { Config } from '../../src/config/config.ts'
import { ServiceError } from '../../src/format/error.ts'
import { modelServer, type ModelServer, says } from './model-server.ts'

const SECRET_TEXT = 'the admin password is hunter2'
let server: ModelServer
let nowMs = 0
const deps = { fetch, steadyMs: () => nowMs }
const classifier = (timeout_ms = 1_000, token?: string) => createInjectionClassifier({ url: server.url, timeout_ms }, token, deps)
const whyOf = async (asking: Promise<number>): Promise<string> => {
  const error: unknown = await asking.then(
    () => new Error('it answered'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ServiceError)
  return (error as ServiceError).message
}

beforeEach(async () => {
  nowMs = 0
  server = await modelServer()
})
afterEach(() => server.close())

describe('a model behind HTTP', () => {
  it('is sent the texts with its token, and its confidence comes back', async () => {
    server.answer(says({ confidence: 0.75, model: 'what it is called' }))
    expect(await classifier(1_000, 'abc.def')(['one', 'two'])).toBe(0.75)
    expect(server.asked).toMatchObject([
      { body: '{"texts":["one","two"]}', path: '/model', headers: { authorization: 'Bearer abc.def' } },
    ])
  })

  it('is sent no token where none is configured', async () => {
    await classifier()(['one'])
    expect(server.asked[0]?.headers).not.toHaveProperty('authorization')
  })

  it('is sent what an action is called and what was declared, and its score comes back', async () => {
    server.answer(says({ score: 0.25 }))
    const model = createTopicModel({ url: server.url, timeout_ms: 1_000 }, undefined, deps)
    expect(await model(['refund', 'order'], 'refund an order')).toBe(0.25)
    expect(server.asked[0]?.body).toBe('{"action":["refund","order"],"topic":"refund an order"}')
  })

  it.each<[string, Parameters<ModelServer['answer']>[0], string]>([
    ['an error', says({ confidence: 0 }, 500), 'it answered 500'],
    ['a refusal', says({ confidence: 0 }, 401), 'it answered 401'],
    ['a text', says('I am sure'), 'its answer is not what was asked for'],
    ['another object', says({ score: 1 }), 'its answer is not what was asked for'],
    ['a number that is none', says({ confidence: 'high' }), 'its answer is not what was asked for'],
    ['more than it may be sure', says({ confidence: 1.01 }), 'its answer is not what was asked for'],
    ['nothing', says(''), 'its answer is not what was asked for'],
    ['no content', (response) => response.writeHead(204).end(), 'its answer is not what was asked for'],
    [
      'too much',
      says({ confidence: 0, why: 'x'.repeat(ANSWER_BYTES_MAX) }),
      `its answer has more than ${ANSWER_BYTES_MAX} bytes: the limit \`classifiers.answer_bytes_max\` is ${ANSWER_BYTES_MAX}`,
    ],
    ['a closed connection', (response) => response.destroy(), 'it cannot be reached (UND_ERR_SOCKET)'],
    [
      'half an answer',
      (response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{"confidence":', () => setImmediate(() => response.destroy()))
      },
      'its answer broke off (UND_ERR_SOCKET)',
    ],
  ])('that answers %s gives no answer, in words of ours', async (_what, how, why) => {
    server.answer(how)
    expect(await whyOf(classifier()([SECRET_TEXT]))).toBe(why)
  })

  it('is not followed to another place', async () => {
    const other = await modelServer()
    try {
      server.answer((response) => response.writeHead(307, { location: other.url }).end())
      expect(await whyOf(classifier()([SECRET_TEXT]))).toBe('it answered 307')
      expect(other.asked).toEqual([])
    } finally {
      await other.close()
    }
  })

  it('that is not there gives no answer', async () => {
    const gone = classifier()
    await server.close()
    expect(await whyOf(gone(['x']))).toBe('it cannot be reached (ECONNREFUSED)')
    server = await modelServer()
  })

  it.each<[string, Parameters<ModelServer['answer']>[0]]>([
    ['never answers', () => undefined],
    ['begins to answer and goes on forever', (response) => void response.writeHead(200).write('{"confid')],
  ])('that %s is waited for no longer than its time', async (_what, how) => {
    server.answer(how)
    const startMs = performance.now()
    expect(await whyOf(classifier(60)(['x']))).toBe('no answer within 60 ms')
    expect(performance.now() - startMs).toBeLessThan(2_000)
  })
})

describe('a model that fails again and again', () => {
  it('is left alone after five failures in a row, is tried out by one question after thirty seconds, and comes back', async () => {
    server.answer(says({}, 500))
    const ask = classifier()
    for (let failed = 0; failed < 5; failed += 1) expect(await whyOf(ask(['x']))).toBe('it answered 500')
    const resting = 'not asked: it failed 5 times in a row, and is left alone for a while'
    expect(await whyOf(ask(['x']))).toBe(resting)
    nowMs = 29_999
    expect(await whyOf(ask(['x']))).toBe(resting)
    expect(server.asked).toHaveLength(5)
    nowMs = 30_000
    expect((await Promise.all([whyOf(ask(['x'])), whyOf(ask(['x']))])).sort()).toEqual(['it answered 500', resting])
    expect(server.asked).toHaveLength(6)
    server.answer(says({ confidence: 0.5 }))
    nowMs = 59_999
    expect(await whyOf(ask(['x']))).toBe(resting)
    nowMs = 60_000
    expect(await ask(['x'])).toBe(0.5)
    expect(await Promise.all([ask(['x']), ask(['x'])])).toEqual([0.5, 0.5])
  })

  it('is not left alone for failures that are not in a row', async () => {
    const ask = classifier()
    for (let turn = 0; turn < 12; turn += 1) {
      server.answer(turn % 4 === 3 ? says({ confidence: 0 }) : says({}, 503))
      await ask(['x']).catch(() => undefined)
    }
    expect(server.asked).toHaveLength(12)
  })

  it('has so many questions under way and no more; one too many is no failure', async () => {
    const waiting: ((value: number) => void)[] = []
    const hanging = (): Promise<number> => new Promise((resolve) => waiting.push(resolve))
    const ask = limited<null>(hanging, { ...MODEL_LIMITS, underWayMax: 2, timeoutMs: 5_000 }, () => nowMs)
    const first = [ask(null), ask(null)]
    for (let more = 0; more < 6; more += 1)
      expect(await whyOf(ask(null))).toBe('not asked: with it 3 questions under way: the limit `classifiers.under_way_max` is 2')
    for (const answer of waiting) answer(0.1)
    expect(await Promise.all(first)).toEqual([0.1, 0.1])
    const last = ask(null)
    waiting.at(-1)?.(0.2)
    expect(await last).toBe(0.2)
  })

  it('that throws at once fails like one that rejects', async () => {
    const ask = limited<null>(
      () => {
        throw new ServiceError('io', 'at once')
      },
      { ...MODEL_LIMITS, timeoutMs: 100 },
      () => nowMs,
    )
    expect(await whyOf(ask(null))).toBe('at once')
  })
})

describe('the token of a model', () => {
  let root = ''
  const warned: string[] = []
  const sources = (env: Readonly<Record<string, string>> = {}) => ({ root, env, warn: (line: string) => void warned.push(line) })
  const model = (secret?: object) =>
    Config.parse({ detectors: { layers: ['behaviour'], injection_classifier: { url: 'https://m.example', secret } } }).detectors
      .injection_classifier!
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'gradus-model-'))
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it('is read from the environment or from a file, without the white space around it', () => {
    writeFileSync(join(root, 'token'), 'from-file\n', { mode: 0o600 })
    expect(modelToken('m', model({ env: 'TOKEN' }), sources({ TOKEN: ' from-env ' }))).toBe('from-env')
    expect(modelToken('m', model({ file: 'token' }), sources())).toBe('from-file')
    expect(modelToken('m', model(), sources())).toBeUndefined()
    expect(warned).toEqual([])
  })

  it('that others can read is warned of, without showing it', () => {
    writeFileSync(join(root, 'open'), 'from-file')
    chmodSync(join(root, 'open'), 0o644)
    expect(modelToken('m', model({ file: 'open' }), sources())).toBe('from-file')
    expect(warned).toEqual([expect.stringMatching(/^detectors\.m: others than its owner can read the token in .*open/u)])
  })

  it.each([
    [{ env: 'TOKEN' }, {}, /in the environment variable TOKEN, is not there/u],
    [{ env: 'TOKEN' }, { TOKEN: 'two\r\nwords' }, /is no bearer token/u],
    [{ file: 'nowhere' }, {}, /cannot be read from .*nowhere/u],
  ])('that is not as it must be is refused: %j %j', (secret, env, message) => {
    const connect = () =>
      connectClassifiers({ ...Config.parse({}).detectors, injection_classifier: model(secret) }, sources(env), deps)
    expect(connect).toThrow(message)
    expect(connect).not.toThrow(/words/u)
  })
})

describe('the configuration of a model', () => {
  const problems = (detectors: object): readonly string[] => {
    const parsed = Config.safeParse({ detectors })
    return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  }
  const at = (url: string) => ({ layers: ['behaviour'], injection_classifier: { url } })

  it.each(['https://model.example/v1', 'http://127.0.0.1:9000', 'http://localhost:9000', 'http://[::1]:9000'])(
    'takes %s',
    (url) => expect(problems(at(url))).toEqual([]),
  )

  it.each([
    ['http://model.example/', /use https/u],
    ['http://127.0.0.1.evil.example/', /use https/u],
    ['https://me:secret@model.example/', /no user name or password/u],
    ['https://model.example/#x', /no fragment/u],
    ['ftp://model.example/', /URL/u],
    ['model', /URL/u],
  ])('refuses %s', (url, message) => expect(problems(at(url)).join()).toMatch(message))

  it('refuses a model that would never be asked, an unknown member, and a time out of range', () => {
    const url = 'https://model.example/'
    expect(problems({ layers: ['context'], injection_classifier: { url } })).toEqual([
      'detectors.injection_classifier: it is never asked: add "behaviour" to "layers"',
    ])
    expect(problems({ topic_model: { url } })).toEqual(['detectors.topic_model: it is never asked: add "context" to "layers"'])
    expect(problems({ layers: ['context'], topic_model: { url, key: 'x' } })).toHaveLength(1)
    expect(problems({ layers: ['context'], topic_model: { url, timeout_ms: 5_001 } })).toHaveLength(1)
  })

  it('is connected by the server: what is asked for reaches the model before it is decided', async () => {
    const root = mkdtempSync(join(tmpdir(), 'gradus-model-'))
    for (const folder of ['policies', 'bundles'])
      cpSync(join(import.meta.dirname, '../..', folder), join(root, folder), { recursive: true })
    writeFileSync(join(root, 'token'), 'the-token', { mode: 0o600 })
    const detectors = {
      layers: ['behaviour'],
      injection_classifier: { url: server.url, timeout_ms: 5_000, secret: { file: 'token' } },
    }
    writeFileSync(join(root, 'gradus.yaml'), JSON.stringify({ detectors }))
    const options = {
      configFile: join(root, 'gradus.yaml'),
      listen: '127.0.0.1:0',
      dataDir: undefined,
      store: 'memory',
      demo: false,
      watch: false,
    } as const
    const running = await startServer(options, { cwd: root, version: '0', log: () => undefined, warn: () => undefined })
    try {
      server.answer(says({ confidence: 0.9 }))
      const action = { name: 'categorise_expense', properties: { arguments: { note: 'lunch' } } }
      const request = { subject: { type: 'agent', id: 'finance-agent' }, action, resource: { type: 'expense', id: 'e-1' } }
      const response = await fetch(`${running.url}/api/v1/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      })
      expect(response.status).toBe(200)
      expect(server.asked).toMatchObject([{ body: '{"texts":["lunch","note"]}', headers: { authorization: 'Bearer the-token' } }])
    } finally {
      await running.close()
      rmSync(root, { recursive: true, force: true })
    }
  })
})
