import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { TrackRecordNote, trackRecordText } from '../../src/catalogue/track-record.ts'

const reads = (text: string): boolean => TrackRecordNote.safeParse(text).success

describe('a track record', () => {
  it('is written as people write it', () => {
    expect([trackRecordText(847, 850), trackRecordText(23, 28), trackRecordText(0, 0), trackRecordText(0, 2)]).toEqual([
      '847/850 correct (99.6%)',
      '23/28 correct (82.1%)',
      'insufficient_data',
      '0/2 correct (0.0%)',
    ])
  })
  it.each(['847/850 correct (99.6%)', '847/850 correct (99.7%)', '23/28 correct', '5/5 correct (100%)', 'insufficient_data'])(
    'may be "%s"',
    (text) => expect(reads(text)).toBe(true),
  )
  it.each([
    '29/28 correct',
    '23/28 correct (92.1%)',
    '0/0 correct',
    '23/28',
    '82 %',
    '-1/2 correct',
    '1234567890/1234567890 correct',
    ' 23/28 correct',
    '',
  ])('cannot be "%s"', (text) => expect(reads(text)).toBe(false))
  it('that was counted can be written into the file again', () => {
    fc.assert(fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (good, bad) => reads(trackRecordText(good, good + bad))))
  })
})
