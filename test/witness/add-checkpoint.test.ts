import { describe, expect, it } from 'vitest'

import { witnessKey } from '../../src/audit/cosignature.ts'
import { generateNoteKey, noteSigner, signCheckpoint, splitNote } from '../../src/audit/note.ts'
import { addCheckpoint, WITNESS_ANSWER_BYTES_MAX } from '../../src/witness/add-checkpoint.ts'
import { type Answering, cosign, cosigningKey, servers } from './hostile-witness.ts'

const serve = servers()
const KEY = cosigningKey()
const signer = noteSigner('gradus.local/audit', generateNoteKey())
if (!signer.ok) throw new Error(signer.error.message)
const note = signCheckpoint({ origin: 'gradus.local/audit', size: 7, root: Buffer.alloc(32, 7) }, signer.signer)
const { text } = splitNote(note)!
const path = ['A'.repeat(43).concat('=')]

async function answerOf(answering: Answering, more: { readonly timeoutMs?: number; readonly suffix?: string } = {}) {
  const key = witnessKey(KEY.vkey)
  if (!key.ok) throw new Error(key.error.message)
  const url = `${await serve(answering)}${more.suffix ?? ''}`
  const signal = new AbortController().signal
  return addCheckpoint(
    { url, key: key.key, timeoutMs: more.timeoutMs ?? 5_000 },
    { old: 3, path, checkpoint: note },
    { fetch, signal },
  )
}
const saying =
  (status: number, body: string, headers = {}): Answering =>
  (_request, response) =>
    response.writeHead(status, headers).end(body)

describe('asking a witness', () => {
  it('sends the old size, the proof and the checkpoint below its prefix, and takes its cosignature among others', async () => {
    const seen: string[] = []
    const answer = await answerOf(
      (request, response, body) => {
        seen.push(`${request.method} ${request.url}`, body)
        response.end(`${cosign(cosigningKey('witness.example/other'), text)}\n${cosign(KEY, text)}\n`)
      },
      { suffix: '/prefix/' },
    )
    expect(seen).toEqual(['POST /prefix/add-checkpoint', `old 3\n${path[0]}\n\n${note}`])
    expect(answer).toEqual({ kind: 'cosigned', atSeconds: 1_800_000_000, line: cosign(KEY, text) })
  })

  it('learns the size that it vouches for, and that it refuses the proof', async () => {
    expect(await answerOf(saying(409, '12\n'))).toEqual({ kind: 'knows', size: 12 })
    expect(await answerOf(saying(422, 'bad proof'))).toEqual({ kind: 'refuses' })
  })

  it.each<readonly [string, Answering, RegExp]>([
    ['knows no such log', saying(404, 'x'), /404.*register its origin/u],
    ['knows another key of it', saying(403, 'x'), /403.*audit\.vkey/u],
    ['breaks', saying(500, 'secret inside'), /^it answered 500$/u],
    ['sends it elsewhere', saying(302, '', { location: 'http://127.0.0.1:1/' }), /^it answered 302$/u],
    ['says no size', saying(409, '-1\n'), /409 without a size/u],
    ['says a size that no log has', saying(409, `${'9'.repeat(40)}\n`), /409 without a size/u],
    ['signs nothing', saying(200, ''), /no cosignature/u],
    ['signs another checkpoint', saying(200, `${cosign(KEY, text.replace('7', '8'))}\n`), /no cosignature/u],
    [
      'signs with another key under its name',
      saying(200, `${cosign({ ...cosigningKey(), keyId: KEY.keyId }, text)}\n`),
      /no cosignature/u,
    ],
    ['sends rubbish', saying(200, '— x y\n\u0000\n— — —\n'), /no cosignature/u],
    ['hangs up', (request) => request.socket.destroy(), /^(ECONNRESET|UND_ERR_SOCKET)$/u],
  ])('is a failure, and no more, where it %s', async (_what, answering, why) => {
    expect(await answerOf(answering)).toEqual({ kind: 'failed', why: expect.stringMatching(why) as unknown })
  })

  it('reads no answer without end, and waits for none for ever', async () => {
    let written = 0
    const endless: Answering = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1_024))) written += 1_024
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    }
    expect(await answerOf(endless)).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining(String(WITNESS_ANSWER_BYTES_MAX)) as unknown,
    })
    expect(written).toBeLessThan(WITNESS_ANSWER_BYTES_MAX * 1_000)
    expect(await answerOf(() => undefined, { timeoutMs: 100 })).toEqual({ kind: 'failed', why: 'no answer within 100 ms' })
  })
})
