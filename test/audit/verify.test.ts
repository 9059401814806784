import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

import { beforeAll, describe, expect, it } from 'vitest'

import { noteSigner, signCheckpoint } from '../../src/audit/note.ts'
import { appendLeaves, EMPTY_FRONTIER, type Frontier, frontierRoot, frontierToJson, leafHash } from '../../src/audit/tree.ts'
import type { FindingKind } from '../../src/ledger/log-verification.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { record } from '../stores/records.ts'
import { erase, fill, openStore, ORIGIN, tamper, verify } from './log.ts'
import { recordProof } from './record-proof.ts'

const newDirectory = temporaryDirectories()
/** A log of 60 records with heads at 0, 40 and 60, and what was kept outside of it. */
let original: string
let vkey: string
let second: string
let receipt: string
let answer: string

beforeAll(async () => {
  original = newDirectory()
  const checkpointFile = join(newDirectory(), 'head')
  const store = await openStore(original, { checkpointFile })
  vkey = store.vkey
  await fill(store, 1, 40)
  receipt = await recordProof(store, 12)
  await fill(store, 41, 20)
  answer = JSON.stringify({ decision_id: record(56).id, leaf_index: 55, outcome: 'allow' })
  await store.close()
  second = readFileSync(checkpointFile, 'utf8')
})

/** Verifies a copy of the log that was tampered with. */
function verifyTampered(
  change: (database: DatabaseSync) => void,
  more: Parameters<typeof verify>[2] = {},
): ReturnType<typeof verify> {
  const directory = newDirectory()
  cpSync(original, directory, { recursive: true })
  tamper(directory, change)
  return verify(directory, vkey, more)
}

const outside = () => ({
  heads: [{ name: 'second place', note: second }],
  receipts: [
    { name: 'proof', text: receipt },
    { name: 'answer', text: answer },
  ],
})

describe('verifying a log', () => {
  it('finds nothing wrong with one that is whole', () => {
    const seen: number[] = []
    const verification = verify(original, vkey, { ...outside(), onProgress: (done, total) => void seen.push(done, total) })
    expect(verification).toMatchObject({
      ok: true,
      records: 60,
      storedHeads: 3,
      outsideHeads: 2,
      receipts: 2,
      documents: 4,
      findings: [],
      omitted: 0,
    })
    expect(seen).toEqual([60, 60])
  })

  it('finds nothing wrong with an erased record, and counts it', async () => {
    const directory = newDirectory()
    const store = await openStore(directory)
    await fill(store, 1, 3)
    await erase(store, { decisionId: record(2).id })
    await store.close()
    expect(verify(directory, store.vkey)).toMatchObject({ ok: true, records: 4, erased: 1, masked: 0, policySets: 0 })
  })
})

const leafOf = (database: DatabaseSync, index: number): string =>
  String(database.prepare('SELECT CAST(leaf AS TEXT) AS leaf FROM records WHERE leaf_index = ?').get(index)?.['leaf'])
const setLeaf = (database: DatabaseSync, index: number, leaf: string): void =>
  void database
    .prepare('UPDATE records SET leaf = ?, leaf_hash = ? WHERE leaf_index = ?')
    .run(Buffer.from(leaf), leafHash(Buffer.from(leaf)), index)
const denied = (leaf: string): string => leaf.replace('"outcome":"allow"', '"outcome":"deny"')

/** Writes tree, nodes and state anew over the rows as they are now, as an attacker would who knows the format but not the key. */
function rehash(database: DatabaseSync): Frontier {
  const rows = database.prepare('SELECT CAST(leaf AS TEXT) AS leaf FROM records ORDER BY leaf_index').all()
  const hashes = rows.map((row) => leafHash(Buffer.from(String(row['leaf']))))
  database.exec('DELETE FROM nodes')
  const node = database.prepare('INSERT INTO nodes VALUES (?, ?)')
  const tree = appendLeaves(EMPTY_FRONTIER, hashes, (level, index, hash) => {
    if (level > 0 && level % 4 === 0) node.run(level * 2 ** 47 + index, hash)
  })
  database.prepare("UPDATE state SET value = ? WHERE name = 'tree'").run(JSON.stringify(frontierToJson(tree)))
  return tree
}

type Attack = readonly [
  string,
  (database: DatabaseSync) => void,
  readonly { readonly kind: FindingKind; readonly leafIndex?: number }[],
]

const attacks: readonly Attack[] = [
  [
    'an edited leaf',
    (database) =>
      database.exec(
        "UPDATE records SET leaf = CAST(replace(CAST(leaf AS TEXT), 'tickets.update', 'tickets.delete') AS BLOB) WHERE leaf_index = 7",
      ),
    [
      { kind: 'leaf_edited', leafIndex: 7 },
      { kind: 'column_differs', leafIndex: 7 },
    ],
  ],
  [
    'a leaf edited together with its hash',
    (database) => setLeaf(database, 7, denied(leafOf(database, 7))),
    [
      { kind: 'tree_differs', leafIndex: 0 },
      { kind: 'head_differs', leafIndex: 0 },
    ],
  ],
  [
    'an edited search column',
    (database) => database.exec("UPDATE records SET agent = 'other' WHERE leaf_index = 9"),
    [{ kind: 'column_differs', leafIndex: 9 }],
  ],
  [
    'an edited sealed value',
    (database) => database.exec("UPDATE payloads SET payload = replace(payload, 'Ada', 'Eve') WHERE leaf_index = 9"),
    [{ kind: 'payload_differs', leafIndex: 9 }],
  ],
  ['a leaf that is no JSON any more', (database) => setLeaf(database, 3, '{'), [{ kind: 'leaf_malformed', leafIndex: 3 }]],
  [
    'a deleted record',
    (database) => database.exec('DELETE FROM records WHERE leaf_index = 20'),
    [
      { kind: 'row_missing', leafIndex: 20 },
      { kind: 'head_differs', leafIndex: 0 },
    ],
  ],
  [
    'a deleted record with the later ones moved up',
    (database) => {
      database.exec('DELETE FROM records WHERE leaf_index = 20; DELETE FROM payloads WHERE leaf_index = 20')
      database.exec(
        'UPDATE records SET leaf_index = leaf_index - 1 WHERE leaf_index > 20; UPDATE payloads SET leaf_index = leaf_index - 1 WHERE leaf_index > 20',
      )
      rehash(database)
    },
    [
      { kind: 'head_differs', leafIndex: 0 },
      { kind: 'truncated', leafIndex: 59 },
    ],
  ],
  [
    'an inserted record',
    (database) => {
      const forged = leafOf(database, 59).replaceAll(record(60).id, record(999).id)
      database
        .prepare(
          'INSERT INTO records SELECT 60, tenant, kind, ?, at_ms, agent, user, action, outcome, ?, leaf_hash, leaf FROM records WHERE leaf_index = 59',
        )
        .run(record(999).id, record(999).id)
      setLeaf(database, 60, forged)
      for (let index = 60; index > 45; index -= 1) {
        for (const [from, to] of [
          [index, -1],
          [index - 1, index],
          [-1, index - 1],
        ])
          database.exec(`UPDATE records SET leaf_index = ${to} WHERE leaf_index = ${from}`)
      }
      database.exec('DELETE FROM payloads WHERE leaf_index >= 45')
      rehash(database)
    },
    [{ kind: 'head_differs', leafIndex: 40 }],
  ],
  [
    'two records in each other’s place',
    (database) => {
      for (const table of ['records', 'payloads']) {
        for (const [from, to] of [
          [50, -1],
          [52, 50],
          [-1, 52],
        ])
          database.exec(`UPDATE ${table} SET leaf_index = ${to} WHERE leaf_index = ${from}`)
      }
      rehash(database)
    },
    [
      { kind: 'time_backwards', leafIndex: 51 },
      { kind: 'head_differs', leafIndex: 40 },
    ],
  ],
  [
    'the newest records cut off',
    (database) => {
      database.exec('DELETE FROM records WHERE leaf_index >= 50; DELETE FROM payloads WHERE leaf_index >= 50')
      rehash(database)
    },
    [{ kind: 'truncated', leafIndex: 50 }],
  ],
  [
    'a forged head',
    (database) =>
      database.exec(
        "UPDATE checkpoints SET note = replace(note, char(10) || '40' || char(10), char(10) || '39' || char(10)) WHERE size = 40",
      ),
    [{ kind: 'head_invalid' }],
  ],
  [
    'a head filed under another size',
    (database) => database.exec('UPDATE checkpoints SET size = 41 WHERE size = 40'),
    [{ kind: 'head_invalid' }],
  ],
  [
    'a changed tree node',
    (database) => database.exec('UPDATE nodes SET hash = zeroblob(32) WHERE id = (SELECT min(id) + 1 FROM nodes)'),
    [{ kind: 'tree_differs', leafIndex: 16 }],
  ],
  [
    'a changed frontier',
    (database) => database.exec("UPDATE state SET value = replace(value, '60', '61') WHERE name = 'tree'"),
    [{ kind: 'tree_differs', leafIndex: 60 }],
  ],
  [
    'a changed document',
    (database) => database.exec("UPDATE documents SET document = '{\"containments\":[]}' WHERE kind = 'tenant'"),
    [{ kind: 'document_differs' }],
  ],
  [
    'a removed document',
    (database) => database.exec("DELETE FROM documents WHERE kind = 'verdicts' AND id = 'd1'"),
    [{ kind: 'document_differs' }],
  ],
  [
    'a document from nowhere',
    (database) => database.exec("INSERT INTO documents VALUES ('agent', 'default', 'x', '{}')"),
    [{ kind: 'document_differs' }],
  ],
  [
    'constants from nowhere',
    (database) => database.exec("INSERT INTO state VALUES ('constants', '{}')"),
    [{ kind: 'document_differs' }],
  ],
]

describe('an attacker with access to the file', () => {
  it.each(attacks)('is found out: %s', (_name, change, wanted) => {
    const { ok, findings } = verifyTampered(change)
    expect(ok).toBe(false)
    for (const finding of wanted) expect(findings).toContainEqual(expect.objectContaining(finding))
  })

  it('who also has the key and signs a rewritten log anew is found out by what was kept outside', () => {
    const rewrite = (database: DatabaseSync): void => {
      setLeaf(database, 12, denied(leafOf(database, 12)))
      database.exec("UPDATE records SET outcome = 'deny' WHERE leaf_index = 12")
      database.exec(
        'DELETE FROM records WHERE leaf_index >= 55; DELETE FROM payloads WHERE leaf_index >= 55; DELETE FROM checkpoints',
      )
      const tree = rehash(database)
      const made = noteSigner(ORIGIN, readFileSync(join(original, 'audit.key'), 'utf8'))
      if (!made.ok) throw new Error(made.error.message)
      const note = signCheckpoint({ origin: ORIGIN, size: tree.size, root: frontierRoot(tree) }, made.signer)
      database.prepare('INSERT INTO checkpoints VALUES (?, ?)').run(tree.size, note)
    }
    const kinds = (more: Parameters<typeof verify>[2]): readonly (string | undefined)[] =>
      verifyTampered(rewrite, more)
        .findings.filter(({ kind }) => kind !== 'document_differs')
        .map(({ kind, subject }) => `${kind} ${subject ?? ''}`)
    expect(kinds({})).toEqual([])
    expect(kinds(outside())).toEqual([
      'receipt_differs proof',
      'head_differs proof',
      'truncated second place',
      'truncated answer',
    ])
  })

  it('cannot pass off a receipt for another decision', () => {
    const { findings } = verify(original, vkey, {
      receipts: [{ name: 'mine', text: JSON.stringify({ decision_id: record(3).id, leaf_index: 55 }) }],
    })
    expect(findings).toMatchObject([{ kind: 'receipt_differs', leafIndex: 55, subject: 'mine' }])
  })

  it.each(['{', '{}', 'c2sp.org/tlog-proof@v1', ''])('gets a finding for the unreadable receipt %j', (text) => {
    expect(verify(original, vkey, { receipts: [{ name: 'bad', text }] }).findings).toMatchObject([
      { kind: 'receipt_differs', subject: 'bad' },
    ])
  })
})
