import type { Caller } from './caller.ts'

/** How much of one kind of work runs and waits. All are whole numbers of at least 1. */
export type FairQueueBounds = {
  /** Most that run at a time, of all tenants. */
  readonly atATimeMax: number
  /** Most that run at a time for one tenant; below `atATimeMax`, so that slow work of one tenant leaves room for others. */
  readonly ofTenantMax: number
  /** Most that wait for one credential of one tenant. */
  readonly waitingMax: number
}

/** Whose turn it is: of a caller only its tenant and its credential count. */
export type InLine = Pick<Caller, 'tenant' | 'credential'>

type Line = { readonly waiting: (() => void)[] }
/** Lines of one tenant by credential; a map keeps its order, so the first one is the next one. */
type TenantLines = { running: number; readonly lines: Map<string, Line> }

/**
 * Work that must not crowd out the work of others: bounded at a time, and in turns over tenants, then over the credentials of a tenant.
 * Within one credential it runs in the order asked for.
 */
export class FairQueue {
  readonly #bounds: FairQueueBounds
  readonly #refused: (waiting: number) => Error
  readonly #tenants = new Map<string, TenantLines>()
  #running = 0

  /** `refused` makes the error for who has `waiting` pieces of work in line already, which is as many as may wait. */
  constructor(bounds: FairQueueBounds, refused: (waiting: number) => Error) {
    this.#bounds = bounds
    this.#refused = refused
  }

  /**
   * Runs the work when it is its caller's turn. Rejects with the error of `refused` when too much waits for the same credential, and with the
   * reason of `left` where that is aborted while the work waits: then it never runs.
   */
  async run<T>({ tenant, credential }: InLine, work: () => Promise<T>, left?: AbortSignal): Promise<T> {
    left?.throwIfAborted()
    await this.#turn(tenant, credential ?? '', left)
    try {
      return await work()
    } finally {
      this.#end(tenant)
    }
  }

  #turn(tenant: string, credential: string, left: AbortSignal | undefined): Promise<void> {
    const of = this.#tenants.get(tenant) ?? { running: 0, lines: new Map<string, Line>() }
    const line = of.lines.get(credential) ?? { waiting: [] }
    if (line.waiting.length >= this.#bounds.waitingMax) return Promise.reject(this.#refused(line.waiting.length))
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        left?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        line.waiting.splice(line.waiting.indexOf(begin), 1)
        if (line.waiting.length === 0) of.lines.delete(credential)
        this.#forgetIdle(tenant, of)
        reject(left?.reason as Error)
      }
      left?.addEventListener('abort', leave, { once: true })
      line.waiting.push(begin)
      of.lines.set(credential, line)
      this.#tenants.set(tenant, of)
      this.#beginNext()
    })
  }

  #end(tenant: string): void {
    this.#running -= 1
    const of = this.#tenants.get(tenant)
    if (of !== undefined) {
      of.running -= 1
      this.#forgetIdle(tenant, of)
    }
    this.#beginNext()
  }

  #forgetIdle(tenant: string, { running, lines }: TenantLines): void {
    if (running === 0 && lines.size === 0) this.#tenants.delete(tenant)
  }

  #beginNext(): void {
    if (this.#running >= this.#bounds.atATimeMax) return
    for (const [tenant, of] of this.#tenants) {
      const [next] = of.lines
      if (of.running >= this.#bounds.ofTenantMax || next === undefined) continue
      const [credential, line] = next
      const begin = line.waiting.shift()
      // Who had its turn goes to the end, the credential in its tenant and the tenant among all.
      of.lines.delete(credential)
      if (line.waiting.length > 0) of.lines.set(credential, line)
      this.#tenants.delete(tenant)
      this.#tenants.set(tenant, of)
      of.running += 1
      this.#running += 1
      begin?.()
      return
    }
  }
}
