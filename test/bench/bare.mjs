// Bare node:http that answers as many bytes as the decision point does; with `record`, only after an equal record was committed to
// node:sqlite (WAL, synchronous=FULL), all waiting records of one turn of the event loop in one commit.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'

const { answerBytes, recordBytes, file } = JSON.parse(process.argv[2])
const answer = JSON.stringify({ answer: 'x'.repeat(Math.max(0, answerBytes - 13)) })
const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer) }
const filler = 'y'.repeat(recordBytes)

function recorder() {
  const database = new DatabaseSync(file)
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE records (leaf_index INTEGER PRIMARY KEY, hash BLOB, leaf TEXT)',
  )
  const insert = database.prepare('INSERT INTO records VALUES (?, ?, ?)')
  let next = 0
  let waiting = []
  const commit = () => {
    const batch = waiting
    waiting = []
    database.exec('BEGIN IMMEDIATE')
    for (const { body } of batch) {
      const leaf = (body + filler).slice(0, recordBytes)
      insert.run(next++, createHash('sha256').update(leaf).digest(), leaf)
    }
    database.exec('COMMIT')
    for (const { done } of batch) done()
  }
  return (body, done) => {
    if (waiting.length === 0) setImmediate(commit)
    waiting.push({ body, done })
  }
}

const record = file === undefined ? undefined : recorder()
const server = createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    const body = Buffer.concat(parts).toString()
    JSON.parse(body)
    const done = () => {
      response.writeHead(200, headers)
      response.end(answer)
    }
    if (record === undefined) done()
    else record(body, done)
  })
})
server.listen(0, '127.0.0.1', () => console.log(`listens on http://127.0.0.1:${server.address().port}`))
