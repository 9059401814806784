import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { parseCheckpoint, splitNote } from '../audit/note.ts'
import { replaceFile } from '../format/replace-file.ts'

const DIRECTORY_MODE = 0o700
const ENDING = '.checkpoint'

/** A checkpoint in a file. */
export type KeptNote = { readonly name: string; readonly text: string }

/** The folder in a data directory with the newest checkpoint of each witness, as it cosigned it. */
export function witnessedFolder(dataDir: string): string {
  return join(dataDir, 'witnessed')
}

/** Keeps the newest checkpoint that a witness cosigned in place of the one before. */
export async function keepNote(dataDir: string, witness: string, note: string): Promise<void> {
  const folder = witnessedFolder(dataDir)
  mkdirSync(folder, { recursive: true, mode: DIRECTORY_MODE })
  await replaceFile(join(folder, `${witness}${ENDING}`), note)
}

/** How many leaves the newest kept checkpoint of a witness has; 0 where there is none that can be read: the witness then says it. */
export function keptSize(dataDir: string, witness: string): number {
  const file = join(witnessedFolder(dataDir), `${witness}${ENDING}`)
  if (!existsSync(file)) return 0
  return parseCheckpoint(splitNote(readFileSync(file, 'utf8'))?.text ?? '')?.size ?? 0
}

/** The checkpoints in a folder that the log or its owner keeps, by name; none where there is no such folder. */
export function notesIn(folder: string): readonly KeptNote[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((name) => name.endsWith(ENDING))
  return files.sort().map((name) => ({ name: join(folder, name), text: readFileSync(join(folder, name), 'utf8') }))
}
