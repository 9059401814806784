import { InvariantError, ServiceError } from '../../format/error.ts'

const PRIMARY_CODE_MASK = 0xff
const RESTORE = 'restore the data directory from a backup; "gradus audit verify" tells what is damaged'

type Explained = { readonly code: 'io' | 'store_locked' | 'store_corrupt'; readonly what: string; readonly fix: string }

/** SQLite's primary result codes (sqlite.org/rescode.html) that have a cause outside this program. */
const EXPLAINED: Readonly<Record<number, Explained>> = {
  3: { code: 'io', what: 'access was denied', fix: 'give the user that runs gradus read and write access' },
  5: { code: 'store_locked', what: 'another process holds it', fix: 'stop the other process, or wait until it is done' },
  6: { code: 'store_locked', what: 'another connection holds it', fix: 'stop the other process, or wait until it is done' },
  8: { code: 'io', what: 'it cannot be written', fix: 'make the data directory and its files writable' },
  10: { code: 'io', what: 'reading or writing failed', fix: 'check the disk, its free space and file size limits' },
  11: { code: 'store_corrupt', what: 'it is damaged', fix: RESTORE },
  13: { code: 'io', what: 'the disk is full', fix: 'free space' },
  14: { code: 'io', what: 'it cannot be opened', fix: 'check that the data directory exists and is readable and writable' },
  26: { code: 'store_corrupt', what: 'it is not a database', fix: RESTORE },
}

/** Result codes of what may go away without this program: no access, read-only, I/O error, full, not to be opened. */
const PASSING: readonly number[] = [3, 8, 10, 13, 14]

/** Whether the cause of an error, as it was thrown, may go away while the process runs. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('errcode' in error && typeof error.errcode === 'number') return PASSING.includes(error.errcode & PRIMARY_CODE_MASK)
  return 'syscall' in error || (error instanceof ServiceError && isPassing(error.cause))
}

/** An error of SQLite or the file system as one of ours: what cannot be done with which file, and what to do. Others pass. */
export function explainSqlite(error: unknown, file: string): unknown {
  if (error instanceof ServiceError || error instanceof InvariantError || !(error instanceof Error)) return error
  if ('errcode' in error && typeof error.errcode === 'number') {
    const known = EXPLAINED[error.errcode & PRIMARY_CODE_MASK]
    const { code, what, fix } = known ?? { code: 'io', what: error.message, fix: 'check the database with "gradus audit verify"' }
    return new ServiceError(code, `The store ${file}: ${what}`, { place: { file }, fix, cause: error })
  }
  if ('syscall' in error && 'code' in error) {
    const fix = 'check that the place exists, is writable for the user that runs gradus, and has free space'
    return new ServiceError('io', `The store ${file}: ${error.message}`, { place: { file }, fix, cause: error })
  }
  return error
}

/** Runs something on a file of the store, with its failures explained. */
export function onFile<T>(file: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw explainSqlite(error, file)
  }
}
