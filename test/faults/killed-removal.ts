// Run by removal.test.ts: expires or erases values of a store, and kills itself at the step that its arguments name.
import { eraseRecords } from '../../src/audit/removal/erase.ts'
import { createRetention } from '../../src/audit/removal/retain.ts'
import { DAY_MS } from '../../src/format/time.ts'
import type { Store } from '../../src/ledger/store.ts'
import { newIds, openStore } from '../audit/log.ts'
import { record } from '../stores/records.ts'

const [directory = '', verb = '', step = ''] = process.argv.slice(2)
const kill = (): void => void process.kill(process.pid, 'SIGKILL')

const opened = await openStore(directory)
let erasures = 0
const store: Store = {
  ...opened,
  transact: (keys, change) => {
    if (step === 'before its record') kill()
    return opened.transact(keys, change)
  },
  erase: async (leaves, members) => {
    if (step === 'after its record') kill()
    erasures += 1
    if (step === 'half-way' && erasures === 2) kill()
    const values = await opened.erase(leaves, members)
    if (step === 'after the first values') kill()
    return values
  },
}
const nowMs = () => Date.parse(record(1).at) + 10 * DAY_MS
const order = { newId: newIds(900), at: new Date(nowMs()).toISOString(), actor: 'ann', reason: 'asked for' }
if (verb === 'erase') await eraseRecords(store, { tenant: 'default', agent: 'support-agent' }, order)
else await createRetention({ store, rules: [{ days: 1 }], nowMs, newId: newIds(900), actor: 'system' })()
await opened.close()
