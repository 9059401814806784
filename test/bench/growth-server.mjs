// The server of growth.mjs, compiled, in a process of its own: tells its URL, and on "measure" its memory after a collection of garbage.
import { startServer } from '../../dist/app/serve.js'

const [configFile, dataDir] = process.argv.slice(2)
const server = await startServer(
  { configFile, listen: undefined, dataDir, store: 'sqlite', demo: false, watch: false, allowStale: true },
  { cwd: process.cwd(), version: '0.0.0-bench', log: () => undefined, warn: () => undefined },
)
process.on('message', (message) => {
  if (message !== 'measure') return void server.close().then(() => process.exit(0))
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  process.send({ rss, heapUsed, external })
})
process.send({ url: server.url })
