/** Why a connection broke, in a word: the code of the system or of TLS, otherwise the kind of error. Nothing of the peer's is in it. */
export function connectionFailure(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.name : 'the connection broke'
}

/**
 * The text of an answer of at most so many bytes; undefined where it is longer, and nothing more of it is read. Rejects as reading does,
 * where the connection breaks off.
 */
export async function answerText(response: Response, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
