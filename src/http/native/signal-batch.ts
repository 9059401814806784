import { giveWay } from '../../access/give-way.ts'
import { BATCH_SIGNALS_MAX, type SignalBatchAnswer, type SignalEvent, type SignalItem } from '../../evidence/signals/wire.ts'
import { overLimit } from '../../format/limit.ts'
import type { Service } from '../../service/service.ts'
import type { Exchange, Fault, Parsed } from '../exchange.ts'
import { faultOf, isOurs, problemOf, PROBLEMS } from '../problems.ts'

/** Values that the body of a batch may hold at all depths. */
export const SIGNAL_BATCH_VALUES_MAX = 60_000
/** Events that are begun before others are served. */
const STEP_SIGNALS = 4

/** One event of a batch: the source and id under which it is answered, and what it was read as. */
export type BatchEntry = { readonly source: unknown; readonly id: unknown; readonly event: Parsed<SignalEvent> }

/** Takes each event for itself; those about one agent or decision in the order in which they stand. Refuses what is too much, wholly. */
export async function ingestEach(
  service: Service,
  exchange: Exchange,
  sent: readonly unknown[],
  entryOf: (value: unknown) => BatchEntry,
): Promise<SignalBatchAnswer | Fault> {
  if (sent.length > BATCH_SIGNALS_MAX)
    return {
      code: 'too_large',
      message: `${overLimit('The batch holds', 'signals.batch_max', { max: BATCH_SIGNALS_MAX, came: sent.length })}.`,
      fix: 'Send several batches.',
    }
  const tooMany = sent.length > 1 ? exchange.charge(sent.length - 1) : undefined
  if (tooMany !== undefined) return tooMany
  const items: SignalItem[] = []
  const queues = new Map<string, Promise<void>>()
  for (const [index, value] of sent.entries()) {
    if (index % STEP_SIGNALS === STEP_SIGNALS - 1) await giveWay()
    const entry = entryOf(value)
    const queue = queueOf(entry.event)
    const before = queues.get(queue) ?? Promise.resolve()
    queues.set(
      queue,
      before.then(async () => {
        items[index] = await itemOf(service, exchange, entry, index)
      }),
    )
  }
  await Promise.all(queues.values())
  return batchAnswer(items)
}

function batchAnswer(items: SignalItem[]): SignalBatchAnswer {
  const accepted = items.filter(({ answer }) => answer !== undefined)
  const duplicates = accepted.filter(({ answer }) => answer?.duplicate === true)
  return { accepted: accepted.length, duplicates: duplicates.length, refused: items.length - accepted.length, items }
}

/** What two events have in common that must be taken one after the other. */
function queueOf(event: Parsed<SignalEvent>): string {
  if (!event.ok) return ''
  const { agent, signal } = event.value
  return agent ?? ('decision_id' in signal.data ? (signal.data.decision_id ?? '') : '')
}

async function itemOf(service: Service, exchange: Exchange, entry: BatchEntry, index: number): Promise<SignalItem> {
  const { source, id, event } = entry
  const named = { index, source: textOr(source), id: textOr(id) }
  const refused = (fault: Fault): SignalItem => ({
    ...named,
    status: PROBLEMS[fault.code].status,
    problem: problemOf(fault, exchange.requestId),
  })
  if (!event.ok) return refused(event.fault)
  try {
    return { ...named, status: 200, answer: await service.ingestSignal(exchange.caller, event.value) }
  } catch (error) {
    // What fails here fails for all: the whole batch is sent again, and what was taken counts once.
    if (isOurs(error)) throw error
    return refused(faultOf(error))
  }
}

const TEXT_CHARS_MAX = 512

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : null
}
