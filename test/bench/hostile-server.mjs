// The server of hostile-bodies.mjs, in a process of its own: prints its URL, then what it logs as failures.
import { HOSTILE_TOKENS, startHostileServer } from '../hostile/support/hostile-server.ts'

const [folder] = process.argv.slice(2)
const server = await startHostileServer(folder, 'sqlite', (entry) => console.log(JSON.stringify({ failure: entry })))
console.log(JSON.stringify({ url: server.url, tokens: HOSTILE_TOKENS }))
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))
