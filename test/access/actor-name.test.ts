import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  credentialActor,
  isReservedName,
  isSameActor,
  nameOfActor,
  personActor,
  SYSTEM_ACTOR,
} from '../../src/access/actor-name.ts'
import { actorOf, isOneOf, namedPerson, requesterOf } from '../../src/access/authority.ts'
import { systemCaller } from '../../src/access/caller.ts'
import { caller } from '../support/callers.ts'

const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !isReservedName(text))

describe('names by kind', () => {
  it('are of one only where kind and name are the same', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const kinds = [personActor, credentialActor, (text: string) => `gradus:${text}`]
        for (const [at, make] of kinds.entries())
          for (const [against, makeOther] of kinds.entries())
            expect(isSameActor(make(one), makeOther(other))).toBe(at === against && one === other)
      }),
    )
  })

  it('are of whoever is called so where one of them has no kind, as in a request or an older record', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        for (const make of [personActor, credentialActor]) {
          expect(isSameActor(one, make(other))).toBe(one === other)
          expect(isSameActor(make(one), other)).toBe(one === other)
        }
        expect(isSameActor(one, other)).toBe(one === other)
      }),
    )
  })

  it('give the name back', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect([personActor(text), credentialActor(text), text].map(nameOfActor)).toEqual([text, text, text])
      }),
    )
  })

  it.each([
    'person:',
    'person:ann',
    'credential:gateway',
    'gradus:system',
    'listener:http',
    'system',
    'anonymous',
    'command-line',
  ])('leave nobody else the name %j', (text) => {
    expect(isReservedName(text)).toBe(true)
  })
})

describe('a caller', () => {
  it('is written as its person, or else as its credential; gradus itself and strangers are neither', () => {
    expect(actorOf(caller('gateway', { person: 'ann' }))).toBe('person:ann')
    expect(actorOf(caller('gateway'))).toBe('credential:gateway')
    expect(actorOf(caller('listener:http'))).toBe('credential:listener:http')
    expect(actorOf(caller(null))).toBe('gradus:anonymous')
    expect(actorOf(systemCaller('default'))).toBe(SYSTEM_ACTOR)
    expect(requesterOf(caller('gateway', { person: 'ann' }))).toBe('credential:gateway')
    expect(requesterOf(caller('command-line', { person: 'ann' }))).toBe('gradus:command-line')
    expect(namedPerson(caller('gateway', { person: 'ann' }))).toBe('person:ann')
  })

  it('is among names as a person and as a credential, and never by the kind of another', () => {
    const ann = caller('gateway', { person: 'ann' })
    for (const names of [['person:ann'], ['x', 'credential:gateway'], ['ann'], ['gateway']])
      expect(isOneOf(ann, names)).toBe(true)
    for (const names of [[], ['person:gateway'], ['credential:ann'], ['gradus:ann'], ['bob']])
      expect(isOneOf(ann, names)).toBe(false)
  })
})
