import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

import { OTHERS_MODE_MASK } from '../../access/secret-text.ts'
import { ServiceError } from '../../format/error.ts'
import { onFile } from './sqlite-errors.ts'

/** Owner reads and writes, nobody else. */
export const SECRET_MODE = 0o600
const PUBLIC_MODE = 0o644
const DIRECTORY_MODE = 0o700
/** The bits of a mode that `chmod` sets. */
const PERMISSIONS_MASK = 0o7777
/** The bit of directories in which everybody keeps files, such as `/tmp`. */
const STICKY = 0o1000

/** Where the parts of a store lie in its data directory. */
export type StoreFiles = {
  readonly directory: string
  readonly database: string
  readonly lock: string
  readonly holder: string
  readonly key: string
  readonly verifierKey: string
}

/** The files of a store in this directory. */
export function storeFiles(directory: string): StoreFiles {
  const at = (name: string): string => join(directory, name)
  return {
    directory,
    database: at('gradus.db'),
    lock: at('gradus.lock'),
    holder: at('gradus.pid'),
    key: at('audit.key'),
    verifierKey: at('audit.vkey'),
  }
}

/**
 * Makes the data directory and its database for their owner alone, and checks that they can be written. What was there and others could
 * read or write is corrected, and `warn` is told. Throws a ServiceError `io`, also where it cannot be corrected.
 */
export function prepareDirectory(files: StoreFiles, warn: (message: string) => void): void {
  const { directory, database, lock } = files
  onFile(directory, () => {
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE })
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  })
  keepToOwner(directory, DIRECTORY_MODE, warn)
  // SQLite gives the files of its write-ahead log the mode of the database. A file that is there is not opened: closing it would give up
  // the locks that this process has on it.
  for (const file of [database, lock]) if (!existsSync(file)) onFile(file, () => closeSync(openSync(file, 'a', SECRET_MODE)))
  for (const file of [database, lock, `${database}-wal`, `${database}-shm`]) keepToOwner(file, SECRET_MODE, warn)
}

/** Windows keeps no such bits. */
function keepToOwner(path: string, mode: number, warn: (message: string) => void): void {
  const found = onFile(path, () => statSync(path, { throwIfNoEntry: false }))?.mode ?? 0
  if ((found & OTHERS_MODE_MASK) === 0 || process.platform === 'win32') return
  const [was, is] = [(found & PERMISSIONS_MASK).toString(8), mode.toString(8)]
  const said = `Others than its owner may use ${path} (mode ${was}), which holds what agents asked for`
  const refusal = (why: string, fix: string, cause?: unknown): ServiceError =>
    new ServiceError('io', `${said}, and ${why}`, { place: { file: path }, fix, cause })
  if ((found & STICKY) !== 0)
    throw refusal('it is shared by design', 'choose a data directory of its own, such as a folder inside it')
  try {
    chmodSync(path, mode)
  } catch (cause) {
    const fix = `as its owner run: chmod ${is} ${path}; or give it with chown to the user that runs gradus`
    throw refusal('this user cannot correct that', fix, cause)
  }
  warn(`${said}: its mode is ${is} now`)
}

/** Writes a file so that there is the old content or the new one at any moment, and the new one for good afterwards. */
export function writeAtomically(file: string, content: string, mode: number = PUBLIC_MODE): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const descriptor = openSync(temporary, 'w', mode)
    try {
      writeSync(descriptor, content)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, file)
    syncDirectory(dirname(file))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
