// A noisy neighbour of fairness.mjs, in a process of its own: keeps so many requests of one kind in flight between "go" and "stop", and tells how they were answered.
import { Agent, request as send } from 'node:http'

import { noisyKinds } from './fairness-kinds.mjs'

const { url, kind, lanes, ids } = JSON.parse(process.argv[2])
const { hostname, port } = new URL(url)
const asked = noisyKinds(url, ids)[kind]
const agent = new Agent({ keepAlive: true, maxSockets: lanes })
const counts = {}
let running = false
let turn = 0

function ask(at) {
  const [method, path, who, headers = {}, body] = asked(at)
  const authorization = who === undefined ? {} : { authorization: `Bearer token-of-noisy-${who}` }
  return new Promise((done) => {
    const message = send({ hostname, port, agent, method, path, headers: { ...headers, ...authorization } }, (answer) => {
      counts[answer.statusCode] = (counts[answer.statusCode] ?? 0) + 1
      if (answer.headers['content-type'] === 'text/event-stream') {
        answer.pause()
        setTimeout(() => {
          answer.destroy()
          done()
        }, 500)
        return
      }
      answer.resume().on('end', done).on('error', done)
    })
    message.on('error', () => {
      counts.broken = (counts.broken ?? 0) + 1
      setTimeout(done, 5)
    })
    message.end(body)
  })
}

async function lane() {
  while (running) await ask((turn += 1))
}

let ended = Promise.resolve()
process.on('message', (message) => {
  if (message === 'go') {
    running = true
    ended = Promise.all(Array.from({ length: lanes }, lane))
  } else if (message === 'stop') {
    running = false
    void ended.then(() => process.send({ counts }))
  } else process.exit(0)
})
process.send('ready')
