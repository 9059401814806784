import { expect, test } from 'vitest'

import { EVENT_TYPES } from '../../src/events/event.ts'
import { sectionOf, tableRows } from '../docs/markdown.ts'

test('docs/approvals.md lists every event, and no other', () => {
  const shown = tableRows(sectionOf('docs/approvals.md', 'Webhooks')).map(([name = '']) => name.replaceAll('`', ''))
  expect(shown).toEqual([...EVENT_TYPES])
})
