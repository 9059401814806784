/** Why a connection broke, in a word: the code of the system or of TLS, otherwise the kind of error. Nothing of the peer's is in it. */
export function connectionFailure(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.name : 'the connection broke'
}
