import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

import { type Checkpoint, type NoteVerifier, openCheckpoint } from '../../audit/note.ts'
import { type Frontier, frontierAt, hashesEqual, type NodeLookup, rootAt } from '../../audit/tree.ts'
import { ServiceError } from '../../format/error.ts'
import { readFrontier, readHead } from './reader.ts'
import { onFile } from './sqlite-errors.ts'

/** Databases up to this size are checked page by page at each start; larger ones by `gradus audit verify`. */
const QUICK_CHECK_BYTES_MAX = 67_108_864

const ACCEPT = '--accept-new-checkpoint-file'
const RESTORE = 'restore the data directory from a backup; "gradus audit verify" tells what is damaged'

/** What the start is checked against. */
export type StartCheck = {
  readonly database: DatabaseSync
  readonly file: string
  readonly node: NodeLookup
  readonly verifier: NoteVerifier
  readonly origin: string
  readonly checkpointFile: string | undefined
  /** Neither the log nor its key were there before: there is nothing that could have been signed. */
  readonly isNew: boolean
  /** A person said that there is no file in the second place yet. */
  readonly acceptNewCheckpointFile: boolean
  readonly warn: (message: string) => void
  /** What this process acknowledged itself; absent at a start. */
  readonly acknowledged?: WrittenTree | undefined
}

/** A tree whose records were acknowledged: its size and root. */
export type WrittenTree = { readonly size: number; readonly root: Uint8Array }

/**
 * Checks that the log is whole as far as that is cheap: rows, tree and its newest signed head belong together, and it continues
 * the head kept in the second place. Returns the number of leaves. Throws `store_corrupt` or `store_rolled_back`.
 */
export function checkStart(check: StartCheck): number {
  const { database, file } = check
  if (statSync(file).size <= QUICK_CHECK_BYTES_MAX) checkPages(database, file)
  const frontier = checkTree(check)
  const head = readHead(database)
  if (head === undefined && frontier.size > 0) throw corrupt(file, `it has ${frontier.size} records, but no signed tree head`)
  if (head !== undefined) checkHead(check, openHead(check, head.note, file), frontier.size)
  if (check.acknowledged !== undefined) checkAcknowledged(check, check.acknowledged, frontier.size)
  if (check.checkpointFile !== undefined) checkSecondPlace(check, check.checkpointFile, frontier.size)
  return frontier.size
}

function checkPages(database: DatabaseSync, file: string): void {
  const answer = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  if (answer !== 'ok') throw corrupt(file, `it is damaged (${String(answer)})`)
}

/** The stored frontier must be that of the stored rows. */
function checkTree({ database, file, node }: StartCheck): Frontier {
  const frontier = readFrontier(database)
  const row = database.prepare('SELECT coalesce(max(leaf_index) + 1, 0) AS size FROM records').get()
  if (row?.['size'] !== frontier.size) {
    throw corrupt(file, `it has ${String(row?.['size'])} records, but its tree has ${frontier.size} leaves`)
  }
  const derived = frontierAt(frontier.size, node)
  if (!derived.hashes.every((hash, index) => hashesEqual(hash, frontier.hashes[index] as Uint8Array))) {
    throw corrupt(file, 'its tree does not fit its records')
  }
  return frontier
}

function openHead({ verifier, origin }: StartCheck, note: string, file: string): Checkpoint {
  const opened = openCheckpoint(note, [verifier], origin)
  if (opened.ok) return opened.checkpoint
  const fix = 'check that audit.key and the configured audit origin are those the log was started with'
  throw new ServiceError('store_corrupt', `The tree head in ${file}: ${opened.error.message}`, { place: { file }, fix })
}

function checkHead({ file, node }: StartCheck, head: Checkpoint, size: number): void {
  if (head.size > size) throw corrupt(file, `it has ${size} records, but signed a tree of ${head.size}`)
  if (!hashesEqual(rootAt(head.size, node), head.root)) throw corrupt(file, 'its records are not those whose tree it signed')
}

/** A log that is opened anew must still hold every record that was acknowledged; more may have come to be written. */
function checkAcknowledged({ file, node }: StartCheck, { size, root }: WrittenTree, now: number): void {
  if (now < size) throw corrupt(file, `it has ${now} records, but ${size} were acknowledged`)
  if (size > 0 && !hashesEqual(rootAt(size, node), root)) throw corrupt(file, 'its records are not those that were acknowledged')
}

function checkSecondPlace(check: StartCheck, place: string, size: number): void {
  if (!existsSync(place)) {
    checkNewSecondPlace(check, place, size)
    return
  }
  const head = openHead(
    check,
    onFile(place, () => readFileSync(place, 'utf8')),
    place,
  )
  const fix = `restore a newer backup; if losing records is what you want, move ${place} away (it is evidence) and start once with ${ACCEPT}`
  if (head.size > size) {
    const message = `The log in ${check.file} has ${size} records, but ${place} holds a signed tree of ${head.size}: an older state was restored`
    throw new ServiceError('store_rolled_back', message, { place: { file: check.file }, fix })
  }
  if (!hashesEqual(rootAt(head.size, check.node), head.root)) {
    const message = `The log in ${check.file} does not continue the signed tree in ${place}: other records stand in its first ${head.size} places`
    throw new ServiceError('store_rolled_back', message, { place: { file: check.file }, fix })
  }
}

/** Without the file nobody can tell a restored older log from this one: only a log that is new begins one by itself. */
function checkNewSecondPlace({ file, isNew, acceptNewCheckpointFile, warn }: StartCheck, place: string, size: number): void {
  if (!existsSync(dirname(place))) {
    const fix = 'make the directory, or mount the disk it is on'
    throw new ServiceError('io', `The second place for tree heads, ${place}, is in no directory`, { place: { file: place }, fix })
  }
  if (isNew) return
  if (acceptNewCheckpointFile) {
    warn(`The second place for tree heads, ${place}, is begun anew with a tree of ${size} records`)
    return
  }
  const message = `There is no file ${place}, so that nothing tells whether the log in ${file} is an older state of itself`
  const fix = `restore that file; where there never was one, as after audit.checkpoint_file was set, start the server once with ${ACCEPT}`
  throw new ServiceError('store_rolled_back', message, { place: { file: place }, fix })
}

function corrupt(file: string, what: string): ServiceError {
  return new ServiceError('store_corrupt', `The store ${file} cannot be used: ${what}`, { place: { file }, fix: RESTORE })
}
