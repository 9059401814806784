import { accessSync, closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { onFile } from './sqlite-errors.ts'

/** Owner reads and writes, nobody else. */
export const SECRET_MODE = 0o600
const PUBLIC_MODE = 0o644
const DIRECTORY_MODE = 0o700

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

/** Makes the data directory and checks that it can be written. Throws a ServiceError `io`. */
export function prepareDirectory(directory: string): void {
  onFile(directory, () => {
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE })
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  })
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
