import { openTemporaryTable } from '../../audit/temporary-table.ts'
import type { Scratch } from '../../ledger/scratch.ts'

/** Room on disk that nobody else sees and that is gone when closed; what fits stays in memory. */
export function openScratch(): Scratch {
  return openTemporaryTable()
}
