// Keeps CONNECTIONS requests in flight over raw sockets for SECONDS after a warm-up, and prints one line of JSON. Raw, because
// an HTTP client costs more than some of the servers under test, on a machine they share.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

const { url, path, bodyFile, connections, warmMs, seconds } = JSON.parse(process.argv[2])
const { hostname, port, host } = new URL(url)
const body = readFileSync(bodyFile)
const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
const message = Buffer.concat([Buffer.from(head), body])
const END_OF_CHUNKS = Buffer.from('0\r\n\r\n')

const latenciesMs = []
let failed = 0
let answerBytes = 0
const startMs = performance.now() + warmMs
const endMs = startMs + seconds * 1_000

/** Whether a whole answer is there. */
function isWhole(answer) {
  const end = answer.indexOf('\r\n\r\n')
  if (end === -1) return false
  const header = answer.latin1Slice(0, end).toLowerCase()
  const length = /content-length: (\d+)/.exec(header)?.[1]
  if (length !== undefined) return answer.length >= end + 4 + Number(length)
  return answer.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS)
}

function connection() {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    let sentMs = 0
    let answer = Buffer.alloc(0)
    const send = () => {
      sentMs = performance.now()
      socket.write(message)
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (part) => {
      answer = answer.length === 0 ? part : Buffer.concat([answer, part])
      if (!isWhole(answer)) return
      const nowMs = performance.now()
      if (answer.latin1Slice(9, 12) !== '200') failed += 1
      if (sentMs >= startMs && nowMs <= endMs) latenciesMs.push(nowMs - sentMs)
      answerBytes = answer.length
      answer = Buffer.alloc(0)
      if (nowMs < endMs) send()
      else socket.end()
    })
  })
}

await Promise.all(Array.from({ length: connections }, connection))
latenciesMs.sort((left, right) => left - right)
const at = (share) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? null
console.log(JSON.stringify({ perSecond: latenciesMs.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed, answerBytes }))
