import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { ORIGIN, storeContract } from './contract.ts'
import { projectSome } from './records.ts'

storeContract({ name: 'memory', open: () => Promise.resolve(createMemoryStore({ project: projectSome, origin: ORIGIN })) })
